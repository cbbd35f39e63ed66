//! `dependencies_template`: which tasks of the same phase a task waits for.
//!
//! Reads the column, checks the templates of one phase together (a name that the phase does not
//! have, or a cycle), and orders them so that every task comes after those it waits for.

use super::words::{joined, json_type, quoted, quoted_list};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt;

/// Reads the column: an array of task types, `{"depends_on": [task types]}`, or NULL (SQL's or
/// JSON's). A type named twice is kept once.
pub fn parse(column: Option<&Value>) -> Result<Vec<String>, DependencyError> {
    let refused = |at: &str, found: &Value| DependencyError::Shape {
        at: at.to_owned(),
        found: json_type(found),
    };
    let (at, elements) = match column {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(elements)) => ("dependencies_template", elements),
        Some(Value::Object(object)) => {
            if let Some(key) = object.keys().find(|key| *key != "depends_on") {
                return Err(DependencyError::UnknownKey(key.clone()));
            }
            match object.get("depends_on") {
                None | Some(Value::Null) => return Ok(Vec::new()),
                Some(Value::Array(elements)) => ("dependencies_template.depends_on", elements),
                Some(other) => return Err(refused("dependencies_template.depends_on", other)),
            }
        }
        Some(other) => return Err(refused("dependencies_template", other)),
    };
    let mut seen = HashSet::with_capacity(elements.len());
    let mut names = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let name = element
            .as_str()
            .ok_or_else(|| refused(&format!("{at}[{index}]"), element))?;
        if seen.insert(name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// One template, as far as dependencies go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// The template's task type. Several templates of a phase may share one; a dependency on it
    /// then waits for all of them.
    pub task_type: &'a str,
    /// The task types it waits for.
    pub depends_on: &'a [String],
}

/// Checks all templates of one phase together, the inactive ones too: a template may wait for a
/// task that an inactive one generated earlier, and must not form a cycle once that is active again.
pub fn check(nodes: &[Node<'_>]) -> Result<(), DependencyError> {
    let known: HashSet<&str> = nodes.iter().map(|node| node.task_type).collect();
    let unknown: Vec<(String, String)> = nodes
        .iter()
        .flat_map(|node| node.depends_on.iter().map(|name| (node.task_type, name)))
        .filter(|(_, name)| !known.contains(name.as_str()))
        .map(|(task_type, name)| (task_type.to_owned(), name.clone()))
        .collect();
    if unknown.is_empty() {
        return order(nodes).map(|_| ());
    }
    let mut known: Vec<String> = known.into_iter().map(str::to_owned).collect();
    known.sort_unstable();
    Err(DependencyError::UnknownTaskType { unknown, known })
}

/// The indexes of `nodes` in an order in which each comes after all it depends on. Among those that
/// could come next the earliest in `nodes` does, so nodes given highest priority first stay so as
/// far as their dependencies allow. A dependency on a type that is not among `nodes` orders nothing.
pub fn order(nodes: &[Node<'_>]) -> Result<Vec<usize>, DependencyError> {
    // Kahn's algorithm. A type is done when all its nodes are placed; a node is ready when all the
    // types it waits for are done. Time is linear in nodes and dependencies, but for the heap.
    let mut left_of_type: HashMap<&str, usize> = HashMap::new();
    for node in nodes {
        *left_of_type.entry(node.task_type).or_default() += 1;
    }
    let mut waiting_for: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut missing = vec![0usize; nodes.len()];
    let mut ready = BinaryHeap::new();
    for ((index, node), missing) in nodes.iter().enumerate().zip(&mut missing) {
        for name in node.depends_on {
            if left_of_type.contains_key(name.as_str()) {
                waiting_for.entry(name).or_default().push(index);
                *missing += 1;
            }
        }
        if *missing == 0 {
            ready.push(Reverse(index));
        }
    }
    let mut placed = Vec::with_capacity(nodes.len());
    while let Some(Reverse(index)) = ready.pop() {
        placed.push(index);
        let Some(node) = nodes.get(index) else {
            continue;
        };
        match left_of_type.get_mut(node.task_type) {
            Some(left) if *left > 1 => *left -= 1,
            _ => {
                left_of_type.remove(node.task_type);
                for waiter in waiting_for.remove(node.task_type).unwrap_or_default() {
                    if let Some(missing) = missing.get_mut(waiter) {
                        *missing -= 1;
                        if *missing == 0 {
                            ready.push(Reverse(waiter));
                        }
                    }
                }
            }
        }
    }
    if placed.len() == nodes.len() {
        return Ok(placed);
    }
    let stuck = nodes
        .iter()
        .zip(&missing)
        .filter(|(_, missing)| **missing > 0);
    Err(DependencyError::Cycle(cycle(stuck.map(|(node, _)| node))))
}

/// A cycle among nodes that each wait for another of them, as a path that ends where it starts.
fn cycle<'a>(stuck: impl Iterator<Item = &'a Node<'a>> + Clone) -> Vec<String> {
    let stuck_types: HashSet<&str> = stuck.clone().map(|node| node.task_type).collect();
    // One step from each stuck type to a stuck type that one of its nodes waits for.
    let mut step: HashMap<&str, &str> = HashMap::with_capacity(stuck_types.len());
    for node in stuck.clone() {
        let next = node
            .depends_on
            .iter()
            .map(String::as_str)
            .find(|name| stuck_types.contains(name));
        if let Some(next) = next {
            step.entry(node.task_type).or_insert(next);
        }
    }
    let mut path: Vec<&str> = Vec::new();
    let mut place: HashMap<&str, usize> = HashMap::new();
    let mut here = stuck.map(|node| node.task_type).next();
    while let Some(name) = here {
        path.push(name);
        if let Some(start) = place.insert(name, path.len() - 1) {
            path.drain(..start);
            break;
        }
        here = step.get(name).copied();
    }
    path.into_iter().map(str::to_owned).collect()
}

/// Why dependencies were refused. `Display` is the primary message, [`DependencyError::detail`] what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyError {
    /// A part of the column is not of the kind that it must be.
    Shape {
        /// Which part, such as `dependencies_template[1]`.
        at: String,
        /// The kind of JSON found there.
        found: &'static str,
    },
    /// The object holds a key other than `depends_on`.
    UnknownKey(String),
    /// Dependencies on task types that the phase does not have.
    UnknownTaskType {
        /// The template's task type and the unknown name, one pair for each.
        unknown: Vec<(String, String)>,
        /// The task types that the phase has, sorted.
        known: Vec<String>,
    },
    /// Tasks that wait for each other: the path, each waiting for the next, back to its start.
    Cycle(Vec<String>),
}

