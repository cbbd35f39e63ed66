//! The types of a workspace's columns, and which types mean the same. A pure rule, tested without a server.

/// `uuid`: the OIDs of the server's own types are the same in every server.
pub(super) const UUID: u32 = 2950;
/// `text`
pub(super) const TEXT: u32 = 25;
/// `text[]`
const TEXTS: u32 = 1009;
/// `varchar`
pub(super) const VARCHAR: u32 = 1043;
/// `varchar[]`
const VARCHARS: u32 = 1015;
/// `timestamptz`
pub(super) const TIME: u32 = 1184;

/// A column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The workspace's phases.
    Phase,
    /// `varchar` of that length; text of any length is as good.
    Varchar(i32),
    /// Any other of the server's, by its OID.
    Of(u32),
}

/// How the server writes the types, what they are, and how SQL is to write them.
const WORDS: [(&str, Kind, &str); 13] = [
    ("phase", Kind::Phase, "{phase}"),
    ("uuid", Kind::Of(UUID), "uuid"),
    ("text", Kind::Of(TEXT), "text"),
    ("text[]", Kind::Of(TEXTS), "text[]"),
    (
        "character varying(255)[]",
        Kind::Of(VARCHARS),
        "varchar(255)[]",
    ),
    ("name", Kind::Of(19), "name"),
    ("jsonb", Kind::Of(3802), "jsonb"),
    ("boolean", Kind::Of(16), "boolean"),
    ("integer", Kind::Of(23), "integer"),
    ("bigint", Kind::Of(20), "bigint"),
    ("timestamp with time zone", Kind::Of(TIME), "timestamptz"),
    ("interval", Kind::Of(1186), "interval"),
    ("xid8", Kind::Of(5069), "xid8"),
];

/// The type of an existing column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FoundType {
    pub oid: u32,
    pub modifier: i32,
}

impl FoundType {
    pub(super) fn is(self, oid: u32) -> bool {
        self.oid == oid
    }

    /// Text of any length or none.
    pub(super) fn is_text(self) -> bool {
        self.is(TEXT) || self.is(VARCHAR)
    }

    /// How many characters it holds, where that is limited.
    pub(super) fn most(self) -> Option<i32> {
        (self.is(VARCHAR) && self.modifier >= 4).then(|| self.modifier - 4)
    }
}

impl Kind {
    /// From the words of `structure.txt`.
    pub(super) fn from_words(words: &str) -> Option<Self> {
        if let Some((_, kind, _)) = WORDS.iter().find(|(known, ..)| *known == words) {
            return Some(*kind);
        }
        let length = words
            .strip_prefix("character varying(")?
            .strip_suffix(')')?;
        length.parse().ok().map(Kind::Varchar)
    }

    /// As CREATE TABLE and ALTER TABLE write it.
    pub(super) fn sql(self) -> String {
        match self {
            Kind::Varchar(length) => format!("varchar({length})"),
            _ => WORDS
                .iter()
                .find(|(_, kind, _)| *kind == self)
                .map_or_else(String::new, |(.., sql)| (*sql).to_owned()),
        }
    }

    /// The type's name for people.
    pub(super) fn words(self) -> String {
        match self {
            Kind::Phase => "phase".to_owned(),
            _ => self.sql(),
        }
    }

    /// Whether a column of the found type is as good. A time of less than microseconds is so where the rows need no order.
    pub(super) fn takes(self, found: FoundType, phase_type: Option<u32>, is_ordered: bool) -> bool {
        match self {
            Kind::Phase => phase_type == Some(found.oid),
            Kind::Varchar(_) => found.is_text(),
            Kind::Of(TEXT) => found.is_text(),
            Kind::Of(VARCHARS) => found.is(VARCHARS) || found.is(TEXTS),
            Kind::Of(TIME) => found.is(TIME) && (!is_ordered || !(0..6).contains(&found.modifier)),
            Kind::Of(kind) => found.is(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_mean_the_same_are_taken() {
        let time = |modifier| FoundType {
            oid: 1184,
            modifier,
        };
        let kind = Kind::from_words("timestamp with time zone").unwrap();
        assert!(kind.takes(time(-1), None, true));
        assert!(kind.takes(time(6), None, true));
        assert!(kind.takes(time(3), None, false));
        assert!(!kind.takes(time(3), None, true));
        let varchar = |modifier| FoundType {
            oid: VARCHAR,
            modifier,
        };
        let kind = Kind::from_words("character varying(20)").unwrap();
        assert!(kind.takes(varchar(-1), None, false));
        assert!(kind.takes(varchar(12), None, false));
        assert_eq!(varchar(12).most(), Some(8));
        assert!(!kind.takes(time(-1), None, false));
    }

    #[test]
    fn every_type_is_written_as_sql_has_it() {
        assert_eq!(
            Kind::from_words("character varying(50)").unwrap().sql(),
            "varchar(50)"
        );
        assert_eq!(
            Kind::from_words("character varying(255)[]").unwrap().sql(),
            "varchar(255)[]"
        );
        assert_eq!(Kind::from_words("json"), None);
    }
}
