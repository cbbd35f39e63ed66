//! The result contract: what an agent may hand in when it completes a task.
//!
//! A result is NULL or an object. Its known keys, all optional, are `summary`, `context`,
//! `artifacts` and `outputs`; a key that holds JSON null counts as absent, and unknown keys are
//! ignored. Nothing is copied: what is read borrows from the JSON. The answers to a review and to
//! a request for a summary are in `verdict.rs`.

use super::contract::{ContractError, object, present, required_text, text};
use super::words::quoted;
use crate::limits::PATH;
use serde_json::{Map, Value};

/// The longest artifact type, as `phase_gate_artifacts.artifact_type` holds it.
pub const LONGEST_TYPE: usize = 100;

/// The longest `collected_by`, as `phase_gate_artifacts.collected_by` holds it.
pub const LONGEST_COLLECTED_BY: usize = 255;

const ALLOWED: &str = "Allowed is NULL or an object with, all optional, summary (a string), context (an object), \
     artifacts (an array of {\"type\", \"path\", \"content\", \"collected_by\"}) and outputs (anything).";

const ALLOWED_ARTIFACT: &str = "Allowed in an artifact are type (a string, required), path (a string), \
     content (anything) and collected_by (a string).";

/// A result that keeps the contract.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskResult<'a> {
    summary: Option<&'a str>,
    context: Option<&'a Map<String, Value>>,
    artifacts: Vec<Artifact<'a>>,
    outputs: Option<&'a Value>,
}

/// One artifact that a result hands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Artifact<'a> {
    /// What it is, such as `requirements_document`.
    pub artifact_type: &'a str,
    /// Where it is.
    pub path: Option<&'a str>,
    /// What it holds.
    pub content: Option<&'a Value>,
    /// Who made it, where that is not the agent that completes the task.
    pub collected_by: Option<&'a str>,
}

impl<'a> TaskResult<'a> {
    /// Checks a result. `None` is SQL's NULL and keeps the contract; JSON's null is no object and does not.
    pub fn parse(result: Option<&'a Value>) -> Result<TaskResult<'a>, ContractError> {
        let Some(result) = result else {
            return Ok(TaskResult::default());
        };
        let result = object(result, "", ALLOWED)?;
        let context = present(result, "context")
            .map(|value| object(value, "context", ALLOWED))
            .transpose()?;
        let artifacts = match present(result, "artifacts") {
            None => Vec::new(),
            Some(Value::Array(elements)) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| Artifact::parse(element, index))
                .collect::<Result<_, _>>()?,
            Some(other) => {
                return Err(ContractError::wrong(
                    "artifacts",
                    "an array",
                    other,
                    ALLOWED,
                ));
            }
        };
        Ok(TaskResult {
            summary: text(result, "summary", ALLOWED)?,
            context,
            artifacts,
            outputs: present(result, "outputs"),
        })
    }

    /// What was done, in a sentence or two.
    pub fn summary(&self) -> Option<&'a str> {
        self.summary
    }

    /// What is merged into the phase's context.
    pub fn context(&self) -> Option<&'a Map<String, Value>> {
        self.context
    }

    /// The artifacts handed in, in their order.
    pub fn artifacts(&self) -> &[Artifact<'a>] {
        &self.artifacts
    }

    /// Whatever else the task produced.
    pub fn outputs(&self) -> Option<&'a Value> {
        self.outputs
    }
}

