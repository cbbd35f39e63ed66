//! The server's lists.

use pgrx::pg_sys;

/// The elements of a list.
///
/// # Safety
/// It is a list of pointers to this type, or null; it outlives what is given.
pub(super) unsafe fn elements<'a, T>(list: *mut pg_sys::List) -> impl Iterator<Item = *mut T> + 'a {
    // SAFETY: a list has as many elements as it says.
    unsafe {
        let count = match list.is_null() {
            true => 0,
            false => usize::try_from((*list).length).unwrap_or(0),
        };
        (0..count).map(move |place| (*(*list).elements.add(place)).ptr_value.cast())
    }
}
