//! Turns an [`Error`] into a PostgreSQL error, and lets the server's own errors pass with all their fields.
//!
//! pgrx's guard knows message, DETAIL and HINT only: the names of a constraint, table or column, by which programs
//! tell errors apart, would be lost on the way through Rust, ours and those of the server. So our entry points have
//! a guard of their own.

use crate::error::{Code, Error};
use crate::server_errors::{self, is_notice, sqlstate};
use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use pgrx::pg_sys::{self, ErrorData};
use pgrx::{IntoDatum, PgLogLevel};
use std::any::Any;
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What every fallible function of the bridge and the rooms returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Raises the error from where none can be given back: in the middle of reading a row. What we run lies within our guards, none
/// of pgrx's is between.
pub fn raise(error: Error) -> ! {
    resume_unwind(Box::new(error))
}

/// Runs what changes definitions; where others have changed the same meanwhile, that is what is said.
pub fn unless_changed<T>(work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let error = match payload.downcast_ref() {
            Some(CaughtError::PostgresError(report)) => {
                server_errors::of_change(report.sql_error_code() as i32, report.message())
            }
            _ => None,
        };
        error.map_or_else(|| resume_unwind(payload), |error| raise(error))
    })
}

/// Raises the server's own error where the query was cancelled, timed out or its session is to end; else returns.
pub fn stop_if_asked() {
    pgrx::check_for_interrupts!();
}

/// A call of one of our functions, as errors that pass through it see it.
struct Frame {
    context: pg_sys::MemoryContext,
    /// The server's last error, as far as the server had it together when it passed.
    passed: Cell<*mut ErrorData>,
}

impl Frame {
    /// Forgets the error that passed last: it was dealt with.
    fn forget(&self) {
        let passed = self.passed.replace(std::ptr::null_mut());
        if !passed.is_null() {
            // SAFETY: a copy that CopyErrorData made, freed once.
            unsafe { pg_sys::FreeErrorData(passed) };
        }
    }
}

/// Called by the server for each message, before it leaves the place where it was raised; keeps a copy of errors.
#[pgrx::pg_guard]
extern "C-unwind" fn note_passing(frame: *mut c_void) {
    // SAFETY: the server calls this while the frame's own call is under way, with a message at hand. The copy is made
    // in that call's memory, as the server wants it: not in that of the error.
    unsafe {
        let code = pg_sys::geterrcode();
        // With no memory left there is none for a copy.
        if is_notice(code) || code == sqlstate("53200") {
            return;
        }
        let frame = &*frame.cast::<Frame>();
        let former = pg_sys::MemoryContextSwitchTo(frame.context);
        frame.forget();
        frame.passed.set(pg_sys::CopyErrorData());
        pg_sys::MemoryContextSwitchTo(former);
    }
}

/// Runs the body of a function that the server called, and gives its errors, panics and those of the server that
/// pass through it to the server.
///
/// # Safety
/// Called at the bottom of a function that the server called, with nothing to be dropped below it: where there is an
/// error it does not return.
pub unsafe fn guard<T>(body: impl FnOnce() -> Result<T>) -> T {
    // SAFETY: globals that are set during any function call, the context alive as long. The callback stays where it is
    // until it is taken off, whatever happens in between. At the end nothing is left to be dropped, and the server copies
    // what it is given.
    unsafe {
        let frame = Frame {
            context: pg_sys::CurrentMemoryContext,
            passed: Cell::new(std::ptr::null_mut()),
        };
        let previous = pg_sys::error_context_stack;
        let mut callback = pg_sys::ErrorContextCallback {
            previous,
            callback: Some(note_passing),
            arg: (&raw const frame).cast_mut().cast(),
        };
        pg_sys::error_context_stack = &raw mut callback;
        let outcome = catch_unwind(AssertUnwindSafe(body));
        pg_sys::error_context_stack = previous;
        let data = match outcome {
            Ok(Ok(value)) => {
                frame.forget();
                return value;
            }
            Ok(Err(error)) => together(&frame, move || own(&error)),
            Err(payload) => together(&frame, || passing(payload, frame.passed.get())),
        };
        throw(data)
    }
}

