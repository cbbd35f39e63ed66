//! The agent who calls.

use crate::error::Error;
use crate::pg::call::Call;
use crate::pg::error::Result;

/// The agent who calls.
pub(super) fn agent(call: &Call, index: usize) -> Result<String> {
    let agent = call.text(index, "agent_id")?;
    if agent.is_empty() {
        return Err(Error::invalid_argument(
            "agent_id must not be empty",
            "Leases and attempts are told apart by the agent's name.",
        ));
    }
    Ok(agent)
}
