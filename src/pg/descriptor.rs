//! Row descriptors: the columns of a tuple.

use crate::error::{Code, Error};
use pgrx::pg_sys::{self, FormData_pg_attribute, Oid};
use std::ffi::CStr;

/// The columns, dropped ones too.
///
/// # Safety
/// The descriptor outlives what is given.
pub(super) unsafe fn attributes<'a>(descriptor: pg_sys::TupleDesc) -> &'a [FormData_pg_attribute] {
    // SAFETY: a descriptor has as many attributes as it says; from version 18 on they stand behind the short ones, of
    // which there are as many.
    unsafe {
        let count = usize::try_from((*descriptor).natts).unwrap_or(0);
        #[cfg(not(feature = "pg18"))]
        let first = (*descriptor).attrs.as_ptr();
        #[cfg(feature = "pg18")]
        let first = (*descriptor).compact_attrs.as_ptr().add(count).cast();
        std::slice::from_raw_parts(first, count)
    }
}

/// The types of the columns.
///
/// # Safety
/// It is one.
pub(super) unsafe fn types(descriptor: pg_sys::TupleDesc) -> Vec<Oid> {
    // SAFETY: as the caller says; the types are copied.
    let attributes = unsafe { attributes(descriptor) };
    attributes
        .iter()
        .map(|attribute| attribute.atttypid)
        .collect()
}

/// The column's name.
pub(super) fn name(column: &FormData_pg_attribute) -> &str {
    // SAFETY: a name has a zero at its end.
    let name = unsafe { CStr::from_ptr(column.attname.data.as_ptr()) };
    name.to_str().unwrap_or_default()
}

/// The type's name, as SQL has it.
pub(super) fn type_name(kind: Oid) -> String {
    // SAFETY: looks into the catalogs; gives a text for any OID.
    let name = unsafe { CStr::from_ptr(pg_sys::format_type_be(kind)) };
    name.to_string_lossy().into_owned()
}

/// The error about a column that is of another type than it is to be read as, or that there is not.
pub(super) fn wrong_type(found: Option<&FormData_pg_attribute>, needed: &str) -> Error {
    let error = Error::new(
        Code::WrongColumnType,
        "a column has another type than a workspace needs",
    );
    let Some(found) = found else {
        return error.detail(format!("There is no such column; needed is {needed}."));
    };
    let (name, kind) = (name(found), type_name(found.atttypid));
    error
        .detail(format!(
            "Column \"{name}\" has type {kind}; needed is {needed}."
        ))
        .column(name)
}
