//! Events: every move, as server-sent events that can be resumed; that the queue changed, as a hint.

mod feed;
mod history;
mod listen;
mod position;

pub use listen::listen;

use crate::database::Who;
use crate::serve::App;
use crate::serve::extract::Query;
use crate::serve::identity::Caller;
use crate::serve::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use feed::{ALIVE, BATCH, Feed, Step};
use history::Now;
use position::Position;
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;
use utoipa::IntoParams;

/// A stream without events shows that it is there so often.
const ALIVE_EACH: Duration = Duration::from_secs(15);
/// A stream of a token ends after so long, so that an expired token does not watch on; it is resumed with another.
const WITH_TOKEN: Duration = Duration::from_secs(900);

/// What happens, for those who watch.
#[derive(Default)]
pub struct Events {
    feeds: Mutex<HashMap<Who, Weak<Feed>>>,
}

impl Events {
    /// Something was changed just now: whoever watches need not wait for the next look.
    pub fn hurry(&self, who: &Who, moved: bool) {
        self.each(|feed| {
            if feed.who.workspace == who.workspace {
                feed.changed(moved);
            }
        });
    }

    /// The database notified of changes in a workspace.
    fn notified(&self, workspace: &str) {
        self.each(|feed| {
            if feed
                .who
                .workspace
                .as_deref()
                .is_none_or(|name| name == workspace)
            {
                feed.changed(true);
            }
        });
    }

    fn each(&self, work: impl Fn(&Feed)) {
        let feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds
            .values()
            .filter_map(Weak::upgrade)
            .for_each(|feed| work(&feed));
    }

    /// The feed of those who see the same, begun with the first of them.
    fn feed(&self, app: &App, who: Who, now: &Now) -> Arc<Feed> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|_, feed| feed.strong_count() > 0);
        if let Some(feed) = feeds
            .get(&who)
            .and_then(Weak::upgrade)
            .filter(|feed| !feed.has_ended())
        {
            return feed;
        }
        let feed = Feed::begin(app, who.clone(), now.start());
        feeds.insert(who, Arc::downgrade(&feed));
        feed
    }
}

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// The id of the last event that was seen, for clients that cannot send the header Last-Event-ID.
    after: Option<String>,
}

/// Every move, as server-sent events, from now on or after `Last-Event-ID`.
///
/// `move` has a move as its data, in an order in which none is missed; `start` comes first where nothing is resumed;
/// `reset` says that the id is of another cluster, such as before a restore: read anew what is shown. `queue` is a hint,
/// without an id, that the queue changed.
#[utoipa::path(get, path = "/events", tag = "Events",
    params(From, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream")))]
pub async fn stream(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Response, Problem> {
    let now = history::now(&app, &caller.who).await?;
    // What is seen depends on the role; with row security perhaps on the name as well.
    let shared = if now.row_security {
        caller.who.clone()
    } else {
        Who {
            actor: None,
            agent: None,
            ..caller.who.clone()
        }
    };
    let feed = app.events().feed(&app, shared, &now);
    let header = headers
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or_default().to_owned());
    let resumed = header.or(from.after).filter(|text| !text.is_empty());
    let (first, position) = match resumed.as_deref().map(Position::read) {
        None => (Some(mark("start", &now.start())), now.start()),
        Some(Some(position)) if now.knows(&position) => (None, position),
        Some(_) => (Some(mark("reset", &now.start())), now.start()),
    };
    let ends = app
        .identities()
        .have_keys()
        .then(|| Instant::now() + WITH_TOKEN);
    let mut response = Body::from_stream(events(app, feed, first, position, ends)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    // nginx would hold events back.
    headers.insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    Ok(response)
}

fn mark(event: &str, position: &Position) -> Bytes {
    Bytes::from(format!(
        "retry: 1000\nid: {position}\nevent: {event}\ndata: {{}}\n\n"
    ))
}

fn events(
    app: App,
    feed: Arc<Feed>,
    first: Option<Bytes>,
    mut position: Position,
    ends: Option<Instant>,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send {
    async_stream::stream! {
        yield Ok(first.unwrap_or(ALIVE));
        let mut happened = feed.watch();
        let mut generation = feed.generation();
        let mut queue = happened.borrow().1;
        loop {
            // Before what is there is looked at, so that nothing comes unseen in between.
            let changes = happened.borrow_and_update().1;
            match feed.after(&position, generation, 64) {
                Step::Ended => return,
                Step::Reset(at, next) => {
                    (position, generation) = (at, next);
                    yield Ok(mark("reset", &position));
                    continue;
                }
                Step::Behind(floor) => {
                    match history::after(&app, &feed.who, &position, BATCH).await {
                        Ok((_, events)) => {
                            let all = i64::try_from(events.len()).is_ok_and(|count| count < BATCH);
                            for event in events {
                                position = event.at;
                                yield Ok(event.text);
                            }
                            if all && !position.reaches(&floor) {
                                // What stood there is gone, with its ticket.
                                position = floor;
                            }
                        }
                        // The client comes again, and goes on from its place.
                        Err(_) => return,
                    }
                    continue;
                }
                Step::Moves(events) if !events.is_empty() => {
                    for event in events {
                        position = event.at;
                        yield Ok(event.text);
                    }
                    continue;
                }
                Step::Moves(_) => {}
            }
            if changes != queue {
                queue = changes;
                yield Ok(Bytes::from_static(b"event: queue\ndata: {}\n\n"));
                continue;
            }
            tokio::select! {
                () = app.stop().cancelled() => return,
                () = until(ends) => return,
                changed = happened.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(ALIVE_EACH) => yield Ok(ALIVE),
            }
        }
    }
}

async fn until(ends: Option<Instant>) {
    match ends {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