impl<'a> Artifact<'a> {
    fn parse(element: &'a Value, index: usize) -> Result<Artifact<'a>, ContractError> {
        let at = format!("artifacts[{index}]");
        let artifact = object(element, &at, ALLOWED_ARTIFACT)?;
        Artifact::read(artifact).map_err(|error| error.inside(&at))
    }

    fn read(artifact: &'a Map<String, Value>) -> Result<Artifact<'a>, ContractError> {
        let artifact_type = required_text(artifact, "type", ALLOWED_ARTIFACT)?;
        let collected_by = text(artifact, "collected_by", ALLOWED_ARTIFACT)?;
        fits("type", artifact_type, LONGEST_TYPE)?;
        fits(
            "collected_by",
            collected_by.unwrap_or_default(),
            LONGEST_COLLECTED_BY,
        )?;
        let path = text(artifact, "path", ALLOWED_ARTIFACT)?;
        if path.is_some_and(|path| path.len() > PATH) {
            let expected = format!("at most {PATH} bytes long");
            let found = quoted(path.unwrap_or_default());
            return Err(ContractError::told(
                "path",
                &expected,
                &found,
                ALLOWED_ARTIFACT,
            ));
        }
        Ok(Artifact {
            artifact_type,
            path,
            content: present(artifact, "content"),
            collected_by,
        })
    }
}

/// Checks a text against its column's length, whose own error would not say which artifact it was.
fn fits(key: &str, text: &str, longest: usize) -> Result<(), ContractError> {
    match text.chars().nth(longest) {
        None => Ok(()),
        Some(_) => Err(ContractError::told(
            key,
            &format!("at most {longest} characters long"),
            &quoted(text),
            ALLOWED_ARTIFACT,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn message(value: Value) -> String {
        let error = TaskResult::parse(Some(&value)).unwrap_err();
        assert!(error.detail().contains("Allowed "), "{error:?}");
        error.to_string()
    }

    #[test]
    fn null_empty_and_unknown_keys() {
        let nothing = TaskResult::default();
        assert_eq!(TaskResult::parse(None), Ok(nothing.clone()));
        for value in [
            json!({}),
            json!({"approved": 3, "$": []}),
            json!({"summary": null, "context": null, "artifacts": null, "outputs": null}),
        ] {
            assert_eq!(TaskResult::parse(Some(&value)), Ok(nothing.clone()));
        }
    }

    #[test]
    fn everything_known_is_read() {
        let value = json!({
            "summary": "Done",
            "context": {"key_decisions": ["a"]},
            "artifacts": [
                {"type": "code_changes", "path": "p", "content": {"has_tests": true}, "collected_by": "ci", "more": 1},
                {"type": "test_evidence", "path": null, "content": [1]},
            ],
            "outputs": false,
        });
        let result = TaskResult::parse(Some(&value)).unwrap();
        assert_eq!(result.summary(), Some("Done"));
        assert!(result.context().unwrap().contains_key("key_decisions"));
        assert_eq!(result.outputs(), Some(&json!(false)));
        let [first, second] = result.artifacts() else {
            panic!("two artifacts")
        };
        assert_eq!(
            (first.artifact_type, first.path, first.collected_by),
            ("code_changes", Some("p"), Some("ci"))
        );
        assert_eq!(first.content, Some(&json!({"has_tests": true})));
        assert_eq!(
            (second.path, second.collected_by, second.content),
            (None, None, Some(&json!([1])))
        );
    }

    #[test]
    fn whatever_breaks_the_contract_is_named() {
        for value in [json!(null), json!([]), json!("text"), json!(1), json!(true)] {
            assert_eq!(message(value), "task result must be an object");
        }
        let within = |key: &str, what: &str| format!("\"{key}\" in task result must be {what}");
        let long = "é".repeat(LONGEST_TYPE + 1);
        for (value, key, what) in [
            (json!({"summary": 1}), "summary", "a string"),
            (json!({"context": []}), "context", "an object"),
            (json!({"artifacts": {}}), "artifacts", "an array"),
            (
                json!({"artifacts": [{"type": "a"}, 1]}),
                "artifacts[1]",
                "an object",
            ),
            (
                json!({"artifacts": [{}]}),
                "artifacts[0].type",
                "a string that is not empty",
            ),
            (
                json!({"artifacts": [{"type": " "}]}),
                "artifacts[0].type",
                "a string that is not empty",
            ),
            (
                json!({"artifacts": [{"type": 1}]}),
                "artifacts[0].type",
                "a string",
            ),
            (
                json!({"artifacts": [{"type": "a", "path": 1}]}),
                "artifacts[0].path",
                "a string",
            ),
            (
                json!({"artifacts": [{"type": "a", "collected_by": {}}]}),
                "artifacts[0].collected_by",
                "a string",
            ),
            (
                json!({"artifacts": [{"type": long}]}),
                "artifacts[0].type",
                "at most 100 characters long",
            ),
        ] {
            assert_eq!(message(value), within(key, what));
        }
        let longest = json!({"artifacts": [{"type": "é".repeat(LONGEST_TYPE)}]});
        assert!(TaskResult::parse(Some(&longest)).is_ok());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("summary"),
            Just("context"),
            Just("artifacts"),
            Just("outputs"),
            Just("type"),
            Just("path"),
            Just("content"),
            Just("collected_by"),
            Just("x"),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            let object = proptest::collection::vec((key.clone(), inner.clone()), 0..5);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::from),
                object
                    .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_panics(value in any_json()) {
            match TaskResult::parse(Some(&value)) {
                Ok(result) => prop_assert!(value.is_object() && result.artifacts().iter().all(|a| !a.artifact_type.is_empty())),
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.detail().is_empty()),
            }
        }
    }
}
