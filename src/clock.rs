//! The one clock: every time that phasegate writes or compares comes from here.

use crate::pg::server;
use crate::settings;
use pgrx::datum::datetime_support::clock_timestamp;

/// Now, in microseconds since 2000-01-01 00:00 UTC: the setting `phasegate.now`, else the time of day.
///
/// The time of day and not the transaction's start: rows of one ticket are ordered by these times, and
/// a transaction that began earlier may well act later.
pub fn now() -> i64 {
    match settings::now() {
        Some(text) => server::time(&text),
        None => clock_timestamp().into(),
    }
}
