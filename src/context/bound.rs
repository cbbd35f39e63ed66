//! Keeping a phase's block within its limit, so that a ticket can be moved and read whatever its agents handed in.
//!
//! What is largest goes first; the block says under the key `left_out` what is not in it. The same input gives the same
//! output, to the byte.

use crate::interrupt;
use crate::limits;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The keys of a block that are facts about the phase.
const FACTS: [&str; 4] = ["tasks", "artifacts", "summary", MARK];

/// The bytes that are left of a task's own words, and of all of theirs together, where they are among the largest.
const WORDS: usize = 1000;

/// The key that says what is not in a block.
pub const MARK: &str = "left_out";

/// Room for it, twice: a block may be shortened once more when it comes beside others.
const ROOM_FOR_MARK: usize = 600;

/// The bytes of a value as jsonb is printed.
pub fn size(value: &Value) -> usize {
    interrupt::tick();
    let separators = |count: usize| count.saturating_sub(1) * 2 + 2;
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => size_of_text(text),
        Value::Array(items) => separators(items.len()) + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => {
            let of_member = |(key, value): (&String, &Value)| size_of_text(key) + 2 + size(value);
            separators(members.len()) + members.iter().map(of_member).sum::<usize>()
        }
    }
}

fn size_of_text(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..32 => 6,
        _ => 1,
    };
    2 + text.bytes().map(escaped).sum::<usize>()
}

/// A part of a block that can be left out or shortened.
enum Part {
    /// A key of the tasks' contexts.
    Key(String),
    /// A task's outputs, by its place.
    Outputs(usize),
    /// A task's own words.
    Words(usize),
    /// Those of all tasks.
    Summary,
}

/// What is not in a block.
#[derive(Default)]
struct LeftOut {
    results: usize,
    keys: usize,
    outputs: usize,
    cut: usize,
    tasks: usize,
    artifacts: usize,
}

impl LeftOut {
    fn sentence(&self) -> Option<String> {
        let parts: Vec<String> = [
            (self.results, "results of tasks"),
            (self.keys, "keys of tasks' contexts"),
            (self.outputs, "outputs"),
            (self.cut, "summaries but their beginning"),
            (self.tasks, "tasks"),
            (self.artifacts, "artifacts"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        (!parts.is_empty()).then(|| format!("Too large to be handed on: {}.", parts.join(", ")))
    }
}

/// The block, in at most `most` bytes; `unread` results were too large to be looked at.
pub fn bounded(block: Value, unread: usize, most: usize) -> Value {
    let Value::Object(mut block) = block else {
        return block;
    };
    let mut left_out = LeftOut {
        results: unread,
        ..LeftOut::default()
    };
    let size = size_of_block(&block);
    if size > most {
        let room = most.saturating_sub(ROOM_FOR_MARK);
        let excess = size.saturating_sub(room);
        let excess = shorten(&mut block, excess, &mut left_out);
        if excess > 0 {
            left_out.tasks = keep_first(&mut block, "tasks", room / 3);
            left_out.artifacts = keep_first(&mut block, "artifacts", room / 3);
        }
    }
    if let Some(mut sentence) = left_out.sentence() {
        if let Some(Value::String(before)) = block.get(MARK) {
            sentence = format!("{before} {sentence}");
        }
        block.insert(MARK.to_owned(), Value::String(sentence));
    }
    Value::Object(block)
}

fn size_of_block(block: &Map<String, Value>) -> usize {
    let of_member = |(key, value): (&String, &Value)| size_of_text(key) + 4 + size(value);
    block.iter().map(of_member).sum()
}

/// Takes the largest parts out until so many bytes are gone; gives how many still are too many.
fn shorten(block: &mut Map<String, Value>, mut excess: usize, left_out: &mut LeftOut) -> usize {
    let mut parts: Vec<(usize, Part)> = Vec::new();
    for (key, value) in block.iter() {
        match key.as_str() {
            "summary" => parts.push((size(value), Part::Summary)),
            key if FACTS.contains(&key) => {}
            _ => parts.push((size_of_text(key) + 4 + size(value), Part::Key(key.clone()))),
        }
    }
    let tasks = block.get("tasks").and_then(Value::as_array);
    for (place, task) in tasks.into_iter().flatten().enumerate() {
        let of = |key: &str| task.get(key).map_or(0, size);
        parts.push((of("outputs"), Part::Outputs(place)));
        parts.push((of("summary"), Part::Words(place)));
    }
    parts.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let mut keys: HashSet<String> = HashSet::new();
    for (size, part) in parts {
        if excess == 0 {
            break;
        }
        interrupt::tick();
        let gone = match part {
            Part::Key(key) => {
                left_out.keys += 1;
                keys.insert(key);
                size
            }
            Part::Outputs(place) => {
                match at(block, place, "outputs").filter(|old| !old.is_null()) {
                    None => 0,
                    Some(outputs) => {
                        *outputs = Value::Null;
                        left_out.outputs += 1;
                        size.saturating_sub(4)
                    }
                }
            }
            Part::Words(place) => cut(at(block, place, "summary"), &mut left_out.cut),
            Part::Summary => cut(block.get_mut("summary"), &mut left_out.cut),
        };
        excess = excess.saturating_sub(gone);
    }
    if !keys.is_empty() {
        block.retain(|key, _| !keys.contains(key));
    }
    excess
}

fn at<'a>(block: &'a mut Map<String, Value>, place: usize, key: &str) -> Option<&'a mut Value> {
    let tasks = block.get_mut("tasks")?.as_array_mut()?;
    tasks.get_mut(place)?.get_mut(key)
}

