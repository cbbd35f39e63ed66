//! A node of the executor's, for as long as [`super::update`] makes some.

use pgrx::pg_sys;

/// A node of this kind, of zeroes.
///
/// # Safety
/// The tag is that of the type, which is a node.
pub(super) unsafe fn node<T>(tag: pg_sys::NodeTag) -> *mut T {
    // SAFETY: a node begins with its tag.
    unsafe {
        let node = pg_sys::palloc0(size_of::<T>());
        *node.cast::<pg_sys::NodeTag>() = tag;
        node.cast()
    }
}
