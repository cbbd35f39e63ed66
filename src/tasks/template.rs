//! Rendering a task template: its text and a ticket's values become a task's description.
//!
//! The syntax is that of the crate `leon`, whose parser this is:
//! - `{ticket_title}` is replaced by the value; spaces inside the braces are ignored, case is not.
//! - `\{` and `\}` are literal braces and `\\` is a literal backslash. A backslash before anything
//!   else is an error, so that no text changes its meaning by accident.
//! - A NULL renders as nothing, and a value is never expanded again: a title `{ticket_id}` stays so.
//!
//! A template is parsed once, when the configuration is loaded, and rendered for every ticket.

use super::words::quoted;
use std::fmt;

/// A variable that a template may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `{ticket_id}`: the ticket's uuid.
    TicketId,
    /// `{ticket_title}`: the ticket's title.
    TicketTitle,
    /// `{ticket_description}`: the ticket's description.
    TicketDescription,
    /// `{ticket_priority}`: the ticket's priority.
    TicketPriority,
    /// `{phase}`: the label of the phase that the task belongs to.
    Phase,
    /// `{previous_phase}`: the label of the phase that the ticket left.
    PreviousPhase,
    /// `{context_summary}`: what earlier phases decided, within the token budget.
    ContextSummary,
}

impl Variable {
    /// Every variable there is, in the order in which messages list them.
    pub const ALL: [Variable; 7] = [
        Variable::TicketId,
        Variable::TicketTitle,
        Variable::TicketDescription,
        Variable::TicketPriority,
        Variable::Phase,
        Variable::PreviousPhase,
        Variable::ContextSummary,
    ];

    /// The name, without braces.
    pub const fn name(self) -> &'static str {
        match self {
            Variable::TicketId => "ticket_id",
            Variable::TicketTitle => "ticket_title",
            Variable::TicketDescription => "ticket_description",
            Variable::TicketPriority => "ticket_priority",
            Variable::Phase => "phase",
            Variable::PreviousPhase => "previous_phase",
            Variable::ContextSummary => "context_summary",
        }
    }

    /// The variable of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Variable> {
        Variable::ALL.into_iter().find(|v| v.name() == name)
    }
}

/// What a template is rendered with. `None` is SQL's NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// For `{ticket_id}`.
    pub ticket_id: Option<&'a str>,
    /// For `{ticket_title}`.
    pub ticket_title: Option<&'a str>,
    /// For `{ticket_description}`.
    pub ticket_description: Option<&'a str>,
    /// For `{ticket_priority}`.
    pub ticket_priority: Option<&'a str>,
    /// For `{phase}`.
    pub phase: Option<&'a str>,
    /// For `{previous_phase}`.
    pub previous_phase: Option<&'a str>,
    /// For `{context_summary}`.
    pub context_summary: Option<&'a str>,
}

impl<'a> Values<'a> {
    /// The value of one variable; a NULL is the empty string.
    pub fn get(&self, variable: Variable) -> &'a str {
        match variable {
            Variable::TicketId => self.ticket_id,
            Variable::TicketTitle => self.ticket_title,
            Variable::TicketDescription => self.ticket_description,
            Variable::TicketPriority => self.ticket_priority,
            Variable::Phase => self.phase,
            Variable::PreviousPhase => self.previous_phase,
            Variable::ContextSummary => self.context_summary,
        }
        .unwrap_or_default()
    }
}

/// The bytes of a task's description that a template may make. A few variables in a row, each the longest it can be, would
/// make gigabytes, and the tasks of every ticket that enters the phase would.
const LONGEST: usize = 1_000_000;

/// One piece of a parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Variable),
}

