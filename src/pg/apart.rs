//! Work whose error takes back what it did, and no more. pgrx has no subtransactions.

use super::error::{Result, raise};
use crate::server_errors::{is_of_all, sqlstate};
use pgrx::pg_sys::{self, panic::CaughtError::*};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs `work` in a subtransaction. Where an error ends it, nothing of it is left, and its message is given; but one that is about
/// the transaction or the session as a whole goes on its way, as that of a trigger that calls what called it: each level that went on
/// would come to that end again and again.
pub fn apart<T>(work: impl FnOnce() -> Result<T>) -> std::result::Result<T, String> {
    // SAFETY: inside a transaction, in a function that SQL called; the subtransaction is ended whatever happens in between, and what
    // the server had at hand is put back. What `work` has opened it has closed, or the server's abort of the subtransaction does.
    unsafe {
        let (context, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::CurrentMemoryContext = context;
        let outcome = catch_unwind(AssertUnwindSafe(work));
        match outcome {
            Ok(Ok(_)) => pg_sys::ReleaseCurrentSubTransaction(),
            _ => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner) = (context, owner);
        match outcome {
            Ok(Err(error)) if is_of_all(sqlstate(error.code.sqlstate())) => raise(error),
            Ok(done) => done.map_err(|error| error.message),
            Err(payload) => Err(said(payload.as_ref()).unwrap_or_else(|| resume_unwind(payload))),
        }
    }
}

/// What an error says that is about the work alone.
fn said(payload: &(dyn Any + Send)) -> Option<String> {
    let (PostgresError(report) | ErrorReport(report)) = payload.downcast_ref()? else {
        return None;
    };
    (!is_of_all(report.sql_error_code() as i32)).then(|| report.message().to_owned())
}
