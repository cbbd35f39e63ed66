//! PostgreSQL's own judgement of a jsonpath.

use pgrx::PgSqlErrorCode;
use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::pg_sys::{self, Datum};
use std::ffi::CString;

/// Whether the text is a jsonpath; else what PostgreSQL says against it.
pub fn check(path: &str) -> Result<(), String> {
    let Ok(text) = CString::new(path) else {
        return Err("it contains a null byte".to_owned());
    };
    // No subtransaction is needed around the catch: an input function takes no locks and opens nothing,
    // all that an error in it leaves behind is memory.
    PgTryBuilder::new(|| {
        // SAFETY: jsonpath_in takes one cstring and raises on text that is no jsonpath.
        unsafe {
            pgrx::direct_function_call_as_datum(
                pg_sys::jsonpath_in,
                &[Some(Datum::from(text.as_ptr()))],
            )
        };
        Ok(())
    })
    .catch_others(|caught| match caught {
        CaughtError::PostgresError(ref report) | CaughtError::ErrorReport(ref report)
            if report.sql_error_code() != PgSqlErrorCode::ERRCODE_QUERY_CANCELED =>
        {
            Err(report.message().to_owned())
        }
        other => other.rethrow(),
    })
    .execute()
}