/// A parsed template. It owns its text, so that it can be cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Parses a template and refuses a syntax error or a variable that does not exist.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        let parsed = leon::Template::parse(text).map_err(|e| TemplateError::syntax(text, &e))?;
        let mut parts: Vec<Part> = Vec::with_capacity(parsed.items.len());
        for item in parsed.items.iter() {
            match item {
                leon::Item::Text(piece) => match parts.last_mut() {
                    Some(Part::Text(before)) => before.push_str(piece),
                    _ => parts.push(Part::Text((*piece).to_owned())),
                },
                leon::Item::Key(name) => match Variable::from_name(name) {
                    Some(variable) => parts.push(Part::Value(variable)),
                    None => return Err(TemplateError::UnknownVariable((*name).to_owned())),
                },
            }
        }
        Ok(Template { parts })
    }

    /// The text with the values in place, as far as [`LONGEST`] goes: an ellipsis stands for the rest.
    pub fn render(&self, values: &Values<'_>) -> String {
        self.render_within(values, LONGEST)
    }

    /// As [`Self::render`], as far as so many bytes go where they are fewer.
    pub fn render_within(&self, values: &Values<'_>, most: usize) -> String {
        let most = most.min(LONGEST);
        let pieces = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Value(variable) => values.get(*variable),
        });
        let length = pieces.clone().map(str::len).fold(0, usize::saturating_add);
        let mut out = String::with_capacity(length.min(most));
        for piece in pieces {
            let room = most - out.len();
            if piece.len() > room {
                out.push_str(
                    piece
                        .get(..piece.floor_char_boundary(room))
                        .unwrap_or_default(),
                );
                out.push('…');
                break;
            }
            out.push_str(piece);
        }
        out
    }

    /// Whether the template uses the variable; if none does, its column need not be read.
    pub fn uses(&self, variable: Variable) -> bool {
        self.parts.contains(&Part::Value(variable))
    }
}

/// Why a template was refused. `Display` is the primary message, [`TemplateError::detail`] what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// The text names a variable that does not exist.
    UnknownVariable(String),
    /// The text does not follow the syntax.
    Syntax {
        /// Which character it is, counted from 1; `None` if the parser does not say.
        character: Option<usize>,
        /// What is wrong there.
        problem: &'static str,
    },
}

impl TemplateError {
    /// What a template may hold, as a sentence.
    pub fn detail(&self) -> String {
        match self {
            TemplateError::UnknownVariable(name) => {
                let allowed = Variable::ALL.map(|v| format!("{{{}}}", v.name()));
                format!(
                    "{} is not one of the allowed variables: {}. A literal brace is written \\{{ or \\}}.",
                    quoted(name),
                    allowed.join(", ")
                )
            }
            TemplateError::Syntax { .. } => {
                "A variable is written {name}, a literal brace \\{ or \\}, a literal backslash \\\\.".to_owned()
            }
        }
    }

