//! JSON as compact text on one line, for a reader that pays by the token.

use std::borrow::Cow;
use std::fmt::Write;

use crate::interrupt;
use serde_json::{Map, Value};

/// How deep nested values are written out; below that stands an ellipsis. JSON that was parsed
/// nests no deeper than this, so it bounds the stack for values built by hand.
const MAX_DEPTH: usize = 128;

/// What stands for text left out.
pub(super) const ELLIPSIS: &str = "…";

/// `text` on one line: runs of white space and control characters become one space, none at the ends.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let mut after_gap = true;
    let odd = text.chars().any(|c| {
        let space = c == ' ';
        let odd = (space && after_gap) || (!space && is_gap(c));
        after_gap = space;
        odd
    });
    if odd || after_gap {
        let mut out = String::with_capacity(text.len());
        push_clean(&mut out, text);
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    }
}

/// What a value says on one line: the words of a text, the items of a list, the entries of an
/// object. Nulls, blank texts and empty containers say nothing.
pub(super) fn compact(value: &Value) -> Cow<'_, str> {
    if let Value::String(text) = value {
        return clean(text);
    }
    let mut out = String::new();
    push_value(&mut out, value, Nesting::Outermost, MAX_DEPTH);
    Cow::Owned(out)
}

/// Whether a value stands by itself or inside another, and so needs brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Outermost,
    Inner,
}

/// Appends `key: value`, preceded by `; ` unless `out` is empty; nothing if the value says nothing.
pub(super) fn push_entry(out: &mut String, key: &str, value: &Value) {
    push_part(out, 0, "; ", |out| push_keyed(out, key, value, MAX_DEPTH));
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn push_clean(out: &mut String, text: &str) {
    for (i, word) in text
        .split(is_gap)
        .filter(|word| !word.is_empty())
        .enumerate()
    {
        interrupt::tick();
        if i > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn push_value(out: &mut String, value: &Value, nesting: Nesting, depth: usize) {
    interrupt::tick();
    match value {
        Value::Null => {}
        Value::String(text) => push_clean(out, text),
        // Writing to a string cannot fail.
        Value::Bool(_) | Value::Number(_) => drop(write!(out, "{value}")),
        Value::Array(items) if depth > 0 => push_inside(out, ["[", "]"], nesting, |out, start| {
            for item in items {
                push_part(out, start, ", ", |out| {
                    push_value(out, item, Nesting::Inner, depth - 1);
                });
            }
        }),
        Value::Object(map) if depth > 0 => push_inside(out, ["{", "}"], nesting, |out, start| {
            push_entries(out, start, map, depth - 1);
        }),
        Value::Array(_) | Value::Object(_) => out.push_str(ELLIPSIS),
    }
}

fn push_entries(out: &mut String, start: usize, map: &Map<String, Value>, depth: usize) {
    for (key, value) in map {
        push_part(out, start, "; ", |out| push_keyed(out, key, value, depth));
    }
}

fn push_keyed(out: &mut String, key: &str, value: &Value, depth: usize) {
    let before = out.len();
    push_clean(out, key);
    if out.len() > before {
        out.push_str(": ");
    }
    let keyed = out.len();
    push_value(out, value, Nesting::Inner, depth);
    if out.len() == keyed {
        out.truncate(before);
    }
}

/// Appends one of several parts, after a separator unless nothing was written since `start`.
fn push_part(out: &mut String, start: usize, separator: &str, write: impl FnOnce(&mut String)) {
    let before = out.len();
    if before > start {
        out.push_str(separator);
    }
    let separated = out.len();
    write(out);
    if out.len() == separated {
        out.truncate(before);
    }
}

/// Appends what `write` writes, in brackets if inside another value; no brackets around nothing.
fn push_inside(
    out: &mut String,
    [open, close]: [&str; 2],
    nesting: Nesting,
    write: impl FnOnce(&mut String, usize),
) {
    let before = out.len();
    if nesting == Nesting::Inner {
        out.push_str(open);
    }
    let start = out.len();
    write(out, start);
    if out.len() == start {
        out.truncate(before);
    } else if nesting == Nesting::Inner {
        out.push_str(close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn clean_text_is_borrowed_and_other_text_is_put_on_one_line() {
        assert!(matches!(clean("a b, c"), Cow::Borrowed("a b, c")));
        for (text, expected) in [
            ("", ""),
            ("  ", ""),
            (" a", "a"),
            ("a ", "a"),
            ("a  b", "a b"),
            ("a\n\n\tb\r\n", "a b"),
            ("a\u{0}b\u{7}c", "a b c"),
            ("\u{a0}a\u{3000}b\u{2028}", "a b"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nested_values_read_as_text() {
        for (value, expected) in [
            (json!(null), ""),
            (json!([]), ""),
            (json!({"a": {}, "b": [null, " "]}), ""),
            (json!([1, true, "x y"]), "1, true, x y"),
            (
                json!({"decision": "Rust", "reason": "speed"}),
                "decision: Rust; reason: speed",
            ),
            (
                json!({"a": {"b": [1, [2, 3]]}, "c": ""}),
                "a: {b: [1, [2, 3]]}",
            ),
            (json!({" ": "no key"}), "no key"),
        ] {
            assert_eq!(compact(&value), expected, "{value}");
        }
        let precise: Value = serde_json::from_str("[1.10, 1e400]").unwrap();
        assert_eq!(compact(&precise), "1.10, 1e+400");
    }

    #[test]
    fn deep_values_end_in_an_ellipsis() {
        let mut value = json!("bottom");
        for _ in 0..MAX_DEPTH {
            value = Value::Array(vec![value]);
        }
        assert!(compact(&value).contains("bottom"));
        let text = compact(&Value::Array(vec![value])).into_owned();
        assert!(text.contains(ELLIPSIS) && !text.contains("bottom"));
    }
}
