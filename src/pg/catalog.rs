//! Look-ups in the system catalogs by the server's own caches.

use super::value::Type;
use pgrx::pg_sys::{self, Oid};
use std::ffi::{CStr, CString};

fn owned(name: *mut std::ffi::c_char) -> Option<String> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and the server's look-up functions give NUL-terminated copies.
    Some(
        unsafe { CStr::from_ptr(name) }
            .to_string_lossy()
            .into_owned(),
    )
}

fn some(oid: Oid) -> Option<u32> {
    (oid != Oid::INVALID).then(|| oid.to_u32())
}

/// The schemas on the search_path that are there and that the role may use, in their order; a temporary one is not
/// among them.
pub fn schemas_on_search_path() -> Vec<u32> {
    let mut schemas = vec![Oid::INVALID; 16];
    loop {
        let room = i32::try_from(schemas.len()).unwrap_or(i32::MAX);
        // SAFETY: writes at most as many as there is room for, and gives how many there are.
        let count = unsafe { pg_sys::fetch_search_path_array(schemas.as_mut_ptr(), room) };
        let is_all = count <= room;
        schemas.resize(usize::try_from(count).unwrap_or(0), Oid::INVALID);
        if is_all {
            return schemas.into_iter().map(Oid::to_u32).collect();
        }
    }
}

/// Whether the schema is one for temporary objects, this session's or another's.
pub fn is_temporary(schema: u32) -> bool {
    // SAFETY: a syscache look-up by OID; false where there is no such schema.
    unsafe { pg_sys::isAnyTempNamespace(Oid::from(schema)) }
}

/// Whether the table is a partition.
pub fn is_partition(table: u32) -> bool {
    // SAFETY: a syscache look-up by OID; false where there is no such table.
    unsafe { pg_sys::get_rel_relispartition(Oid::from(table)) }
}

/// Whether the extension of this name is there.
pub fn has_extension(name: &CStr) -> bool {
    // SAFETY: a NUL-terminated name; with missing_ok an unknown one gives InvalidOid.
    unsafe { pg_sys::get_extension_oid(name.as_ptr(), true) != Oid::INVALID }
}

/// The table's schema.
pub fn schema_of(table: u32) -> Option<u32> {
    // SAFETY: a syscache look-up by OID; gives InvalidOid where there is none.
    some(unsafe { pg_sys::get_rel_namespace(Oid::from(table)) })
}

/// The table's name with that of its schema; nothing where there is no such table.
pub fn full_name(table: u32) -> Option<String> {
    // SAFETY: a syscache look-up by OID; gives NULL where there is none.
    let name = owned(unsafe { pg_sys::get_rel_name(Oid::from(table)) })?;
    let schema = schema_of(table).and_then(schema_name)?;
    Some(format!("{schema}.{name}"))
}

/// The schema's name.
pub fn schema_name(schema: u32) -> Option<String> {
    // SAFETY: a syscache look-up by OID; gives NULL where there is none.
    owned(unsafe { pg_sys::get_namespace_name(Oid::from(schema)) })
}

/// The schema of this name.
pub fn schema_by_name(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: with missing_ok an unknown name gives InvalidOid.
    some(unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) })
}

/// The table of this name in the schema.
pub fn table_in(schema: u32, name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a syscache look-up; gives InvalidOid where there is none.
    some(unsafe { pg_sys::get_relname_relid(name.as_ptr(), Oid::from(schema)) })
}

/// The search_path setting, as the user wrote it.
pub fn search_path() -> String {
    // SAFETY: reads a server global that is always a NUL-terminated string.
    owned(unsafe { pg_sys::namespace_search_path }).unwrap_or_default()
}

/// Whether the database's encoding is UTF8, the only one that Rust's strings can carry.
pub fn is_utf8_database() -> bool {
    // SAFETY: reads a server global.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// The number of the table's column of this name.
pub fn column(table: u32, name: &str) -> Option<i16> {
    let name = CString::new(name).ok()?;
    // SAFETY: a syscache look-up; gives 0 where there is none.
    let number = unsafe { pg_sys::get_attnum(Oid::from(table), name.as_ptr()) };
    (number > 0).then_some(number)
}

/// Whether the type is an enum.
pub fn is_enum(kind: u32) -> bool {
    // SAFETY: a syscache look-up; false where there is no such type.
    unsafe { pg_sys::type_is_enum(Oid::from(kind)) }
}

/// Whether the table's column has the type, or one that is read like it: varchar like text, any enum like a phase.
pub fn column_is(table: u32, column: i16, kind: Type) -> bool {
    let Some(found) = column_type(table, column) else {
        return false;
    };
    match kind {
        Type::Phase => is_enum(found),
        Type::Text => found == kind.oid(0).to_u32() || Oid::from(found) == pg_sys::VARCHAROID,
        _ => found == kind.oid(0).to_u32(),
    }
}

/// The type of the table's column.
pub fn column_type(table: u32, column: i16) -> Option<u32> {
    // SAFETY: a syscache look-up; gives InvalidOid where there is none.
    some(unsafe { pg_sys::get_atttype(Oid::from(table), column) })
}

/// Whether this is one of the extension's functions: a member of it, whatever schema that is in and whoever put others
/// there.
pub fn is_own(function: u32) -> bool {
    // SAFETY: catalog look-ups; a function that is no member, or an extension that is not there, gives InvalidOid.
    unsafe {
        let extension =
            pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, Oid::from(function));
        extension != Oid::INVALID
            && extension == pg_sys::get_extension_oid(c"phasegate".as_ptr(), true)
    }
}

/// Whether this is the extension's function of that name.
pub fn is_own_function(function: u32, name: &str) -> bool {
    // SAFETY: a syscache look-up by OID; NULL where there is no such function.
    let found = owned(unsafe { pg_sys::get_func_name(Oid::from(function)) });
    found.as_deref() == Some(name) && is_own(function)
}
