//! Which moves there are and what each demands: edges, directions and gates, without a database.

use crate::phase::{Direction, Phase, Phases};
use std::collections::HashMap;

/// The rows of `phase_transitions`: for each edge, whether it requires a gate.
#[derive(Debug, Clone, Default)]
pub struct Transitions {
    edges: HashMap<(Phase, Phase), bool>,
}

/// What one allowed move means and demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The phase left: for a blocked ticket the one it was blocked in.
    pub left: Phase,
    /// How the move relates to the sequence.
    pub direction: Direction,
    /// The phases whose gates must pass, in sequence order.
    pub gates: Vec<Phase>,
}

impl Move {
    /// The phases whose artifacts the move supersedes: on a regression all from the one entered to the one left.
    pub fn superseded(&self, phases: &Phases, entered: Phase) -> Vec<Phase> {
        if self.direction != Direction::Regression {
            return Vec::new();
        }
        let mut superseded = phases.between(entered, self.left);
        superseded.push(self.left);
        superseded
    }
}

impl Transitions {
    /// From the configured edges.
    pub fn new(edges: impl IntoIterator<Item = (Phase, Phase, bool)>) -> Self {
        Transitions {
            edges: edges
                .into_iter()
                .map(|(from, to, requires_gate)| ((from, to), requires_gate))
                .collect(),
        }
    }

    /// Whether the edge is configured.
    pub fn contains(&self, from: Phase, to: Phase) -> bool {
        self.edges.contains_key(&(from, to))
    }

    /// The phases that `from` can move to, as phases are listed.
    pub fn targets(&self, phases: &Phases, from: Phase) -> Vec<Phase> {
        phases
            .listed()
            .filter(|to| self.contains(from, *to))
            .collect()
    }

    /// Every edge with its gate flag, ordered by source and target as phases are listed.
    pub fn listed(&self, phases: &Phases) -> Vec<(Phase, Phase, bool)> {
        phases
            .listed()
            .flat_map(|from| {
                self.targets(phases, from)
                    .into_iter()
                    .map(move |to| (from, to))
            })
            .map(|(from, to)| (from, to, self.edges.get(&(from, to)) == Some(&true)))
            .collect()
    }

    /// The phases of the sequence ahead of one that it can move to, and whether that takes its gate.
    fn ahead(&self, phases: &Phases, from: Phase) -> impl Iterator<Item = (Phase, bool)> {
        let later = phases.sequence().filter(move |to| *to > from);
        later.filter_map(move |to| Some((to, *self.edges.get(&(from, to))?)))
    }

    /// Whether any way ahead out of the phase takes its gate.
    pub(super) fn is_left_by_gate(&self, phases: &Phases, from: Phase) -> bool {
        self.ahead(phases, from)
            .any(|(_, requires_gate)| requires_gate)
    }

    /// Where tickets in the phase go that nobody directs: the only phase ahead that they can move to.
    pub fn only_way_ahead(&self, phases: &Phases, from: Phase) -> Option<Phase> {
        let mut ahead = self.ahead(phases, from);
        let (only, _) = ahead.next()?;
        ahead.next().is_none().then_some(only)
    }

