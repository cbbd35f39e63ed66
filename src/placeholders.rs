//! Putting names into texts that leave them open.

/// The text with what `name` gives for a word in braces, in one pass: what is put in is not looked at again. Other braces
/// stay.
pub fn put_into<'a>(text: &str, name: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut whole = String::with_capacity(text.len().saturating_mul(2));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        whole.push_str(before);
        let word = after.split_once('}');
        match word.and_then(|(word, after)| Some((name(word)?, after))) {
            Some((name, after)) => {
                whole.push_str(name);
                rest = after;
            }
            None => {
                whole.push('{');
                rest = after;
            }
        }
    }
    whole.push_str(rest);
    whole
}

/// The text in which a number stands behind the name of each table `{ws}.name` that has one: as Citus calls its shards.
pub fn numbered(sql: &str, numbers: &[(&'static str, i64)]) -> String {
    const SCHEMA: &str = "{ws}.";
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut whole = String::with_capacity(sql.len().saturating_mul(2));
    let mut rest = sql;
    while let Some((before, from)) = rest.split_once(SCHEMA) {
        let end = from.find(|letter| !is_letter(letter)).unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        whole.push_str(before);
        whole.push_str(SCHEMA);
        whole.push_str(name);
        if let Some((_, number)) = numbers.iter().find(|(table, _)| *table == name) {
            whole.push_str(&format!("_{number}"));
        }
        rest = after;
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str) -> String {
        put_into(text, |word| match word {
            "ws" => Some("\"{tickets}\""),
            "tickets" => Some("public.\"{ws}\""),
            "ticket.phase_id" => Some("ticket_phase_id"),
            _ => None,
        })
    }

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let text = "SELECT {ticket.phase_id} FROM {tickets} JOIN {ws}.tasks";
        let whole = "SELECT ticket_phase_id FROM public.\"{ws}\" JOIN \"{tickets}\".tasks";
        assert_eq!(put(text), whole);
    }

    #[test]
    fn other_braces_stay() {
        for text in [
            "'{pending,assigned}'",
            "{ticket_title}",
            "{ticket.other}",
            "{",
            "}{",
            "{{x}",
        ] {
            assert_eq!(put(text), text);
        }
        assert_eq!(put("{{ws}}"), "{\"{tickets}\"}");
    }

    #[test]
    fn tables_that_have_numbers_are_named_with_them() {
        let numbers = [("tasks", 102_008), ("phases", 7)];
        let text = "SELECT {tickets} FROM {ws}.tasks t, {ws}.task_queue, {ws}.phases WHERE {ws}.tasks.id = 1 AND {ws}.";
        let whole = "SELECT {tickets} FROM {ws}.tasks_102008 t, {ws}.task_queue, {ws}.phases_7 WHERE {ws}.tasks_102008.id = 1 AND {ws}.";
        assert_eq!(numbered(text, &numbers), whole);
        assert_eq!(numbered(text, &[]), text);
    }
}
