//! The rule of each criterion on an artifact's content.
//!
//! A field that is missing or of the wrong type fails its criterion with a sentence that says so.
//! Nothing that a content may hold is an error.

use std::cell::OnceCell;
use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::headings::{headings, section_key};
use super::number::{compare, is_zero};
use super::schema::CompiledSchema;
use super::wording::{described, listed, quoted, sentence};

/// The fields that may carry an artifact's text, the first one that is there counting.
const TEXT_FIELDS: [&str; 2] = ["content", "text"];

/// Section names that a message lists.
const LISTED_SECTIONS: usize = 10;

/// A condition on the content of an artifact.
#[derive(Debug)]
pub enum Criterion {
    /// The text, or where there is none the declared `length`, has at least so many characters.
    MinLength(u64),
    /// Each of these is a section: listed in `sections`, or a Markdown heading of the text.
    RequiredSections(Vec<String>),
    /// `percentage` is at least this.
    MinPercentage(Number),
    /// `has_tests` is true.
    MustHaveTests,
    /// `all_passed` is true, and `failed`, where present, is 0.
    AllPassed,
    /// The artifact is there, whatever its content.
    MustExist,
    /// The content validates against this JSON Schema.
    Schema(Box<CompiledSchema>),
    /// PostgreSQL finds this jsonpath predicate true.
    JsonPath(String),
}

impl Criterion {
    /// Every criterion's key, as `validation_criteria` writes it.
    pub const KEYS: [&'static str; 8] = [
        "min_length",
        "required_sections",
        "min_percentage",
        "must_have_tests",
        "all_passed",
        "must_exist",
        "schema",
        "jsonpath",
    ];

    /// The criterion's key in `validation_criteria`.
    pub fn key(&self) -> &'static str {
        match self {
            Criterion::MinLength(_) => "min_length",
            Criterion::RequiredSections(_) => "required_sections",
            Criterion::MinPercentage(_) => "min_percentage",
            Criterion::MustHaveTests => "must_have_tests",
            Criterion::AllPassed => "all_passed",
            Criterion::MustExist => "must_exist",
            Criterion::Schema(_) => "schema",
            Criterion::JsonPath(_) => "jsonpath",
        }
    }
}

/// How often a jsonpath goes down through all levels of a document. Each time multiplies the work by the number of its
/// values.
pub fn descents(path: &str) -> usize {
    let mut in_string = false;
    let mut is_escaped = false;
    let mut count = 0;
    let mut before = ' ';
    for character in path.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => in_string = !in_string,
            '*' if before == '*' && !in_string => count += 1,
            _ => {}
        }
        before = character;
    }
    count
}

/// PostgreSQL's answer to a jsonpath predicate: true, false, none where it is neither, or what went
/// wrong.
pub type JsonPathAnswer = Result<Option<bool>, String>;

/// What an artifact holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nothing: `artifact_content` is NULL.
    Missing,
    /// A JSON value.
    Json(Value),
    /// A value that could not be read, and why, such as `it nests too deeply`.
    Unreadable(String),
}

/// The contents of one artifact, read once for all of its criteria.
pub struct Document<'a> {
    content: &'a Content,
    sections_in_text: OnceCell<HashSet<String>>,
}

