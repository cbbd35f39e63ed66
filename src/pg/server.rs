//! Facts about the server.

use pgrx::pg_sys::{self, Datum};
use pgrx::{IntoDatum, direct_function_call};
use std::ffi::CStr;

asks! {
    /// The cluster's system identifier, as `pg_control_system()` shows it: initdb chose it, and a restored dump is in another.
    pub fn system_identifier() -> i64 = unsafe { pg_sys::GetSystemIdentifier() as i64 };

    /// The time that the text says, as SQL reads a `timestamptz`; raises where it is none.
    pub fn time(text: &CStr) -> i64 = unsafe {
        let given = [text.into_datum(), Some(Datum::from(0)), (-1).into_datum()];
        direct_function_call(pg_sys::timestamptz_in, &given).unwrap_or_default()
    };

    /// Whether the session takes over what was done elsewhere: it applies a subscription, or was told to act as if it did.
    pub fn is_replica() -> bool = unsafe {
        pg_sys::SessionReplicationRole == pg_sys::SESSION_REPLICATION_ROLE_REPLICA as i32
    };

    /// Whether policies are applied, as `row_security` says.
    pub fn row_security() -> bool = unsafe { pg_sys::row_security };

    /// Whether the library is being loaded at server start, under shared_preload_libraries.
    pub fn is_preloading() -> bool = unsafe { pg_sys::process_shared_preload_libraries_in_progress };
}
