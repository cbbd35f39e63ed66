//! Which tickets the board is asked for.

use super::page::encoded;
use super::ticket_actions::said;
use serde::Deserialize;

/// Which tickets are wanted.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    /// A part of the title.
    #[serde(default)]
    pub q: String,
    /// A priority.
    #[serde(default)]
    pub priority: String,
    /// Which columns, where they are too many for a page: from 1.
    #[serde(default)]
    pub columns: String,
    /// After which ticket, on a column's page.
    #[serde(default)]
    pub after: String,
}

impl Filter {
    /// A part of the title, if one was given.
    pub fn part(&self) -> Option<&str> {
        said(&self.q)
    }

    /// A priority, if one was given.
    pub fn urgency(&self) -> Option<&str> {
        said(&self.priority)
    }

    /// Whether tickets of this priority are wanted.
    pub fn wants(&self, priority: impl AsRef<str>) -> bool {
        self.priority == priority.as_ref()
    }

    /// Whether not all tickets are wanted.
    pub fn is_set(&self) -> bool {
        self.part().is_some() || self.urgency().is_some()
    }

    /// As the end of an address, `?` or `&` before it.
    pub fn query(&self, first: &str) -> String {
        let mut text = String::new();
        for (name, value) in [("q", self.part()), ("priority", self.urgency())] {
            if let Some(value) = value {
                text.push_str(if text.is_empty() { first } else { "&" });
                text.push_str(&format!("{name}={}", encoded(value)));
            }
        }
        text
    }
}

/// The condition, of SQL: $1 a part of the title, $2 a priority
pub const WANTED: &str = "($1 IS NULL OR strpos(lower({t.title}::text), lower($1)) > 0) AND ($2 IS NULL OR {t.priority}::text = $2)";
