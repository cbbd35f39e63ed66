//! Roles: who acts, with whose rights, and what they may do.

use super::error::Result;
use super::{catalog, catalog_rows};
use crate::error::{Code, Error};
use crate::settings;
use pgrx::pg_sys::{self, AclMode, AclResult::ACLCHECK_OK, Oid};
use std::cell::{Cell, RefCell};
use std::ffi::CString;

/// Acts with another role's rights until dropped, as foreign-key checks do.
///
/// Inside, SET ROLE and SET SESSION AUTHORIZATION are refused, so nothing that the owner planted can
/// get back to the caller's rights; FORCE ROW LEVEL SECURITY does not hide rows from the rules. Where a
/// superuser works on the table of somebody who is none, what is put off to the commit is refused as well:
/// deferred triggers, which before PostgreSQL 18 would run with the superuser's rights, and held cursors.
pub struct Rights {
    former: Option<(Oid, u32)>,
    /// Whether no other switch is around this one.
    is_outermost: bool,
}

thread_local! {
    /// Who acted before the outermost switch.
    static BEFORE: Cell<Option<Oid>> = const { Cell::new(None) };
    static SESSION: RefCell<Option<(u32, String)>> = const { RefCell::new(None) };
}

/// Who acts, and in what security context.
fn acting() -> (Oid, u32) {
    let (mut user, mut context) = (Oid::INVALID, 0);
    // SAFETY: reads two server globals.
    unsafe { pg_sys::GetUserIdAndSecContext(&mut user, &mut context) };
    (user, context as u32)
}

fn act((user, context): (Oid, u32)) {
    // SAFETY: writes two server globals; `Rights` puts back what was there, and so does (sub)transaction abort where an
    // error unwinds.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context as i32) };
}

impl Rights {
    /// Switches to the role; a no-op where it acts already.
    pub fn of(role: u32) -> Self {
        let (user, context) = acting();
        let is_there = user == Oid::from(role);
        if is_there && is_switched() {
            return Rights {
                former: None,
                is_outermost: false,
            };
        }
        let mut wanted =
            context | pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_NOFORCE_RLS;
        if !is_there && is_superuser(user.to_u32()) && !is_superuser(role) {
            wanted |= pg_sys::SECURITY_RESTRICTED_OPERATION;
        }
        act((Oid::from(role), wanted));
        let is_outermost = BEFORE.get().is_none();
        if is_outermost {
            BEFORE.set(Some(user));
        }
        Rights {
            former: Some((user, context)),
            is_outermost,
        }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        if let Some(former) = self.former {
            act(former);
        }
        if self.is_outermost {
            BEFORE.set(None);
        }
    }
}

/// Whether what runs now runs with rights that [`Rights`] switched to.
pub fn is_switched() -> bool {
    acting().1 & pg_sys::SECURITY_NOFORCE_RLS != 0
}

/// Whether what runs now may leave nothing behind for the commit, as where [`Rights`] takes a superuser's place.
pub fn is_restricted() -> bool {
    acting().1 & pg_sys::SECURITY_RESTRICTED_OPERATION != 0
}

/// Whether the role is a superuser.
pub fn is_superuser(role: u32) -> bool {
    // SAFETY: a syscache look-up by OID; false where there is no such role.
    unsafe { pg_sys::superuser_arg(Oid::from(role)) }
}

/// The OID of the role that acts now.
pub fn current() -> u32 {
    acting().0.to_u32()
}

/// The OID of the role that the session was opened as.
pub fn session() -> u32 {
    // SAFETY: reads a server global.
    unsafe { pg_sys::GetSessionUserId().to_u32() }
}

/// The OID of the role of this name, or PostgreSQL's own error where there is none.
pub fn by_name(name: &str) -> Result<u32> {
    // SAFETY: a NUL-terminated name; with missing_ok an unknown one gives InvalidOid.
    let found = CString::new(name).map(|text| unsafe { pg_sys::get_role_oid(text.as_ptr(), true) });
    match found {
        Ok(role) if role != Oid::INVALID => Ok(role.to_u32()),
        _ => {
            let message = format!("role \"{name}\" does not exist");
            Err(Error::new(Code::RoleNotFound, message))
        }
    }
}

/// The role's name.
pub fn name(role: u32) -> String {
    catalog::role_name(role).unwrap_or_default()
}

/// The name of the role that the session was opened as.
pub fn session_name() -> String {
    let session = session();
    SESSION.with_borrow_mut(|known| match known {
        Some((role, name)) if *role == session => name.clone(),
        _ => known.insert((session, name(session))).1.clone(),
    })
}

