//! The extension's settings (`phasegate.*`).

use crate::context::tokens::Encoding;
use crate::limits;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::ffi::CString;

static ACTOR: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static AGENT: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
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
    // For everybody to set, as SET ROLE is not: a middle tier sets it from what it authenticated, and lets no SQL of its
    // clients through.
    GucRegistry::define_string_guc(
        c"phasegate.agent",
        c"Who acts, as a middle tier has authenticated them: no other name goes on record.",
        c"Empty means whoever callers say that they are.",
        &AGENT,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"phasegate.actor",
        c"Who moves tickets, for the history of direct UPDATEs.",
        c"Empty means the role that acts.",
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
}

fn given(setting: &GucSetting<Option<CString>>) -> Option<CString> {
    setting.get().filter(|value| !value.is_empty())
}

/// `phasegate.actor`, where set.
pub fn actor() -> Option<String> {
    given(&ACTOR).map(|value| value.to_string_lossy().into_owned())
}

/// `phasegate.agent`, where set.
pub fn agent() -> Option<String> {
    given(&AGENT).map(|value| value.to_string_lossy().into_owned())
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

/// The most bytes of one text or document that are read. Whoever raises phasegate.max_result_bytes beyond it, a superuser, raises
/// what is read too.
pub fn most_read() -> usize {
    limits::READ.max(max_result_bytes())
}

/// `phasegate.max_lease`, in microseconds.
pub fn max_lease() -> i64 {
    i64::from(MAX_LEASE.get()) * 1_000_000
}
