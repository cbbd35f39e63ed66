//! How long an agent may hold a task. When a lease has run out is asked by `statements/leases.rs`.

use crate::error::Error;
use crate::pg::call::Call;
use crate::pg::error::Result;
use crate::settings;
use pgrx::datum::TimestampWithTimeZone;

/// The end of a lease from now on, an `interval` argument that must be given.
pub(super) fn end(call: &Call, index: usize, now: i64) -> Result<i64> {
    let lease = call.interval(index, "lease")?;
    let end = TimestampWithTimeZone::try_from(now).map(|now| i64::from(now + lease));
    let end = end.unwrap_or(i64::MAX);
    if end <= now || end == i64::MAX {
        return Err(Error::invalid_argument(
            "lease must be positive and finite",
            format!("It is {lease}."),
        ));
    }
    let most = settings::max_lease();
    if end.saturating_sub(now) <= most {
        return Ok(end);
    }
    Err(Error::longer_lease("lease", most))
}