/// Puts the error together in the call's memory. Where there is none left, that is the error.
fn together(frame: &Frame, make: impl FnOnce() -> ErrorData) -> ErrorData {
    // SAFETY: the call's own context is alive as long as the call.
    unsafe { pg_sys::MemoryContextSwitchTo(frame.context) };
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| ErrorData {
        sqlerrcode: sqlstate("53200"),
        message: c"out of memory".as_ptr().cast_mut(),
        ..Default::default()
    })
}

/// # Safety
/// As [`guard`].
unsafe fn throw(mut data: ErrorData) -> ! {
    // Not pgrx's: its guard would catch the error here.
    unsafe extern "C-unwind" {
        fn ThrowErrorData(data: *mut ErrorData);
    }
    data.elevel = PgLogLevel::ERROR as c_int;
    // SAFETY: all that is set are NUL-terminated strings; an error of this level does not come back.
    unsafe {
        ThrowErrorData(&raw mut data);
        std::hint::unreachable_unchecked()
    }
}

/// A copy in the current memory context, up to the first NUL; null where there is nothing.
fn copied(text: Option<&str>) -> *mut c_char {
    let text = text.and_then(|text| CString::new(text.split('\0').next()?).ok());
    let copy = text.and_then(IntoDatum::into_datum);
    copy.map_or(std::ptr::null_mut(), |copy| copy.cast_mut_ptr())
}

fn own(error: &Error) -> ErrorData {
    let place = &error.place;
    ErrorData {
        sqlerrcode: sqlstate(error.code.sqlstate()),
        message: copied(Some(&error.message)),
        detail: copied(error.detail.as_deref()),
        hint: copied(error.hint.as_deref()),
        schema_name: copied(place.schema.as_deref()),
        table_name: copied(place.table.as_deref()),
        column_name: copied(place.column.as_deref()),
        constraint_name: copied(Some(error.code.word())),
        ..Default::default()
    }
}

/// What a payload that was unwound stands for: an error of the server, one of ours, or a panic.
fn passing(payload: Box<dyn Any + Send>, passed: *mut ErrorData) -> ErrorData {
    let payload = match payload.downcast::<CaughtError>().map(|caught| *caught) {
        Ok(CaughtError::PostgresError(report)) => return servers(&report, passed),
        Ok(CaughtError::ErrorReport(report)) => return plain(&report),
        Ok(CaughtError::RustPanic { payload, .. }) | Err(payload) => payload,
    };
    if let Some(error) = payload.downcast_ref::<Error>() {
        return own(error);
    }
    if let Some(report) = payload.downcast_ref::<ErrorReportWithLevel>() {
        return plain(report);
    }
    // A panic's words are for the log: they may name Rust's types.
    let words = (payload.downcast_ref::<String>().map(String::as_str))
        .or_else(|| payload.downcast_ref::<&str>().copied());
    let error = Error::new(Code::Internal, "phasegate met a state that it excludes")
        .hint("The server's log has the details; please report it.");
    ErrorData {
        detail_log: copied(words),
        ..own(&error)
    }
}

/// An error as far as pgrx knows it.
fn plain(report: &ErrorReportWithLevel) -> ErrorData {
    ErrorData {
        sqlerrcode: report.sql_error_code() as c_int,
        message: copied(Some(report.message())),
        detail: copied(report.detail()),
        hint: copied(report.hint()),
        ..Default::default()
    }
}

/// An error of the server, with the fields that it had when it passed.
fn servers(report: &ErrorReportWithLevel, passed: *mut ErrorData) -> ErrorData {
    let known = plain(report);
    // SAFETY: null, or a copy that the frame still holds; a message is NUL-terminated.
    let same = unsafe {
        passed.as_ref().filter(|passed| {
            // Of a code that PostgreSQL has not defined, as a user's function may raise, pgrx makes an internal error.
            [passed.sqlerrcode, sqlstate("XX000")].contains(&known.sqlerrcode)
                && !passed.message.is_null()
                && CStr::from_ptr(passed.message) == CStr::from_ptr(known.message)
        })
    };
    same.map_or(known, |passed| ErrorData {
        context: std::ptr::null_mut(),
        backtrace: std::ptr::null_mut(),
        internalquery: std::ptr::null_mut(),
        internalpos: 0,
        cursorpos: 0,
        ..*passed
    })
}
