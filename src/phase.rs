//! A workspace's phases: labels, order, what each means, and *the phase left*.
//!
//! The labels are those of the workspace's own enum, in its sort order. What a phase means is its kind, a row of
//! `phases`, whatever its label. The blocked phase and abandoned ones, wherever they sort, stand outside the sequence:
//! a ticket there is still on its way from the phase that it was in before.

/// What a phase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Where tickets begin.
    Start,
    /// Where work is done; a phase without a row in `phases` too.
    #[default]
    Work,
    /// Where tickets wait for something, outside the sequence.
    Blocked,
    /// Where tickets are finished.
    Final,
    /// Where tickets end that are given up, outside the sequence.
    Abandoned,
}

impl Kind {
    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "start" => Kind::Start,
            "work" => Kind::Work,
            "blocked" => Kind::Blocked,
            "final" => Kind::Final,
            "abandoned" => Kind::Abandoned,
            _ => return None,
        })
    }

    /// Whether a ticket in such a phase is done with.
    pub fn is_final(self) -> bool {
        matches!(self, Kind::Final | Kind::Abandoned)
    }

    /// Whether the work on a ticket there stops, but for what is to be done in that very phase.
    pub fn stops_work(self) -> bool {
        self == Kind::Blocked || self.is_final()
    }

    /// Whether such a phase stands in the sequence.
    fn is_in_sequence(self) -> bool {
        !matches!(self, Kind::Blocked | Kind::Abandoned)
    }
}

/// The key under which a phase's block stands in a ticket's context, as it follows from the phase's label:
/// `requirements_phase` for `PHASE_REQUIREMENTS`.
pub fn context_key(label: &str) -> String {
    let label = label.to_lowercase();
    let name = label.strip_prefix("phase_").unwrap_or(&label);
    format!("{name}_phase")
}

/// A phase of one workspace: its place in the enum's sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase(u16);

/// What is known of a phase.
#[derive(Debug, Clone)]
pub struct Label {
    text: Box<str>,
    oid: u32,
    kind: Kind,
    context_key: Box<str>,
}

impl Label {
    /// A label of the enum, with the OID of its `pg_enum` row, that has no row in `phases`.
    pub fn new(text: String, oid: u32) -> Self {
        Label {
            kind: Kind::default(),
            context_key: context_key(&text).into(),
            text: text.into(),
            oid,
        }
    }

    /// The same with what its row in `phases` says.
    #[must_use]
    pub fn meaning(mut self, kind: Kind, context_key: String) -> Self {
        self.kind = kind;
        self.context_key = context_key.into();
        self
    }

    /// The OID of its `pg_enum` row.
    pub fn oid(&self) -> u32 {
        self.oid
    }
}

/// All phases of a workspace, in the enum's sort order.
#[derive(Debug, Clone, Default)]
pub struct Phases {
    labels: Vec<Label>,
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
    /// Into the blocked phase.
    Block,
    /// Into an abandoned phase.
    Abandon,
}

impl Phases {
    /// From the enum's labels in sort order.
    pub fn new(labels: impl IntoIterator<Item = Label>) -> Self {
        Phases {
            labels: labels.into_iter().collect(),
        }
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = Phase> + use<> {
        (0..u16::try_from(self.labels.len()).unwrap_or(u16::MAX)).map(Phase)
    }

    fn of(&self, phase: Phase) -> Option<&Label> {
        self.labels.get(usize::from(phase.0))
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
        self.of(phase).map_or("", |label| &*label.text)
    }

    /// The OID of the phase's `pg_enum` row, which is how an enum value is stored.
    pub fn oid(&self, phase: Phase) -> u32 {
        self.of(phase).map_or(0, |label| label.oid)
    }

    /// What the phase means.
    pub fn kind(&self, phase: Phase) -> Kind {
        self.of(phase).map_or(Kind::Work, |label| label.kind)
    }

    /// The key under which the phase's block stands in a ticket's context.
    pub fn context_key(&self, phase: Phase) -> &str {
        self.of(phase).map_or("", |label| &*label.context_key)
    }

    /// The blocked phase, where the workspace has one.
    pub fn blocked(&self) -> Option<Phase> {
        self.find(|label| label.kind == Kind::Blocked)
    }

    /// Whether this is the blocked phase.
    pub fn is_blocked(&self, phase: Phase) -> bool {
        self.kind(phase) == Kind::Blocked
    }

    /// Whether a ticket there is out of the sequence, on its way from the phase that it was in before.
    pub fn is_outside(&self, phase: Phase) -> bool {
        !self.kind(phase).is_in_sequence()
    }

    /// The sequence, first to last: every phase but the blocked and the abandoned ones.
    pub fn sequence(&self) -> impl DoubleEndedIterator<Item = Phase> + '_ {
        self.all().filter(|phase| !self.is_outside(*phase))
    }