/// Cuts a long text; gives how many bytes are gone.
fn cut(text: Option<&mut Value>, count: &mut usize) -> usize {
    let Some(value) = text else { return 0 };
    let before = size(value);
    if let Value::String(text) = value
        && text.len() > WORDS
    {
        *text = limits::cut(text, WORDS).into_owned();
        *count += 1;
    }
    before.saturating_sub(size(value))
}

/// Keeps the first elements of an array, as many as have at most `most` bytes together; gives how many go.
fn keep_first(block: &mut Map<String, Value>, key: &str, most: usize) -> usize {
    let Some(Value::Array(items)) = block.get_mut(key) else {
        return 0;
    };
    let mut sum = 0;
    let kept = items
        .iter()
        .take_while(|item| {
            sum += size(item) + 2;
            sum <= most
        })
        .count();
    let gone = items.len() - kept;
    items.truncate(kept);
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn block(outputs: &str, key: &str, summary: &str) -> Value {
        json!({
            "decisions": [key],
            "tasks": [{"task_id": "1", "task_type": "a", "summary": summary, "outputs": outputs}],
            "artifacts": [{"type": "log", "path": "p"}],
            "summary": summary,
        })
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let small = block("o", "k", "s");
        assert_eq!(bounded(small.clone(), 0, 1000), small);
        let unread = bounded(small, 2, 1000);
        assert_eq!(
            unread["left_out"],
            "Too large to be handed on: 2 results of tasks."
        );
    }

    #[test]
    fn the_largest_goes_first() {
        let long = "x".repeat(5000);
        let without = bounded(block(&long, "k", "s"), 0, 3000);
        assert_eq!(without["tasks"][0]["outputs"], Value::Null);
        assert_eq!(without["decisions"], json!(["k"]));
        assert_eq!(without["left_out"], "Too large to be handed on: 1 outputs.");
        let without = bounded(block("o", &long, "s"), 0, 3000);
        assert!(without.get("decisions").is_none());
        let shorter = bounded(block("o", "k", &long), 0, 3000);
        assert_eq!(shorter["decisions"], json!(["k"]));
        let words = shorter["tasks"][0]["summary"].as_str().unwrap();
        assert!(words.starts_with("xxx") && words.ends_with("of 5000 bytes)"));
    }

    #[test]
    fn so_do_the_last_of_very_many() {
        let artifact = json!({"type": "log", "path": "p".repeat(1000)});
        let many = json!({"tasks": [], "artifacts": vec![artifact; 500], "summary": ""});
        let fewer = bounded(many, 0, 30_000);
        assert_eq!(fewer["artifacts"].as_array().unwrap().len(), 9);
        assert_eq!(
            fewer["left_out"],
            "Too large to be handed on: 491 artifacts."
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn whatever_it_holds_it_fits(
            words in proptest::collection::vec(("[a\"\u{1}ü]{0,3000}", "[a]{0,4000}"), 0..40),
            keys in proptest::collection::btree_map("[a-z]{1,20}", "[b\\\\]{0,2000}", 0..40),
            most in 10_000usize..100_000,
        ) {
            let mut value = json!({
                "tasks": words.iter().map(|(summary, outputs)| {
                    json!({"task_id": "1", "task_type": null, "summary": summary, "outputs": outputs})
                }).collect::<Vec<_>>(),
                "artifacts": words.iter().map(|(_, path)| json!({"type": "x", "path": path})).collect::<Vec<_>>(),
                "summary": words.iter().map(|(summary, _)| summary.as_str()).collect::<Vec<_>>().join("\n"),
            });
            for (key, text) in keys {
                value[key] = Value::String(text);
            }
            let once = bounded(value, 0, most);
            prop_assert!(size(&once) <= most, "{} of {most}", size(&once));
            prop_assert!(size(&once) >= once.to_string().len());
            prop_assert_eq!(bounded(once.clone(), 0, most), once);
        }
    }
}
