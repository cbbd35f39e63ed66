//! Rows of the system catalogs that none of the server's own look-up functions gives, as of the latest commit.
//!
//! They are read by index and not by a statement: a connection needs them before anything else, and to plan a
//! statement that joins catalogs for the first time takes longer than all the rest of a first call.

use super::catalog;
use super::value::read;
use pgrx::pg_sys::{self, Datum, HeapTuple, Oid, TupleDesc};
use std::ffi::c_int;

/// Hands over each row of a catalog whose column has this OID, which is the first of an index.
fn each(
    catalog: Oid,
    index: u32,
    column: u32,
    key: u32,
    mut hand_over: impl FnMut(HeapTuple, TupleDesc),
) {
    let mut wanted = pg_sys::ScanKeyData::default();
    // SAFETY: catalog, index and column are the server's own and go together; without a snapshot of ours the scan takes
    // the one for catalogs. What is opened is closed, and where an error passes through abort processing releases it.
    unsafe {
        let lock = pg_sys::AccessShareLock as c_int;
        let equal = pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber;
        let column = i16::try_from(column).unwrap_or(0);
        let is_equal = Oid::from(pg_sys::F_OIDEQ);
        pg_sys::ScanKeyInit(&mut wanted, column, equal, is_equal, Datum::from(key));
        let relation = pg_sys::table_open(catalog, lock);
        let index = Oid::from(index);
        let now = std::ptr::null_mut();
        let scan = pg_sys::systable_beginscan(relation, index, true, now, 1, &mut wanted);
        loop {
            let row = pg_sys::systable_getnext(scan);
            if row.is_null() {
                break;
            }
            hand_over(row, (*relation).rd_att);
        }
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(relation, lock);
    }
}

/// The enum's labels in sort order, each with the OID of its row.
pub fn labels(kind: u32) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    let by = (
        pg_sys::EnumTypIdLabelIndexId,
        pg_sys::Anum_pg_enum_enumtypid,
    );
    each(pg_sys::EnumRelationId, by.0, by.1, kind, |row, _| {
        // SAFETY: a row of pg_enum begins with this; the label is NUL-terminated.
        unsafe {
            let form = &*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_enum>();
            let label = read::name(Datum::from(form.enumlabel.data.as_ptr()));
            found.push((form.enumsortorder, label, form.oid.to_u32()));
        }
    });
    found.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    found
        .into_iter()
        .map(|(_, label, oid)| (label, oid))
        .collect()
}

/// The arguments of the table's trigger that runs the extension's function of this name; nothing where there is none.
pub fn trigger_arguments(table: u32, function: &str) -> Option<Vec<String>> {
    let mut found = None;
    let by = (
        pg_sys::TriggerRelidNameIndexId,
        pg_sys::Anum_pg_trigger_tgrelid,
    );
    each(
        pg_sys::TriggerRelationId,
        by.0,
        by.1,
        table,
        |row, columns| {
            // SAFETY: a row of pg_trigger begins with this; the arguments are a bytea that is never NULL, in which each ends
            // with a NUL.
            unsafe {
                let form = &*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_trigger>();
                // One that a partition has from its table says nothing of the partition's own schema.
                if form.tgparentid != Oid::INVALID
                    || !catalog::is_own_function(form.tgfoid.to_u32(), function)
                {
                    return;
                }
                let mut is_null = false;
                let number = pg_sys::Anum_pg_trigger_tgargs as i32;
                let arguments = pg_sys::heap_getattr(row, number, columns, &mut is_null);
                let count = usize::try_from(form.tgnargs).unwrap_or(0);
                let text = if is_null {
                    String::new()
                } else {
                    read::text(arguments)
                };
                found = Some(text.split('\0').take(count).map(str::to_owned).collect());
            }
        },
    );
    found
}

/// A row of the catalog by its OID, of which `read` takes what it needs; nothing where there is none.
///
/// # Safety
/// Rows of the catalog that the cache is of begin with a `T`.
unsafe fn by_oid<T, R>(
    cache: pg_sys::SysCacheIdentifier::Type,
    oid: u32,
    read: impl FnOnce(&T) -> R,
) -> Option<R> {
    // SAFETY: a syscache look-up by OID; NULL where there is none, else given back after it was read as the caller says.
    unsafe {
        let row = pg_sys::SearchSysCache1(cache as c_int, Datum::from(oid));
        if row.is_null() {
            return None;
        }
        let found = read(&*pg_sys::GETSTRUCT(row).cast::<T>());
        pg_sys::ReleaseSysCache(row);
        Some(found)
    }
}

