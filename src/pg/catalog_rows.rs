//! What the server's caches hold of the catalogs' rows: labels, owners and triggers, as of the latest commit.
//!
//! They are read from there and not by a statement: a connection needs them before anything else, and to plan a
//! statement that joins catalogs for the first time takes longer than all the rest of a first call.

use super::{cache, catalog, trigger};
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

/// A trigger, as far as it matters whose code it runs and when.
#[derive(Debug, Clone, Copy)]
pub struct Trigger {
    /// The owner of its function; none for one that the server made, as for a foreign key.
    pub function_owner: Option<u32>,
    /// Whether it has a condition, which may call functions too.
    pub has_condition: bool,
    /// Whether it is put off to the commit unless SET CONSTRAINTS says otherwise.
    pub is_deferred: bool,
}

/// What `copy` takes of each of the table's triggers; nothing where there is no such table. The table is not locked, so that
/// nobody waits who only asks whether it is a workspace's.
fn copied_triggers<T>(table: u32, copy: impl Fn(&pg_sys::Trigger) -> T) -> Vec<T> {
    cache::accept_invalidations();
    // SAFETY: NULL where there is none; else an entry of the server's cache, which stays as it is until it is given back:
    // nothing in between takes in what others have changed. pgrx's panics where there is none.
    unsafe {
        let relation = pg_sys::RelationIdGetRelation(Oid::from(table));
        let Some(open) = relation.as_ref() else {
            return Vec::new();
        };
        let copies = trigger::all(open).iter().map(copy).collect();
        pg_sys::RelationClose(relation);
        copies
    }
}

/// The arguments of the table's trigger that runs the extension's function of this name; nothing where there is none.
pub fn trigger_arguments(table: u32, function: &str) -> Option<Vec<String>> {
    let copy = |one: &pg_sys::Trigger| (one.tgisclone, one.tgfoid, trigger::arguments(one));
    let (.., arguments) = copied_triggers(table, copy)
        .into_iter()
        // One that a partition has from its table says nothing of the partition's own schema.
        .find(|(is_clone, of, _)| !is_clone && catalog::is_own_function(of.to_u32(), function))?;
    Some(arguments)
}

/// The table's triggers, but for those that are disabled.
pub fn triggers(table: u32) -> Vec<Trigger> {
    let mut found = copied_triggers(table, |one| *one);
    found.retain(|one| one.tgenabled as u8 != b'D');
    let owner = |one: &pg_sys::Trigger| catalog::function_owner(one.tgfoid.to_u32()).unwrap_or(0);
    let describe = |one: &pg_sys::Trigger| Trigger {
        function_owner: (!one.tgisinternal).then(|| owner(one)),
        has_condition: !one.tgqual.is_null(),
        is_deferred: one.tginitdeferred,
    };
    found.iter().map(describe).collect()
}

/// The tables at the other end of foreign keys, whether the table refers to them or they to it.
pub fn related(table: u32) -> Vec<u32> {
    let other = |one: &pg_sys::Trigger| (one.tgisinternal, one.tgconstrrelid.to_u32());
    let mut tables: Vec<u32> = (copied_triggers(table, other).into_iter())
        .filter_map(|(is_internal, other)| (is_internal && other != 0).then_some(other))
        .collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}
