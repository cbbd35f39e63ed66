//! What one session at a time does.

use crate::pg::{lock, transaction};

/// Work that two sessions cannot do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Making a schema whose name has this number.
    Making(u32),
    /// Changing the definitions of what is in the schema with this OID, or who may do what with it.
    Defining(u32),
}

impl Work {
    /// Waits until nobody else is at this work, and keeps others from it; what they have changed meanwhile is taken in. To be asked
    /// for by who may do it: whoever may not keeps nobody waiting.
    pub(super) fn alone(self) {
        // A standby has no such locks.
        transaction::require_writable();
        match self {
            Work::Making(name) => lock::ours(name, 0),
            Work::Defining(schema) => lock::ours(schema, 1),
        }
    }
}
