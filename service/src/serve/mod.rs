//! `phasegate serve`: the workflow over HTTP.

pub mod answer;
mod body;
pub mod events;
pub mod extract;
pub mod identity;
mod openapi;
mod options;
pub mod problem;
pub mod rest;
mod router;
mod server;
pub mod tickets_table;

pub use options::ServeArgs;

use crate::connect::Target;
use crate::database::{Database, Who};
use crate::error::Failure;
use crate::settings::Settings;
use events::Events;
use identity::{Identities, Workspaces};
use options::Options;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tickets_table::Found;
use tokio_util::sync::CancellationToken;

/// What every handler has: axum's state. Clones share it.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    identities: Identities,
    events: Events,
    tables: Found,
    workspace: Option<String>,
    options: Options,
    stop: CancellationToken,
}

impl App {
    /// The pool of connections.
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// How requests say who sends them.
    pub fn identities(&self) -> &Identities {
        &self.inner.identities
    }

    /// What happens, for those who watch.
    pub fn events(&self) -> &Events {
        &self.inner.events
    }

    /// Which tables hold tickets, as was found a while ago.
    pub fn tables(&self) -> &Found {
        &self.inner.tables
    }

    /// The workspace of requests that name none.
    pub fn workspace(&self) -> Option<&str> {
        self.inner.workspace.as_deref()
    }

    /// What stands before every path in links: empty, or a path that does not end in a slash.
    pub fn prefix(&self) -> &str {
        &self.inner.options.path_prefix
    }

    /// The largest body that is taken, in bytes.
    pub fn max_body(&self) -> usize {
        self.inner.options.max_body
    }

    /// Other origins under which browsers see us.
    pub fn origins(&self) -> &[String] {
        &self.inner.options.origins
    }

    /// Is cancelled when the program is told to end; what would go on for ever ends then.
    pub fn stop(&self) -> &CancellationToken {
        &self.inner.stop
    }

    /// Tickets were moved or made just now: those who watch need not wait.
    pub fn moved(&self, who: &Who) {
        self.inner.events.hurry(who, true);
    }

    /// The queue was changed just now.
    pub fn queue_changed(&self, who: &Who) {
        self.inner.events.hurry(who, false);
    }
}

/// Serves until the program is told to end.
pub async fn run(settings: Settings, args: ServeArgs) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &settings)?;
    let identities = Identities::read(&options)?;
    let target = Target::read(settings.database_url.as_deref())?;
    let listen_target = options
        .listen_url
        .as_deref()
        .map(|url| Target::read(Some(url)))
        .transpose()?;
    let database = if identities.have_keys() {
        Database::guarded(target, &options.limits)?
    } else {
        Database::new(target, &options.limits)?
    };
    let (listen, drain) = (options.listen, options.drain_timeout);
    let stop = CancellationToken::new();
    let app = App {
        inner: Arc::new(Inner {
            database,
            identities,
            events: Events::default(),
            tables: Found::default(),
            workspace: settings.workspace.clone(),
            options,
            stop: stop.clone(),
        }),
    };
    // From here on a signal ends it as it should, whenever it comes.
    tokio::spawn(told_to_end(stop.clone())?);
    first_look(&app).await?;
    if let Some(target) = listen_target {
        tokio::spawn(events::listen(app.clone(), target));
    }
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::usage(format!("cannot listen on {listen}: {error}")))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::usage(error.to_string()))?;
    // A reader that went away is no reason to end.
    let _ = writeln!(
        std::io::stdout(),
        "phasegate listens on http://{address}{}/",
        app.prefix()
    );
    let _ = std::io::stdout().flush();
    if !app.identities().have_keys() {
        tracing::warn!("no keys are configured: whoever reaches {address} acts as the login role");
    }
    server::run(listener, router::make(&app), &stop, drain).await;
    Ok(ExitCode::SUCCESS)
}

/// A login role that may not be used is found out at once; a database that is away may come back.
async fn first_look(app: &App) -> Result<(), Failure> {
    let looked = tokio::time::timeout(Duration::from_secs(3), app.database().connect()).await;
    match looked {
        Ok(Err(Failure::Misconfigured(reason))) => Err(Failure::Misconfigured(reason)),
        Ok(Err(failure)) => {
            tracing::warn!(reason = %failure, "requests are answered with 503 until the database is there");
            Ok(())
        }
        Ok(Ok(())) => known(app).await,
        Err(_) => Ok(()),
    }
}

/// A workspace that is misspelt is found out at once. What else is wrong, requests are told.
async fn known(app: &App) -> Result<(), Failure> {
    let Some(name) = app.workspace().filter(|_| !app.identities().have_keys()) else {
        return Ok(());
    };
    match Workspaces::default().has(app, name).await {
        Ok(false) => Err(Failure::usage(format!(
            "there is no workspace \"{name}\" in the database; phasegate.create_workspace makes one"
        ))),
        _ => Ok(()),
    }
}

/// Waits for SIGTERM or SIGINT, which do nothing else from this call on.
fn told_to_end(
    stop: CancellationToken,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let wrong =
        |error: std::io::Error| Failure::usage(format!("cannot listen to signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    })
}
