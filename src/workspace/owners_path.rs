//! The search_path for what runs with the owner's rights.

use super::run_once;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::value::{Type, Value};
use crate::search_path;
use std::ffi::CString;

/// Whether all who may make objects in the schema have the rights of `owner`. The only member of pg_database_owner is who
/// owns the database.
pub(super) fn is_safe(schema: u32, owner: u32) -> Result<bool> {
    let _session = Session::open()?;
    let rows = run_once(
        "SELECT pg_catalog.bool_and(pg_catalog.pg_has_role(
                    CASE WHEN r.role OPERATOR(pg_catalog.=) 'pg_database_owner'::pg_catalog.regrole::pg_catalog.oid
                         THEN d.datdba ELSE r.role END,
                    $2, 'USAGE'))
           FROM pg_catalog.pg_namespace n
           JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
          CROSS JOIN LATERAL (
                SELECT n.nspowner
                 UNION ALL
                SELECT a.grantee FROM pg_catalog.aclexplode(n.nspacl) a
                 WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE') r (role)
          WHERE n.oid OPERATOR(pg_catalog.=) $1",
        &[
            (Type::Oid, Value::Oid(schema)),
            (Type::Oid, Value::Oid(owner)),
        ],
    )?;
    Ok(rows.first().is_some_and(|row| row.bool(1)))
}

/// The server's own schema, the workspace's where nobody without the owner's rights can make anything in it, and
/// phasegate's; temporary tables last.
#[derive(Debug)]
pub(super) struct OwnersPath {
    /// As the setting has it.
    pub text: CString,
    /// The schemas that are named besides pg_catalog and pg_temp, quoted.
    named: Vec<String>,
}

impl OwnersPath {
    /// With that of the workspace, quoted, where it is safe.
    pub(super) fn new(workspace: Option<&String>) -> Self {
        let named: Vec<String> = (workspace.cloned().into_iter())
            .chain(["phasegate".to_owned()])
            .collect();
        let text = CString::new(search_path::text(&named));
        let text = text.unwrap_or_else(|_| CString::from(c"pg_catalog, pg_temp"));
        OwnersPath { text, named }
    }

    /// Whether names mean the same already, under what the caller has set: the setting need not be changed then, which
    /// costs a look-up of each schema, and again when it is put back.
    pub(super) fn is_in_force(&self) -> bool {
        let set = catalog::search_path();
        set.as_bytes() == self.text.as_bytes()
            || search_path::says(&set, &self.named) && catalog::temporary_schema() == 0
    }
}
