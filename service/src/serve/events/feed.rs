//! One look at the history for all who watch the same: the moves of late are kept, a bounded number of them. Who is
//! further behind reads the database from their own place.

use crate::database::Who;
use crate::error::Failure;
use crate::serve::App;
use crate::serve::events::history::{self, Event};
use crate::serve::events::position::Position;
use axum::body::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// So many moves are kept at most,
const MOVES: usize = 4096;
/// and so many bytes of them.
const BYTES: usize = 4 << 20;
/// How many moves a look takes at most.
pub const BATCH: i64 = 500;
/// How often the history is looked at when nobody says that something happened,
const EACH: Duration = Duration::from_secs(1);
/// and how often at most.
const PAUSE: Duration = Duration::from_millis(50);

/// What those who watch a workspace in one role share.
pub struct Feed {
    /// As whom the history is read.
    pub who: Who,
    kept: Mutex<Kept>,
    /// Counts what happened; the second number changes in the queue.
    happened: watch::Sender<(u64, u64)>,
    hurry: Notify,
}

struct Kept {
    moves: VecDeque<Event>,
    bytes: usize,
    /// All moves after this place, up to the head, are kept.
    floor: Position,
    head: Position,
    /// Changes when the database has become another one.
    generation: u64,
    /// The history can no longer be read.
    ended: bool,
}

/// What there is for somebody at a place.
pub enum Step {
    /// These moves; none: wait.
    Moves(Vec<Event>),
    /// Moves that are not kept any more: read them; all up to this place.
    Behind(Position),
    /// The database is another one; begin anew here.
    Reset(Position, u64),
    /// The history can no longer be read.
    Ended,
}

impl Feed {
    /// Begins to look, from a place on; it ends when nobody has the feed any more.
    pub fn begin(app: &App, who: Who, start: Position) -> Arc<Feed> {
        let kept = Kept {
            moves: VecDeque::new(),
            bytes: 0,
            floor: start,
            head: start,
            generation: 0,
            ended: false,
        };
        let feed = Arc::new(Feed {
            who,
            kept: Mutex::new(kept),
            happened: watch::Sender::new((0, 0)),
            hurry: Notify::new(),
        });
        tokio::spawn(look(app.clone(), Arc::downgrade(&feed)));
        feed
    }

    /// To be told when something happens.
    pub fn watch(&self) -> watch::Receiver<(u64, u64)> {
        self.happened.subscribe()
    }

    /// The present generation.
    pub fn generation(&self) -> u64 {
        self.with(|kept| kept.generation)
    }

    /// Whether it gives nothing any more.
    pub fn has_ended(&self) -> bool {
        self.with(|kept| kept.ended)
    }

    /// What there is for somebody who has seen everything up to a place.
    pub fn after(&self, position: &Position, generation: u64, at_most: usize) -> Step {
        self.with(|kept| {
            if kept.ended {
                Step::Ended
            } else if generation != kept.generation {
                Step::Reset(kept.head, kept.generation)
            } else if !position.reaches(&kept.floor) {
                Step::Behind(kept.floor)
            } else {
                // In order, so that the first that was not seen is found by halves.
                let from = kept
                    .moves
                    .partition_point(|event| position.reaches(&event.at));
                Step::Moves(kept.moves.range(from..).take(at_most).cloned().collect())
            }
        })
    }

    /// Something was changed just now.
    pub fn changed(&self, moved: bool) {
        if moved {
            self.hurry.notify_one();
        }
        self.happened.send_modify(|(_, queue)| *queue += 1);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, events: Vec<Event>) {
        self.with(|kept| {
            for event in events {
                kept.head = event.at;
                kept.bytes += event.text.len();
                kept.moves.push_back(event);
            }
            while kept.moves.len() > MOVES || kept.bytes > BYTES {
                let Some(oldest) = kept.moves.pop_front() else {
                    break;
                };
                kept.bytes -= oldest.text.len();
                kept.floor = oldest.at;
            }
        });
        self.happened.send_modify(|(moves, _)| *moves += 1);
    }

    fn begin_anew(&self, position: Position) {
        self.with(|kept| {
            kept.moves.clear();
            kept.bytes = 0;
            kept.floor = position;
            kept.head = position;
            kept.generation += 1;
        });
        self.happened.send_modify(|(moves, _)| *moves += 1);
    }

    fn end(&self) {
        self.with(|kept| kept.ended = true);
        self.happened.send_modify(|(moves, _)| *moves += 1);
    }
}

/// Looks at the history, each second and whenever something was changed.
async fn look(app: App, feed: Weak<Feed>) {
    loop {
        let Some(feed) = feed.upgrade() else { return };
        let head = feed.with(|kept| kept.head);
        let more = match history::after(&app, &feed.who, &head, BATCH).await {
            Ok((now, _)) if !now.knows(&head) => {
                feed.begin_anew(now.start());
                false
            }
            Ok((_, events)) => {
                let more = i64::try_from(events.len()).is_ok_and(|count| count == BATCH);
                if !events.is_empty() {
                    feed.add(events);
                }
                more
            }
            // The role may not read any more, the workspace is gone: whoever asks again is told.
            Err(Failure::Refused(refusal))
                if refusal.sqlstate.starts_with("42") || refusal.sqlstate == "3F000" =>
            {
                tracing::info!(
                    reason = refusal.message,
                    "the history can no longer be read"
                );
                feed.end();
                return;
            }
            Err(failure) => {
                tracing::debug!(reason = %failure, "the history could not be read now");
                false
            }
        };
        if more {
            continue;
        }
        tokio::select! {
            () = app.stop().cancelled() => return,
            _ = tokio::time::timeout(EACH, feed.hurry.notified()) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A line that only shows that the connection is there.
pub const ALIVE: Bytes = Bytes::from_static(b":\n\n");
