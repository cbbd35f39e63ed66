//! Row descriptors: the columns of a tuple.

use pgrx::pg_sys::{self, FormData_pg_attribute, Oid};

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
