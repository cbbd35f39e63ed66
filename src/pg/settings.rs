//! Changing settings for a while.

use super::error::notice;
use pgrx::pg_sys;
use std::ffi::{CStr, CString};

/// Makes a misspelt `phasegate.*` setting an error; called once a backend, when all of them are defined.
pub fn reserve() {
    // SAFETY: takes a NUL-terminated prefix.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"phasegate".as_ptr()) };
}

/// Settings changed until dropped.
pub(super) struct Changed {
    level: i32,
}

impl Changed {
    pub(super) fn to(values: &[(&CStr, &CStr)]) -> Self {
        // SAFETY: opens a settings level that is closed on drop, and by abort processing where an
        // error unwinds; names and values are NUL-terminated.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in values {
                pg_sys::set_config_option(
                    name.as_ptr(),
                    value.as_ptr(),
                    pg_sys::GucContext::PGC_USERSET,
                    pg_sys::GucSource::PGC_S_SESSION,
                    pg_sys::GucAction::GUC_ACTION_SAVE,
                    true,
                    0,
                    false,
                );
            }
            Changed { level }
        }
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: closes the level that was opened.
            unsafe { pg_sys::AtEOXact_GUC(true, self.level) };
        }
    }
}

/// Which messages the caller wants to see, as of a moment before [`Pinned`] holds NOTICEs back.
pub struct Loudness {
    client_min_messages: CString,
}

impl Loudness {
    /// What is set now.
    pub fn now() -> Self {
        let name = c"client_min_messages".as_ptr();
        // SAFETY: a setting that every server has; its value is a NUL-terminated constant.
        let value = unsafe { CStr::from_ptr(pg_sys::GetConfigOption(name, false, false)) };
        Loudness {
            client_min_messages: value.to_owned(),
        }
    }

    /// Sends a NOTICE to a caller who wants to see one, whatever is pinned.
    pub fn notice(&self, message: impl Into<String>) {
        let _lifted = Changed::to(&[(c"client_min_messages", &self.client_min_messages)]);
        notice(message);
    }
}

/// The search_path pinned to pg_catalog, and NOTICEs held back.
///
/// For scripts of ours that name types, functions and operators unqualified for readability: nothing
/// that a caller planted on the search_path can be found while this lives.
pub struct Pinned {
    _changed: Changed,
}

impl Pinned {
    /// Pins, and leaves what is said alone: for definitions as the server words them, which depend on these settings.
    pub fn wording() -> Self {
        Pinned {
            _changed: Changed::to(&[
                (c"search_path", c"pg_catalog, pg_temp"),
                (c"quote_all_identifiers", c"off"),
            ]),
        }
    }

    /// Sets the search_path alone, to this.
    pub fn path(path: &CStr) -> Self {
        Pinned {
            _changed: Changed::to(&[(c"search_path", path)]),
        }
    }

    fn above(level: &CStr) -> Self {
        Pinned {
            _changed: Changed::to(&[
                (c"search_path", c"pg_catalog, pg_temp"),
                (c"quote_all_identifiers", c"off"),
                (c"client_min_messages", level),
            ]),
        }
    }

    /// Pins.
    pub fn search_path() -> Self {
        Pinned::above(c"warning")
    }

    /// Pins, and holds WARNINGs back too: for statements whose effect is looked at afterwards.
    pub fn in_silence() -> Self {
        Pinned::above(c"error")
    }
}
