//! Under which settings scripts of ours run that name types, functions and operators unqualified for readability: nothing
//! that a caller planted on the search_path can be found while it is pinned to pg_catalog.

use crate::pg::settings::Pinned;
use std::ffi::CStr;

const PATH: (&CStr, &CStr) = (c"search_path", c"pg_catalog, pg_temp");
const QUOTES: (&CStr, &CStr) = (c"quote_all_identifiers", c"off");
/// Of checks the planner expects so much, whatever the tables hold, that their 243 expressions would be compiled: 350 ms each time.
const COMPILING: (&CStr, &CStr) = (c"jit", c"off");
const LOUDNESS: &CStr = c"client_min_messages";

impl Pinned {
    /// The search_path, with what is said left alone: for definitions as the server words them, which depend on it.
    pub(super) fn wording() -> Self {
        Pinned::to(&[PATH, QUOTES, COMPILING])
    }

    /// The search_path, with NOTICEs held back.
    pub(super) fn search_path() -> Self {
        Pinned::to(&[PATH, QUOTES, COMPILING, (LOUDNESS, c"warning")])
    }

    /// The search_path, with WARNINGs held back too: for statements whose effect is looked at afterwards.
    pub(super) fn in_silence() -> Self {
        Pinned::to(&[PATH, QUOTES, COMPILING, (LOUDNESS, c"error")])
    }
}
