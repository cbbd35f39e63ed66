//! Changing settings for a while. pgrx defines settings and reads its own.

use pgrx::pg_sys::{self, GucAction::GUC_ACTION_SAVE};
use pgrx::pg_sys::{GucContext::PGC_USERSET, GucSource::PGC_S_SESSION};
use std::ffi::CStr;

asks! {
    /// Makes a misspelt `phasegate.*` setting an error; called once a backend, when all of them are defined.
    pub fn reserve() = unsafe { pg_sys::MarkGUCPrefixReserved(c"phasegate".as_ptr()) };
}

/// Settings changed until dropped.
pub struct Pinned {
    level: i32,
}

impl Pinned {
    /// Sets them to these values; those of another extension, where it is there.
    pub fn to(values: &[(&CStr, &CStr)]) -> Self {
        // SAFETY: opens a settings level that is closed on drop, and by abort processing where an
        // error unwinds; names and values are NUL-terminated.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in values {
                let (name, value, action) = (name.as_ptr(), value.as_ptr(), GUC_ACTION_SAVE);
                let (context, source) = (PGC_USERSET, PGC_S_SESSION);
                pg_sys::set_config_option(name, value, context, source, action, true, 0, false);
            }
            Pinned { level }
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: closes the level that was opened.
            unsafe { pg_sys::AtEOXact_GUC(true, self.level) };
        }
    }
}
