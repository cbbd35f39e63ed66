//! The arguments of a call, as people write them in a shell, and what they become for the database.

use crate::error::Failure;
use serde_json::Value;

/// What was given for one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The parameter's name.
    pub name: String,
    given: Given,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    /// NAME=VALUE
    Text(String),
    /// NAME:=JSON
    Json(Value),
}

impl Argument {
    /// Reads NAME=VALUE or NAME:=JSON.
    pub fn read(word: &str) -> Result<Argument, Failure> {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            Failure::usage(format!(
                "\"{word}\" is no argument: write NAME=VALUE, or NAME:=JSON for null and other JSON"
            ))
        })?;
        match name.strip_suffix(':') {
            None => Ok(Argument {
                name: name.to_owned(),
                given: Given::Text(value.to_owned()),
            }),
            Some(name) => match serde_json::from_str(value) {
                Ok(value) => Ok(Argument {
                    name: name.to_owned(),
                    given: Given::Json(value),
                }),
                Err(error) => Err(Failure::usage(format!(
                    "the value of {name}:= is not JSON: {error}"
                ))),
            },
        }
    }

    /// The value as text that a cast to the type understands; None is NULL. `read` reads the file of `@FILE`.
    pub fn for_type(
        &self,
        kind: &str,
        read: impl Fn(&str) -> Result<String, Failure>,
    ) -> Result<Option<String>, Failure> {
        let is_array = kind.ends_with("[]");
        let is_json = matches!(kind, "json" | "jsonb");
        match &self.given {
            Given::Text(text) if is_array => self.array_of_text(text).map(Some),
            // No JSON begins with @.
            Given::Text(text) if is_json => match text.strip_prefix('@') {
                Some(file) => read(file).map(Some),
                None => Ok(Some(text.clone())),
            },
            Given::Text(text) => Ok(Some(text.clone())),
            Given::Json(Value::Null) => Ok(None),
            Given::Json(value) if is_json => Ok(Some(value.to_string())),
            Given::Json(Value::Array(items)) if is_array => self.array(items).map(Some),
            Given::Json(Value::String(text)) if !is_array => Ok(Some(text.clone())),
            Given::Json(value @ (Value::Bool(_) | Value::Number(_))) if !is_array => {
                Ok(Some(value.to_string()))
            }
            Given::Json(_) => Err(Failure::usage(format!(
                "{} is of type {kind}, and what is given does not fit it",
                self.name
            ))),
        }
    }

    /// A literal of PostgreSQL's, a JSON array, or words between commas.
    fn array_of_text(&self, text: &str) -> Result<String, Failure> {
        match text.trim_start().chars().next() {
            None => Ok("{}".to_owned()),
            Some('{') => Ok(text.to_owned()),
            Some('[') => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => self.array(&items),
                _ => Err(Failure::usage(format!(
                    "the value of {} is no array of JSON",
                    self.name
                ))),
            },
            Some(_) => Ok(literal(text.split(',').map(|item| Some(item.trim())))),
        }
    }

    fn array(&self, items: &[Value]) -> Result<String, Failure> {
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            texts.push(match item {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                Value::Bool(_) | Value::Number(_) => Some(item.to_string()),
                _ => {
                    return Err(Failure::usage(format!(
                        "an item of {} is an array or an object",
                        self.name
                    )));
                }
            });
        }
        Ok(literal(texts.iter().map(Option::as_deref)))
    }
}

/// An array as PostgreSQL writes it.
fn literal<'a>(items: impl Iterator<Item = Option<&'a str>>) -> String {
    let quoted = |item: Option<&str>| match item {
        None => "NULL".to_owned(),
        Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    format!("{{{}}}", items.map(quoted).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(word: &str, kind: &str) -> Option<String> {
        Argument::read(word)
            .unwrap()
            .for_type(kind, |file| Ok(format!("file {file}")))
            .unwrap()
    }

    #[test]
    fn values_are_taken_as_they_are() {
        assert_eq!(given("reason=a=b", "text").as_deref(), Some("a=b"));
        assert_eq!(given("reason=", "text").as_deref(), Some(""));
        assert_eq!(given("reason=null", "text").as_deref(), Some("null"));
        assert_eq!(given("agent_id=@ada", "text").as_deref(), Some("@ada"));
        assert_eq!(
            given("result={\"a\": 1}", "jsonb").as_deref(),
            Some("{\"a\": 1}")
        );
        assert_eq!(
            given("result=@r.json", "jsonb").as_deref(),
            Some("file r.json")
        );
    }

    #[test]
    fn json_says_null_and_what_text_cannot() {
        assert_eq!(given("reason:=null", "text"), None);
        assert_eq!(given("result:=null", "jsonb"), None);
        assert_eq!(given("retry:=false", "boolean").as_deref(), Some("false"));
        assert_eq!(given("reason:=\"x\"", "text").as_deref(), Some("x"));
        assert_eq!(given("result:=\"x\"", "jsonb").as_deref(), Some("\"x\""));
        assert!(Argument::read("reason:=x").is_err());
        assert!(Argument::read("reason").is_err());
        assert!(
            Argument::read("reason:={}")
                .unwrap()
                .for_type("text", |_| unreachable!())
                .is_err()
        );
    }

    #[test]
    fn arrays_come_in_three_ways() {
        assert_eq!(given("c=a, b", "text[]").as_deref(), Some(r#"{"a","b"}"#));
        assert_eq!(given("c={a,b}", "text[]").as_deref(), Some("{a,b}"));
        assert_eq!(
            given(r#"c=["a\"b",null,1]"#, "text[]").as_deref(),
            Some(r#"{"a\"b",NULL,"1"}"#)
        );
        assert_eq!(
            given(r#"c:=["a\\"]"#, "text[]").as_deref(),
            Some(r#"{"a\\"}"#)
        );
        assert_eq!(given("c=", "text[]").as_deref(), Some("{}"));
        assert!(
            Argument::read("c=[[]]")
                .unwrap()
                .for_type("text[]", |_| unreachable!())
                .is_err()
        );
    }
}
