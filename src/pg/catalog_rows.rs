//! What the server's caches hold of the catalogs' rows: labels, owners and triggers, as of the latest commit.
//!
//! They are read from there and not by a statement: a connection needs them before anything else, and to plan a
//! statement that joins catalogs for the first time takes longer than all the rest of a first call.

use super::{cache, trigger};
use pgrx::pg_sys::{self, Datum, Oid, name_data_to_str};
use std::ffi::c_int;

/// The enum's labels in sort order, each with the OID of its row.
pub fn labels(kind: u32) -> Vec<(String, u32)> {
    let (cache, none) = (pg_sys::SysCacheIdentifier::ENUMTYPOIDNAME, Datum::null());
    // SAFETY: the list of the rows of pg_enum with this first key of the cache, which is given back after it was read.
    let mut found: Vec<_> = unsafe {
        let list = pg_sys::SearchSysCacheList(cache as c_int, 1, Datum::from(kind), none, none);
        let count = usize::try_from((*list).n_members).unwrap_or(0);
        let label = |member: &*mut pg_sys::CatCTup| {
            let row = pg_sys::GETSTRUCT(&raw mut (**member).tuple);
            let form = &*row.cast::<pg_sys::FormData_pg_enum>();
            let label = name_data_to_str(&form.enumlabel).to_owned();
            (form.enumsortorder, label, form.oid.to_u32())
        };
        let found = (*list).members.as_slice(count).iter().map(label).collect();
        pg_sys::ReleaseCatCacheList(list);
        found
    };
    found.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    (found.into_iter())
        .map(|(_, label, oid)| (label, oid))
        .collect()
}

/// One of a table's triggers.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Its function.
    pub function: u32,
    /// What CREATE TRIGGER gave that.
    pub arguments: Vec<String>,
    /// The table at the other end of the foreign key that it is for, 0 where it is for none.
    pub other_table: u32,
    /// Whether the server made it, as for a foreign key.
    pub is_internal: bool,
    /// Whether a partition has it from its table.
    pub is_clone: bool,
    /// Whether it never fires.
    pub is_disabled: bool,
    /// Whether it has a condition, which may call functions too.
    pub has_condition: bool,
    /// Whether it is put off to the commit unless SET CONSTRAINTS says otherwise.
    pub is_deferred: bool,
}

impl Trigger {
    fn of(found: &pg_sys::Trigger) -> Self {
        Trigger {
            function: found.tgfoid.to_u32(),
            arguments: trigger::arguments(found),
            other_table: found.tgconstrrelid.to_u32(),
            is_internal: found.tgisinternal,
            is_clone: found.tgisclone,
            is_disabled: found.tgenabled as u8 == b'D',
            has_condition: !found.tgqual.is_null(),
            is_deferred: found.tginitdeferred,
        }
    }
}

/// The table's triggers; none where there is no such table. The table is not locked, so that nobody waits who only asks whether
/// it is a workspace's.
pub fn triggers(table: u32) -> Vec<Trigger> {
    cache::accept_invalidations();
    // SAFETY: NULL where there is none; else an entry of the server's cache, which stays as it is until it is given back:
    // nothing in between takes in what others have changed. pgrx's panics where there is none.
    unsafe {
        let relation = pg_sys::RelationIdGetRelation(Oid::from(table));
        let Some(open) = relation.as_ref() else {
            return Vec::new();
        };
        let copies = trigger::all(open).iter().map(Trigger::of).collect();
        pg_sys::RelationClose(relation);
        copies
    }
}
