//! Changing settings for a while. pgrx defines settings and reads its own.

use pgrx::pg_sys::{self, GucAction::GUC_ACTION_SAVE};
use pgrx::pg_sys::{GucContext::PGC_USERSET, GucSource::PGC_S_SESSION};
use std::ffi::CStr;

asks! {
    /// Makes a misspelt `phasegate.*` setting an error; called once a backend, when all of them are defined.
    pub fn reserve() = unsafe { pg_sys::MarkGUCPrefixReserved(c"phasegate".as_ptr()) };
}

const PATH: (&CStr, &CStr) = (c"search_path", c"pg_catalog, pg_temp");
const QUOTES: (&CStr, &CStr) = (c"quote_all_identifiers", c"off");
const LOUDNESS: &CStr = c"client_min_messages";

/// Settings changed until dropped.
///
/// For scripts of ours that name types, functions and operators unqualified for readability: nothing
/// that a caller planted on the search_path can be found while it is pinned to pg_catalog.
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

    /// The search_path, with what is said left alone: for definitions as the server words them, which depend on it.
    pub fn wording() -> Self {
        Pinned::to(&[PATH, QUOTES])
    }

    /// The search_path, with NOTICEs held back.
    pub fn search_path() -> Self {
        Pinned::to(&[PATH, QUOTES, (LOUDNESS, c"warning")])
    }

    /// The search_path, with WARNINGs held back too: for statements whose effect is looked at afterwards.
    pub fn in_silence() -> Self {
        Pinned::to(&[PATH, QUOTES, (LOUDNESS, c"error")])
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
