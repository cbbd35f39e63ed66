//! Locks on tables, types and schemas, until the transaction ends.

use pgrx::pg_sys::{self, LOCKMODE, Oid};

/// What a lock on a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// As SELECT takes it.
    Reading = pg_sys::AccessShareLock as isize,
    /// As INSERT, UPDATE and DELETE take it.
    Writing = pg_sys::RowExclusiveLock as isize,
    /// One session at a time, without keeping anybody from writing. SQL gives it to those only who may write the table.
    Alone = pg_sys::ShareUpdateExclusiveLock as isize,
    /// As CREATE TRIGGER takes it: nobody writes meanwhile, nor makes a trigger.
    Defining = pg_sys::ShareRowExclusiveLock as isize,
    /// Nobody else uses it.
    Changing = pg_sys::AccessExclusiveLock as isize,
}

asks! {
    /// Takes a lock as statements do; what others have changed meanwhile is taken in. Unlike LOCK TABLE it locks a view alone,
    /// and not what the view reads. pgrx's locks what it has opened, and lets go with it.
    pub fn table(table: u32, purpose: Purpose) = unsafe {
        pg_sys::LockRelationOid(Oid::from(table), purpose as LOCKMODE)
    };

    fn object(catalog: Oid, oid: u32, part: u16, mode: u32) = unsafe {
        pg_sys::LockDatabaseObject(catalog, Oid::from(oid), part, mode as LOCKMODE)
    };
}

/// Keeps a type from being dropped.
pub fn kind(kind: u32) {
    object(pg_sys::TypeRelationId, kind, 0, pg_sys::AccessShareLock);
}

/// Keeps a schema from being dropped, and from being renamed in minor releases that lock it for that.
pub fn schema(schema: u32) {
    object(
        pg_sys::NamespaceRelationId,
        schema,
        0,
        pg_sys::AccessShareLock,
    );
}

/// A lock that is ours alone, one session's at a time. It is one of this database on an object of pg_database, whose objects all
/// belong to no database: nothing that SQL offers can take it, nor hold it against us.
pub fn ours(key: u32, part: u16) {
    object(pg_sys::DatabaseRelationId, key, part, pg_sys::ExclusiveLock);
}
