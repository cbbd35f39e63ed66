//! What the acting role may do, asked as the server asks for it, with its own error where a privilege is missing.

use crate::error::Error;
use crate::pg::error::Result;
use crate::pg::role::{self, Privilege};

/// Whether the acting role has the rights of `role`: is it, inherits from it, or is a superuser.
pub fn acts_for(role: u32) -> bool {
    role::has_rights_of(role::current(), role)
}

/// Whether the role that acts now reads all rows of the table: it may read it, and no policy keeps any from it.
pub fn may_read_all(table: u32) -> bool {
    !role::has_policies(table) && role::may(Privilege::Select, table)
}

/// Raises PostgreSQL's own error unless the acting role has the privilege on the table or at least one column, as the
/// server checks it for a query.
pub fn require(privilege: Privilege, table: u32, table_name: &str) -> Result<()> {
    let is_granted = role::may(privilege, table) || role::may_some_column(privilege, table);
    granted(is_granted, table_name)
}

/// The same for what writes this column.
pub fn require_column(privilege: Privilege, table: u32, column: i16, name: &str) -> Result<()> {
    let is_granted = role::may(privilege, table) || role::may_column(privilege, table, column);
    granted(is_granted, name)
}

fn granted(is_granted: bool, table_name: &str) -> Result<()> {
    match is_granted {
        true => Ok(()),
        false => Err(Error::permission_denied(table_name)),
    }
}
