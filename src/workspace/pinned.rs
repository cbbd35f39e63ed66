//! Settings under which a workspace's scripts run.

use crate::pg::settings::Changed;
use std::ffi::CStr;

/// The search_path pinned to pg_catalog, and NOTICEs held back.
///
/// For scripts of ours that name types, functions and operators unqualified for readability: nothing
/// that a caller planted on the search_path can be found while this lives.
pub struct Pinned {
    _changed: Changed,
}

impl Pinned {
    fn above(level: &CStr) -> Self {
        let path = (c"search_path", c"pg_catalog, pg_temp");
        Pinned {
            _changed: Changed::to(&[path, (c"client_min_messages", level)]),
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
