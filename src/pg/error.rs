//! Turns an [`Error`] into a PostgreSQL error.

use crate::error::{Code, Error};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys};

/// What every fallible function of the bridge and the rooms returns.
pub type Result<T> = std::result::Result<T, Error>;

fn sqlstate(code: Code) -> PgSqlErrorCode {
    match code {
        Code::CheckViolation => PgSqlErrorCode::ERRCODE_CHECK_VIOLATION,
        Code::NotInPrerequisiteState => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        Code::NoDataFound => PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        Code::SerializationFailure => PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
        Code::InvalidText => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
        Code::InsufficientPrivilege => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        Code::InvalidParameter => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        Code::NullNotAllowed => PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        Code::LimitExceeded => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        Code::InvalidSchema => PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
        Code::DatatypeMismatch => PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        Code::UndefinedObject => PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        Code::DuplicateObject => PgSqlErrorCode::ERRCODE_DUPLICATE_OBJECT,
        Code::NotSupported => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        Code::Internal => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
    }
}

fn report(error: Error, code: PgSqlErrorCode, level: PgLogLevel) {
    let mut report = ErrorReport::new(code, error.message, "phasegate");
    if let Some(detail) = error.detail {
        report = report.set_detail(detail);
    }
    if let Some(hint) = error.hint {
        report = report.set_hint(hint);
    }
    report.report(level);
}

/// Keeps Rust's backtraces out of error messages; called once a backend, when the library is loaded.
///
/// Where RUST_BACKTRACE is set in the server's environment, pgrx's panic hook captures one for every server
/// error that passes through Rust, at some cost, and appends it to the DETAIL that the client sees.
pub fn hide_backtraces() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Reports the error at ERROR level. Returns to the server, never to the caller.
pub fn raise(error: Error) {
    let code = sqlstate(error.code);
    report(error, code, PgLogLevel::ERROR);
}

/// Raises the server's own error where the query was cancelled, timed out or its session is to end; else returns.
pub fn stop_if_asked() {
    // SAFETY: a signal handler may set the flag at any time, so it is read anew; may be called wherever a
    // statement could be run.
    unsafe {
        if (&raw const pg_sys::InterruptPending).read_volatile() != 0 {
            pg_sys::ProcessInterrupts();
        }
    }
}

/// Tells the client something by the way.
pub fn notice(message: impl Into<String>) {
    let code = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
    report(
        Error::new(Code::Internal, message),
        code,
        PgLogLevel::NOTICE,
    );
}
