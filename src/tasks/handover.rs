//! What an agent is given of a ticket together with the task it claimed.

use super::statements::{CLAIMED_CONTEXT, CLAIMED_SUMMARY};
use crate::pg::spi::Row;
use crate::pg::value::{Type, Value};

/// The context that a claimed task comes with, for its phase.
pub struct Handover<'a> {
    /// `context`
    pub context: Value<'a>,
    /// `context_summary`
    pub summary: Value<'a>,
}

/// From a claimed row of [`super::statements::CLAIM`].
pub fn handover<'a>(claimed: &Row<'_>) -> Handover<'a> {
    Handover {
        context: claimed.value(CLAIMED_CONTEXT, Type::Json),
        summary: claimed.value(CLAIMED_SUMMARY, Type::Text),
    }
}