/// What pg_class says of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    /// Its owner.
    pub owner: u32,
    /// `r`, `p`, `v` and so on.
    pub kind: u8,
    /// Whether it has, or had, partitions or tables that inherit from it.
    pub has_children: bool,
}

/// The relation with this OID.
pub fn relation(oid: u32) -> Option<Relation> {
    let cache = pg_sys::SysCacheIdentifier::RELOID;
    // SAFETY: a row of pg_class begins so.
    unsafe {
        by_oid(cache, oid, |row: &pg_sys::FormData_pg_class| Relation {
            owner: row.relowner.to_u32(),
            kind: row.relkind as u8,
            has_children: row.relhassubclass,
        })
    }
}

/// The type's owner.
pub fn type_owner(oid: u32) -> Option<u32> {
    let cache = pg_sys::SysCacheIdentifier::TYPEOID;
    // SAFETY: a row of pg_type begins so.
    unsafe {
        by_oid(cache, oid, |row: &pg_sys::FormData_pg_type| {
            row.typowner.to_u32()
        })
    }
}

/// The owner of the database.
pub fn database_owner() -> u32 {
    let cache = pg_sys::SysCacheIdentifier::DATABASEOID;
    // SAFETY: reads a server global; a row of pg_database begins so.
    unsafe {
        by_oid(
            cache,
            pg_sys::MyDatabaseId.to_u32(),
            |row: &pg_sys::FormData_pg_database| row.datdba.to_u32(),
        )
    }
    .unwrap_or(0)
}

/// The schema's owner, and the roles that its privileges name.
pub fn schema_rights(schema: u32) -> Option<(u32, Vec<Oid>)> {
    let cache = pg_sys::SysCacheIdentifier::NAMESPACEOID as c_int;
    // SAFETY: a syscache look-up by OID, given back; the attribute is an array of aclitem, or NULL, which is not read
    // then; the members are as many as the function says.
    unsafe {
        let row = pg_sys::SearchSysCache1(cache, Datum::from(schema));
        if row.is_null() {
            return None;
        }
        let owner = (*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_namespace>()).nspowner;
        let mut is_null = true;
        let number = pg_sys::Anum_pg_namespace_nspacl as i16;
        let rights = pg_sys::SysCacheGetAttr(cache, row, number, &mut is_null);
        let mut named = Vec::new();
        if !is_null {
            let mut members = std::ptr::null_mut();
            let rights = pg_sys::pg_detoast_datum(rights.cast_mut_ptr());
            let count = pg_sys::aclmembers(rights.cast(), &mut members);
            named.extend((0..usize::try_from(count).unwrap_or(0)).map(|at| *members.add(at)));
        }
        pg_sys::ReleaseSysCache(row);
        Some((owner.to_u32(), named))
    }
}

/// The function's owner.
fn function_owner(oid: u32) -> Option<u32> {
    let cache = pg_sys::SysCacheIdentifier::PROCOID;
    // SAFETY: a row of pg_proc begins so.
    unsafe {
        by_oid(cache, oid, |row: &pg_sys::FormData_pg_proc| {
            row.proowner.to_u32()
        })
    }
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

/// The table's triggers, but for those that are disabled.
pub fn triggers(table: u32) -> Vec<Trigger> {
    let mut found = Vec::new();
    let by = (
        pg_sys::TriggerRelidNameIndexId,
        pg_sys::Anum_pg_trigger_tgrelid,
    );
    let catalog = pg_sys::TriggerRelationId;
    each(catalog, by.0, by.1, table, |row, columns| {
        // SAFETY: a row of pg_trigger begins so; the condition is only asked whether it is NULL.
        unsafe {
            let form = &*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_trigger>();
            if form.tgenabled as u8 == b'D' {
                return;
            }
            let mut has_none = false;
            let number = pg_sys::Anum_pg_trigger_tgqual as i32;
            pg_sys::heap_getattr(row, number, columns, &mut has_none);
            found.push((
                form.tgisinternal,
                form.tgfoid.to_u32(),
                !has_none,
                form.tginitdeferred,
            ));
        }
    });
    let describe =
        |(is_internal, function, has_condition, is_deferred): (bool, u32, bool, bool)| Trigger {
            function_owner: (!is_internal).then(|| function_owner(function).unwrap_or(0)),
            has_condition,
            is_deferred,
        };
    found.into_iter().map(describe).collect()
}
