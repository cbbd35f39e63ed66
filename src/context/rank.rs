//! What matters most in a context: the table from a key's name to its rank, and the walk that
//! turns any JSON into ranked points.
//!
//! Within a rank the points of the newest phase come first, then those in document order.
//! The top-level `summary` of a context is no point: it was made from the rest of the context, and
//! would be summarized into the next summary of itself, again and again.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::order::phase_positions;
use super::text::{clean, compact, push_entry};
use crate::interrupt;

/// How much a point matters: the smaller, the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// What was decided.
    Decision,
    /// What may go wrong, and what nobody knows yet.
    Risk,
    /// What a phase or its tasks say of themselves.
    Summary,
    /// Documents, and what belongs to the matter.
    Document,
    /// What was built.
    Implementation,
    /// What lies where.
    Artifact,
    /// Notes and the rest.
    Note,
}

/// A rank, the heading its points stand under, whether that heading says all that the key says,
/// and the words by which a key's name belongs to it.
struct Rule {
    rank: Rank,
    heading: &'static str,
    heading_says_key: bool,
    words: &'static [&'static str],
}

/// The rules, the highest rank first. A key belongs to the first rank that has one of its words
/// (`design_decisions`, `keyDecisions` and `Key decisions` are decisions), else to the last.
#[rustfmt::skip] // One word a line would hide the table.
const RULES: [Rule; 7] = [
    Rule {
        rank: Rank::Decision,
        heading: "Decisions",
        heading_says_key: true,
        words: &["decision", "decisions", "decided"],
    },
    Rule {
        rank: Rank::Risk,
        heading: "Risks and open questions",
        heading_says_key: false,
        words: &[
            "risk", "risks", "question", "questions", "unknown", "unknowns", "unresolved",
            "concern", "concerns", "issue", "issues", "blocker", "blockers",
        ],
    },
    Rule {
        rank: Rank::Summary,
        heading: "Summary",
        heading_says_key: true,
        words: &["summary", "summaries", "overview", "outcome", "outcomes"],
    },
    Rule {
        rank: Rank::Document,
        heading: "Documents and scope",
        heading_says_key: false,
        words: &[
            "doc", "docs", "document", "documents", "documentation", "spec", "specs",
            "specification", "specifications", "scope", "requirement", "requirements",
            "architecture", "criteria", "constraint", "constraints", "clarification",
            "clarifications", "assumption", "assumptions", "goal", "goals",
        ],
    },
    Rule {
        rank: Rank::Implementation,
        heading: "Implementation",
        heading_says_key: true,
        words: &[
            "implementation", "implementations", "implemented", "feature", "features",
            "change", "changes", "code",
        ],
    },
    Rule {
        rank: Rank::Artifact,
        heading: "Artifacts",
        heading_says_key: true,
        words: &["artifact", "artifacts", "file", "files", "path", "paths", "evidence"],
    },
    Rule {
        rank: Rank::Note,
        heading: "Notes",
        heading_says_key: false,
        words: &[],
    },
];

impl Rank {
    /// The rank of what stands under `key`.
    pub fn of_key(key: &str) -> Rank {
        let rank_of = |word: &str| {
            let has = |rule: &&Rule| rule.words.iter().any(|w| w.eq_ignore_ascii_case(word));
            RULES.iter().find(has).map(|rule| rule.rank)
        };
        words(key).filter_map(rank_of).min().unwrap_or(Rank::Note)
    }

    /// The heading under which points of this rank stand.
    pub fn heading(self) -> &'static str {
        self.rule().map_or("Notes", |rule| rule.heading)
    }

    fn heading_says_key(self) -> bool {
        self.rule().is_some_and(|rule| rule.heading_says_key)
    }

    fn rule(self) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.rank == self)
    }
}

/// The words of a key: cut at whatever is no letter or digit, and before a capital after a small letter.
fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(|c: char| !c.is_alphanumeric()).flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let mut small = false;
            let hump = rest.char_indices().find(|&(_, c)| {
                let found = small && c.is_uppercase();
                small = c.is_lowercase();
                found
            });
            let (word, left) = rest.split_at_checked(hump.map_or(rest.len(), |(at, _)| at))?;
            rest = left;
            (!word.is_empty()).then_some(word)
        })
    })
}

