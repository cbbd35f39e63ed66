//! The answers to tasks of kind 'review' and 'summary'. Unlike a work task's result they may not
//! be NULL: an answer is what such a task is for. Unknown keys are ignored.

use super::contract::{ContractError, object, present, required_text, text};
use serde_json::Value;

const ALLOWED: &str = "Allowed is {\"approved\": true or false, \"feedback\": a string, \"blocking_reasons\": [strings]}, \
     of which only approved is required.";

const ALLOWED_SUMMARY: &str = "Allowed is {\"summary\": a string}.";

/// A reviewer's verdict on a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whether the phase may pass.
    pub approved: bool,
    /// What the reviewer says about it.
    pub feedback: Option<&'a str>,
    /// Why the phase may not pass, a sentence each.
    pub blocking_reasons: Vec<&'a str>,
}

impl<'a> Verdict<'a> {
    /// Reads the result of a review task.
    pub fn parse(result: Option<&'a Value>) -> Result<Verdict<'a>, ContractError> {
        let verdict = object(result.unwrap_or(&Value::Null), "", ALLOWED)?;
        let approved = match present(verdict, "approved") {
            Some(Value::Bool(approved)) => *approved,
            Some(other) => {
                return Err(ContractError::wrong(
                    "approved",
                    "a boolean",
                    other,
                    ALLOWED,
                ));
            }
            None => {
                return Err(ContractError::told(
                    "approved",
                    "a boolean",
                    "missing",
                    ALLOWED,
                ));
            }
        };
        let reasons = match present(verdict, "blocking_reasons") {
            None => &[],
            Some(Value::Array(reasons)) => reasons.as_slice(),
            Some(other) => {
                let expected = "an array of strings";
                return Err(ContractError::wrong(
                    "blocking_reasons",
                    expected,
                    other,
                    ALLOWED,
                ));
            }
        };
        let reason = |(index, reason): (usize, &'a Value)| {
            let at = || format!("blocking_reasons[{index}]");
            reason
                .as_str()
                .ok_or_else(|| ContractError::wrong(&at(), "a string", reason, ALLOWED))
        };
        Ok(Verdict {
            approved,
            feedback: text(verdict, "feedback", ALLOWED)?,
            blocking_reasons: reasons
                .iter()
                .enumerate()
                .map(reason)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Reads the result of a summary task: the summary, which must hold more than white space, since it
/// replaces the one that the ticket has.
pub fn parse_summary(result: Option<&Value>) -> Result<&str, ContractError> {
    let answer = object(result.unwrap_or(&Value::Null), "", ALLOWED_SUMMARY)?;
    required_text(answer, "summary", ALLOWED_SUMMARY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn verdicts() {
        let full =
            json!({"approved": false, "feedback": "No", "blocking_reasons": ["a", "b"], "x": 1});
        assert_eq!(
            Verdict::parse(Some(&full)),
            Ok(Verdict {
                approved: false,
                feedback: Some("No"),
                blocking_reasons: vec!["a", "b"],
            })
        );
        let short = json!({"approved": true, "feedback": null, "blocking_reasons": null});
        let verdict = Verdict::parse(Some(&short)).unwrap();
        assert!(
            verdict.approved && verdict.feedback.is_none() && verdict.blocking_reasons.is_empty()
        );
    }

    #[test]
    fn bad_verdicts_are_refused_by_name() {
        assert!(Verdict::parse(None).is_err());
        for (value, message) in [
            (json!(true), "task result must be an object"),
            (json!({}), "\"approved\" in task result must be a boolean"),
            (
                json!({"approved": "true"}),
                "\"approved\" in task result must be a boolean",
            ),
            (
                json!({"approved": true, "feedback": 1}),
                "\"feedback\" in task result must be a string",
            ),
            (
                json!({"approved": true, "blocking_reasons": "a"}),
                "\"blocking_reasons\" in task result must be an array of strings",
            ),
            (
                json!({"approved": true, "blocking_reasons": ["a", null]}),
                "\"blocking_reasons[1]\" in task result must be a string",
            ),
        ] {
            let error = Verdict::parse(Some(&value)).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.detail().contains("approved"));
        }
    }

    #[test]
    fn summaries() {
        let good = json!({"summary": "Pay by invoice."});
        assert_eq!(parse_summary(Some(&good)), Ok("Pay by invoice."));
        for bad in [
            json!({}),
            json!({"summary": " \n"}),
            json!({"summary": 1}),
            json!("text"),
            json!(null),
        ] {
            let error = parse_summary(Some(&bad)).unwrap_err();
            assert!(error.detail().contains("summary"));
        }
        assert!(parse_summary(None).is_err());
    }
}
