//! What an agent is given of a ticket together with the task it claimed.

use crate::pg::spi::Row;
use crate::pg::value::Value;

/// The context that a claimed task comes with, for its phase.
pub struct Handover<'a> {
    /// `context`
    pub context: Value<'a>,
    /// `context_summary`
    pub summary: Value<'a>,
}

/// From a claimed row of [`super::statements::CLAIM`].
pub fn handover<'a>(claimed: &Row<'_>) -> Handover<'a> {
    let column = |number| claimed.datum(number).map_or(Value::Null, Value::Datum);
    Handover {
        context: column(super::statements::CLAIMED_CONTEXT),
        summary: column(super::statements::CLAIMED_SUMMARY),
    }
}
