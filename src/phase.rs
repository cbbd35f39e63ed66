//! A workspace's phases: labels, order, and *the phase left*.
//!
//! The labels are those of the workspace's own enum, in its sort order. PHASE_BLOCKED, wherever it
//! sorts, stands outside the sequence: a blocked ticket is still on its way from the phase it was blocked in.

/// The label of the phase outside the sequence.
pub const BLOCKED: &str = "PHASE_BLOCKED";
/// The label of the phase that no new ticket may start in, besides [`BLOCKED`].
pub const DONE: &str = "PHASE_DONE";

/// A phase of one workspace: its place in the enum's sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase(u16);

#[derive(Debug, Clone)]
struct Label {
    text: Box<str>,
    oid: u32,
}

/// All phases of a workspace, in the enum's sort order.
#[derive(Debug, Clone, Default)]
pub struct Phases {
    labels: Vec<Label>,
    blocked: Option<Phase>,
}

/// How a move relates to the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To a phase later than the one left.
    Forward,
    /// To a phase earlier than the one left.
    Regression,
    /// Back to the phase left: unblocking.
    Return,
    /// Into PHASE_BLOCKED.
    Block,
}

impl Phases {
    /// From the enum's labels in sort order, each with the OID of its `pg_enum` row.
    pub fn new(labels: impl IntoIterator<Item = (String, u32)>) -> Self {
        let labels: Vec<Label> = labels
            .into_iter()
            .map(|(text, oid)| Label {
                text: text.into(),
                oid,
            })
            .collect();
        let blocked = labels
            .iter()
            .position(|label| &*label.text == BLOCKED)
            .and_then(|index| u16::try_from(index).ok())
            .map(Phase);
        Phases { labels, blocked }
    }

    /// The phase with this label.
    pub fn by_label(&self, label: &str) -> Option<Phase> {
        self.find(|candidate| &*candidate.text == label)
    }

    /// The phase whose `pg_enum` row has this OID.
    pub fn by_oid(&self, oid: u32) -> Option<Phase> {
        self.find(|candidate| candidate.oid == oid)
    }

    fn find(&self, wanted: impl Fn(&Label) -> bool) -> Option<Phase> {
        let index = self.labels.iter().position(wanted)?;
        u16::try_from(index).ok().map(Phase)
    }

    /// The phase's label.
    pub fn label(&self, phase: Phase) -> &str {
        self.labels
            .get(usize::from(phase.0))
            .map_or("", |label| &*label.text)
    }

    /// The OID of the phase's `pg_enum` row, which is how an enum value is stored.
    pub fn oid(&self, phase: Phase) -> u32 {
        self.labels
            .get(usize::from(phase.0))
            .map_or(0, |label| label.oid)
    }

    /// PHASE_BLOCKED, where the workspace has it.
    pub fn blocked(&self) -> Option<Phase> {
        self.blocked
    }

    /// Whether this is PHASE_BLOCKED.
    pub fn is_blocked(&self, phase: Phase) -> bool {
        self.blocked == Some(phase)
    }

    /// The sequence: every phase but PHASE_BLOCKED, first to last.
    pub fn sequence(&self) -> impl DoubleEndedIterator<Item = Phase> + '_ {
        (0u16..)
            .zip(&self.labels)
            .map(|(index, _)| Phase(index))
            .filter(|phase| !self.is_blocked(*phase))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The sequence, then PHASE_BLOCKED: the order in which phases are listed for people.
    pub fn listed(&self) -> impl Iterator<Item = Phase> + '_ {
        self.sequence().chain(self.blocked)
    }

    /// The phases of the sequence before `target`; all of them for PHASE_BLOCKED.
    pub fn before(&self, target: Phase) -> Vec<Phase> {
        self.sequence()
            .filter(|phase| self.is_blocked(target) || *phase < target)
            .collect()
    }

    /// The phases of the sequence from `first` up to, not including, `end`.
    pub fn between(&self, first: Phase, end: Phase) -> Vec<Phase> {
        self.sequence()
            .filter(|phase| *phase >= first && *phase < end)
            .collect()
    }

    /// The phase that a move out of `present` leaves: for a blocked ticket the one it was blocked in.
    ///
    /// A blocked ticket whose `previous` is unknown is taken to stand at the start of the sequence,
    /// so that no gate is skipped on its account.
    pub fn left(&self, present: Phase, previous: Option<Phase>) -> Phase {
        if !self.is_blocked(present) {
            return present;
        }
        previous
            .filter(|phase| !self.is_blocked(*phase))
            .or_else(|| self.sequence().next())
            .unwrap_or(present)
    }

    /// How a move from `left` to `target` relates to the sequence.
    pub fn direction(&self, left: Phase, target: Phase) -> Direction {
        if self.is_blocked(target) {
            Direction::Block
        } else if target > left {
            Direction::Forward
        } else if target < left {
            Direction::Regression
        } else {
            Direction::Return
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The default workflow's phases, with OIDs 100, 101, ...
    pub(crate) fn default_phases() -> Phases {
        let labels = [
            "BACKLOG",
            "REQUIREMENTS",
            "DESIGN",
            "IMPLEMENTATION",
            "TESTING",
            "DEPLOYMENT",
            "DONE",
            "BLOCKED",
        ];
        Phases::new(
            labels
                .iter()
                .zip(100..)
                .map(|(label, oid)| (format!("PHASE_{label}"), oid)),
        )
    }

    #[test]
    fn a_blocked_ticket_leaves_the_phase_it_was_blocked_in() {
        let phases = default_phases();
        let phase = |label| phases.by_label(label).unwrap();
        let design = phase("PHASE_DESIGN");
        assert_eq!(phases.left(phase(BLOCKED), Some(design)), design);
        assert_eq!(phases.left(design, Some(phase("PHASE_TESTING"))), design);
        assert_eq!(phases.left(phase(BLOCKED), None), phase("PHASE_BACKLOG"));
        assert_eq!(
            phases.left(phase(BLOCKED), Some(phase(BLOCKED))),
            phase("PHASE_BACKLOG")
        );
    }

    #[test]
    fn directions_follow_the_sequence_wherever_blocked_sorts() {
        let phases = Phases::new([
            (BLOCKED.to_owned(), 1),
            ("PHASE_A".to_owned(), 2),
            ("PHASE_B".to_owned(), 3),
        ]);
        let a = phases.by_label("PHASE_A").unwrap();
        let b = phases.by_oid(3).unwrap();
        let blocked = phases.blocked().unwrap();
        assert_eq!(phases.direction(a, b), Direction::Forward);
        assert_eq!(phases.direction(b, a), Direction::Regression);
        assert_eq!(phases.direction(a, a), Direction::Return);
        assert_eq!(phases.direction(b, blocked), Direction::Block);
        assert_eq!(phases.before(blocked), vec![a, b]);
        assert_eq!(phases.before(b), vec![a]);
        assert_eq!(phases.listed().collect::<Vec<_>>(), vec![a, b, blocked]);
        assert_eq!(phases.between(a, b), vec![a]);
    }
}