impl<'a> Document<'a> {
    /// The document of an artifact that is there.
    pub fn new(content: &'a Content) -> Document<'a> {
        Document {
            content,
            sections_in_text: OnceCell::new(),
        }
    }

    /// Checks one criterion. `jsonpath` lets PostgreSQL evaluate a predicate on this artifact's
    /// content. A failure is the end of a sentence about the artifact.
    pub fn check(
        &self,
        criterion: &Criterion,
        jsonpath: &mut dyn FnMut(&str) -> JsonPathAnswer,
    ) -> Result<(), String> {
        if matches!(criterion, Criterion::MustExist) {
            return Ok(());
        }
        let (value, fields) = self.object()?;
        match criterion {
            Criterion::MustExist => Ok(()),
            Criterion::MinLength(least) => check_length(fields, *least),
            Criterion::RequiredSections(names) => self.check_sections(fields, names),
            Criterion::MinPercentage(least) => check_percentage(fields, least),
            Criterion::MustHaveTests => check_true(fields, "has_tests"),
            Criterion::AllPassed => check_passed(fields),
            Criterion::Schema(schema) => schema.check(value),
            Criterion::JsonPath(path) => match jsonpath(path) {
                Ok(Some(true)) => Ok(()),
                Ok(Some(false)) => Err(format!("does not satisfy the predicate {}", quoted(path))),
                Ok(None) => Err(format!(
                    "leaves the predicate {} neither true nor false; a field it names may be missing \
                     or of another type",
                    quoted(path)
                )),
                Err(problem) => Err(format!(
                    "cannot be tested with the predicate {}: {}",
                    quoted(path),
                    sentence(&problem)
                )),
            },
        }
    }

    fn object(&self) -> Result<(&'a Value, &'a Map<String, Value>), String> {
        match self.content {
            Content::Missing => Err("has no content".to_owned()),
            Content::Unreadable(why) => Err(format!(
                "has a content that cannot be read: {}",
                sentence(why)
            )),
            Content::Json(value @ Value::Object(fields)) => Ok((value, fields)),
            Content::Json(other) => Err(format!(
                "has {} as its content, where a JSON object is needed",
                described(other)
            )),
        }
    }

    fn check_sections(&self, fields: &Map<String, Value>, names: &[String]) -> Result<(), String> {
        let text = text(fields)?;
        let listed_sections = match fields.get("sections") {
            None | Some(Value::Null) => None,
            Some(Value::Array(items)) => {
                Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>())
            }
            Some(Value::Object(members)) => Some(
                members
                    .iter()
                    .filter(|(_, section)| !section.is_null())
                    .map(|(name, _)| name.as_str())
                    .collect(),
            ),
            Some(other) => {
                return Err(format!(
                    "has {} as \"sections\", where an array of names is needed",
                    described(other)
                ));
            }
        };
        if listed_sections.is_none() && text.is_none() {
            return Err(format!(
                "has no \"sections\" and no text to find {} in",
                listed(names.iter().map(String::as_str), LISTED_SECTIONS)
            ));
        }
        let listed_keys: HashSet<String> = listed_sections
            .unwrap_or_default()
            .into_iter()
            .map(section_key)
            .collect();
        let in_text = self.sections_in_text.get_or_init(|| {
            let headings = headings(text.unwrap_or_default());
            headings
                .iter()
                .map(|heading| section_key(heading))
                .collect()
        });
        let missing: Vec<&str> = names
            .iter()
            .filter(|name| {
                let key = section_key(name);
                !listed_keys.contains(&key) && !in_text.contains(&key)
            })
            .map(String::as_str)
            .collect();
        match missing.len() {
            0 => Ok(()),
            1 => Err(format!(
                "lacks the section {}",
                listed(missing.into_iter(), 1)
            )),
            _ => Err(format!(
                "lacks the sections {}",
                listed(missing.into_iter(), LISTED_SECTIONS)
            )),
        }
    }
}

/// The text that the content carries, if it carries one.
fn text(fields: &Map<String, Value>) -> Result<Option<&str>, String> {
    for name in TEXT_FIELDS {
        match fields.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => return Ok(Some(text)),
            Some(other) => {
                return Err(format!(
                    "has {} as {}, where a text is needed",
                    described(other),
                    quoted(name)
                ));
            }
        }
    }
    Ok(None)
}

fn check_length(fields: &Map<String, Value>, least: u64) -> Result<(), String> {
    if let Some(text) = text(fields)? {
        let length = text.chars().count() as u64;
        return if length >= least {
            Ok(())
        } else {
            Err(format!(
                "is {length} characters long, at least {least} are needed"
            ))
        };
    }
    match fields.get("length") {
        Some(Value::Number(length)) if compare(length, &Number::from(least)).is_ge() => Ok(()),
        Some(length @ Value::Number(_)) => Err(format!(
            "declares {} as its length, at least {least} is needed",
            described(length)
        )),
        None => Err(format!(
            "has no text in \"content\" or \"text\" and no \"length\"; at least {least} characters are needed"
        )),
        Some(other) => Err(ill_typed(other, "length", "a number")),
    }
}

fn check_percentage(fields: &Map<String, Value>, least: &Number) -> Result<(), String> {
    match fields.get("percentage") {
        Some(Value::Number(percentage)) if compare(percentage, least).is_ge() => Ok(()),
        Some(percentage @ Value::Number(_)) => Err(format!(
            "has {} as its percentage, at least {} is needed",
            described(percentage),
            least.as_str()
        )),
        found => Err(absent_or_ill_typed(found, "percentage", "a number")),
    }
}

fn check_true(fields: &Map<String, Value>, name: &str) -> Result<(), String> {
    match fields.get(name) {
        Some(Value::Bool(true)) => Ok(()),
        found => Err(absent_or_ill_typed(found, name, "true")),
    }
}

fn check_passed(fields: &Map<String, Value>) -> Result<(), String> {
    check_true(fields, "all_passed")?;
    match fields.get("failed") {
        None => Ok(()),
        Some(Value::Number(failed)) if is_zero(failed) => Ok(()),
        Some(other) => Err(ill_typed(other, "failed", "0")),
    }
}

fn absent_or_ill_typed(found: Option<&Value>, name: &str, needed: &str) -> String {
    match found {
        None => format!("has no {}, where {needed} is needed", quoted(name)),
        Some(other) => ill_typed(other, name, needed),
    }
}

fn ill_typed(found: &Value, name: &str, needed: &str) -> String {
    format!(
        "has {} as {}, where {needed} is needed",
        described(found),
        quoted(name)
    )
}

#[cfg(test)]
mod tests;
