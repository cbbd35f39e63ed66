//! Roles: who acts, with whose rights, and what they may do.

use super::error::Result;
use super::settings;
use crate::error::{Code, Error};
use pgrx::pg_sys::{self, Oid};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString};

/// Acts with another role's rights until dropped, as foreign-key checks do.
///
/// Inside, SET ROLE and SET SESSION AUTHORIZATION are refused, so nothing that the owner planted can
/// get back to the caller's rights; FORCE ROW LEVEL SECURITY does not hide rows from the rules. Where a
/// superuser works on the table of somebody who is none, what is put off to the commit is refused as well:
/// deferred triggers, which before PostgreSQL 18 would run with the superuser's rights, and held cursors.
pub struct Rights {
    former: Option<(Oid, i32)>,
    /// Whether no other switch is around this one.
    is_outermost: bool,
}

thread_local! {
    /// Who acted before the outermost switch.
    static BEFORE: Cell<Option<Oid>> = const { Cell::new(None) };
}

impl Rights {
    /// Switches to the role; a no-op where it acts already.
    pub fn of(role: u32) -> Self {
        let role = Oid::from(role);
        let mut user = Oid::INVALID;
        let mut context = 0;
        // SAFETY: reads and writes two server globals; the former values are put back on drop, and by
        // (sub)transaction abort where an error unwinds.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
            let mut wanted = context
                | (pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_NOFORCE_RLS) as i32;
            if user != role && pg_sys::superuser_arg(user) && !pg_sys::superuser_arg(role) {
                wanted |= pg_sys::SECURITY_RESTRICTED_OPERATION as i32;
            }
            if user == role && context & pg_sys::SECURITY_NOFORCE_RLS as i32 != 0 {
                return Rights {
                    former: None,
                    is_outermost: false,
                };
            }
            pg_sys::SetUserIdAndSecContext(role, wanted);
        }
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

/// Whether what runs now runs with rights that [`Rights`] switched to.
pub fn is_switched() -> bool {
    let mut user = Oid::INVALID;
    let mut context = 0;
    // SAFETY: reads two server globals.
    unsafe { pg_sys::GetUserIdAndSecContext(&mut user, &mut context) };
    context & pg_sys::SECURITY_NOFORCE_RLS as i32 != 0
}

/// Whether what runs now may leave nothing behind for the commit, as where [`Rights`] takes a superuser's place.
pub fn is_restricted() -> bool {
    // SAFETY: reads a server global.
    unsafe { pg_sys::InSecurityRestrictedOperation() }
}

/// Whether the role is a superuser.
pub fn is_superuser(role: u32) -> bool {
    // SAFETY: a syscache look-up by OID; false where there is no such role.
    unsafe { pg_sys::superuser_arg(Oid::from(role)) }
}

impl Drop for Rights {
    fn drop(&mut self) {
        if let Some((user, context)) = self.former {
            // SAFETY: puts back what `of` found.
            unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
        }
        if self.is_outermost {
            BEFORE.set(None);
        }
    }
}

/// Whether the role that acts now reads all rows of the table: it may read it, and no policy keeps any from it.
pub fn may_read_all(table: u32) -> bool {
    let table = Oid::from(table);
    // SAFETY: looks into the catalogs by their caches; told to raise nothing.
    unsafe {
        let policies = pg_sys::check_enable_rls(table, Oid::INVALID, true);
        policies != pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
            && pg_sys::pg_class_aclcheck(
                table,
                pg_sys::GetUserId(),
                pg_sys::ACL_SELECT as pg_sys::AclMode,
            ) == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// The OID of the role that acts now.
pub fn current() -> u32 {
    // SAFETY: reads a server global.
    unsafe { pg_sys::GetUserId().to_u32() }
}

/// The OID of the role that the session was opened as.
pub fn session() -> u32 {
    // SAFETY: reads a server global.
    unsafe { pg_sys::GetSessionUserId().to_u32() }
}

/// The OID of the role of this name, or PostgreSQL's own error where there is none.
pub fn by_name(name: &str) -> Result<u32> {
    let unknown = || {
        Error::new(
            Code::RoleNotFound,
            format!("role \"{name}\" does not exist"),
        )
    };
    let text = CString::new(name).map_err(|_| unknown())?;
    // SAFETY: a NUL-terminated name; with missing_ok an unknown one gives InvalidOid.
    let role = unsafe { pg_sys::get_role_oid(text.as_ptr(), true) };
    if role == Oid::INVALID {
        return Err(unknown());
    }
    Ok(role.to_u32())
}

/// The role's name.
pub fn name(role: u32) -> String {
    // SAFETY: with noerr an unknown role gives NULL; else a palloc'd, NUL-terminated copy.
    unsafe {
        let name = pg_sys::GetUserNameFromId(Oid::from(role), true);
        if name.is_null() {
            return String::new();
        }
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

thread_local! {
    static SESSION: RefCell<Option<(u32, String)>> = const { RefCell::new(None) };
}

/// The name of the role that the session was opened as.
pub fn session_name() -> String {
    let session = session();
    SESSION.with_borrow_mut(|known| match known {
        Some((role, name)) if *role == session => name.clone(),
        _ => {
            let name = name(session);
            *known = Some((session, name.clone()));
            name
        }
    })
}

/// The name of the role that acts, after SET ROLE and before any switch of ours to the owner's rights.
pub fn acting_name() -> String {
    name(BEFORE.get().map_or_else(current, |role| role.to_u32()))
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
    let is_trusted = |one: Oid| {
        // Its only member is the owner of the database.
        let one = if one.to_u32() == pg_sys::ROLE_PG_DATABASE_OWNER {
            super::catalog_rows::database_owner()
        } else {
            one.to_u32()
        };
        has_rights_of(one, role)
    };
    super::catalog_rows::schema_rights(schema).is_some_and(|(owner, grantees)| {
        let may_create = |one: &Oid| {
            let (schema, create) = (Oid::from(schema), pg_sys::ACL_CREATE as pg_sys::AclMode);
            // SAFETY: catalog look-ups by OID; InvalidOid stands for PUBLIC.
            #[cfg(feature = "pg15")]
            let result = unsafe { pg_sys::pg_namespace_aclcheck(schema, *one, create) };
            // SAFETY: as above.
            #[cfg(not(feature = "pg15"))]
            let result = unsafe {
                pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, *one, create)
            };
            result == pg_sys::AclResult::ACLCHECK_OK
        };
        is_trusted(Oid::from(owner))
            && !may_create(&Oid::INVALID)
            && (grantees.into_iter()).filter(may_create).all(is_trusted)
    })
}

/// A privilege on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// SELECT on the table or at least one column.
    Select,
    /// INSERT on the table or at least one column.
    Insert,
}

/// Raises PostgreSQL's own error unless the acting role has the privilege on the table.
pub fn require(privilege: Privilege, table: u32, table_name: &str) -> Result<()> {
    let mode = match privilege {
        Privilege::Select => pg_sys::ACL_SELECT as pg_sys::AclMode,
        Privilege::Insert => pg_sys::ACL_INSERT as pg_sys::AclMode,
    };
    let table = Oid::from(table);
    // SAFETY: catalog look-ups by OID; the check of columns is the one that the server makes for a query.
    let allowed = unsafe {
        let user = pg_sys::GetUserId();
        pg_sys::pg_class_aclcheck(table, user, mode) == pg_sys::AclResult::ACLCHECK_OK
            || pg_sys::pg_attribute_aclcheck_all(table, user, mode, pg_sys::AclMaskHow::ACLMASK_ANY)
                == pg_sys::AclResult::ACLCHECK_OK
    };
    if allowed {
        return Ok(());
    }
    Err(permission_denied(table_name))
}

/// Whether the acting role may update these columns of the table.
pub fn may_update(table: u32, columns: &[i16]) -> bool {
    let mode = pg_sys::ACL_UPDATE as pg_sys::AclMode;
    let table = Oid::from(table);
    // SAFETY: catalog look-ups by OID and column number.
    unsafe {
        let user = pg_sys::GetUserId();
        pg_sys::pg_class_aclcheck(table, user, mode) == pg_sys::AclResult::ACLCHECK_OK
            || columns.iter().all(|column| {
                pg_sys::pg_attribute_aclcheck(table, *column, user, mode)
                    == pg_sys::AclResult::ACLCHECK_OK
            })
    }
}

/// Whether the acting role may update all of the table, as managers and the owner may.
pub fn may_update_all(table: u32) -> bool {
    let mode = pg_sys::ACL_UPDATE as pg_sys::AclMode;
    // SAFETY: a catalog look-up by OID.
    unsafe {
        pg_sys::pg_class_aclcheck(Oid::from(table), pg_sys::GetUserId(), mode)
            == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// Raises PostgreSQL's own error unless the acting role may update the column of the table.
pub fn require_update(table: u32, column: i16, table_name: &str) -> Result<()> {
    if may_update(table, &[column]) {
        return Ok(());
    }
    Err(permission_denied(table_name))
}

/// PostgreSQL's own message.
pub fn permission_denied(table_name: &str) -> Error {
    Error::new(
        Code::PermissionDenied,
        format!("permission denied for table {table_name}"),
    )
}
