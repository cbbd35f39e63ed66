//! The one clock: every time that phasegate writes or compares comes from here.

use crate::settings;
use pgrx::pg_sys::{self, Datum};
use pgrx::{IntoDatum, direct_function_call};

/// Now, in microseconds since 2000-01-01 00:00 UTC: the setting `phasegate.now`, else the time of day.
///
/// The time of day and not the transaction's start: rows of one ticket are ordered by these times, and
/// a transaction that began earlier may well act later.
pub fn now() -> i64 {
    let Some(text) = settings::now() else {
        // SAFETY: takes nothing.
        return unsafe { pg_sys::GetCurrentTimestamp() };
    };
    let (none, any) = (Some(Datum::from(0)), (-1).into_datum());
    let given = [text.as_c_str().into_datum(), none, any];
    // SAFETY: the input function takes a cstring, a type OID and a type modifier, and raises on text that is no time.
    unsafe { direct_function_call(pg_sys::timestamptz_in, &given) }.unwrap_or_default()
}
