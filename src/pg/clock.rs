//! The one clock: every time that phasegate writes or compares comes from here.

use super::settings;
use pgrx::pg_sys::{self, Datum};

/// Now, in microseconds since 2000-01-01 00:00 UTC: the setting `phasegate.now`, else the time of day.
///
/// The time of day and not the transaction's start: rows of one ticket are ordered by these times, and
/// a transaction that began earlier may well act later.
pub fn now() -> i64 {
    if let Some(text) = settings::now() {
        // SAFETY: timestamptz_in takes a cstring, a type OID and a typmod, and raises on text that is no time.
        let fixed = unsafe {
            pgrx::direct_function_call_as_datum(
                pg_sys::timestamptz_in,
                &[
                    Some(Datum::from(text.as_ptr())),
                    Some(Datum::from(0u32)),
                    Some(Datum::from(-1i32)),
                ],
            )
        };
        if let Some(fixed) = fixed {
            return fixed.value() as i64;
        }
    }
    // SAFETY: reads the clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// The moment an `interval` after another; raises the server's own error where that is out of range.
pub fn after(moment: i64, interval: Datum) -> i64 {
    // SAFETY: takes a timestamptz and an interval, neither of them NULL.
    let end = unsafe {
        pgrx::direct_function_call_as_datum(
            pg_sys::timestamptz_pl_interval,
            &[Some(Datum::from(moment)), Some(interval)],
        )
    };
    end.map_or(moment, |end| end.value() as i64)
}
