//! What comes of an attempt at a task.

use super::halt::Why;
use serde_json::Value;

/// How an attempt ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a result.
    Done(Option<Value>),
    /// Without one.
    Failed {
        /// Why.
        why: String,
        /// Whether another attempt may do better.
        retry: bool,
    },
    /// Without one, and so would every other task: what the runner was told is wrong.
    Misconfigured {
        /// Why.
        why: String,
        /// Whether this one is for another attempt.
        retry: bool,
    },
    /// Before its end.
    Halted(Why),
}

impl Outcome {
    /// No other attempt would do better.
    pub fn failed(why: impl Into<String>) -> Outcome {
        Outcome::Failed {
            why: why.into(),
            retry: false,
        }
    }

    /// Another attempt may do better.
    pub fn again(why: impl Into<String>) -> Outcome {
        Outcome::Failed {
            why: why.into(),
            retry: true,
        }
    }
}
