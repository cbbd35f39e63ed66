//! How the board's columns stand beside each other, however many phases there are.

use super::columns::Column;

/// Where there are more phases than that, those without tickets are left out.
const ALL_SHOWN: usize = 14;
/// Columns beside each other, then.
const COLUMNS: usize = 10;
/// What stands beside what on the board.
#[derive(Debug)]
pub enum Slot {
    /// A column with its cards.
    Full(Box<Column>),
    /// A column without a ticket.
    Bare(Box<Column>),
    /// So many columns without a ticket.
    Gap(usize),
}

impl Slot {
    /// The column with its cards, if it is one.
    pub fn full(&self) -> Option<&Column> {
        match self {
            Slot::Full(column) => Some(column),
            _ => None,
        }
    }
}

/// The board as it is laid out: the slots, which part of it they are, and of how many.
pub fn arrange(columns: Vec<Column>, part: usize) -> (Vec<Slot>, usize, usize) {
    if columns.len() <= ALL_SHOWN {
        let slot = |column: Column| {
            if column.tickets > 0 {
                Slot::Full(Box::new(column))
            } else {
                Slot::Bare(Box::new(column))
            }
        };
        return (columns.into_iter().map(slot).collect(), 1, 1);
    }
    let full = columns.iter().filter(|column| column.tickets > 0).count();
    let parts = full.div_ceil(COLUMNS).max(1);
    let part = part.clamp(1, parts);
    let shown = (part - 1) * COLUMNS..part * COLUMNS;
    let mut slots = Vec::new();
    let (mut place, mut gap) = (0, 0);
    for column in columns {
        if column.tickets == 0 {
            gap += 1;
            continue;
        }
        if shown.contains(&place) {
            if gap > 0 {
                slots.push(Slot::Gap(gap));
            }
            slots.push(Slot::Full(Box::new(column)));
        }
        gap = 0;
        place += 1;
    }
    if gap > 0 && part == parts {
        slots.push(Slot::Gap(gap));
    }
    (slots, part, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(place: usize, tickets: i64) -> Column {
        serde_json::from_value(serde_json::json!({
            "phase": format!("P{place}"), "kind": "work", "gated": false, "review": false,
            "tickets": tickets, "oldest": null,
        }))
        .unwrap()
    }

    fn shape(slots: &[Slot]) -> Vec<String> {
        let say = |slot: &Slot| match slot {
            Slot::Full(column) => column.phase.clone(),
            Slot::Bare(column) => format!("({})", column.phase),
            Slot::Gap(number) => format!("-{number}-"),
        };
        slots.iter().map(say).collect()
    }

    #[test]
    fn few_phases_are_all_there() {
        let (slots, part, parts) = arrange(vec![column(1, 3), column(2, 0)], 7);
        assert_eq!(
            (shape(&slots), part, parts),
            (vec!["P1".to_owned(), "(P2)".to_owned()], 1, 1)
        );
    }

    #[test]
    fn of_many_phases_those_with_tickets_are_there_a_part_at_a_time() {
        let columns: Vec<_> = (0..300)
            .map(|place| column(place, i64::from(place % 25 == 24)))
            .collect();
        let (slots, part, parts) = arrange(columns.clone(), 1);
        assert_eq!((part, parts, slots.len()), (1, 2, 20));
        assert_eq!(shape(&slots).get(..2).unwrap(), ["-24-", "P24"]);
        let (slots, part, _) = arrange(columns, 9);
        assert_eq!(
            (shape(&slots), part),
            (
                ["-24-", "P274", "-24-", "P299"].map(String::from).to_vec(),
                2
            )
        );
        let none: Vec<_> = (0..20).map(|place| column(place, 0)).collect();
        assert_eq!(shape(&arrange(none, 0).0), ["-20-"]);
    }
}
