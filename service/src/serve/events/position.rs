//! Where in the order of moves somebody is: cluster, transaction, row.

use std::fmt;
use uuid::Uuid;

/// The place of a move, or the place before all of a transaction's where the id is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The cluster's system identifier: what xid counts in.
    pub cluster: i64,
    /// The transaction that wrote the row.
    pub xid: u64,
    /// The row.
    pub id: Uuid,
}

impl Position {
    /// The place before all moves of a transaction and of later ones.
    pub fn before(cluster: i64, xid: u64) -> Position {
        Position {
            cluster,
            xid,
            id: Uuid::nil(),
        }
    }

    /// What a client sends as Last-Event-ID.
    pub fn read(text: &str) -> Option<Position> {
        let mut parts = text.trim().splitn(3, '.');
        let (cluster, xid, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Position {
            cluster: cluster.parse().ok()?,
            xid: xid.parse().ok()?,
            id: id.parse().ok()?,
        })
    }

    /// Whether it is at the other one or after it, in the same cluster.
    pub fn reaches(&self, other: &Position) -> bool {
        self.cluster == other.cluster && (self.xid, self.id) >= (other.xid, other.id)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}.{}.{}", self.cluster, self.xid, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position {
            cluster: 7713377564323524300,
            xid: 812,
            id: Uuid::from_u128(5),
        };
        assert_eq!(Position::read(&position.to_string()), Some(position));
        for text in [
            "",
            "1.2",
            "1.2.3",
            "x.1.00000000-0000-0000-0000-000000000000",
            "1.-2.00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(Position::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_is_after_the_beginning_of_its_transaction() {
        let row = Position {
            cluster: 1,
            xid: 5,
            id: Uuid::from_u128(1),
        };
        assert!(row.reaches(&Position::before(1, 5)));
        assert!(!row.reaches(&Position::before(1, 6)));
        assert!(!row.reaches(&Position::before(2, 5)));
    }
}
