//! What a workspace consists of, as `sql/workspace/structure.txt` says, and how definitions are compared. A pure rule, tested without a
//! server.

use super::kind::Kind;
use crate::definitions;
use crate::stamp::{NEEDS, SHAPE};
use std::sync::LazyLock;

/// What a part of a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Column,
    Constraint,
    Index,
    Trigger,
    /// A trigger of a partitioned table or a partition.
    RowTrigger,
    Cast,
}

impl Class {
    /// The word for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Class::Column => "column",
            Class::Constraint => "constraint",
            Class::Index => "index",
            Class::Trigger => "trigger",
            Class::RowTrigger => "row trigger",
            Class::Cast => "cast",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [
            Class::Column,
            Class::Constraint,
            Class::Index,
            Class::Trigger,
            Class::RowTrigger,
            Class::Cast,
        ]
        .into_iter()
        .find(|class| class.word() == word)
    }
}

/// A part of a workspace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The table or view that it is of; `phase` for casts.
    pub table: &'static str,
    pub class: Class,
    pub name: &'static str,
    /// As the server writes it, without the schema.
    pub definition: &'static str,
    /// The same with the stamp in it, as definitions are compared.
    pub plain: String,
}

/// A column as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub table: &'static str,
    pub name: &'static str,
    pub kind: Kind,
    /// Whether it is NOT NULL.
    pub required: bool,
    pub default: Option<&'static str>,
}

// Each table's objects are compared with all of them, so they are read and reworded once.
static PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| {
    include_str!("../../sql/workspace/structure.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.splitn(4, " | ").map(str::trim);
            let (table, class, name) = (fields.next()?, fields.next()?, fields.next()?);
            let definition = fields.next().unwrap_or_default();
            Some(Part {
                table,
                class: Class::from_word(class)?,
                name,
                definition,
                plain: definitions::plain(&stamped(definition)),
            })
        })
        .collect()
});

/// All that a workspace consists of.
pub(super) fn parts() -> impl Iterator<Item = &'static Part> {
    PARTS.iter()
}

/// The columns of one table, or of a view.
pub(super) fn columns(table: &str) -> Vec<Column> {
    parts()
        .filter(|part| part.table == table && part.class == Class::Column)
        .filter_map(|part| part.column())
        .collect()
}

impl Part {
    /// The part as a column.
    pub(super) fn column(&self) -> Option<Column> {
        let (rest, default) = match self.definition.split_once(" DEFAULT ") {
            Some((rest, default)) => (rest, Some(default)),
            None => (self.definition, None),
        };
        let (words, required) = match rest.strip_suffix(" NOT NULL") {
            Some(words) => (words, true),
            None => (rest, false),
        };
        Some(Column {
            table: self.table,
            name: self.name,
            kind: Kind::from_words(words)?,
            required,
            default,
        })
    }

    /// The columns of a key or of a foreign key.
    pub(super) fn key(&self) -> Vec<&'static str> {
        let start = self.definition.find('(').map_or(0, |at| at + 1);
        let end = self.definition.find(')').unwrap_or(start);
        let within = self.definition.get(start..end).unwrap_or_default();
        within.split(',').map(str::trim).collect()
    }

    /// Whether a CHECK is about this column alone.
    pub(super) fn names_column(&self, column: &str) -> bool {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        self.definition
            .split(|letter| !is_letter(letter))
            .any(|word| word == column)
    }

    pub(super) fn is_foreign_key(&self) -> bool {
        self.class == Class::Constraint && self.definition.starts_with("FOREIGN KEY")
    }

    pub(super) fn is_check(&self) -> bool {
        self.class == Class::Constraint && self.definition.starts_with("CHECK")
    }
}

/// A definition with the stamp in it.
pub(super) fn stamped(definition: &str) -> String {
    definition
        .replace("{needs}", &NEEDS.to_string())
        .replace("{shape}", &SHAPE.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let lines = include_str!("../../sql/workspace/structure.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .count();
        assert_eq!(parts().count(), lines);
        for part in parts().filter(|part| part.class == Class::Column) {
            assert!(part.column().is_some(), "{part:?}");
        }
    }

    #[test]
    fn a_column_is_read() {
        let status = columns("tasks")
            .into_iter()
            .find(|column| column.name == "status")
            .unwrap();
        assert!(status.required);
        assert_eq!(status.kind, Kind::Varchar(50));
        assert_eq!(status.default, Some("'pending'"));
    }

    #[test]
    fn keys_are_read() {
        let key = parts()
            .find(|part| part.name == "phase_context_ticket_id_phase_id_key")
            .unwrap()
            .key();
        assert_eq!(key, ["ticket_id", "phase_id"]);
    }
}
