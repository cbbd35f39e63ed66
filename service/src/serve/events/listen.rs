//! What the database notifies of, by a connection of its own: LISTEN does not work past a pooler.

use crate::connect::Target;
use crate::error::chain;
use crate::serve::App;
use std::time::Duration;
use tokio_postgres::AsyncMessage;

/// Passes on what the database notifies of, and connects again where the connection is lost.
pub async fn listen(app: App, target: Target) {
    let mut pause = Duration::from_secs(1);
    loop {
        let began = tokio::time::Instant::now();
        tokio::select! {
            () = app.stop().cancelled() => return,
            ended = session(&app, &target) => if let Err(error) = ended {
                tracing::warn!(reason = chain(&error), "not listening; events are looked for each second");
            },
        }
        pause = if began.elapsed() > Duration::from_secs(60) {
            Duration::from_secs(1)
        } else {
            (pause * 2).min(Duration::from_secs(30))
        };
        tokio::time::sleep(pause).await;
    }
}

async fn session(app: &App, target: &Target) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = target.config.connect(target.tls.clone()).await?;
    let mut messages =
        futures_util::stream::poll_fn(move |context| connection.poll_message(context));
    let driven = async {
        use futures_util::StreamExt;
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message? {
                app.events().notified(notification.payload());
            }
        }
        Ok(())
    };
    let listening = async {
        client.batch_execute("LISTEN phasegate_tasks").await?;
        std::future::pending::<Result<(), tokio_postgres::Error>>().await
    };
    tokio::select! { ended = driven => ended, failed = listening => failed }
}
