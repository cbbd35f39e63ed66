//! The agent who calls.

use crate::error::Error;
use crate::identity;
use crate::pg::call::Call;
use crate::pg::error::Result;

/// The agent who calls: the one given, where no setting says who it is.
pub(super) fn agent(call: &Call, index: usize) -> Result<String> {
    let given = match call.datum(index) {
        None => None,
        Some(_) => Some(call.text(index, "agent_id")?),
    };
    let agent =
        identity::agent_or("agent_id", given)?.ok_or_else(|| Error::null_argument("agent_id"))?;
    if agent.is_empty() {
        return Err(Error::invalid_argument(
            "agent_id must not be empty",
            "Leases and attempts are told apart by the agent's name.",
        ));
    }
    Ok(agent)
}
