//! Who made a move and why, as its history row says.

use crate::error::Error;
use crate::identity;
use crate::json;
use crate::pg::error::Result;
use crate::settings;
use std::cell::RefCell;
use std::rc::Rc;
use std::slice;

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
    /// `forced`: whether the moves go past the rules
    pub forced: bool,
}

/// The keys of artifacts that say in whose name something was done.
const NAMES: [&str; 5] = [
    "collected_by",
    "transitioned_by",
    "validated_by",
    "assigned_agent_id",
    "agent_id",
];

/// Refuses artifacts that a caller hands over, an object or an array of them, where they name somebody else than `phasegate.agent`.
fn require_own_names(artifacts: &str) -> Result<()> {
    if settings::agent().is_none() {
        return Ok(());
    }
    let Some(value) = json::read(artifacts) else {
        return Err(Error::invalid_argument(
            "artifacts is nested too deeply",
            "Where phasegate.agent is set it may nest at most 127 levels deep.",
        ));
    };
    let all = value
        .as_array()
        .map_or(slice::from_ref(&value), Vec::as_slice);
    for one in all {
        for key in NAMES {
            match one.get(key) {
                None | Some(serde_json::Value::Null) => {}
                Some(serde_json::Value::String(name)) => identity::require(key, name)?,
                Some(other) => identity::require(key, &other.to_string())?,
            }
        }
    }
    Ok(())
}

thread_local! {
    static LAST: RefCell<Option<Rc<Attribution>>> = const { RefCell::new(None) };
}

impl Attribution {
    /// What was given; for what was not, the settings, and last the role that acts.
    pub fn new(
        actor: Option<String>,
        reason: Option<String>,
        artifacts: Option<String>,
    ) -> Result<Self> {
        artifacts.as_deref().map_or(Ok(()), require_own_names)?;
        Ok(Attribution {
            actor: identity::actor_or("transitioned_by", actor)?,
            reason: reason.or_else(settings::reason),
            artifacts,
            db_role: identity::db_role(),
            acting_role: identity::acting_role(),
            forced: false,
        })
    }

    /// That of a direct UPDATE or INSERT: the settings alone. The same object as for the row before, where
    /// nothing changed, so that moves of one statement are recognized as alike.
    pub fn of_settings() -> Result<Rc<Self>> {
        let fresh = Attribution::new(None, None, None)?;
        Ok(LAST.with_borrow_mut(|last| match last {
            Some(last) if **last == fresh => Rc::clone(last),
            _ => {
                let fresh = Rc::new(fresh);
                *last = Some(Rc::clone(&fresh));
                fresh
            }
        }))
    }
}
