//! The bridge to the server: the only place where `unsafe` and raw `pg_sys` are allowed.
//!
//! Everything here is mechanism (a plan, a tuple, a role switch); no rule of the workflow lives here.

pub mod append;
mod beginning;
pub mod by_id;
pub mod by_index;
pub mod cache;
pub mod call;
pub mod catalog;
pub mod catalog_rows;
pub mod clock;
mod descriptor;
pub mod error;
pub mod executor;
pub mod idle;
mod jsonb;
pub mod jsonpath;
pub mod kept;
mod list;
pub mod lock;
mod lower_bound;
mod plain;
pub mod probe;
pub mod role;
pub mod rows;
mod scan;
pub mod server;
pub mod settings;
pub mod spi;
pub mod transaction;
pub mod trigger;
pub mod update;
pub mod value;
mod walk;