/// One thing that a context says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point<'a> {
    /// How much it matters.
    pub rank: Rank,
    /// The key of the phase block it stands in, such as `design_phase`; none outside of any.
    pub phase: Option<&'a str>,
    /// The key it stands under; empty if it stands under none.
    pub label: &'a str,
    /// What it says, on one line: runs of white space and control characters are one space.
    pub text: Cow<'a, str>,
}

impl<'a> Point<'a> {
    /// The point as one line, with its label where the rank's heading does not say it already.
    pub fn line(&self) -> Cow<'_, str> {
        let label = clean(self.label);
        if label.is_empty() || self.rank.heading_says_key() {
            Cow::Borrowed(self.text.as_ref())
        } else {
            Cow::Owned(format!("{label}: {}", self.text))
        }
    }

    /// The phase's name as a heading says it: `design` for `design_phase`.
    pub fn phase_name(&self) -> Option<Cow<'a, str>> {
        self.phase
            .map(|key| clean(key.strip_suffix("_phase").unwrap_or(key)))
    }
}

/// Everything meaningful in a context, what matters most first.
///
/// `order` holds the keys of the phase blocks, the oldest first, where the caller knows the
/// workspace's sequence; blocks it does not name count as older than those. Without it see
/// `order.rs`: the ids of the blocks' tasks tell, or else their names.
///
/// Any JSON will do. A top-level object whose own key has no rank is a block like a phase's; a
/// phase's key with anything but an object counts as that phase's summary. Nothing comes of
/// nulls, blank strings and empty containers.
pub fn ranked_points<'a>(context: &'a Value, order: Option<&[String]>) -> Vec<Point<'a>> {
    let mut walk = Walk::default();
    match context {
        Value::Object(map) => walk.top(map, order),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                match item {
                    Value::Object(map) => walk.block(None, map, map.get("summary")),
                    other => walk.value(Rank::Note, None, "", other),
                }
            }
        }
        other => walk.value(Rank::Note, None, "", other),
    }
    let positions = phase_positions(context, order);
    let position = |point: &Point| point.phase.and_then(|key| positions.get(key).copied());
    // The sort is stable, so document order stands within a phase. No position sorts as oldest.
    let mut points: Vec<_> = walk.points.into_iter().map(|p| (position(&p), p)).collect();
    points.sort_by_key(|(position, point)| (point.rank, std::cmp::Reverse(*position)));
    points.into_iter().map(|(_, point)| point).collect()
}

/// How deep decisions and risks are looked for in unranked objects.
const NESTED_KEYS: usize = 8;

#[derive(Default)]
struct Walk<'a> {
    points: Vec<Point<'a>>,
}

impl<'a> Walk<'a> {
    fn top(&mut self, map: &'a Map<String, Value>, order: Option<&[String]>) {
        for (key, value) in map {
            let named = order.is_some_and(|order| order.contains(key));
            let is_phase = named || key.ends_with("_phase");
            match value {
                Value::Object(block) if is_phase || Rank::of_key(key) == Rank::Note => {
                    self.block(Some(key), block, block.get("summary"));
                }
                value if is_phase => self.value(Rank::Summary, Some(key), key, value),
                _ if key == "summary" => {}
                value if key == "tasks" => self.tasks(None, value, false),
                value => self.value(Rank::of_key(key), None, key, value),
            }
        }
    }

    /// The points of a block. `summary` is the block's own, which speaks for its tasks' summaries.
    fn block(
        &mut self,
        phase: Option<&'a str>,
        map: &'a Map<String, Value>,
        summary: Option<&'a Value>,
    ) {
        let summarized = summary.is_some_and(|value| !compact(value).is_empty());
        for (key, value) in map {
            match key.as_str() {
                "tasks" => self.tasks(phase, value, summarized),
                _ => self.value(Rank::of_key(key), phase, key, value),
            }
        }
    }

