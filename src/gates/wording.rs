//! How values are shown in the reasons: short, on one line, whatever they hold.

use serde_json::Value;

/// Characters of a name or value that a reason shows.
const SHOWN_CHARS: usize = 100;

/// Characters of a sentence that came from outside: a reviewer's reason, a validator's message.
const SENTENCE_CHARS: usize = 500;

/// `text` in double quotes, control characters escaped, cut where it is long.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text, SHOWN_CHARS))
}

/// A sentence from outside on one line without its full stop, cut where it is long.
pub fn sentence(text: &str) -> String {
    cut(text.trim().trim_end_matches('.'), SENTENCE_CHARS)
}

/// What a JSON value is, with its own words where those are short: `the string "80"`, `null`.
pub fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {}", cut(number.as_str(), SHOWN_CHARS)),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// `names` in quotes, at most `shown` of them, the rest as a count.
pub fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>, shown: usize) -> String {
    let more = names.len().saturating_sub(shown);
    let names: Vec<String> = names.take(shown).map(quoted).collect();
    and_more(names, more)
}

/// The parts of a list, and how many more there are.
pub fn and_more(parts: Vec<String>, more: usize) -> String {
    let list = parts.join(", ");
    match more {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

fn cut(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        let long = quoted(&"é".repeat(5000));
        assert_eq!(long.chars().count(), SHOWN_CHARS + 3);
        assert_eq!(sentence(" Too short. "), "Too short");
        assert_eq!(
            listed(["a", "b", "c"].into_iter(), 2),
            "\"a\", \"b\" and 1 more"
        );
    }
}
