//! The extension's settings (`phasegate.*`).

use super::error::notice;
use crate::context::tokens::Encoding;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::ffi::{CStr, CString};

static ACTOR: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static REASON: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static NOW: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// The values of `phasegate.tokenizer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, pgrx::PostgresGucEnum)]
enum Tokenizer {
    #[name = c"o200k_base"]
    O200kBase,
    #[name = c"cl100k_base"]
    Cl100kBase,
}

static TOKENIZER: GucSetting<Tokenizer> = GucSetting::<Tokenizer>::new(Tokenizer::O200kBase);

static NOTIFY: GucSetting<bool> = GucSetting::<bool>::new(false);
static MAX_RESULT_BYTES: GucSetting<i32> = GucSetting::<i32>::new(1_048_576);
static MAX_LEASE: GucSetting<i32> = GucSetting::<i32>::new(86_400);

/// Defines the settings; called once a backend, when the library is loaded.
pub fn define() {
    GucRegistry::define_string_guc(
        c"phasegate.actor",
        c"Who moves tickets, for the history of direct UPDATEs.",
        c"Empty means the session's role.",
        &ACTOR,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"phasegate.reason",
        c"Why tickets are moved, for the history of direct UPDATEs.",
        c"Empty means none.",
        &REASON,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"phasegate.now",
        c"Fixes the clock that phasegate reads, for tests.",
        c"Empty means the time of day.",
        &NOW,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_enum_guc(
        c"phasegate.tokenizer",
        c"The tokenizer that token budgets are counted with.",
        c"",
        &TOKENIZER,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"phasegate.notify",
        c"Whether commits that make tasks claimable notify channel phasegate_tasks.",
        c"The payload is the workspace's name. Off by default because notifying commits wait for one another.",
        &NOTIFY,
        GucContext::Userset,
        GucFlags::default(),
    );
    // Not for everybody to set: a limit that the limited can lift is none.
    GucRegistry::define_int_guc(
        c"phasegate.max_result_bytes",
        c"The most bytes that a task's result, or an artifact's content, may have as JSON text.",
        c"",
        &MAX_RESULT_BYTES,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_BYTE,
    );
    GucRegistry::define_int_guc(
        c"phasegate.max_lease",
        c"The longest lease that an agent may have, and the longest that it may put a task off.",
        c"Managers and the workspace's owner may set any.",
        &MAX_LEASE,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    // SAFETY: takes a NUL-terminated prefix; after it, a misspelt phasegate.* setting is an error.
    unsafe { pgrx::pg_sys::MarkGUCPrefixReserved(c"phasegate".as_ptr()) };
}

fn given(setting: &GucSetting<Option<CString>>) -> Option<CString> {
    setting.get().filter(|value| !value.is_empty())
}

/// `phasegate.actor`, where set.
pub fn actor() -> Option<String> {
    given(&ACTOR).map(|value| value.to_string_lossy().into_owned())
}

/// `phasegate.reason`, where set.
pub fn reason() -> Option<String> {
    given(&REASON).map(|value| value.to_string_lossy().into_owned())
}

/// `phasegate.tokenizer`
pub fn encoding() -> Encoding {
    match TOKENIZER.get() {
        Tokenizer::O200kBase => Encoding::O200kBase,
        Tokenizer::Cl100kBase => Encoding::Cl100kBase,
    }
}

/// Whether triggers that are neither ENABLE ALWAYS nor ENABLE REPLICA do not fire: `session_replication_role` is `replica`.
pub fn is_replica() -> bool {
    // SAFETY: reads a server global.
    unsafe {
        pgrx::pg_sys::SessionReplicationRole
            == pgrx::pg_sys::SESSION_REPLICATION_ROLE_REPLICA as i32
    }
}

/// Whether the library is being loaded at server start, under shared_preload_libraries.
pub fn preloading() -> bool {
    // SAFETY: reads a server global.
    unsafe { pgrx::pg_sys::process_shared_preload_libraries_in_progress }
}

/// `phasegate.now`, where set.
pub fn now() -> Option<CString> {
    given(&NOW)
}

/// `phasegate.notify`
pub fn notify() -> bool {
    NOTIFY.get()
}

/// `phasegate.max_result_bytes`
pub fn max_result_bytes() -> usize {
    usize::try_from(MAX_RESULT_BYTES.get()).unwrap_or(0)
}

/// `phasegate.max_lease`, in microseconds.
pub fn max_lease() -> i64 {
    i64::from(MAX_LEASE.get()) * 1_000_000
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
            let level = pgrx::pg_sys::NewGUCNestLevel();
            for (name, value) in values {
                pgrx::pg_sys::set_config_option(
                    name.as_ptr(),
                    value.as_ptr(),
                    pgrx::pg_sys::GucContext::PGC_USERSET,
                    pgrx::pg_sys::GucSource::PGC_S_SESSION,
                    pgrx::pg_sys::GucAction::GUC_ACTION_SAVE,
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
            unsafe { pgrx::pg_sys::AtEOXact_GUC(true, self.level) };
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
        // SAFETY: the name of a setting that every server has; its value is a NUL-terminated constant.
        let client_min_messages = unsafe {
            CStr::from_ptr(pgrx::pg_sys::GetConfigOption(
                c"client_min_messages".as_ptr(),
                false,
                false,
            ))
        };
        Loudness {
            client_min_messages: client_min_messages.to_owned(),
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

    /// Pins.
    pub fn search_path() -> Self {
        Pinned {
            _changed: Changed::to(&[
                (c"search_path", c"pg_catalog, pg_temp"),
                (c"quote_all_identifiers", c"off"),
                (c"client_min_messages", c"warning"),
            ]),
        }
    }

    /// Pins, and holds WARNINGs back too: for statements whose effect is looked at afterwards.
    pub fn in_silence() -> Self {
        Pinned {
            _changed: Changed::to(&[
                (c"search_path", c"pg_catalog, pg_temp"),
                (c"quote_all_identifiers", c"off"),
                (c"client_min_messages", c"error"),
            ]),
        }
    }
}