    /// Tells leon's errors apart. Leon publishes where the error is only in its message, so the
    /// offset is read from there; should that wording ever change, the message just says less.
    fn syntax(text: &str, error: &leon::ParseError) -> TemplateError {
        let message = error.to_string();
        let place = message
            .split_once(" at span start = ")
            .and_then(|(_, rest)| rest.split_once(','))
            .and_then(|(offset, _)| offset.parse::<usize>().ok())
            .and_then(|offset| text.split_at_checked(offset));
        let problem = match place.map(|(_, rest)| (rest.chars().next(), rest.split_once('}'))) {
            Some((Some('\\'), _)) => "a backslash may only stand before a brace or a backslash",
            Some((Some('}'), _)) => "this brace closes nothing",
            Some((Some('{'), None)) => "this brace is never closed",
            Some((Some('{'), Some((name, _)))) if name.contains('\\') => {
                "a variable's name holds no backslash"
            }
            Some((Some('{'), Some(_))) => "there is no variable's name between the braces",
            _ => "braces do not match",
        };
        TemplateError::Syntax {
            character: place.map(|(before, _)| before.chars().count() + 1),
            problem,
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TemplateError::UnknownVariable(name) => {
                write!(f, "unknown template variable {}", quoted(name))
            }
            TemplateError::Syntax {
                character: Some(at),
                problem,
            } => write!(f, "template syntax error at character {at}: {problem}"),
            TemplateError::Syntax {
                character: None,
                problem,
            } => write!(f, "template syntax error: {problem}"),
        }
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_rendered_has_an_end() {
        let long = "ü".repeat(LONGEST / 4);
        assert_eq!(render("{ticket_title}", Some(&long)), long);
        let often = render(&"a{ticket_title}".repeat(100), Some(&long));
        assert!(often.len() <= LONGEST + '…'.len_utf8() && often.ends_with("ü…"));
    }

    fn render(text: &str, title: Option<&str>) -> String {
        let values = Values {
            ticket_title: title,
            ..Values::default()
        };
        Template::parse(text).unwrap().render(&values)
    }

    #[test]
    fn every_variable_renders_its_own_value() {
        let text = "{ticket_id}|{ticket_title}|{ticket_description}|{ticket_priority}|{phase}|{previous_phase}|{context_summary}";
        let template = Template::parse(text).unwrap();
        let values = Values {
            ticket_id: Some("1"),
            ticket_title: Some("2"),
            ticket_description: Some("3"),
            ticket_priority: Some("4"),
            phase: Some("5"),
            previous_phase: Some("6"),
            context_summary: Some("7"),
        };
        assert_eq!(template.render(&values), "1|2|3|4|5|6|7");
        assert_eq!(template.render(&Values::default()), "||||||");
        assert!(Variable::ALL.into_iter().all(|v| template.uses(v)));
        assert!(!Template::parse("{phase}").unwrap().uses(Variable::TicketId));
    }

    #[test]
    fn spaces_inside_braces_and_escapes() {
        assert_eq!(render("for: { ticket_title }", Some("x")), "for: x");
        assert_eq!(
            render(r"\{ticket_title\} \\ {ticket_title}", Some("x")),
            r"{ticket_title} \ x"
        );
        assert_eq!(render("", Some("x")), "");
    }

    #[test]
    fn hostile_titles_come_out_as_they_went_in() {
        let emoji = "🧾".repeat(500);
        for title in [
            "{ticket_id}",
            "{{{}}}",
            r"\{ \} \\ \n C:\new",
            "'; DROP TABLE tickets; --",
            "\"quoted\" 'single' $$dollar$$ $1 %s %title%",
            "line\nbreak\ttab\r\u{202e}rtl",
            &emoji,
        ] {
            assert_eq!(
                render("[{ticket_title}]", Some(title)),
                format!("[{title}]")
            );
        }
    }

    #[test]
    fn an_unknown_variable_is_named() {
        for (text, name) in [
            ("a {titel} b", "titel"),
            ("{Ticket_Title}", "Ticket_Title"),
            (r#"{"a": 1}"#, r#""a": 1"#),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert_eq!(error, TemplateError::UnknownVariable(name.to_owned()));
            assert!(error.to_string().contains(name));
            for variable in Variable::ALL {
                assert!(error.detail().contains(&format!("{{{}}}", variable.name())));
            }
        }
    }

    #[test]
    fn a_syntax_error_says_where_and_what() {
        for (text, message) in [
            (
                "ab {ticket_id",
                "template syntax error at character 4: this brace is never closed",
            ),
            (
                "🚀}",
                "template syntax error at character 2: this brace closes nothing",
            ),
            (
                "a{ }",
                "template syntax error at character 2: there is no variable's name between the braces",
            ),
            (
                r"{a\}",
                "template syntax error at character 1: a variable's name holds no backslash",
            ),
            (
                r"C:\dir",
                "template syntax error at character 3: a backslash may only stand before a brace or a backslash",
            ),
            (
                "\\",
                "template syntax error at character 1: a backslash may only stand before a brace or a backslash",
            ),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.detail().contains(r"\{ or \}"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r"([{}\\ a]|ticket_title|\PC|[^a]){0,30}") {
            match Template::parse(&text) {
                Ok(template) => { template.render(&Values::default()); }
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.detail().is_empty()),
            }
        }

        #[test]
        fn any_title_is_kept(title in r"([{}\\]|ticket_id|\PC|[^a]){0,40}") {
            prop_assert_eq!(render("Do: {ticket_title}.", Some(&title)), format!("Do: {title}."));
        }

        #[test]
        fn escaped_text_is_kept(text in r"([{}\\]|\PC){0,40}") {
            let escaped = text.replace('\\', r"\\").replace('{', r"\{").replace('}', r"\}");
            prop_assert_eq!(render(&escaped, None), text);
        }
    }
}
