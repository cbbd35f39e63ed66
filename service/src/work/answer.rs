//! What a task may be answered with: the schema that is asked for, and the check of what came.

use serde_json::{Map, Value, json};

/// The kind of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Work of a phase.
    Work,
    /// A verdict on a phase.
    Review,
    /// A summary of what a ticket's phases left.
    Summary,
}

impl Kind {
    /// The kind of this name; what is not known is work.
    pub fn of(name: &str) -> Kind {
        match name {
            "review" => Kind::Review,
            "summary" => Kind::Summary,
            _ => Kind::Work,
        }
    }

    /// Its name, as in `tasks.kind`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Work => "work",
            Kind::Review => "review",
            Kind::Summary => "summary",
        }
    }

    /// The capability that the extension asks for in tasks of this kind.
    pub fn capability(self) -> Option<&'static str> {
        match self {
            Kind::Work => None,
            Kind::Review => Some("validation"),
            Kind::Summary => Some("summarization"),
        }
    }

    /// The JSON Schema of an answer. Reviews and summaries have every property required and no other, as endpoints want it that
    /// hold a model to a schema.
    pub fn schema(self) -> Value {
        match self {
            Kind::Review => json!({
                "type": "object",
                "properties": {
                    "approved": {"type": "boolean"},
                    "feedback": {"type": "string"},
                    "blocking_reasons": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["approved", "feedback", "blocking_reasons"],
                "additionalProperties": false,
            }),
            Kind::Summary => json!({
                "type": "object",
                "properties": {"summary": {"type": "string"}},
                "required": ["summary"],
                "additionalProperties": false,
            }),
            Kind::Work => json!({
                "type": "object",
                "properties": {
                    "summary": {"type": "string"},
                    "context": {"type": "object"},
                    "artifacts": {"type": "array", "items": {
                        "type": "object",
                        "properties": {
                            "type": {"type": "string"}, "path": {"type": "string"}, "content": {},
                        },
                        "required": ["type"],
                    }},
                    "outputs": {},
                },
            }),
        }
    }

    /// What is taken: that schema with only what the extension cannot do without. Not every endpoint holds a model to a schema,
    /// and nobody is the worse for an approval without reasons that block.
    fn taken(self) -> Value {
        match self {
            Kind::Review => json!({
                "type": "object",
                "properties": {
                    "approved": {"type": "boolean"},
                    "feedback": {"type": ["string", "null"]},
                    "blocking_reasons": {"type": ["array", "null"], "items": {"type": "string"}},
                },
                "required": ["approved"],
            }),
            Kind::Summary => {
                json!({"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]})
            }
            Kind::Work => self.schema(),
        }
    }

    /// Reads an answer, and checks it; the error is for whoever gave it, to mend it by.
    pub fn read(self, text: &str) -> Result<Map<String, Value>, String> {
        let answer: Value = serde_json::from_str(unfenced(text))
            .map_err(|error| format!("it is not JSON: {error}"))?;
        self.check(&answer)?;
        match answer {
            Value::Object(answer) => Ok(answer),
            other => Err(format!(
                "it is no object: {}",
                beginning(&other.to_string(), 200)
            )),
        }
    }

    /// Reads the answer of a model: what the schema does not know counts for nothing.
    pub fn read_known(self, text: &str) -> Result<Map<String, Value>, String> {
        let mut answer = self.read(text)?;
        let schema = self.schema();
        let known = schema.get("properties").and_then(Value::as_object);
        answer.retain(|key, _| known.is_some_and(|known| known.contains_key(key)));
        Ok(answer)
    }

    /// Checks an answer by what is taken, and for what a schema does not say.
    fn check(self, answer: &Value) -> Result<(), String> {
        let validator = jsonschema::validator_for(&self.taken())
            .map_err(|error| format!("the schema cannot be used: {error}"))?;
        let wrong: Vec<String> = validator
            .iter_errors(answer)
            .take(5)
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() {
                    "the answer".to_owned()
                } else {
                    place
                };
                format!("{place}: {}", beginning(&error.to_string(), 200))
            })
            .collect();
        if !wrong.is_empty() {
            return Err(format!("it is against the schema: {}", wrong.join("; ")));
        }
        match self {
            Kind::Review => check_verdict(answer),
            Kind::Summary if is_blank(answer.get("summary")) => {
                Err("the summary is empty".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// A verdict that contradicts itself decides nothing, and one that rejects without a word helps nobody.
fn check_verdict(answer: &Value) -> Result<(), String> {
    let approved = answer.get("approved").and_then(Value::as_bool) == Some(true);
    let reasons = answer
        .get("blocking_reasons")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    match (approved, reasons) {
        (true, 1..) => {
            Err("it approves, and gives reasons that block; it must be one or the other".to_owned())
        }
        (false, 0) if is_blank(answer.get("feedback")) => {
            Err("it rejects and gives no blocking reason; say what is to be done".to_owned())
        }
        _ => Ok(()),
    }
}

fn is_blank(text: Option<&Value>) -> bool {
    text.and_then(Value::as_str)
        .is_none_or(|text| text.trim().is_empty())
}

/// What stands in a Markdown fence, if the whole text is one: many models cannot leave it out.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .and_then(|inner| inner.split_once('\n'));
    match inner {
        Some((language, inner)) if language.trim().chars().all(char::is_alphanumeric) => {
            inner.trim()
        }
        _ => text,
    }
}

/// The beginning of a text, and a mark where it goes on.
pub fn beginning(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let room = text.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..room).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_bare_or_in_a_fence() {
        let bare = r#"{"approved": true, "feedback": "", "blocking_reasons": []}"#;
        assert!(Kind::Review.read(bare).is_ok());
        assert!(Kind::Review.read(&format!("```json\n{bare}\n```")).is_ok());
        assert!(Kind::Review.read(&format!("\n```\n{bare}```\n")).is_ok());
        assert!(
            Kind::Review
                .read(&format!("Here it is: {bare}"))
                .unwrap_err()
                .contains("not JSON")
        );
    }

    #[test]
    fn what_is_wrong_with_a_verdict_is_said() {
        for (text, why) in [
            (
                r#"{"approved": "yes", "feedback": "", "blocking_reasons": []}"#,
                "/approved",
            ),
            (r#"{"feedback": "", "blocking_reasons": []}"#, "approved"),
            (
                r#"{"approved": false, "blocking_reasons": "No."}"#,
                "/blocking_reasons",
            ),
            (
                r#"{"approved": true, "feedback": "", "blocking_reasons": ["No tests"]}"#,
                "one or the other",
            ),
            (
                r#"{"approved": false, "feedback": " ", "blocking_reasons": []}"#,
                "no blocking reason",
            ),
            ("[]", "object"),
        ] {
            let error = Kind::Review.read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn what_a_verdict_can_do_without_it_need_not_have_and_what_is_not_known_counts_for_nothing() {
        for text in [
            r#"{"approved": true}"#,
            r#"{"approved": false, "feedback": "No tests."}"#,
        ] {
            assert!(Kind::Review.read(text).is_ok());
        }
        let text = r#"{"approved": true, "feedback": null, "applied": true, "runner": 1}"#;
        let known = Kind::Review.read_known(text).unwrap();
        assert_eq!(known.keys().collect::<Vec<_>>(), ["approved", "feedback"]);
        assert_eq!(Kind::Review.read(text).unwrap().len(), 4);
    }

    #[test]
    fn summaries_and_work() {
        assert!(
            Kind::Summary
                .read(r#"{"summary": "Pay by invoice."}"#)
                .is_ok()
        );
        assert!(
            Kind::Summary
                .read(r#"{"summary": "  "}"#)
                .unwrap_err()
                .contains("empty")
        );
        assert!(
            Kind::Work
                .read(r#"{"artifacts": [{"type": "report", "content": 1}], "more": true}"#)
                .is_ok()
        );
        assert!(
            Kind::Work
                .read(r#"{"artifacts": [{"content": 1}]}"#)
                .unwrap_err()
                .contains("type")
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(beginning("short", 5), "short");
        assert_eq!(beginning("äääää", 7), "ää…");
    }
}