    /// The `tasks` of a block: their outputs, and their summaries unless the block's own holds them.
    fn tasks(&mut self, phase: Option<&'a str>, tasks: &'a Value, summarized: bool) {
        let Value::Array(tasks) = tasks else {
            return self.value(Rank::Note, phase, "tasks", tasks);
        };
        for task in tasks {
            let Value::Object(task) = task else {
                self.value(Rank::Note, phase, "tasks", task);
                continue;
            };
            if let Some(summary) = task.get("summary").filter(|_| !summarized) {
                self.value(Rank::Summary, phase, "summary", summary);
            }
            if let Some(outputs) = task.get("outputs") {
                let label = task.get("task_type").and_then(Value::as_str);
                self.value(Rank::Note, phase, label.unwrap_or("outputs"), outputs);
            }
        }
    }

    /// The points of what stands under a key: one for each item of a list, each entry of a ranked
    /// object, each line of a summary; else one.
    fn value(&mut self, rank: Rank, phase: Option<&'a str>, label: &'a str, value: &'a Value) {
        match value {
            Value::String(text) if rank == Rank::Summary => {
                for line in text.lines() {
                    self.push(rank, phase, label, clean(line));
                }
            }
            Value::Array(items) if items.iter().any(|i| !i.is_number() && !i.is_boolean()) => {
                for item in items {
                    self.push(rank, phase, label, item_text(rank, item));
                }
            }
            Value::Object(_) if rank == Rank::Artifact && value.get("type").is_some() => {
                self.push(rank, phase, label, item_text(rank, value));
            }
            Value::Object(map) => self.object(rank, phase, label, map),
            Value::Number(_) | Value::Bool(_) if rank.heading_says_key() => {
                // A bare `true` under a heading would say nothing.
                let text = format!("{}: {}", clean(label), compact(value));
                self.push(rank, phase, label, Cow::Owned(text));
            }
            other => self.push(rank, phase, label, compact(other)),
        }
    }

    /// A ranked object is a point for each entry, an unranked one a point as a whole.
    fn object(
        &mut self,
        rank: Rank,
        phase: Option<&'a str>,
        label: &'a str,
        map: &'a Map<String, Value>,
    ) {
        if rank == Rank::Note {
            let mut text = String::new();
            self.unranked(&mut text, phase, map, NESTED_KEYS);
            return self.push(rank, phase, label, Cow::Owned(text));
        }
        for (key, value) in map {
            let mut text = String::new();
            push_entry(&mut text, key, value);
            self.push(rank, phase, label, Cow::Owned(text));
        }
    }

    /// Writes what an unranked object says, except for the decisions and risks in it and in the
    /// objects inside it: these become points of their own rank.
    fn unranked(
        &mut self,
        out: &mut String,
        phase: Option<&'a str>,
        map: &'a Map<String, Value>,
        depth: usize,
    ) {
        for (key, value) in map {
            match (Rank::of_key(key), value) {
                (rank @ (Rank::Decision | Rank::Risk), value) => {
                    self.value(rank, phase, key, value)
                }
                (_, Value::Object(inner)) if depth > 0 => {
                    let mut text = String::new();
                    self.unranked(&mut text, phase, inner, depth - 1);
                    if !text.is_empty() {
                        push_entry(out, key, &Value::String(format!("{{{text}}}")));
                    }
                }
                (_, value) => push_entry(out, key, value),
            }
        }
    }

    fn push(&mut self, rank: Rank, phase: Option<&'a str>, label: &'a str, text: Cow<'a, str>) {
        interrupt::tick();
        if !text.is_empty() {
            self.points.push(Point {
                rank,
                phase,
                label,
                text,
            });
        }
    }
}

/// What an item of a list says; `type: path` for an artifact.
fn item_text(rank: Rank, item: &Value) -> Cow<'_, str> {
    let artifact = item
        .as_object()
        .filter(|map| {
            rank == Rank::Artifact && map.keys().all(|key| key == "type" || key == "path")
        })
        .and_then(|map| map.get("type").map(|kind| (kind, map.get("path"))));
    let Some((kind, path)) = artifact else {
        return compact(item);
    };
    match (
        compact(kind),
        path.map(compact).filter(|path| !path.is_empty()),
    ) {
        (kind, Some(path)) if kind.is_empty() => path,
        (kind, Some(path)) => Cow::Owned(format!("{kind}: {path}")),
        (kind, None) => kind,
    }
}

#[cfg(test)]
mod tests;
