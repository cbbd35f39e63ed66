//! The one clock: every time that phasegate writes or compares comes from here.

use crate::settings;
use pgrx::pg_sys::{self, Datum};
use pgrx::{IntoDatum, direct_function_call_as_datum};

/// Now, in microseconds since 2000-01-01 00:00 UTC: the setting `phasegate.now`, else the time of day.
///
/// The time of day and not the transaction's start: rows of one ticket are ordered by these times, and
/// a transaction that began earlier may well act later.
pub fn now() -> i64 {
    let text = settings::now();
    // SAFETY: the input function takes a cstring, a type OID and a type modifier, and raises on text that is no time.
    unsafe {
        (text.as_ref())
            .and_then(|text| {
                let given = [
                    text.as_c_str().into_datum(),
                    Some(Datum::from(0)),
                    (-1).into_datum(),
                ];
                direct_function_call_as_datum(pg_sys::timestamptz_in, &given)
            })
            .map_or_else(
                || pg_sys::GetCurrentTimestamp(),
                |fixed| fixed.value() as i64,
            )
    }
}

/// The moment an `interval` after another; raises the server's own error where that is out of range.
pub fn after(moment: i64, interval: Datum) -> i64 {
    let given = [moment.into_datum(), Some(interval)];
    // SAFETY: takes a timestamptz and an interval, neither of them NULL.
    unsafe { direct_function_call_as_datum(pg_sys::timestamptz_pl_interval, &given) }
        .map_or(moment, |end| end.value() as i64)
}
