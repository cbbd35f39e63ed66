//! Names that keep their meaning while statements that have them are planned and run.
//!
//! Whoever owns a schema may give its name to another at any moment: what is planned then means the tables of that one, and runs
//! what their owner has put there, with the rights that act. So schemas are held first, from which on they keep their names in
//! minor releases of the server whose ALTER SCHEMA locks them too (15.20 does). Where the owner of the schema has the rights of
//! the workspace's owner there is nothing to be won by it.

use crate::pg::{catalog, lock, role};

/// Holds those of these schemas whose owners do not have the rights of `owner`.
pub(super) fn hold(schemas: impl IntoIterator<Item = u32>, owner: u32) {
    for schema in schemas {
        let is_owners = |of: u32| of == owner || role::has_rights_of(of, owner);
        if !catalog::schema_owner(schema).is_some_and(is_owners) {
            lock::schema(schema);
        }
    }
}