impl DependencyError {
    /// The offending names and what is allowed, as a sentence.
    pub fn detail(&self) -> String {
        const FORMS: &str =
            "Allowed is null, an array of task types, or {\"depends_on\": [task types]}.";
        match self {
            DependencyError::Shape { at, found } => format!("{at} is {found}. {FORMS}"),
            DependencyError::UnknownKey(key) => format!("The key is {}. {FORMS}", quoted(key)),
            DependencyError::UnknownTaskType { unknown, known } => {
                let each = unknown.iter().map(|(task_type, name)| {
                    format!("{} depends on {}", quoted(task_type), quoted(name))
                });
                format!(
                    "{}; the task types of the phase are {}.",
                    joined(each, ", "),
                    quoted_list(known.iter().map(String::as_str))
                )
            }
            DependencyError::Cycle(path) => {
                format!(
                    "Each waits for the next: {}.",
                    joined(path.iter().cloned(), " -> ")
                )
            }
        }
    }
}

impl fmt::Display for DependencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DependencyError::Shape { at, .. } if at.ends_with(']') => {
                write!(f, "{at} must be a string")
            }
            DependencyError::Shape { at, .. } => write!(f, "{at} must be an array of task types"),
            DependencyError::UnknownKey(key) => {
                write!(f, "unknown key {} in dependencies_template", quoted(key))
            }
            DependencyError::UnknownTaskType { unknown, .. } => write!(
                f,
                "dependencies_template names unknown task type {}",
                quoted_list(unknown.iter().map(|(_, name)| name.as_str()))
            ),
            DependencyError::Cycle(path) => {
                write!(
                    f,
                    "dependencies_template forms a cycle: {}",
                    joined(path.iter().cloned(), " -> ")
                )
            }
        }
    }
}

impl std::error::Error for DependencyError {}

#[cfg(test)]
#[path = "dependencies_tests.rs"]
mod tests;
