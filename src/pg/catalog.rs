//! Look-ups in the system catalogs by the server's own caches.

use pgrx::pg_sys::{self, Datum, Oid, name_data_to_str};
use std::ffi::{CStr, CString, c_char, c_int};

/// A copy of a text of the server's, or none where it gave none.
///
/// # Safety
/// Null, or ends with a NUL.
pub(super) unsafe fn owned(text: *const c_char) -> Option<String> {
    // SAFETY: as the caller says.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() })
}

pub(super) fn some(oid: Oid) -> Option<u32> {
    (oid != Oid::INVALID).then(|| oid.to_u32())
}

/// The catalogs whose rows are looked up by OID, each with its cache.
trait Cached {
    const CACHE: pg_sys::SysCacheIdentifier::Type;
}

/// A row of a catalog by its OID, of which `read` takes what it needs; nothing where there is none.
fn by_oid<T: Cached, R>(oid: u32, read: impl FnOnce(&T) -> R) -> Option<R> {
    // SAFETY: NULL where there is none; else a row that begins with a `T`, as said below, given back after it was read.
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

fn copy(name: &pg_sys::NameData) -> String {
    name_data_to_str(name).to_owned()
}

macro_rules! found {
    ($($row:ident in $cache:ident { $($(#[$doc:meta])* $name:ident: $kind:ty = |$of:ident| $found:expr;)* })*) => {$(
        impl Cached for pg_sys::$row {
            const CACHE: pg_sys::SysCacheIdentifier::Type = pg_sys::SysCacheIdentifier::$cache;
        }
        $(
            $(#[$doc])*
            pub fn $name(oid: u32) -> Option<$kind> {
                by_oid(oid, |$of: &pg_sys::$row| $found)
            }
        )*
    )*};
}

found! {
    FormData_pg_class in RELOID {
        /// What pg_class says of the relation.
        relation: Relation = |row| Relation {
            owner: row.relowner.to_u32(),
            kind: row.relkind as u8,
            has_children: row.relhassubclass,
        };
        /// The relation's owner.
        owner_of: u32 = |row| row.relowner.to_u32();
        /// The relation's schema.
        schema_of: u32 = |row| row.relnamespace.to_u32();
        /// The relation's name.
        name_of: String = |row| copy(&row.relname);
    }
    FormData_pg_namespace in NAMESPACEOID {
        /// The schema's name.
        schema_name: String = |row| copy(&row.nspname);
        /// The schema's owner.
        schema_owner: u32 = |row| row.nspowner.to_u32();
    }
    FormData_pg_type in TYPEOID {
        /// The type's owner.
        type_owner: u32 = |row| row.typowner.to_u32();
        /// The type of arrays of the type.
        array_of: Oid = |row| row.typarray;
    }
    FormData_pg_enum in ENUMOID {
        /// The enum that this is a value of.
        enum_of: Oid = |row| row.enumtypid;
    }
    FormData_pg_proc in PROCOID {
        /// The function's owner.
        function_owner: u32 = |row| row.proowner.to_u32();
        /// The function's name.
        function_name: String = |row| copy(&row.proname);
    }
    FormData_pg_authid in AUTHOID {
        /// The role's name.
        role_name: String = |row| copy(&row.rolname);
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

/// The schemas on the search_path that are there and that the role may use, in their order; a temporary one is not
/// among them.
pub fn schemas_on_search_path() -> Vec<u32> {
    let mut schemas = Vec::new();
    loop {
        let room = c_int::try_from(schemas.len()).unwrap_or(c_int::MAX);
        // SAFETY: writes at most as many as there is room for, and gives how many there are.
        let count = unsafe { pg_sys::fetch_search_path_array(schemas.as_mut_ptr(), room) };
        schemas.resize(usize::try_from(count).unwrap_or(0), Oid::INVALID);
        if count <= room {
            return schemas.into_iter().map(Oid::to_u32).collect();
        }
    }
}

/// The OID of the server's own schema.
pub const PG_CATALOG: u32 = pg_sys::PG_CATALOG_NAMESPACE;

/// The text as the server's look-ups take a name. No name has a NUL, so with one there is nothing to be found.
pub(super) fn c_name(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

asks! {
    /// The search_path setting, as the user wrote it.
    pub fn search_path() -> String = unsafe { owned(pg_sys::namespace_search_path).unwrap_or_default() };

    /// The schema of the session's temporary objects, 0 where it has made none yet.
    pub fn temporary_schema() -> u32 = unsafe {
        let (mut schema, mut toast) = (Oid::INVALID, Oid::INVALID);
        pg_sys::GetTempNamespaceState(&mut schema, &mut toast);
        schema.to_u32()
    };

    /// Whether the schema is one for temporary objects, this session's or another's.
    pub fn is_temporary(schema: u32) -> bool = unsafe { pg_sys::isAnyTempNamespace(Oid::from(schema)) };

    /// The schema of this name.
    pub fn schema_by_name(name: &str) -> Option<u32> = unsafe {
        some(pg_sys::get_namespace_oid(c_name(name).as_ptr(), true))
    };

    /// The table of this name in the schema.
    pub fn table_in(schema: u32, name: &str) -> Option<u32> = unsafe {
        some(pg_sys::get_relname_relid(c_name(name).as_ptr(), Oid::from(schema)))
    };

    /// Whether the table is a partition.
    pub fn is_partition(table: u32) -> bool = unsafe { pg_sys::get_rel_relispartition(Oid::from(table)) };

    /// The number of the table's column of this name, unless it is one that every table has.
    pub fn column(table: u32, name: &str) -> Option<i16> = unsafe {
        let number = pg_sys::get_attnum(Oid::from(table), c_name(name).as_ptr());
        (number > 0).then_some(number)
    };

    /// The name of the table's column.
    pub fn column_name(table: u32, column: i16) -> Option<String> = unsafe {
        owned(pg_sys::get_attname(Oid::from(table), column, true))
    };

    /// The type of the table's column.
    pub fn column_type(table: u32, column: i16) -> Option<u32> = unsafe {
        some(pg_sys::get_atttype(Oid::from(table), column))
    };

    /// Whether the type is an enum.
    pub fn is_enum(kind: u32) -> bool = unsafe { pg_sys::type_is_enum(Oid::from(kind)) };

    /// The type's name, as SQL has it.
    pub(super) fn type_name(kind: Oid) -> String = unsafe { owned(pg_sys::format_type_be(kind)).unwrap_or_default() };

    /// Whether values of the one type are stored as those of the other, as times are as numbers.
    pub(super) fn is_stored_as(found: Oid, kind: Oid) -> bool = unsafe { pg_sys::IsBinaryCoercible(found, kind) || [found, kind] == [pg_sys::TIMESTAMPTZOID, pg_sys::INT8OID] };

    /// The extension of this name.
    pub fn extension(name: &str) -> Option<u32> = unsafe {
        some(pg_sys::get_extension_oid(c_name(name).as_ptr(), true))
    };

    /// The extension that the function is a member of.
    pub fn extension_of_function(function: u32) -> Option<u32> = unsafe {
        some(pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, Oid::from(function)))
    };
}
