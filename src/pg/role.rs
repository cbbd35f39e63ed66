//! Roles: who acts, with whose rights, and what they may do.

use super::catalog;
use pgrx::pg_sys::{self, AclMode, AclResult::ACLCHECK_OK, Oid};
use std::cell::Cell;

/// Acts with another role's rights until dropped, as foreign-key checks do.
///
/// Inside, SET ROLE and SET SESSION AUTHORIZATION are refused, so nothing that the owner planted can
/// get back to the caller's rights; FORCE ROW LEVEL SECURITY does not hide rows from the rules. Where a
/// superuser works on the table of somebody who is none, what is put off to the commit is refused as well:
/// deferred triggers, which before PostgreSQL 18 would run with the superuser's rights, and held cursors.
pub struct Rights {
    /// Who acted, in what context, and what [`BEFORE`] was; nothing where nothing was switched.
    former: Option<(Oid, u32, Option<Oid>)>,
}

thread_local! {
    /// Who acted before the outermost switch.
    static BEFORE: Cell<Option<Oid>> = const { Cell::new(None) };
}

asks! {
    /// Who acts, and in what security context.
    fn acting() -> (Oid, u32) = unsafe {
        let (mut user, mut context) = (Oid::INVALID, 0);
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        (user, context as u32)
    };

    /// `Rights` puts back what was there, and so does (sub)transaction abort where an error unwinds.
    fn act(user: Oid, context: u32) = unsafe { pg_sys::SetUserIdAndSecContext(user, context as i32) };

    /// Whether the role is a superuser.
    pub fn is_superuser(role: u32) -> bool = unsafe { pg_sys::superuser_arg(Oid::from(role)) };

    /// The OID of the role that the session was opened as.
    pub fn session() -> u32 = unsafe { pg_sys::GetSessionUserId().to_u32() };

    /// The role of this name.
    pub fn by_name(name: &str) -> Option<u32> = unsafe {
        catalog::some(pg_sys::get_role_oid(catalog::c_name(name).as_ptr(), true))
    };

    /// Whether one role has the rights of another: is it, inherits from it, or is a superuser.
    pub fn has_rights_of(one: u32, other: u32) -> bool = unsafe {
        pg_sys::has_privs_of_role(Oid::from(one), Oid::from(other))
    };

    /// Whether the acting role has the privilege on the whole table.
    pub fn may(privilege: Privilege, table: u32) -> bool = unsafe {
        pg_sys::pg_class_aclcheck(Oid::from(table), acting().0, privilege as AclMode) == ACLCHECK_OK
    };

    /// Whether it has it on this column.
    pub fn may_column(privilege: Privilege, table: u32, column: i16) -> bool = unsafe {
        pg_sys::pg_attribute_aclcheck(Oid::from(table), column, acting().0, privilege as AclMode) == ACLCHECK_OK
    };

    /// Whether it has it on at least one column.
    pub fn may_some_column(privilege: Privilege, table: u32) -> bool = unsafe {
        let (mode, any) = (privilege as AclMode, pg_sys::AclMaskHow::ACLMASK_ANY);
        pg_sys::pg_attribute_aclcheck_all(Oid::from(table), acting().0, mode, any) == ACLCHECK_OK
    };

    /// Whether policies of the table say which rows the acting role may see.
    pub fn has_policies(table: u32) -> bool = unsafe {
        let enabled = pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32;
        pg_sys::check_enable_rls(Oid::from(table), Oid::INVALID, true) == enabled
    };
}

impl Rights {
    /// Switches to the role; a no-op where it acts already.
    pub fn of(role: u32) -> Self {
        let (user, context) = acting();
        let is_there = user == Oid::from(role);
        if is_there && is_switched() {
            return Rights { former: None };
        }
        let mut wanted =
            context | pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_NOFORCE_RLS;
        if !is_there && is_superuser(user.to_u32()) && !is_superuser(role) {
            wanted |= pg_sys::SECURITY_RESTRICTED_OPERATION;
        }
        act(Oid::from(role), wanted);
        let before = BEFORE.get();
        BEFORE.set(before.or(Some(user)));
        let former = Some((user, context, before));
        Rights { former }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        if let Some((user, context, before)) = self.former {
            act(user, context);
            BEFORE.set(before);
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

/// The OID of the role that acts now.
pub fn current() -> u32 {
    acting().0.to_u32()
}

/// The role's name.
pub fn name(role: u32) -> String {
    catalog::role_name(role).unwrap_or_default()
}

/// The OID of the role that acts, after SET ROLE and before any switch of ours to the owner's rights.
pub fn before_switch() -> u32 {
    BEFORE.get().map_or_else(current, Oid::to_u32)
}

/// A privilege on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// SELECT
    Select = pg_sys::ACL_SELECT as isize,
    /// INSERT
    Insert = pg_sys::ACL_INSERT as isize,
    /// UPDATE
    Update = pg_sys::ACL_UPDATE as isize,
}
