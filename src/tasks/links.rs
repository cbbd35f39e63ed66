//! `tasks.dependencies`: which tasks of the same ticket a task waits for, `{"depends_on": [task ids]}`.

use super::dependencies::{self, DependencyError, Node};
use super::words::{joined, json_type, quoted};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;
use uuid::Uuid;

/// Reads the column: `{"depends_on": [ids]}`, a bare array of ids, or NULL (SQL's or JSON's). An id
/// named twice is kept once.
pub fn parse(column: Option<&Value>) -> Result<Vec<Uuid>, LinkError> {
    let elements = match column {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(elements)) => elements,
        Some(Value::Object(object)) => {
            if let Some(key) = object.keys().find(|key| *key != "depends_on") {
                return Err(LinkError::UnknownKey(key.clone()));
            }
            match object.get("depends_on") {
                None | Some(Value::Null) => return Ok(Vec::new()),
                Some(Value::Array(elements)) => elements,
                Some(other) => return Err(LinkError::NotAnArray(json_type(other))),
            }
        }
        Some(other) => return Err(LinkError::NotAnArray(json_type(other))),
    };
    let mut seen = HashSet::with_capacity(elements.len());
    let mut ids = Vec::with_capacity(elements.len());
    for element in elements {
        let id = element
            .as_str()
            .and_then(|text| Uuid::parse_str(text).ok())
            .ok_or_else(|| {
                let text = element.as_str().map(str::to_owned);
                LinkError::NotAnId(text.unwrap_or_else(|| element.to_string()))
            })?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The ids in a column of any shape: in rows that were there when the table was adopted it may hold anything.
pub fn known(column: &Value) -> Vec<Uuid> {
    let elements = column.get("depends_on").unwrap_or(column).as_array();
    let ids = elements.into_iter().flatten().filter_map(Value::as_str);
    ids.filter_map(|id| Uuid::parse_str(id).ok()).collect()
}

/// The column's canonical text for these ids: by it alone a task that waits is found.
pub fn write(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("{{\"depends_on\": [{}]}}", ids.join(", "))
}

/// Refuses tasks that wait for each other. Dependencies on tasks not among these lead nowhere.
pub fn check_acyclic(links: &[(Uuid, Vec<Uuid>)]) -> Result<(), LinkError> {
    let named: Vec<(String, Vec<String>)> = links
        .iter()
        .map(|(id, waits)| (id.to_string(), waits.iter().map(Uuid::to_string).collect()))
        .collect();
    let nodes: Vec<Node<'_>> = named
        .iter()
        .map(|(task_type, depends_on)| Node {
            task_type,
            depends_on,
        })
        .collect();
    match dependencies::order(&nodes) {
        Err(DependencyError::Cycle(path)) => Err(LinkError::Cycle(path)),
        _ => Ok(()),
    }
}

/// Why dependencies were refused. `Display` is the primary message, [`LinkError::detail`] what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// A part that must be an array is not one; the kind of JSON found.
    NotAnArray(&'static str),
    /// The object holds a key other than `depends_on`.
    UnknownKey(String),
    /// An element that is no task id: a string's text, else its JSON.
    NotAnId(String),
    /// The task, and ids that no task of its ticket has.
    UnknownTask(Uuid, Vec<Uuid>),
    /// Tasks that wait for each other: each waits for the next, back to the start.
    Cycle(Vec<String>),
}

impl LinkError {
    /// The offending values and what is allowed.
    pub fn detail(&self) -> String {
        const FORM: &str =
            "Allowed is null or {\"depends_on\": [ids of tasks of the same ticket]}.";
        match self {
            LinkError::NotAnArray(found) => format!("It is {found}. {FORM}"),
            LinkError::UnknownKey(key) => format!("The key is {}. {FORM}", quoted(key)),
            LinkError::NotAnId(element) => format!("The element is {}. {FORM}", quoted(element)),
            LinkError::UnknownTask(task, unknown) => format!(
                "Task {task} depends on {}. {FORM}",
                joined(unknown.iter().map(Uuid::to_string), ", ")
            ),
            LinkError::Cycle(path) => format!(
                "Each waits for the next: {}.",
                joined(path.iter().cloned(), " -> ")
            ),
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LinkError::NotAnArray(_) => "dependencies must be an array of task ids",
            LinkError::UnknownKey(_) => "unknown key in dependencies",
            LinkError::NotAnId(_) => "dependencies must hold task ids",
            LinkError::UnknownTask(..) => "dependencies name a task that the ticket does not have",
            LinkError::Cycle(_) => "dependencies form a cycle",
        })
    }
}

impl std::error::Error for LinkError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn every_form_is_read_and_one_is_written() {
        let (one, two) = (id(1), id(0xabc));
        let upper = two.to_string().to_uppercase();
        for column in [
            json!({"depends_on": [one.to_string(), upper, one.to_string()]}),
            json!([one.to_string(), two.to_string()]),
        ] {
            assert_eq!(parse(Some(&column)), Ok(vec![one, two]));
        }
        for column in [
            json!(null),
            json!({}),
            json!([]),
            json!({"depends_on": null}),
        ] {
            assert_eq!(parse(Some(&column)), Ok(vec![]));
        }
        assert_eq!(parse(None), Ok(vec![]));
        let written: Value = serde_json::from_str(&write(&[one, two])).unwrap();
        assert_eq!(parse(Some(&written)), Ok(vec![one, two]));
    }

    #[test]
    fn anything_else_is_refused() {
        for (column, message) in [
            (json!(1), "dependencies must be an array of task ids"),
            (
                json!({"depends_on": "x"}),
                "dependencies must be an array of task ids",
            ),
            (json!({"after": []}), "unknown key in dependencies"),
            (json!(["design"]), "dependencies must hold task ids"),
            (json!([1]), "dependencies must hold task ids"),
        ] {
            let error = parse(Some(&column)).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.detail().contains("Allowed"));
        }
    }

    #[test]
    fn whatever_a_row_holds_its_ids_are_found() {
        let mixed = json!({"depends_on": ["x", id(1).to_string(), 7], "more": true});
        assert_eq!(known(&mixed), [id(1)]);
        assert_eq!(known(&json!([id(2).to_string()])), [id(2)]);
        for nothing in [json!(null), json!("x"), json!({"depends_on": 1}), json!(7)] {
            assert!(known(&nothing).is_empty());
        }
    }

    #[test]
    fn cycles() {
        let chain = [(id(1), vec![id(2)]), (id(2), vec![id(3), id(9)])];
        assert_eq!(check_acyclic(&chain), Ok(()));
        let closed = [(id(1), vec![id(2)]), (id(2), vec![id(1)])];
        let error = check_acyclic(&closed).unwrap_err();
        assert!(error.detail().contains(&id(1).to_string()));
        assert!(check_acyclic(&[(id(1), vec![id(1)])]).is_err());
    }
}
