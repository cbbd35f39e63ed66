//! A JSON Schema criterion: refused on save where it is hostile, checked within bounds ever after.
//!
//! Nothing outside the schema is ever read: the validator is built without network and file
//! access, and a reference to another document is refused. Regular expressions run in linear time,
//! so backreferences and most lookarounds are refused. `minimum` and its like compare as doubles.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::expansion::most_ways;
use super::meter::{Metered, MeteredJson, Stopped, metered};
use super::wording::{quoted, sentence};

/// Bytes of JSON text that a schema may have.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;

/// Levels that a schema may nest.
pub const MAX_SCHEMA_DEPTH: usize = 64;

/// Levels that a checked content may nest, as many as `serde_json` reads.
pub const MAX_CONTENT_DEPTH: usize = 128;

/// Bytes that one compiled regular expression may take, and that its cache may take while it runs.
const REGEX_BYTES: usize = 1024 * 1024;

/// Regular expressions that a schema may have.
const MAX_PATTERNS: usize = 100;

/// Steps for deciding whether a content matches.
const DECIDE_STEPS: u64 = 10_000_000;

/// Steps for finding the first mismatch, which may build messages as it goes.
const EXPLAIN_STEPS: u64 = 200_000;

/// A schema that was accepted, compiled.
pub struct CompiledSchema {
    validator: Validator<MeteredJson>,
    /// The most regular expressions that one text may have to go through.
    regexes: u64,
    /// Shrinks the allowance of steps of a schema that does much between two looks at the content.
    hops_per_step: u64,
}

impl fmt::Debug for CompiledSchema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CompiledSchema")
    }
}

impl CompiledSchema {
    /// Compiles `schema`, or says why it is refused, as the end of a sentence about it.
    pub fn compile(schema: &Value) -> Result<CompiledSchema, String> {
        if !schema.is_object() {
            return Err("must be a JSON Schema object".to_owned());
        }
        if !nests_within(schema, MAX_SCHEMA_DEPTH) {
            return Err(format!("nests deeper than {MAX_SCHEMA_DEPTH} levels"));
        }
        let size = schema.to_string().len();
        if size > MAX_SCHEMA_BYTES {
            return Err(format!(
                "is {size} bytes long, more than the {MAX_SCHEMA_BYTES} allowed"
            ));
        }
        let patterns = Patterns::of(schema);
        if patterns.all > MAX_PATTERNS {
            return Err(format!(
                "has {} regular expressions, more than the {MAX_PATTERNS} allowed",
                patterns.all
            ));
        }
        let ways = most_ways(schema)?;
        let built = catch_unwind(AssertUnwindSafe(|| {
            jsonschema::options_for::<MeteredJson>()
                .offline()
                .with_pattern_options(
                    PatternOptions::regex()
                        .size_limit(REGEX_BYTES)
                        .dfa_size_limit(REGEX_BYTES),
                )
                .build(schema)
                .map_err(|error| refusal(&error))
        }));
        let validator = match built {
            Ok(Ok(validator)) => validator,
            Ok(Err(refusal)) => return Err(refusal),
            Err(_) => return Err("cannot be compiled".to_owned()),
        };
        Ok(CompiledSchema {
            validator,
            regexes: patterns.most_for_one_text,
            hops_per_step: 1 + ways / 50,
        })
    }

    /// Checks `content`; a failure says what does not match, as the end of a sentence about it.
    pub fn check(&self, content: &Value) -> Result<(), String> {
        if !nests_within(content, MAX_CONTENT_DEPTH) {
            return Err(format!("nests deeper than {MAX_CONTENT_DEPTH} levels"));
        }
        let valid = metered(DECIDE_STEPS / self.hops_per_step, self.regexes, || {
            self.validator.is_valid(Metered(content))
        });
        match valid {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.explain(content)),
            Err(Stopped::TooMuchWork) => {
                Err("takes too long to check against its schema".to_owned())
            }
            Err(Stopped::TooDeep) => Err("nests too deeply to check against its schema".to_owned()),
            Err(Stopped::Failed) => Err("cannot be checked against its schema".to_owned()),
        }
    }

    fn explain(&self, content: &Value) -> String {
        let found = metered(EXPLAIN_STEPS / self.hops_per_step, self.regexes, || {
            self.validator
                .validate(Metered(content))
                .err()
                .map(|error| mismatch(&error))
        });
        match found {
            Ok(Some(mismatch)) => format!("does not match its schema: {mismatch}"),
            Ok(None) | Err(_) => "does not match its schema".to_owned(),
        }
    }
}

fn mismatch(error: &ValidationError<'_>) -> String {
    let value_is_short = match error.instance().as_ref() {
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => text.len() <= 100,
        Value::Number(number) => number.as_str().len() <= 100,
        Value::Null | Value::Bool(_) => true,
    };
    let message = if value_is_short {
        error.to_string()
    } else {
        error.masked().to_string()
    };
    let message = sentence(&message);
    match error.instance_path().as_str() {
        "" => message,
        path => format!("{message} (at {})", quoted(path)),
    }
}

fn refusal(error: &ValidationError<'_>) -> String {
    if let ValidationErrorKind::Referencing(reason) = error.kind() {
        return format!(
            "has a reference that cannot be followed; a schema may refer only to itself: {}",
            sentence(&reason.to_string())
        );
    }
    let hint = match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => {
            "; a regular expression must be of moderate size, without backreferences and lookarounds"
        }
        _ => "",
    };
    format!("is not a valid JSON Schema: {}{hint}", mismatch(error))
}

/// Whether `value` has at most `levels` arrays and objects within each other.
pub fn nests_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => match levels.checked_sub(1) {
            Some(left) => items.iter().all(|item| nests_within(item, left)),
            None => false,
        },
        Value::Object(members) => match levels.checked_sub(1) {
            Some(left) => members.values().all(|member| nests_within(member, left)),
            None => false,
        },
        _ => true,
    }
}

/// The regular expressions of a schema, counting what only looks like one.
#[derive(Default)]
struct Patterns {
    all: usize,
    most_for_one_text: u64,
}

impl Patterns {
    fn of(schema: &Value) -> Patterns {
        let mut patterns = Patterns::default();
        patterns.add(schema);
        patterns
    }

    fn add(&mut self, schema: &Value) {
        match schema {
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    let here = match (name.as_str(), member) {
                        ("pattern" | "format", Value::String(_)) => 1,
                        ("patternProperties", Value::Object(patterns)) => patterns.len(),
                        _ => 0,
                    };
                    self.all += here;
                    self.most_for_one_text = self.most_for_one_text.max(here as u64);
                    self.add(member);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
