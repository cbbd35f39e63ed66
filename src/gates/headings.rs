//! The headings of a Markdown text, and the comparison of section names.

use crate::interrupt;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The headings of `text`, ATX and setext, in order, without their markup.
pub fn headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut open: Option<String> = None;
    for event in Parser::new_ext(text, Options::empty()) {
        interrupt::tick();
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => headings.extend(open.take()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = open.as_mut() {
                    heading.push_str(&part);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(heading) = open.as_mut() {
                    heading.push(' ');
                }
            }
            _ => {}
        }
    }
    headings
}

/// A section name for comparison: lower case, with spaces, hyphens and underscores alike.
pub fn section_key(name: &str) -> String {
    name.split(|character: char| character.is_whitespace() || character == '-' || character == '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atx_and_setext_headings_without_their_markup() {
        let text = "# Scope #\n\ntext\n\nAcceptance\ncriteria\n===\n\n### The `plan` is *good*\n\
                    #no-heading\n\n```\n# In code\n```\n\n    # indented code\n\n> ## Quoted\n";
        assert_eq!(
            headings(text),
            ["Scope", "Acceptance criteria", "The plan is good", "Quoted"]
        );
    }

    #[test]
    fn section_names_compare_without_case_and_separators() {
        for name in [
            "Acceptance Criteria",
            "acceptance_criteria",
            " ACCEPTANCE-criteria ",
        ] {
            assert_eq!(section_key(name), "acceptance criteria");
        }
        assert_eq!(section_key("Überblick"), section_key("ÜBERBLICK"));
        assert_eq!(section_key(" _-"), "");
    }

    #[test]
    fn hostile_texts_are_read_in_linear_time() {
        for unit in [
            "[", "*a_", "> ", "- ", "`", "![](", "<a", "a\n\n", "# ", "&", "\\", "<!--", "[a]: b\n",
        ] {
            let flat = unit.repeat(200_000 / unit.len());
            let stairs: String = (0..600)
                .map(|step| format!("{}\n", unit.repeat(step / unit.len())))
                .collect();
            for text in [flat, stairs] {
                let start = std::time::Instant::now();
                let _ = headings(&text);
                assert!(
                    start.elapsed() < std::time::Duration::from_secs(5),
                    "{unit:?}"
                );
            }
        }
    }
}
