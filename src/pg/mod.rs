//! The bridge to the server: the only place where `unsafe` and raw `pg_sys` are allowed.
//!
//! Everything here is mechanism (a plan, a tuple, a role switch); no rule of the workflow lives here.

/// A table of functions that ask the server by functions or globals of its own, which take any OID, number or NUL-terminated text.
macro_rules! asks {
    ($($(#[$doc:meta])* $visibility:vis fn $name:ident($($given:ident: $kind:ty),*) $(-> $answer:ty)? = unsafe { $($ask:tt)* };)*) => {$(
        $(#[$doc])*
        $visibility fn $name($($given: $kind),*) $(-> $answer)? {
            // SAFETY: as said above.
            unsafe { $($ask)* }
        }
    )*};
}

pub mod apart;
pub mod cache;
pub mod call;
pub mod catalog;
pub mod catalog_rows;
pub mod error;
pub mod lock;
pub mod role;
pub mod rows;
pub mod server;
pub mod settings;
pub mod spi;
pub mod transaction;
pub mod trigger;
pub mod value;
