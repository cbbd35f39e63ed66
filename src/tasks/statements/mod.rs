//! The statements of the tasks room, named and together.

/// The columns of the composite type `task`, in its order, of the row named.
macro_rules! task_columns {
    ($row:literal) => {
        concat!(
            $row,
            ".id, ",
            $row,
            ".ticket_id, pg_catalog.textin(pg_catalog.enum_out(",
            $row,
            ".phase_id)), ",
            $row,
            ".kind::pg_catalog.text, ",
            $row,
            ".task_type::pg_catalog.text, ",
            $row,
            ".description::pg_catalog.text, ",
            $row,
            ".priority::pg_catalog.text, ",
            $row,
            ".status::pg_catalog.text, ",
            $row,
            ".required_capabilities, ",
            $row,
            ".dependencies, ",
            $row,
            ".pending_dependencies, ",
            $row,
            ".assigned_agent_id::pg_catalog.text, ",
            $row,
            ".attempts, ",
            $row,
            ".max_attempts, ",
            $row,
            ".scheduled_at, ",
            $row,
            ".lease_expires_at, ",
            $row,
            ".result, ",
            $row,
            ".error_message::pg_catalog.text, ",
            $row,
            ".template_id, ",
            $row,
            ".created_at, ",
            $row,
            ".updated_at, ",
            $row,
            ".started_at, ",
            $row,
            ".completed_at"
        )
    };
}

/// Whether the caller may see the row's ticket. A scalar subquery, so that no join can be planned in an
/// index's place. Between marks, for [`crate::workspace::Workspace::run_visible`].
macro_rules! visible {
    ($row:literal) => {
        concat!(
            "{visible}(SELECT true FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ",
            $row,
            ".ticket_id){/visible}"
        )
    };
}

mod claim;
mod dependencies;
mod generation;
mod leases;
mod queue;
mod stopping;

pub use claim::*;
pub use dependencies::*;
pub use generation::*;
pub use leases::*;
pub use queue::*;
pub use stopping::*;
