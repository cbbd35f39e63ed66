//! Definitions of columns, constraints and indexes as the server writes them.

/// A definition without casts to text, parentheses and spaces, and with no schema of the server's or the extension's.
pub fn plain(definition: &str) -> String {
    let mut plain = definition
        .replace("OPERATOR(pg_catalog.", "")
        .replace("pg_catalog.", "")
        .replace("phasegate.", "")
        .replace("ONLY ", "");
    for cast in [
        "::text[]",
        "::character varying[]",
        "::text",
        "::character varying",
    ] {
        plain = plain.replace(cast, "");
    }
    plain.retain(|letter| !"() ".contains(letter));
    plain
}

/// A definition without the schema (as the server writes it, with its dot) before the names in it. In a schema `w` the name
/// `new.phase_id` stays what it is.
pub fn without_schema(definition: &str, schema: &str) -> String {
    let mut rest = definition;
    let mut result = String::with_capacity(definition.len());
    while let Some((before, after)) = rest.split_once(schema) {
        result.push_str(before);
        let goes_on = |letter: char| letter.is_alphanumeric() || "_$\".".contains(letter);
        if result.ends_with(goes_on) {
            result.push_str(schema);
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

/// The text that a default gives, where it is a literal.
pub fn literal(default: &str) -> Option<String> {
    let text = default.strip_prefix('\'')?;
    let mut literal = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            literal.push(letter);
        } else if letters.peek() == Some(&'\'') {
            letters.next();
            literal.push('\'');
        } else {
            // Behind it a cast at most, the name of its type quoted or not.
            let rest: String = letters.collect();
            let is_cast = rest.starts_with("::") && !rest.contains([' ', '|', '+', '\'']);
            let is_known = ["::character varying", "::timestamp with time zone"].contains(&&*rest);
            return (rest.is_empty() || is_cast || is_known).then_some(literal);
        }
    }
    None
}

/// The text with what stands outside of literals and quoted names changed so. A quote within them is doubled, as the server writes
/// it: that is like the end of one and the beginning of the next.
pub fn outside_quotes(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(start);
        result.push_str(&change(before));
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let mut quotes = quoted.match_indices(quote).skip(1);
        let end = quotes
            .next()
            .map_or(quoted.len(), |(at, _)| at.saturating_add(1));
        let (quoted, after) = quoted.split_at(end);
        result.push_str(quoted);
        rest = after;
    }
    result.push_str(&change(rest));
    result
}

/// The text with one word in place of another, outside of other words, literals and quoted names.
pub fn with_word(text: &str, word: &str, other: &str) -> String {
    outside_quotes(text, |part| with_word_in(part, word, other))
}

fn with_word_in(text: &str, word: &str, other: &str) -> String {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut whole = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_letter) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter| !is_letter(letter)).unwrap_or(from.len());
        let (found, after) = from.split_at(end);
        whole.push_str(before);
        whole.push_str(if found == word { other } else { found });
        rest = after;
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_compared_without_what_may_differ() {
        assert_eq!(
            plain("CHECK ((priority)::text = ANY ('{LOW}'::text[]))"),
            plain("CHECK ((priority = ANY ('{LOW}'::text[])))")
        );
        assert_ne!(plain("CHECK (a > 0)"), plain("CHECK (a > 1)"));
    }

    #[test]
    fn literals_are_read() {
        assert_eq!(literal("'open'::text").as_deref(), Some("open"));
        assert_eq!(literal("'it''s'").as_deref(), Some("it's"));
        assert_eq!(literal("'a'::text || 'b'::text"), None);
        assert_eq!(literal("now()"), None);
        assert_eq!(literal("('x')"), None);
    }

    #[test]
    fn a_schema_is_taken_off_where_it_is_one() {
        assert_eq!(
            without_schema(
                "ON w.tickets WHEN (new.phase_id IS DISTINCT FROM w.x)",
                "w."
            ),
            "ON tickets WHEN (new.phase_id IS DISTINCT FROM x)"
        );
        assert_eq!(
            without_schema("\"a b\".t, x\"a b\".t", "\"a b\"."),
            "t, x\"a b\".t"
        );
    }

    #[test]
    fn words_are_replaced_whole() {
        assert_eq!(
            with_word("btree (phase_id, old_phase_id)", "phase_id", "x"),
            "btree (x, old_phase_id)"
        );
        assert_eq!(
            with_word(
                "phase_id <> 'it''s phase_id' AND \"a phase_id\" <> 'phase_id' OR phase_id = ''",
                "phase_id",
                "x"
            ),
            "x <> 'it''s phase_id' AND \"a phase_id\" <> 'phase_id' OR x = ''"
        );
        assert_eq!(with_word("a 'a", "a", "x"), "x 'a");
    }
}
