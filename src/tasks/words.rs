//! The words that the room's error messages share: quoting a name, listing names, naming a JSON type.

use serde_json::Value;

/// The most characters of a caller's own text that a message repeats.
const LONGEST_QUOTE: usize = 100;

/// The most names that a message lists.
const MOST_NAMES: usize = 50;

/// `text` in double quotes, cut to a readable length.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        None => format!("\"{text}\""),
        Some((end, _)) => format!("\"{}...\"", text.get(..end).unwrap_or_default()),
    }
}

/// The names with a separator between them, as many as a reader would read.
pub(super) fn joined(names: impl IntoIterator<Item = String>, separator: &str) -> String {
    let mut names = names.into_iter();
    let mut shown: Vec<String> = names.by_ref().take(MOST_NAMES).collect();
    match names.count() {
        0 => {}
        more => shown.push(format!("... ({more} more)")),
    }
    shown.join(separator)
}

/// The names, each quoted, separated by commas.
pub(super) fn quoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(names.into_iter().map(quoted), ", ")
}

/// What kind of JSON a value is, as `jsonb_typeof` names it, with its article.
pub(super) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        let emoji = "🚀".repeat(LONGEST_QUOTE);
        assert_eq!(quoted(&emoji), format!("\"{emoji}\""));
        assert_eq!(quoted(&format!("{emoji}🚀")), format!("\"{emoji}...\""));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(quoted_list(["a", "b"]), "\"a\", \"b\"");
        assert_eq!(quoted_list([]), "");
        let many = joined((0..MOST_NAMES + 2).map(|n| n.to_string()), " -> ");
        assert!(many.starts_with("0 -> 1 -> ") && many.ends_with("49 -> ... (2 more)"));
    }
}
