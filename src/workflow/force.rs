//! Break glass: a move past the rules, which stays on record as one. Without it people disable triggers, and nothing is recorded.

use super::transitions::Move;
use crate::phase::{Phase, Phases};

/// What the forced move of a ticket in `present` (last in `previous`) to `target` means: what it would if there were such an
/// edge. The gate of the phase left is asked, for the record.
pub fn forced(phases: &Phases, present: Phase, previous: Option<Phase>, target: Phase) -> Move {
    let left = phases.left(present, previous);
    Move {
        left,
        direction: phases.direction(left, target),
        gates: vec![left],
    }
}

#[cfg(feature = "postgres")]
pub use function::force_transition_ticket;

#[cfg(feature = "postgres")]
mod function {
    use crate::error::Error;
    use crate::pg::call::{Answer, Call};
    use crate::pg::catalog;
    use crate::pg::error::Result;
    use crate::pg::role::Privilege;
    use crate::privileges;
    use crate::workflow::wish::Wish;
    use std::rc::Rc;

    /// `force_transition_ticket(ticket_id, to_phase, reason, transitioned_by)`
    ///
    /// Sends the caller's own UPDATE, as every move does. What entitles to go past the rules is INSERT of the column `forced` of
    /// the history, which the owner has and may grant.
    pub fn force_transition_ticket(call: &Call) -> Result<Answer> {
        let ticket = call.uuid(0, "ticket_id")?;
        let to = call.text(1, "to_phase")?;
        let reason = call.text(2, "reason")?;
        if reason.trim().is_empty() {
            return Err(Error::invalid_argument(
                "reason must not be empty",
                "A forced move needs a reason.",
            ));
        }
        let mut wish = Wish::new(&to, Some(reason), call.optional_text(3), None, None)?;
        let history = wish.workspace.table("phase_history")?;
        let column = catalog::column(history, "forced").unwrap_or(0);
        privileges::require_column(Privilege::Insert, history, column, "phase_history")?;
        let mut attribution = (*wish.attribution).clone();
        attribution.forced = true;
        wish.attribution = Rc::new(attribution);
        wish.answer_transition(call, ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Direction;
    use crate::phase::tests::default_phases;

    #[test]
    fn a_forced_move_means_what_an_edge_would() {
        let phases = default_phases();
        let phase = |label: &str| phases.by_label(&format!("PHASE_{label}")).unwrap();
        for (present, previous, target, left, direction) in [
            ("DESIGN", None, "DONE", "DESIGN", Direction::Forward),
            ("DONE", None, "BACKLOG", "DONE", Direction::Regression),
            ("DONE", None, "BLOCKED", "DONE", Direction::Block),
            (
                "BLOCKED",
                Some("TESTING"),
                "TESTING",
                "TESTING",
                Direction::Return,
            ),
            (
                "BLOCKED",
                Some("TESTING"),
                "DONE",
                "TESTING",
                Direction::Forward,
            ),
            ("BLOCKED", None, "DESIGN", "BACKLOG", Direction::Forward),
        ] {
            let found = forced(&phases, phase(present), previous.map(phase), phase(target));
            let left = phase(left);
            assert_eq!(
                found,
                Move {
                    left,
                    direction,
                    gates: vec![left]
                }
            );
        }
    }
}
