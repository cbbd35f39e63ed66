//! How the results of a phase's tasks become the phase's block, and how a block enters the
//! ticket's whole context. The same input always gives the same output, to the byte.
//!
//! The merge of contexts: objects merge key by key; arrays join, with duplicates dropped and the
//! first occurrence kept; otherwise the later value wins. Arrays reached through objects alone
//! are sets in this sense, also when one task brings them; an array inside an array is a value
//! like any other. As long as a key holds the same kind of value throughout, the merge is
//! associative, and merging the outcome with itself changes nothing.

use std::collections::HashSet;

use super::bound::MARK;
use crate::interrupt;
use serde_json::{Map, Value, json};

/// How deep objects and arrays taken from a result may nest. What lies deeper is skipped: JSON is
/// read back with a limit of 128 levels, and a block adds some of its own above what it takes in.
pub const MAX_DEPTH: usize = 100;

/// A completed work task, as far as its phase's block is concerned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompletedTask {
    /// The task's id in text form.
    pub task_id: String,
    /// What kind of work it was.
    pub task_type: Option<String>,
    /// What it was asked to do; stands in for a summary it did not give.
    pub description: Option<String>,
    /// What it handed in; anything but an object counts as nothing.
    pub result: Option<Value>,
}

impl CompletedTask {
    fn part(&self, key: &str) -> Option<&Value> {
        self.result.as_ref()?.as_object()?.get(key)
    }

    /// Its own words if it gave any, else what it was asked to do.
    fn summary(&self) -> Option<&str> {
        self.part("summary")
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
            .or(self.description.as_deref())
            .filter(|text| !text.trim().is_empty())
    }
}

/// A current artifact of the phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactRef {
    /// The artifact's type, such as `requirements_document`.
    pub artifact_type: String,
    /// Where it lies, if it lies somewhere.
    pub path: Option<String>,
}

/// The block of a phase, from its completed work tasks in completion order and its current artifacts.
///
/// It is the merge of the tasks' `context` objects, then `tasks`, `artifacts` and `summary` (the
/// tasks' summaries, one below the other), which are always there. These three are facts about the phase, so a
/// task's context cannot set them, nor what is said of what was left out: such keys in a task's context are skipped. So is
/// all else that does not fit the contract.
pub fn phase_block(tasks: &[CompletedTask], artifacts: &[ArtifactRef]) -> Value {
    let mut block = merge(tasks.iter().filter_map(|task| task.part("context")));
    let entries: Vec<Value> = tasks
        .iter()
        .map(|task| {
            json!({
                "task_id": task.task_id,
                "task_type": task.task_type,
                "summary": task.summary(),
                "outputs": task.part("outputs").and_then(|value| bounded(value, MAX_DEPTH)),
            })
        })
        .collect();
    let artifacts: Vec<Value> = artifacts
        .iter()
        .map(|artifact| json!({"type": artifact.artifact_type, "path": artifact.path}))
        .collect();
    let summaries: Vec<&str> = tasks.iter().filter_map(CompletedTask::summary).collect();
    block.shift_remove(MARK);
    for (key, value) in [
        ("tasks", Value::Array(entries)),
        ("artifacts", Value::Array(artifacts)),
        ("summary", Value::String(summaries.join("\n"))),
    ] {
        block.shift_remove(key);
        block.insert(key.to_owned(), value);
    }
    Value::Object(block)
}

/// The merge of contexts, the earliest first. What is no object is skipped.
pub fn merge<'a>(contexts: impl IntoIterator<Item = &'a Value>) -> Map<String, Value> {
    let mut merged = Map::new();
    for context in contexts {
        if let Some(Value::Object(context)) = bounded(context, MAX_DEPTH) {
            merge_into(&mut merged, context);
        }
    }
    // Once at the end rather than at every step: it comes to the same, in linear time.
    drop_duplicates(&mut merged);
    merged
}

/// Puts a phase's block in the ticket's context, in place of an earlier block of that phase, and
/// keeps all other keys. The top-level `summary` is left as it is: [`with_summary`] sets it.
///
/// A context that is no object is not lost: it is kept under the key `notes`. NULL is nothing.
pub fn fold(context: Option<Value>, key: &str, block: Value) -> Value {
    let mut context = object_of(context);
    context.insert(key.to_owned(), block);
    Value::Object(context)
}

/// Sets the top-level `summary` of a ticket's context, as the last of its keys.
pub fn with_summary(context: Value, summary: String) -> Value {
    let mut context = object_of(Some(context));
    context.shift_remove("summary");
    context.insert("summary".to_owned(), Value::String(summary));
    Value::Object(context)
}

/// The value with its keys in the order in which jsonb keeps them: the shorter first, then by bytes.
///
/// What is summarized before it is stored must read as it will when it is read back: the points of a
/// rank stand in document order.
pub fn as_stored(value: Value) -> Value {
    interrupt::tick();
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map
                .into_iter()
                .map(|(key, value)| (key, as_stored(value)))
                .collect();
            entries.sort_unstable_by(|(one, _), (next, _)| {
                (one.len(), one.as_bytes()).cmp(&(next.len(), next.as_bytes()))
            });
            Value::Object(Map::from_iter(entries))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(as_stored).collect()),
        scalar => scalar,
    }
}

fn object_of(context: Option<Value>) -> Map<String, Value> {
    match context {
        Some(Value::Object(map)) => map,
        None | Some(Value::Null) => Map::new(),
        Some(other) => Map::from_iter([("notes".to_owned(), other)]),
    }
}

/// A copy of `value` that nests at most `depth` deep; what lies deeper is left out.
fn bounded(value: &Value, depth: usize) -> Option<Value> {
    interrupt::tick();
    match value {
        Value::Object(map) => {
            let depth = depth.checked_sub(1)?;
            let entries = map
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), bounded(value, depth)?)));
            Some(Value::Object(entries.collect()))
        }
        Value::Array(items) => {
            let depth = depth.checked_sub(1)?;
            let items = items.iter().filter_map(|item| bounded(item, depth));
            Some(Value::Array(items.collect()))
        }
        scalar => Some(scalar.clone()),
    }
}

fn merge_into(target: &mut Map<String, Value>, source: Map<String, Value>) {
    for (key, value) in source {
        interrupt::tick();
        match (target.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge_into(old, new),
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new),
            (Some(old), new) => *old = new,
            (None, new) => {
                target.insert(key, new);
            }
        }
    }
}

fn drop_duplicates(map: &mut Map<String, Value>) {
    for value in map.values_mut() {
        interrupt::tick();
        match value {
            Value::Object(map) => drop_duplicates(map),
            Value::Array(items) => {
                let mut seen = HashSet::with_capacity(items.len());
                let mut is_first = |item| {
                    interrupt::tick();
                    seen.insert(item)
                };
                let first: Vec<bool> = items.iter().map(&mut is_first).collect();
                let mut first = first.into_iter();
                items.retain(|_| first.next().unwrap_or(true));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
