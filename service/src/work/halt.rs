//! What ends work on a task before it is done.

use tokio::sync::watch;

/// Why work on a task ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The lease ran out, or somebody else has the task.
    Lost(String),
    /// It took longer than it may.
    TimedOut,
    /// This program is to end.
    Stopped,
}

/// Says that work is to end. The first word counts.
#[derive(Debug, Clone)]
pub struct Halt(watch::Sender<Option<Why>>);

impl Halt {
    /// Work that goes on.
    pub fn new() -> Halt {
        Halt(watch::Sender::new(None))
    }

    /// Ends the work.
    pub fn say(&self, why: Why) {
        self.0.send_if_modified(|said| match said {
            None => {
                *said = Some(why);
                true
            }
            Some(_) => false,
        });
    }

    /// Whether it was said.
    pub fn is_said(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits until work is to end.
    pub async fn told(&self) -> Why {
        let mut said = self.0.subscribe();
        match said.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or(Why::Stopped),
            Err(_) => Why::Stopped,
        }
    }
}
