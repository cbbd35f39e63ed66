//! Leaving the blocked phase, and an abandoned one: where the ticket is as far as the sequence goes, and which gates are asked.

use super::transitions::Transitions;
use crate::phase::{Direction, Phase, Phases};

impl Phases {
    /// The phase that a move out of `present` leaves: for a ticket outside the sequence the one that it was in before.
    ///
    /// Such a ticket whose `previous` is unknown is taken to stand at the start of the sequence,
    /// so that no gate is skipped on its account.
    pub fn left(&self, present: Phase, previous: Option<Phase>) -> Phase {
        if !self.is_outside(present) {
            return present;
        }
        previous
            .filter(|phase| !self.is_outside(*phase))
            .or_else(|| self.sequence().next())
            .unwrap_or(present)
    }
}

impl Transitions {
    /// The gates that a forward move of a ticket that is blocked or was abandoned demands, whatever its edge says: those that
    /// walking from the phase `left` up to the target would. Being blocked never skips a gate.
    pub(super) fn gates_on_the_way_back(
        &self,
        phases: &Phases,
        present: Phase,
        left: Phase,
        target: Phase,
    ) -> Vec<Phase> {
        if !phases.is_outside(present) || phases.direction(left, target) != Direction::Forward {
            return Vec::new();
        }
        let on_the_way = phases.between(left, target).into_iter();
        on_the_way
            .filter(|phase| self.is_left_by_gate(phases, *phase))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Kind;
    use crate::phase::tests::{default_phases, phases};
    use proptest::prelude::*;

    #[test]
    fn a_blocked_ticket_leaves_the_phase_it_was_blocked_in() {
        let phases = default_phases();
        let phase = |label| phases.by_label(label).unwrap();
        let (backlog, design) = (phase("PHASE_BACKLOG"), phase("PHASE_DESIGN"));
        let blocked = phases.blocked().unwrap();
        assert_eq!(phases.left(blocked, Some(design)), design);
        assert_eq!(phases.left(design, Some(phase("PHASE_TESTING"))), design);
        assert_eq!(phases.left(blocked, None), backlog);
        assert_eq!(phases.left(blocked, Some(blocked)), backlog);
    }

    #[test]
    fn an_abandoned_ticket_leaves_the_phase_it_was_in() {
        let phases = phases(&[
            ("A", Kind::Start),
            ("Rejected", Kind::Abandoned),
            ("B", Kind::Final),
        ]);
        let phase = |label| phases.by_label(label).unwrap();
        assert_eq!(phases.left(phase("Rejected"), Some(phase("B"))), phase("B"));
        assert_eq!(phases.left(phase("Rejected"), None), phase("A"));
    }

    proptest! {
        /// However a ticket came to be blocked, leaving the blocked phase demands every gate that walking would, and no other.
        #[test]
        fn being_blocked_never_skips_a_gate(left in 0usize..7, target in 0usize..7, flag: bool, gated in any::<[bool; 7]>()) {
            let phases = default_phases();
            let blocked = phases.blocked().unwrap();
            let left = phases.listed().nth(left).unwrap();
            let target = phases.listed().nth(target).unwrap();
            let walk: Vec<((Phase, Phase), bool)> =
                phases.sequence().zip(phases.sequence().skip(1)).zip(gated).collect();
            let edges = walk.iter().map(|((from, to), gate)| (*from, *to, *gate));
            let rules = Transitions::new(edges.chain([(blocked, target, flag)]));
            let found = rules.decide(&phases, blocked, Some(left), target).unwrap();
            let on_the_way: Vec<Phase> = walk
                .iter()
                .filter(|((from, _), gate)| *gate && *from >= left && *from < target)
                .map(|((from, _), _)| *from)
                .collect();
            if target > left {
                let mut gates = on_the_way;
                if flag && !gates.contains(&left) {
                    gates.insert(0, left);
                }
                prop_assert_eq!(found.gates, gates);
            } else {
                prop_assert_eq!(found.gates, if flag { vec![left] } else { vec![] });
            }
        }
    }
}