/// The name of the role that acts, after SET ROLE and before any switch of ours to the owner's rights.
pub fn acting_name() -> String {
    name(BEFORE.get().map_or_else(current, Oid::to_u32))
}

/// Who acts, for the record: the name given, else the setting `phasegate.actor`, else the session's role.
pub fn actor_or(given: Option<String>) -> String {
    given.or_else(settings::actor).unwrap_or_else(session_name)
}

/// Whether the acting role has the rights of `role`: is it, inherits from it, or is a superuser.
pub fn acts_for(role: u32) -> bool {
    has_rights_of(current(), role)
}

/// Whether one role has the rights of another: is it, inherits from it, or is a superuser.
pub fn has_rights_of(one: u32, other: u32) -> bool {
    // SAFETY: catalog look-ups by OID.
    unsafe { pg_sys::has_privs_of_role(Oid::from(one), Oid::from(other)) }
}

/// Whether all who may make objects in the schema have the rights of `role`.
pub fn is_schema_of(role: u32, schema: u32) -> bool {
    let is_trusted = |one: &Oid| match one.to_u32() {
        // Its only member is the owner of the database.
        pg_sys::ROLE_PG_DATABASE_OWNER => has_rights_of(catalog_rows::database_owner(), role),
        one => has_rights_of(one, role),
    };
    let may_create = |one: &Oid| {
        let (schema, create) = (Oid::from(schema), pg_sys::ACL_CREATE as AclMode);
        // SAFETY: a catalog look-up by OID; InvalidOid stands for PUBLIC.
        let result = unsafe {
            #[cfg(feature = "pg15")]
            let result = pg_sys::pg_namespace_aclcheck(schema, *one, create);
            #[cfg(not(feature = "pg15"))]
            let result = pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, *one, create);
            result
        };
        result == ACLCHECK_OK
    };
    catalog_rows::schema_rights(schema).is_some_and(|(owner, named)| {
        is_trusted(&Oid::from(owner))
            && !may_create(&Oid::INVALID)
            && named.iter().filter(|one| may_create(one)).all(is_trusted)
    })
}

/// A privilege on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// SELECT
    Select = pg_sys::ACL_SELECT as isize,
    /// INSERT
    Insert = pg_sys::ACL_INSERT as isize,
}

fn may(mode: u32, table: u32) -> bool {
    // SAFETY: a catalog look-up by OID.
    unsafe {
        pg_sys::pg_class_aclcheck(Oid::from(table), acting().0, mode as AclMode) == ACLCHECK_OK
    }
}

/// Whether the role that acts now reads all rows of the table: it may read it, and no policy keeps any from it.
pub fn may_read_all(table: u32) -> bool {
    // SAFETY: looks into the catalogs by their caches; told to raise nothing.
    let policies = unsafe { pg_sys::check_enable_rls(Oid::from(table), Oid::INVALID, true) };
    policies != pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32 && may(pg_sys::ACL_SELECT, table)
}

/// Raises PostgreSQL's own error unless the acting role has the privilege on the table or at least one column, as the
/// server checks it for a query.
pub fn require(privilege: Privilege, table: u32, table_name: &str) -> Result<()> {
    let (mode, any) = (privilege as u32, pg_sys::AclMaskHow::ACLMASK_ANY);
    // SAFETY: catalog look-ups by OID.
    let may_some = || unsafe {
        let mode = mode as AclMode;
        pg_sys::pg_attribute_aclcheck_all(Oid::from(table), acting().0, mode, any) == ACLCHECK_OK
    };
    match may(mode, table) || may_some() {
        true => Ok(()),
        false => Err(permission_denied(table_name)),
    }
}

/// Whether the acting role may update all of the table, as managers and the owner may.
pub fn may_update_all(table: u32) -> bool {
    may(pg_sys::ACL_UPDATE, table)
}

/// Raises PostgreSQL's own error unless the acting role may update the column of the table.
pub fn require_update(table: u32, column: i16, table_name: &str) -> Result<()> {
    let mode = pg_sys::ACL_UPDATE as AclMode;
    // SAFETY: a catalog look-up by OID and column number.
    let may_column = || unsafe {
        let user = acting().0;
        pg_sys::pg_attribute_aclcheck(Oid::from(table), column, user, mode) == ACLCHECK_OK
    };
    match may(pg_sys::ACL_UPDATE, table) || may_column() {
        true => Ok(()),
        false => Err(permission_denied(table_name)),
    }
}

/// PostgreSQL's own message.
pub fn permission_denied(table_name: &str) -> Error {
    let message = format!("permission denied for table {table_name}");
    Error::new(Code::PermissionDenied, message)
}
