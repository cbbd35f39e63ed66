//! What a phase's gate asks for: a row of `phase_gate_requirements`, checked when it is saved.
//!
//! A typo must never let tickets through, so everything that is not understood is refused: an
//! unknown criterion, an operand of the wrong type, a schema that does not compile.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::criteria::Criterion;
use super::number::compare;
use super::schema::CompiledSchema;
use super::wording::{described, quoted};

/// Characters that an artifact type may have: the column is `varchar(100)`.
const ARTIFACT_TYPE_CHARS: usize = 100;

/// Artifact types that a row may name in a column.
const MAX_ARTIFACT_TYPES: usize = 1000;

/// A phase's gate, ready to be evaluated. JSON Schemas in it are compiled.
#[derive(Debug, Default)]
pub struct Requirements {
    /// Artifact types that must be there, each once.
    pub required_artifacts: Vec<String>,
    /// Whether the phase's tasks must all be completed.
    pub required_tasks_completed: bool,
    /// The criteria on the content of each artifact type, in the order they were written.
    pub criteria: Vec<(String, Vec<Criterion>)>,
    /// Whether approvals are needed.
    pub requires_review: bool,
    /// How many approvals, by as many reviewers.
    pub required_approvals: usize,
    /// How many tasks a rejection makes, one after the other, to mend what was found; `None` where it makes none.
    pub rework: Option<usize>,
}

/// Why a row of requirements is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequirement {
    /// The column at fault.
    pub field: &'static str,
    /// A sentence that names the offending key and what is allowed.
    pub detail: String,
}

impl fmt::Display for InvalidRequirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invalid {}: {}", self.field, self.detail)
    }
}

impl std::error::Error for InvalidRequirement {}

impl Requirements {
    /// Reads the columns of a row. NULL stands for an empty list, as an absent value does.
    pub fn parse(
        required_artifacts: &[Option<String>],
        required_tasks_completed: bool,
        validation_criteria: Option<&Value>,
        requires_review: bool,
    ) -> Result<Requirements, InvalidRequirement> {
        Ok(Requirements {
            required_artifacts: parse_artifacts(required_artifacts)?,
            required_tasks_completed,
            criteria: parse_criteria(validation_criteria)?,
            requires_review,
            required_approvals: 1,
            rework: None,
        })
    }

    /// The same with what else is asked of reviews: `required_approvals`, `rework` and `max_rework`.
    #[must_use]
    pub fn reviewed(mut self, approvals: i32, rework: bool, max_rework: i32) -> Requirements {
        self.required_approvals = usize::try_from(approvals).unwrap_or(0).max(1);
        self.rework = rework.then_some(usize::try_from(max_rework).unwrap_or(0));
        self
    }

    /// Every jsonpath criterion with its artifact type. Only PostgreSQL knows their syntax, so the
    /// caller lets it check each of them on save.
    pub fn jsonpaths(&self) -> impl Iterator<Item = (&str, &str)> {
        self.criteria.iter().flat_map(|(artifact_type, criteria)| {
            criteria
                .iter()
                .filter_map(move |criterion| match criterion {
                    Criterion::JsonPath(path) => Some((artifact_type.as_str(), path.as_str())),
                    _ => None,
                })
        })
    }

    /// Every artifact type that must be there, each once: those required, then those that have
    /// criteria. A criterion names evidence that its author wants checked, so an artifact that is not there
    /// cannot satisfy it.
    pub fn needed_artifacts(&self) -> impl Iterator<Item = &str> {
        let required = self.required_artifacts.iter().map(String::as_str);
        let checked = self
            .criteria
            .iter()
            .filter(|(artifact_type, criteria)| {
                !criteria.is_empty() && !self.required_artifacts.contains(artifact_type)
            })
            .map(|(artifact_type, _)| artifact_type.as_str());
        required.chain(checked)
    }
}

fn parse_artifacts(types: &[Option<String>]) -> Result<Vec<String>, InvalidRequirement> {
    let field = "required_artifacts";
    check_count(field, types.len())?;
    let mut parsed: Vec<String> = Vec::new();
    for artifact_type in types {
        let Some(artifact_type) = artifact_type else {
            return Err(InvalidRequirement {
                field,
                detail: "An artifact type is NULL; each must be a name.".to_owned(),
            });
        };
        check_artifact_type(field, artifact_type)?;
        if !parsed.contains(artifact_type) {
            parsed.push(artifact_type.clone());
        }
    }
    Ok(parsed)
}

fn check_count(field: &'static str, count: usize) -> Result<(), InvalidRequirement> {
    if count <= MAX_ARTIFACT_TYPES {
        return Ok(());
    }
    Err(InvalidRequirement {
        field,
        detail: format!(
            "It names {count} artifact types, at most {MAX_ARTIFACT_TYPES} are allowed."
        ),
    })
}

