//! `/changes`: tells open pages that there is something new, as server-sent events. What it is the page asks for itself,
//! so that nothing is told that a page would not show, and nothing is missed after a lost connection.

use super::query::{Params, Reading};
use super::visitor::Visitor;
use crate::database::Who;
use crate::serve::App;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often the database is asked, for each role and workspace of which a page is open.
const EVERY: Duration = Duration::from_secs(1);

/// How long a stream goes on.
const LONGEST: Duration = Duration::from_secs(900);

/// An expression of SQL. What differs after a commit: the last move, and what the server has counted of writes to the workspace's tables. The
/// latter comes up to some seconds late.
pub const MARK: &str = "md5(concat_ws(' ',
        (SELECT h.xid::text || h.id::text FROM phase_history h ORDER BY h.xid DESC, h.id DESC LIMIT 1),
        (SELECT sum(pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid))
           FROM pg_class c
          WHERE c.relkind = 'r'
            AND c.relnamespace = (SELECT r.relnamespace FROM pg_class r WHERE r.oid = to_regclass('phase_history')))))";

type Marks = HashMap<Who, watch::Sender<String>>;

fn marks() -> &'static Mutex<Marks> {
    static MARKS: OnceLock<Mutex<Marks>> = OnceLock::new();
    MARKS.get_or_init(Mutex::default)
}

/// The mark as somebody may see it, kept up to date: one task asks the database for all of their pages.
fn mark_of(app: &App, who: &Who) -> watch::Receiver<String> {
    let mut marks = marks().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = marks.get(who) {
        return sender.subscribe();
    }
    let (sender, receiver) = watch::channel(String::new());
    marks.insert(who.clone(), sender);
    tokio::spawn(ask(app.clone(), who.clone()));
    receiver
}

async fn ask(app: App, who: Who) {
    loop {
        // While the database is away there is nothing new.
        let mark: Option<String> = match Reading::begin(&app, &who).await {
            Ok(reading) => reading
                .one(&format!("SELECT to_json({MARK})::text"), Params::new())
                .await
                .ok(),
            Err(_) => None,
        };
        {
            let mut marks = marks().lock().unwrap_or_else(PoisonError::into_inner);
            let Some(sender) = marks.get(&who) else {
                return;
            };
            if sender.receiver_count() == 0 {
                marks.remove(&who);
                return;
            }
            if let Some(mark) = mark {
                sender.send_if_modified(|last| {
                    let differs = *last != mark;
                    *last = mark;
                    differs
                });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = HURRY.notified() => {}
        }
    }
}

static HURRY: Notify = Notify::const_new();

/// Something was changed here just now.
pub fn hurry() {
    HURRY.notify_waiters();
}

/// The mark that a page was made at.
#[derive(Deserialize)]
pub struct Since {
    #[serde(default)]
    mark: String,
}

/// `GET /changes`
pub async fn stream(
    State(app): State<App>,
    visitor: Visitor,
    Query(since): Query<Since>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut mark = mark_of(&app, &visitor.who);
    let mut seen = since.mark;
    let events = async_stream::stream! {
        let until = tokio::time::sleep(LONGEST);
        tokio::pin!(until);
        yield Ok(Event::default().event("ready").data("1").retry(Duration::from_secs(1)));
        loop {
            let now = mark.borrow_and_update().clone();
            if !now.is_empty() && now != seen {
                seen = now;
                yield Ok(Event::default().event("change").data("1"));
            }
            tokio::select! {
                changed = mark.changed() => if changed.is_err() { break },
                () = app.stop().cancelled() => break,
                // Whose key has expired does not watch on; the page asks again with what it has then.
                () = &mut until => break,
            }
        }
    };
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}