    /// What the move of a ticket in `present` (last in `previous`) to `target` means and demands;
    /// `None` where the edge is not configured.
    ///
    /// A gated edge demands the gate of the phase left, and to abandon a ticket takes none. What leaving the blocked phase
    /// demands stands in `blocked.rs`.
    pub fn decide(
        &self,
        phases: &Phases,
        present: Phase,
        previous: Option<Phase>,
        target: Phase,
    ) -> Option<Move> {
        let requires_gate = *self.edges.get(&(present, target))?;
        let left = phases.left(present, previous);
        let direction = phases.direction(left, target);
        let mut gates = self.gates_on_the_way_back(phases, present, left, target);
        let requires_gate = requires_gate && direction != Direction::Abandon;
        if requires_gate && !gates.contains(&left) {
            gates.insert(0, left);
        }
        Some(Move {
            left,
            direction,
            gates,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Kind;
    use crate::phase::tests::{default_phases, phases};
    use proptest::prelude::*;

    fn by_number(phases: &Phases, number: usize) -> Phase {
        phases.listed().nth(number).unwrap()
    }

    fn transitions(phases: &Phases, edges: &[(&str, &str, bool)]) -> Transitions {
        let phase = |label: &str| phases.by_label(&format!("PHASE_{label}")).unwrap();
        Transitions::new(
            edges
                .iter()
                .map(|(from, to, gated)| (phase(from), phase(to), *gated)),
        )
    }

    #[test]
    fn a_gated_edge_demands_the_gate_of_the_phase_left() {
        let phases = default_phases();
        let rules = transitions(&phases, &[("TESTING", "DEPLOYMENT", true)]);
        let testing = phases.by_label("PHASE_TESTING").unwrap();
        let deployment = phases.by_label("PHASE_DEPLOYMENT").unwrap();
        let found = rules.decide(&phases, testing, None, deployment).unwrap();
        assert_eq!(found.gates, vec![testing]);
        assert_eq!(found.direction, Direction::Forward);
        assert!(found.superseded(&phases, deployment).is_empty());
        assert_eq!(rules.decide(&phases, deployment, None, testing), None);
    }

    #[test]
    fn a_regression_supersedes_from_the_phase_entered_to_the_one_left() {
        let phases = default_phases();
        let rules = transitions(&phases, &[("BLOCKED", "DESIGN", false)]);
        let phase = |label: &str| phases.by_label(&format!("PHASE_{label}")).unwrap();
        let found = rules
            .decide(
                &phases,
                phase("BLOCKED"),
                Some(phase("TESTING")),
                phase("DESIGN"),
            )
            .unwrap();
        assert_eq!(
            found.superseded(&phases, phase("DESIGN")),
            vec![phase("DESIGN"), phase("IMPLEMENTATION"), phase("TESTING")]
        );
        assert!(found.gates.is_empty());
    }

    #[test]
    fn where_one_phase_alone_is_ahead_tickets_go_by_themselves() {
        let phases = default_phases();
        let phase = |label: &str| phases.by_label(&format!("PHASE_{label}")).unwrap();
        let rules = transitions(
            &phases,
            &[
                ("TESTING", "IMPLEMENTATION", false),
                ("TESTING", "BLOCKED", false),
                ("TESTING", "DEPLOYMENT", true),
                ("DESIGN", "IMPLEMENTATION", true),
                ("DESIGN", "TESTING", false),
            ],
        );
        let way = |from: &str| rules.only_way_ahead(&phases, phase(from));
        assert_eq!(way("TESTING"), Some(phase("DEPLOYMENT")));
        assert_eq!(way("DESIGN"), None);
        assert_eq!(way("DONE"), None);
    }

    #[test]
    fn to_abandon_takes_no_gate_and_to_come_back_takes_all() {
        let phases = phases(&[
            ("A", Kind::Start),
            ("B", Kind::Work),
            ("C", Kind::Final),
            ("X", Kind::Abandoned),
        ]);
        let phase = |label: &str| phases.by_label(label).unwrap();
        let (a, b, c, x) = (phase("A"), phase("B"), phase("C"), phase("X"));
        let rules = Transitions::new([(b, x, true), (x, c, false), (a, b, true), (b, c, true)]);
        let found = rules.decide(&phases, b, Some(a), x).unwrap();
        assert_eq!(found.direction, Direction::Abandon);
        assert!(found.gates.is_empty() && found.superseded(&phases, x).is_empty());
        let found = rules.decide(&phases, x, Some(a), c).unwrap();
        assert_eq!(found.gates, vec![a, b]);
    }

    proptest! {
        /// No move is allowed that is not configured, and every configured one is.
        #[test]
        fn exactly_the_configured_edges_are_allowed(from in 0usize..8, to in 0usize..8, edges in proptest::collection::hash_set((0usize..8, 0usize..8), 0..20)) {
            let phases = default_phases();
            let rules = Transitions::new(edges.iter().map(|(a, b)| (by_number(&phases, *a), by_number(&phases, *b), false)));
            let found = rules.decide(&phases, by_number(&phases, from), None, by_number(&phases, to));
            prop_assert_eq!(found.is_some(), edges.contains(&(from, to)));
        }
    }
}
