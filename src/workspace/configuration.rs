//! A workspace's configuration, cached exactly: phases, transitions, and what the rooms add.
//!
//! Triggers on each configuration table send an invalidation with the change's commit, so another
//! session's committed change is seen by the next statement here, and a rolled-back one never is. They are
//! enabled ALWAYS: what a subscription applies, and what is loaded as a replica, is such a change too.
//! Rows are read as of the latest commit, not by the transaction's snapshot: a REPEATABLE READ transaction
//! would otherwise leave old rows in the cache for the transactions after it.

use super::shape::CONFIGURATION;
use super::{Workspace, statements};
use crate::changes::{self, Watched};
use crate::error::Error;
use crate::pg::error::Result;
use crate::phase::{Phase, Phases};
use crate::workflow::transitions::Transitions;
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// One consistent reading of a workspace's configuration.
pub struct Configuration {
    /// The phases.
    pub phases: Phases,
    /// The edges.
    pub transitions: Transitions,
    generation: u64,
    watched: Vec<Watched>,
    rooms: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

impl Configuration {
    /// Reads phases and transitions. Needs an open session with the owner's rights.
    pub(super) fn load(workspace: &Workspace) -> Result<Self> {
        let watched = CONFIGURATION
            .iter()
            .filter_map(|name| workspace.tables.get(name))
            .map(Watched::new)
            .collect();
        changes::reading();
        let generation = changes::catalog_generation();
        let phases = statements::phases(workspace)?;
        let transitions = statements::transitions(workspace, &phases)?;
        Ok(Configuration {
            phases,
            transitions,
            generation,
            watched,
            rooms: RefCell::default(),
        })
    }

    /// Whether nothing that this was read from has changed since.
    pub(super) fn is_current(&self) -> bool {
        self.generation == changes::catalog_generation()
            && self.watched.iter().all(Watched::is_current)
    }

    /// What a room keeps of its own configuration tables, read by `load` when it is first asked for.
    pub fn room<T: 'static>(&self, load: impl FnOnce() -> Result<T>) -> Result<Rc<T>> {
        let key = TypeId::of::<T>();
        let known = self.rooms.borrow().get(&key).cloned();
        if let Some(known) = known.and_then(|known| known.downcast::<T>().ok()) {
            return Ok(known);
        }
        let fresh = Rc::new(load()?);
        let shared: Rc<dyn Any> = Rc::<T>::clone(&fresh);
        self.rooms.borrow_mut().insert(key, shared);
        Ok(fresh)
    }

    /// The phase with this label, or PostgreSQL's error for an unknown one.
    pub fn phase(&self, label: &str) -> Result<Phase> {
        self.phases
            .by_label(label)
            .ok_or_else(|| Error::unknown_phase(label))
    }

    /// The phase that an enum value stands for.
    pub fn phase_of(&self, oid: u32) -> Result<Phase> {
        self.phases
            .by_oid(oid)
            .ok_or_else(|| Error::unknown_phase(&format!("value with OID {oid}")))
    }
}