fn check_artifact_type(field: &'static str, name: &str) -> Result<(), InvalidRequirement> {
    let problem = if name.trim().is_empty() {
        "is empty".to_owned()
    } else if name.chars().count() > ARTIFACT_TYPE_CHARS {
        format!("is longer than {ARTIFACT_TYPE_CHARS} characters")
    } else {
        return Ok(());
    };
    Err(InvalidRequirement {
        field,
        detail: format!("The artifact type {} {problem}.", quoted(name)),
    })
}

const CRITERIA: &str = "validation_criteria";

fn parse_criteria(
    criteria: Option<&Value>,
) -> Result<Vec<(String, Vec<Criterion>)>, InvalidRequirement> {
    let by_type = match criteria {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(by_type)) => by_type,
        Some(other) => {
            return Err(InvalidRequirement {
                field: CRITERIA,
                detail: format!(
                    "It must be a JSON object of artifact types, not {}.",
                    described(other)
                ),
            });
        }
    };
    check_count(CRITERIA, by_type.len())?;
    by_type
        .iter()
        .map(|(artifact_type, criteria)| {
            check_artifact_type(CRITERIA, artifact_type)?;
            let criteria = criteria.as_object().ok_or_else(|| InvalidRequirement {
                field: CRITERIA,
                detail: format!(
                    "The criteria of artifact type {} must be a JSON object, not {}.",
                    quoted(artifact_type),
                    described(criteria)
                ),
            })?;
            Ok((artifact_type.clone(), parse_type(artifact_type, criteria)?))
        })
        .collect()
}

fn parse_type(
    artifact_type: &str,
    criteria: &Map<String, Value>,
) -> Result<Vec<Criterion>, InvalidRequirement> {
    criteria
        .iter()
        .map(|(key, operand)| {
            let place = || {
                format!(
                    "Criterion {} of artifact type {}",
                    quoted(key),
                    quoted(artifact_type)
                )
            };
            parse_criterion(key, operand).map_err(|refused| InvalidRequirement {
                field: CRITERIA,
                detail: match refused {
                    Refused::Unknown => {
                        format!("{} is unknown; allowed are {}.", place(), allowed())
                    }
                    Refused::Operand(needed) => {
                        format!("{} must be {needed}, not {}.", place(), described(operand))
                    }
                    Refused::Because(problem) => format!("{} {problem}.", place()),
                },
            })
        })
        .collect()
}

fn allowed() -> String {
    Criterion::KEYS.join(", ")
}

enum Refused {
    Unknown,
    Operand(&'static str),
    Because(String),
}

fn parse_criterion(key: &str, operand: &Value) -> Result<Criterion, Refused> {
    let only_true = |criterion| match operand {
        Value::Bool(true) => Ok(criterion),
        Value::Bool(false) => Err(Refused::Because(
            "must be true; leave it out instead of setting it to false".to_owned(),
        )),
        _ => Err(Refused::Operand("true")),
    };
    match key {
        "min_length" => operand
            .as_u64()
            .map(Criterion::MinLength)
            .ok_or(Refused::Operand("a whole number that is not negative")),
        "required_sections" => parse_sections(operand),
        "min_percentage" => parse_percentage(operand),
        "must_have_tests" => only_true(Criterion::MustHaveTests),
        "all_passed" => only_true(Criterion::AllPassed),
        "must_exist" => only_true(Criterion::MustExist),
        "schema" => match operand {
            Value::Object(_) => CompiledSchema::compile(operand)
                .map(|schema| Criterion::Schema(Box::new(schema)))
                .map_err(Refused::Because),
            _ => Err(Refused::Operand("a JSON Schema object")),
        },
        "jsonpath" => match operand.as_str() {
            Some(path) if !path.trim().is_empty() => Ok(Criterion::JsonPath(path.to_owned())),
            _ => Err(Refused::Operand("a jsonpath predicate")),
        },
        _ => Err(Refused::Unknown),
    }
}

fn parse_sections(operand: &Value) -> Result<Criterion, Refused> {
    let refused = || Refused::Operand("a non-empty array of section names");
    let names = operand
        .as_array()
        .filter(|names| !names.is_empty())
        .ok_or_else(refused)?;
    let names: Option<Vec<String>> = names
        .iter()
        .map(|name| {
            name.as_str()
                .filter(|name| !super::headings::section_key(name).is_empty())
                .map(str::to_owned)
        })
        .collect();
    names
        .map(Criterion::RequiredSections)
        .ok_or_else(|| Refused::Because("has an element that is not a section name".to_owned()))
}

fn parse_percentage(operand: &Value) -> Result<Criterion, Refused> {
    match operand.as_number() {
        Some(number)
            if compare(number, &Number::from(0)).is_ge()
                && compare(number, &Number::from(100)).is_le() =>
        {
            Ok(Criterion::MinPercentage(number.clone()))
        }
        _ => Err(Refused::Operand("a number from 0 to 100")),
    }
}

#[cfg(test)]
mod tests;
