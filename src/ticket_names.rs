//! Which column of an application's own table of tickets is to be ours: the one that is called so, or `ticket_` and the name
//! beside it where that has another type or another meaning.

use std::fmt;

/// The priorities of a workspace.
pub const PRIORITIES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// A column that the table has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its type, as the server words it.
    pub kind: String,
    /// Whether the type is an enum.
    pub is_enum: bool,
    /// Whether it is GENERATED from others.
    pub is_generated: bool,
    /// CHECKs on this column alone, as the server words them.
    pub checks: Vec<String>,
    /// Values that rows hold; asked for of `priority` alone.
    pub values: Vec<String>,
}

/// Why a column of ours stands beside the application's of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Its type is another.
    OtherType {
        /// The one that it has.
        found: String,
        /// The one that ours has.
        needed: &'static str,
    },
    /// It is for words of the application's own, some of which are these.
    OtherWords(Vec<String>),
    /// Its values are computed, and phasegate could not write it.
    Generated,
}

impl fmt::Display for Beside {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Beside::OtherType { found, needed } => {
                write!(into, "it has type {found}, and ours is {needed}")
            }
            Beside::OtherWords(words) => {
                write!(into, "it has words of its own: {}", words.join(", "))
            }
            Beside::Generated => write!(into, "it is generated, and phasegate writes ours"),
        }
    }
}

/// The column that is to be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Our name for it.
    pub ours: &'static str,
    /// Its name in the table.
    pub actual: String,
    /// Whether the table has it already.
    pub is_there: bool,
    /// Why it is not called as we call it, where it is to be added.
    pub beside: Option<Beside>,
}

/// What a column of ours holds.
enum Holds {
    Text,
    /// Text of any length.
    LongText,
    Phase,
    Document,
    Time,
}

/// A column of ours, and whether phasegate writes it.
fn holds(ours: &str) -> Option<(Holds, bool)> {
    Some(match ours {
        "title" | "description" | "priority" => (Holds::Text, false),
        "phase_id" | "previous_phase_id" => (Holds::Phase, true),
        "context" => (Holds::Document, true),
        "context_summary" => (Holds::LongText, true),
        "phase_entered_at" | "updated_at" => (Holds::Time, true),
        "created_at" => (Holds::Time, false),
        _ => return None,
    })
}

/// Which column of the table is to be ours of this name. One named `ticket_` and the name counts wherever it is.
pub fn choose(ours: &'static str, found: &[Found]) -> Choice {
    let of_name = |name: &str| found.iter().find(|column| column.name == name);
    let other = format!("ticket_{ours}");
    let choice = |actual: &str, is_there, beside| Choice {
        ours,
        actual: actual.to_owned(),
        is_there,
        beside,
    };
    if of_name(&other).is_some() {
        return choice(&other, true, None);
    }
    let Some(column) = of_name(ours) else {
        return choice(ours, false, None);
    };
    match beside(column) {
        None => choice(ours, true, None),
        reason => choice(&other, false, reason),
    }
}

fn beside(column: &Found) -> Option<Beside> {
    let (holds, is_written) = holds(&column.name)?;
    let kind = column.kind.as_str();
    let is_text = (kind == "text" || kind.starts_with("character varying")) && !kind.ends_with(']');
    let (fits, needed) = match holds {
        Holds::Text => (is_text, "text"),
        Holds::LongText => (is_text && !kind.ends_with(')'), "text"),
        Holds::Phase => (is_text || column.is_enum, "the phases' enum"),
        Holds::Document => (kind == "jsonb", "jsonb"),
        Holds::Time => (
            kind.starts_with("timestamp") && kind.ends_with("with time zone"),
            "timestamptz",
        ),
    };
    if !fits {
        let found = kind.to_owned();
        return Some(Beside::OtherType { found, needed });
    }
    if is_written && column.is_generated {
        return Some(Beside::Generated);
    }
    if column.name != "priority" {
        return None;
    }
    let longest = PRIORITIES.iter().map(|word| word.len()).max().unwrap_or(0);
    let length = kind.strip_prefix("character varying(");
    let length = length.and_then(|rest| rest.strip_suffix(')')?.parse().ok());
    if length.is_some_and(|length: usize| length < longest) {
        let found = kind.to_owned();
        let needed = "varchar(20)";
        return Some(Beside::OtherType { found, needed });
    }
    let named = column.checks.iter().flat_map(|check| literals(check));
    let is_other = |word: &String| !PRIORITIES.contains(&word.as_str());
    let mut words: Vec<String> = (named.chain(column.values.iter().cloned()))
        .filter(is_other)
        .collect();
    words.sort();
    words.dedup();
    (!words.is_empty()).then_some(Beside::OtherWords(words))
}