    /// The sequence, then the abandoned phases, then the blocked one: the order in which phases are listed for people.
    pub fn listed(&self) -> impl Iterator<Item = Phase> + '_ {
        let abandoned = self
            .all()
            .filter(|phase| self.kind(*phase) == Kind::Abandoned);
        self.sequence().chain(abandoned).chain(self.blocked())
    }

    /// The phases of the sequence before `target`; all of them for one outside it.
    pub fn before(&self, target: Phase) -> Vec<Phase> {
        self.sequence()
            .filter(|phase| self.is_outside(target) || *phase < target)
            .collect()
    }

    /// The phases of the sequence from `first` up to, not including, `end`.
    pub fn between(&self, first: Phase, end: Phase) -> Vec<Phase> {
        self.sequence()
            .filter(|phase| *phase >= first && *phase < end)
            .collect()
    }

    /// How a move from `left` to `target` relates to the sequence.
    pub fn direction(&self, left: Phase, target: Phase) -> Direction {
        match self.kind(target) {
            Kind::Blocked => Direction::Block,
            Kind::Abandoned => Direction::Abandon,
            _ if target > left => Direction::Forward,
            _ if target < left => Direction::Regression,
            _ => Direction::Return,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Phases of these kinds, with OIDs 100, 101, ...
    pub(crate) fn phases(labels: &[(&str, Kind)]) -> Phases {
        let label = |((text, kind), oid): (&(&str, Kind), u32)| {
            Label::new((*text).to_owned(), oid).meaning(*kind, context_key(text))
        };
        Phases::new(labels.iter().zip(100..).map(label))
    }

    /// The default workflow's phases.
    pub(crate) fn default_phases() -> Phases {
        phases(&[
            ("PHASE_BACKLOG", Kind::Start),
            ("PHASE_REQUIREMENTS", Kind::Work),
            ("PHASE_DESIGN", Kind::Work),
            ("PHASE_IMPLEMENTATION", Kind::Work),
            ("PHASE_TESTING", Kind::Work),
            ("PHASE_DEPLOYMENT", Kind::Work),
            ("PHASE_DONE", Kind::Final),
            ("PHASE_BLOCKED", Kind::Blocked),
        ])
    }

    #[test]
    fn keys_follow_from_labels() {
        for (label, key) in [
            ("PHASE_REQUIREMENTS", "requirements_phase"),
            ("Phase_Review", "review_phase"),
            ("SECURITY_REVIEW", "security_review_phase"),
            ("PHASE_PHASE_1", "phase_1_phase"),
            ("ÉTUDE", "étude_phase"),
            ("", "_phase"),
        ] {
            assert_eq!(context_key(label), key);
        }
    }

    #[test]
    fn directions_follow_the_sequence_wherever_other_phases_sort() {
        let phases = phases(&[
            ("Waiting", Kind::Blocked),
            ("A", Kind::Start),
            ("Rejected", Kind::Abandoned),
            ("B", Kind::Final),
        ]);
        let a = phases.by_label("A").unwrap();
        let rejected = phases.by_label("Rejected").unwrap();
        let b = phases.by_oid(103).unwrap();
        let blocked = phases.blocked().unwrap();
        assert_eq!(phases.direction(a, b), Direction::Forward);
        assert_eq!(phases.direction(b, a), Direction::Regression);
        assert_eq!(phases.direction(a, a), Direction::Return);
        assert_eq!(phases.direction(b, blocked), Direction::Block);
        assert_eq!(phases.direction(a, rejected), Direction::Abandon);
        assert_eq!(phases.before(blocked), vec![a, b]);
        assert_eq!(phases.before(rejected), vec![a, b]);
        assert_eq!(phases.before(b), vec![a]);
        assert_eq!(
            phases.listed().collect::<Vec<_>>(),
            vec![a, b, rejected, blocked]
        );
        assert_eq!(phases.between(a, b), vec![a]);
    }

    #[test]
    fn a_phase_without_a_meaning_is_work() {
        let phases = Phases::new([Label::new("PHASE_BLOCKED".to_owned(), 1)]);
        let phase = phases.by_oid(1).unwrap();
        assert_eq!(phases.kind(phase), Kind::Work);
        assert_eq!(phases.blocked(), None);
        assert_eq!(phases.context_key(phase), "blocked_phase");
    }
}
