//! How texts are written into pages: so that none is markup, and none shows as another than it is.

use askama::filters::{Escaper, Html};
use std::fmt;

/// Escapes markup, and shows the characters that turn the direction of what follows them: by those a path or a reason would
/// read otherwise than the gate, and whoever looks at the file, reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown;

impl Escaper for Shown {
    fn write_escaped_str<W: fmt::Write>(&self, mut to: W, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(turns) {
            let (before, from) = rest.split_at(at);
            Html.write_escaped_str(&mut to, before)?;
            let mut characters = from.chars();
            if let Some(c) = characters.next() {
                write!(to, "[U+{:04X}]", u32::from(c))?;
            }
            rest = characters.as_str();
        }
        Html.write_escaped_str(&mut to, rest)
    }
}

/// Embeddings, overrides and isolates. Marks, which writers of right-to-left scripts need, turn nothing but themselves.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_turns_are_shown() {
        let shown = |text| {
            let mut to = String::new();
            Shown.write_escaped_str(&mut to, text).unwrap();
            to
        };
        assert_eq!(shown("report\u{202e}fdp.exe"), "report[U+202E]fdp.exe");
        assert_eq!(shown("\u{2066}<b>\u{2069}"), "[U+2066]&#60;b&#62;[U+2069]");
        assert_eq!(shown("שלום\u{200f} & مرحبا"), "שלום\u{200f} &#38; مرحبا");
        assert_eq!(shown(""), "");
    }
}
