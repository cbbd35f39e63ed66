//! Look-ups in the system catalogs by the server's own caches.

use super::value::Type;
use crate::error::Error;
use pgrx::pg_sys::{self, Datum, FormData_pg_attribute, Oid, name_data_to_str};
use std::ffi::{CStr, CString, c_char, c_int};

/// A copy of a text of the server's, or none where it gave none.
///
/// # Safety
/// Null, or ends with a NUL.
pub(super) unsafe fn owned(text: *const c_char) -> Option<String> {
    // SAFETY: as the caller says.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() })
}

fn some(oid: Oid) -> Option<u32> {
    (oid != Oid::INVALID).then(|| oid.to_u32())
}

/// The catalogs whose rows are looked up by OID, each with its cache.
pub(super) trait Cached {
    const CACHE: pg_sys::SysCacheIdentifier::Type;
}

macro_rules! cached {
    ($($row:ident: $cache:ident;)*) => {$(
        impl Cached for pg_sys::$row {
            const CACHE: pg_sys::SysCacheIdentifier::Type = pg_sys::SysCacheIdentifier::$cache;
        }
    )*};
}

cached! {
    FormData_pg_authid: AUTHOID;
    FormData_pg_class: RELOID;
    FormData_pg_database: DATABASEOID;
    FormData_pg_enum: ENUMOID;
    FormData_pg_namespace: NAMESPACEOID;
    FormData_pg_proc: PROCOID;
    FormData_pg_type: TYPEOID;
}

/// A row of a catalog by its OID, of which `read` takes what it needs; nothing where there is none.
pub(super) fn by_oid<T: Cached, R>(oid: u32, read: impl FnOnce(&T) -> R) -> Option<R> {
    // SAFETY: NULL where there is none; else a row that begins with a `T`, as said above, given back after it was read.
    unsafe {
        let row = pg_sys::SearchSysCache1(T::CACHE as c_int, Datum::from(oid));
        if row.is_null() {
            return None;
        }
        let found = read(&*pg_sys::GETSTRUCT(row).cast::<T>());
        pg_sys::ReleaseSysCache(row);
        Some(found)
    }
}

macro_rules! found {
    ($($(#[$doc:meta])* $name:ident: $row:ident, $kind:ty, |$of:ident| $found:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(oid: u32) -> Option<$kind> {
            by_oid(oid, |$of: &pg_sys::$row| $found)
        }
    )*};
}

found! {
    /// The relation's owner.
    owner_of: FormData_pg_class, u32, |row| row.relowner.to_u32();
    /// The relation's schema.
    schema_of: FormData_pg_class, u32, |row| row.relnamespace.to_u32();
    /// The schema's name.
    schema_name: FormData_pg_namespace, String, |row| name_data_to_str(&row.nspname).to_owned();
    /// The type's owner.
    type_owner: FormData_pg_type, u32, |row| row.typowner.to_u32();
    /// The type of arrays of the type.
    array_of: FormData_pg_type, Oid, |row| row.typarray;
    /// The function's owner.
    function_owner: FormData_pg_proc, u32, |row| row.proowner.to_u32();
    /// The database's owner.
    database_owner: FormData_pg_database, u32, |row| row.datdba.to_u32();
    /// The role's name.
    role_name: FormData_pg_authid, String, |row| name_data_to_str(&row.rolname).to_owned();
}

/// Whether the table is a partition.
pub fn is_partition(table: u32) -> bool {
    by_oid(table, |row: &pg_sys::FormData_pg_class| row.relispartition) == Some(true)
}

/// Whether the type is an enum.
pub fn is_enum(kind: u32) -> bool {
    by_oid(kind, |row: &pg_sys::FormData_pg_type| row.typtype as u8) == Some(pg_sys::TYPTYPE_ENUM)
}

