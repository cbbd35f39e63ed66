//! What reading a task's result has in common, whatever the task's kind: the error that names the
//! offending key, and the reading of a key as text or object. A key that holds JSON null is absent.

use super::words::json_type;
use serde_json::{Map, Value};
use std::fmt;

/// Why a result was refused. `Display` is the primary message, [`ContractError::detail`] what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractError {
    /// The offending key, such as `artifacts[1].type`; empty for the result as a whole.
    pub at: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
    /// What is allowed, as a sentence.
    pub allowed: &'static str,
}

impl ContractError {
    /// An error about a value that is of the wrong kind.
    pub(super) fn wrong(at: &str, expected: &str, found: &Value, allowed: &'static str) -> Self {
        Self::told(at, expected, json_type(found), allowed)
    }

    /// An error about anything else, its `found` in words.
    pub(super) fn told(at: &str, expected: &str, found: &str, allowed: &'static str) -> Self {
        ContractError {
            at: at.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            allowed,
        }
    }

    /// The same error, its key told as one inside `outer`.
    pub(super) fn inside(mut self, outer: &str) -> Self {
        self.at = format!("{outer}.{}", self.at);
        self
    }

    /// What was found and what is allowed.
    pub fn detail(&self) -> String {
        format!("It is {}. {}", self.found, self.allowed)
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() {
            write!(f, "task result must be {}", self.expected)
        } else {
            write!(
                f,
                "\"{}\" in task result must be {}",
                self.at, self.expected
            )
        }
    }
}

impl std::error::Error for ContractError {}

/// The value of a key, unless that is missing or null.
pub(super) fn present<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

/// A value as an object; `at` is its place, empty for the result as a whole.
pub(super) fn object<'a>(
    value: &'a Value,
    at: &str,
    allowed: &'static str,
) -> Result<&'a Map<String, Value>, ContractError> {
    value
        .as_object()
        .ok_or_else(|| ContractError::wrong(at, "an object", value, allowed))
}

/// The text of an optional key.
pub(super) fn text<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    allowed: &'static str,
) -> Result<Option<&'a str>, ContractError> {
    match present(object, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(ContractError::wrong(key, "a string", other, allowed)),
    }
}

/// The text of a required key, which must hold more than white space.
pub(super) fn required_text<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    allowed: &'static str,
) -> Result<&'a str, ContractError> {
    let found = match text(object, key, allowed)? {
        Some(text) if !text.trim().is_empty() => return Ok(text),
        Some(_) => "empty",
        None => "missing",
    };
    Err(ContractError::told(
        key,
        "a string that is not empty",
        found,
        allowed,
    ))
}
