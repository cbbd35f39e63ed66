//! `required_capabilities`: what an agent must be able to do to be offered a task.

use super::words::{json_type, quoted};
use serde_json::Value;
use std::fmt;

/// Reads the column: an array of strings, or NULL (SQL's or JSON's), which asks for nothing.
/// A capability named twice is kept once.
pub fn parse(column: Option<&Value>) -> Result<Vec<&str>, CapabilityError> {
    let elements = match column {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(elements)) => elements,
        Some(other) => return Err(CapabilityError::NotAnArray(json_type(other))),
    };
    let mut seen = std::collections::HashSet::with_capacity(elements.len());
    let mut capabilities = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let name = element
            .as_str()
            .ok_or_else(|| CapabilityError::NotAString {
                index,
                element: element.to_string(),
                found: json_type(element),
            })?;
        if seen.insert(name) {
            capabilities.push(name);
        }
    }
    Ok(capabilities)
}

/// Why a capability list was refused. `Display` is the primary message, [`CapabilityError::detail`] what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapabilityError {
    /// The column is neither NULL nor an array; the kind of JSON found.
    NotAnArray(&'static str),
    /// An element is no string.
    NotAString {
        /// Its place in the array, from 0.
        index: usize,
        /// Its JSON text.
        element: String,
        /// The kind of JSON found.
        found: &'static str,
    },
}

impl CapabilityError {
    /// The offending element and what is allowed, as a sentence.
    pub fn detail(&self) -> String {
        let found = match self {
            CapabilityError::NotAnArray(found) => format!("The value is {found}"),
            CapabilityError::NotAString {
                index,
                element,
                found,
            } => {
                format!("Element {index}, {}, is {found}", quoted(element))
            }
        };
        format!(
            "{found}; allowed is null or an array of strings, as in [\"analysis\", \"testing\"]."
        )
    }
}

impl fmt::Display for CapabilityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CapabilityError::NotAnArray(_) => {
                f.write_str("required_capabilities must be an array of strings")
            }
            CapabilityError::NotAString { index, .. } => {
                write!(f, "required_capabilities[{index}] must be a string")
            }
        }
    }
}

impl std::error::Error for CapabilityError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_and_arrays_of_strings() {
        assert_eq!(parse(None), Ok(vec![]));
        assert_eq!(parse(Some(&Value::Null)), Ok(vec![]));
        assert_eq!(parse(Some(&json!([]))), Ok(vec![]));
        assert_eq!(parse(Some(&json!(["a", "b", "a"]))), Ok(vec!["a", "b"]));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for value in [json!("analysis"), json!({"a": 1}), json!(1), json!(true)] {
            let error = parse(Some(&value)).unwrap_err();
            assert!(error.to_string().starts_with("required_capabilities must"));
            assert!(error.detail().contains(json_type(&value)));
        }
        let error = parse(Some(&json!(["ok", {"x": 1}]))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "required_capabilities[1] must be a string"
        );
        assert!(error.detail().contains(r#"{"x":1}"#));
    }
}