/// Whether this is the OID of one of the enum's values.
pub(super) fn is_value_of(value: u32, kind: Oid) -> bool {
    by_oid(value, |row: &pg_sys::FormData_pg_enum| row.enumtypid) == Some(kind)
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

/// The search_path setting, as the user wrote it.
pub fn search_path() -> String {
    // SAFETY: reads a server global that is always a NUL-terminated string.
    unsafe { owned(pg_sys::namespace_search_path) }.unwrap_or_default()
}

/// Whether the database's encoding is UTF8, the only one that Rust's strings can carry.
pub fn is_utf8_database() -> bool {
    // SAFETY: reads a server global.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// Whether the schema is one for temporary objects, this session's or another's.
pub fn is_temporary(schema: u32) -> bool {
    // SAFETY: a syscache look-up by OID; false where there is no such schema.
    unsafe { pg_sys::isAnyTempNamespace(Oid::from(schema)) }
}

/// The table's name with that of its schema; nothing where there is no such table.
pub fn full_name(table: u32) -> Option<String> {
    let schema = schema_of(table).and_then(schema_name)?;
    by_oid(table, |row: &pg_sys::FormData_pg_class| {
        format!("{schema}.{}", name_data_to_str(&row.relname))
    })
}

/// The schema of this name.
pub fn schema_by_name(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a NUL-terminated name; with missing_ok an unknown one gives InvalidOid.
    some(unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) })
}

/// The table of this name in the schema.
pub fn table_in(schema: u32, name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a syscache look-up; gives InvalidOid where there is none.
    some(unsafe { pg_sys::get_relname_relid(name.as_ptr(), Oid::from(schema)) })
}

/// The number of the table's column of this name.
pub fn column(table: u32, name: &str) -> Option<i16> {
    let name = CString::new(name).ok()?;
    // SAFETY: a syscache look-up; gives 0 where there is none.
    let number = unsafe { pg_sys::get_attnum(Oid::from(table), name.as_ptr()) };
    (number > 0).then_some(number)
}

/// The type of the table's column.
pub fn column_type(table: u32, column: i16) -> Option<u32> {
    // SAFETY: a syscache look-up; gives InvalidOid where there is none.
    some(unsafe { pg_sys::get_atttype(Oid::from(table), column) })
}

/// Whether the table's column has the type, or one that is read like it: varchar like text, any enum like a phase.
pub fn column_is(table: u32, column: i16, kind: Type) -> bool {
    column_type(table, column).is_some_and(|found| match kind {
        Type::Phase => is_enum(found),
        Type::Text => [pg_sys::TEXTOID, pg_sys::VARCHAROID].contains(&Oid::from(found)),
        _ => Oid::from(found) == kind.oid(0),
    })
}

/// Whether values of the type are stored as those of one of the others.
pub(super) fn is_stored_as(found: Oid, kinds: &[Oid]) -> bool {
    kinds.contains(&found)
        // SAFETY: looks into the catalogs by their caches.
        || (kinds.iter()).any(|kind| unsafe { pg_sys::IsBinaryCoercible(found, *kind) })
}

/// The type's name, as SQL has it.
pub(super) fn type_name(kind: Oid) -> String {
    // SAFETY: looks into the catalogs; gives a text for any OID.
    unsafe { owned(pg_sys::format_type_be(kind)) }.unwrap_or_default()
}

/// Whether the extension of this name is there.
pub fn has_extension(name: &CStr) -> bool {
    extension(name) != Oid::INVALID
}

fn extension(name: &CStr) -> Oid {
    // SAFETY: a NUL-terminated name; with missing_ok an unknown one gives InvalidOid.
    unsafe { pg_sys::get_extension_oid(name.as_ptr(), true) }
}

/// Whether this is the extension's function of that name: a member of it, whatever schema that is in and whoever put
/// others there.
pub(super) fn is_own_function(function: Oid, name: &str) -> bool {
    let is_named = |row: &pg_sys::FormData_pg_proc| name_data_to_str(&row.proname) == name;
    if !by_oid(function.to_u32(), is_named).unwrap_or(false) {
        return false;
    }
    // SAFETY: a catalog look-up; a function that is no member gives InvalidOid.
    let of = unsafe { pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, function) };
    of != Oid::INVALID && of == extension(c"phasegate")
}

/// The error about a column that is none of these types, or that there is not.
pub(super) fn not_of(found: Option<&FormData_pg_attribute>, kinds: &[Oid]) -> Error {
    wrong_type(
        found,
        &kinds
            .first()
            .map_or_else(String::new, |kind| type_name(*kind)),
    )
}

/// The same, with words for what is needed.
pub(super) fn wrong_type(found: Option<&FormData_pg_attribute>, needed: &str) -> Error {
    let found = found.map(|found| (found.name(), type_name(found.atttypid)));
    Error::wrong_column(found, needed)
}
