//! What others wrote, as terminals and logs are given it: control characters are shown, not obeyed.

/// Text of several lines. Other control characters but tabs are escaped, as psql does.
pub fn lines(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// Text that has to stay on its line.
pub fn line(text: &str) -> String {
    escaped(text, |c| c == '\t')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !c.is_control() || stays(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\0'..='\x1f' => shown.push_str(&format!("\\x{:02X}", u32::from(c))),
            // JSON, which leaves these as they are, reads them so too.
            c => shown.push_str(&format!("\\u{:04X}", u32::from(c))),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        let text = "é\ta\x1b]0;b\x07\r\u{9b}1m\x7f\nc";
        assert_eq!(lines(text), "é\ta\\x1B]0;b\\x07\\r\\u009B1m\\u007F\nc");
        assert_eq!(line("a\nb\x1b"), "a\\nb\\x1B");
    }
}