/// The texts that an expression compares with, as the server words it: those between quotes, and the elements of arrays.
fn literals(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some((_, after)) = rest.split_once('\'') {
        let mut text = String::new();
        let mut letters = after.char_indices().peekable();
        let mut end = after.len();
        while let Some((at, letter)) = letters.next() {
            match (letter, letters.peek()) {
                ('\'', Some((_, '\''))) => {
                    text.push('\'');
                    letters.next();
                }
                ('\'', _) => {
                    end = at + 1;
                    break;
                }
                _ => text.push(letter),
            }
        }
        match text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        {
            Some(elements) => {
                let elements = elements.split(',').map(|one| one.trim_matches('"'));
                found.extend(elements.filter(|one| !one.is_empty()).map(str::to_owned));
            }
            None => found.push(text),
        }
        rest = after.get(end..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str) -> Found {
        Found {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..Found::default()
        }
    }

    fn chosen(ours: &'static str, found: Found) -> (String, bool) {
        let choice = choose(ours, &[found]);
        (choice.actual, choice.is_there)
    }

    fn is_ours(ours: &'static str, kind: &str) -> bool {
        let (actual, is_there) = chosen(ours, column(ours, kind));
        assert_eq!(actual == ours, is_there);
        is_there
    }

    #[test]
    fn one_of_the_right_type_is_ours() {
        for (name, kind) in [
            ("title", "text"),
            ("title", "character varying(300)"),
            ("description", "character varying"),
            ("phase_id", "character varying(50)"),
            ("priority", "character varying(20)"),
            ("context", "jsonb"),
            ("context_summary", "character varying"),
            ("updated_at", "timestamp with time zone"),
            ("updated_at", "timestamp(6) with time zone"),
        ] {
            assert!(is_ours(name, kind), "{name} {kind}");
        }
    }

    #[test]
    fn beside_one_of_another_type_stands_ours() {
        for (name, kind) in [
            ("title", "integer"),
            ("title", "text[]"),
            ("phase_id", "bigint"),
            ("priority", "smallint"),
            ("context", "text"),
            ("context", "json"),
            ("context_summary", "character varying(100)"),
            ("updated_at", "timestamp without time zone"),
            ("created_at", "date"),
        ] {
            assert!(!is_ours(name, kind), "{name} {kind}");
            let choice = choose(name, &[column(name, kind)]);
            assert_eq!(choice.actual, format!("ticket_{name}"));
            assert!(matches!(choice.beside, Some(Beside::OtherType { .. })));
        }
    }

    #[test]
    fn one_that_is_missing_is_added_by_its_name() {
        let choice = choose("context", &[column("title", "text")]);
        assert_eq!(
            (choice.actual.as_str(), choice.is_there),
            ("context", false)
        );
        assert_eq!(choice.beside, None);
    }

    #[test]
    fn the_one_beside_counts_where_it_is() {
        let both = [
            column("priority", "integer"),
            column("ticket_priority", "text"),
        ];
        let choice = choose("priority", &both);
        assert_eq!(choice.actual, "ticket_priority");
        assert!(choice.is_there);
    }

    #[test]
    fn words_of_its_own_are_another_meaning() {
        let with_check = |check: &str| Found {
            checks: vec![check.to_owned()],
            ..column("priority", "text")
        };
        for check in [
            "CHECK ((priority = ANY (ARRAY['P1'::text, 'P2'::text])))",
            "CHECK (((priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL,URGENT}'::text[])))",
            "CHECK ((priority ~ '^P[0-9]$'::text))",
        ] {
            let (actual, _) = chosen("priority", with_check(check));
            assert_eq!(actual, "ticket_priority", "{check}");
        }
        for check in [
            "CHECK (((priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[])))",
            "CHECK ((length(priority) < 20))",
        ] {
            assert_eq!(
                chosen("priority", with_check(check)).0,
                "priority",
                "{check}"
            );
        }
        let with_values = |values: &[&str]| Found {
            values: values.iter().map(|&value| value.to_owned()).collect(),
            ..column("priority", "text")
        };
        assert_eq!(chosen("priority", with_values(&["HIGH"])).0, "priority");
        let choice = choose("priority", &[with_values(&["HIGH", "urgent"])]);
        assert_eq!(choice.actual, "ticket_priority");
        let reason = choice.beside.map(|reason| reason.to_string());
        assert_eq!(reason.as_deref(), Some("it has words of its own: urgent"));
    }

    #[test]
    fn what_is_generated_cannot_be_written() {
        let generated = |name: &str, kind: &str| Found {
            is_generated: true,
            ..column(name, kind)
        };
        let (title, _) = chosen("title", generated("title", "text"));
        assert_eq!(title, "title");
        let time = generated("updated_at", "timestamp with time zone");
        assert_eq!(chosen("updated_at", time).0, "ticket_updated_at");
    }

    #[test]
    fn quotes_in_literals_are_read() {
        assert_eq!(literals("a = 'it''s' OR b = ''"), ["it's", ""]);
        assert_eq!(literals("'{\"a b\",c}'::text[]"), ["a b", "c"]);
        assert_eq!(literals("no literal"), [""; 0]);
        assert_eq!(literals("'open"), ["open"]);
    }
}
