//! The bridge to the server: the only place where `unsafe` and raw `pg_sys` are allowed.
//!
//! Everything here is mechanism (a plan, a tuple, a role switch); no rule of the workflow lives here.

pub mod by_index;
pub mod cache;
pub mod call;
pub mod catalog;
pub mod catalog_rows;
pub mod clock;
pub mod error;
pub mod jsonpath;
pub mod lock;
pub mod role;
pub mod rows;
pub mod server;
pub mod settings;
pub mod spi;
pub mod transaction;
pub mod trigger;
pub mod value;
