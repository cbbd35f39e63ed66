//! Who made a move and why, as its history row says.

use crate::pg::role;
use crate::settings;
use std::cell::RefCell;
use std::rc::Rc;

/// Actor, reason and artifacts of moves. Shared by all moves of a statement that have them in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// `transitioned_by`
    pub actor: String,
    /// `transition_reason`
    pub reason: Option<String>,
    /// `artifacts`, as JSON text, where the caller gave them
    pub artifacts: Option<String>,
    /// `db_role`: the session's role, which the caller cannot choose
    pub db_role: String,
    /// `acting_role`: the role that acts, after SET ROLE
    pub acting_role: String,
}

thread_local! {
    static LAST: RefCell<Option<Rc<Attribution>>> = const { RefCell::new(None) };
}

impl Attribution {
    /// What was given; for what was not, the settings `phasegate.actor` and `phasegate.reason`, and last the session's role.
    pub fn new(actor: Option<String>, reason: Option<String>, artifacts: Option<String>) -> Self {
        Attribution {
            actor: role::actor_or(actor),
            reason: reason.or_else(settings::reason),
            artifacts,
            db_role: role::session_name(),
            acting_role: role::acting_name(),
        }
    }

    /// That of a direct UPDATE or INSERT: the settings alone. The same object as for the row before, where
    /// nothing changed, so that moves of one statement are recognized as alike.
    pub fn of_settings() -> Rc<Self> {
        let fresh = Attribution::new(None, None, None);
        LAST.with_borrow_mut(|last| match last {
            Some(last) if **last == fresh => Rc::clone(last),
            _ => {
                let fresh = Rc::new(fresh);
                *last = Some(Rc::clone(&fresh));
                fresh
            }
        })
    }
}
