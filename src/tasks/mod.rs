//! The tasks room: templates, generation and the queue. This file is only the room's list.

#[cfg(feature = "postgres")]
mod agent;
pub mod backoff;
#[cfg(feature = "postgres")]
mod brief;
pub mod capabilities;
#[cfg(feature = "postgres")]
pub mod claim;
#[cfg(feature = "postgres")]
mod columns;
pub mod contract;
pub mod dependencies;
#[cfg(feature = "postgres")]
mod documents;
#[cfg(feature = "postgres")]
pub mod functions;
#[cfg(feature = "postgres")]
pub mod generation;
#[cfg(feature = "postgres")]
pub mod generation_functions;
pub mod given;
#[cfg(feature = "postgres")]
mod handover;
#[cfg(feature = "postgres")]
mod holding;
#[cfg(feature = "postgres")]
mod keep;
#[cfg(feature = "postgres")]
mod leases;
pub mod links;
#[cfg(feature = "postgres")]
pub mod many;
pub mod priority;
pub mod result;
#[cfg(feature = "postgres")]
mod row;
#[cfg(feature = "postgres")]
mod settle;
#[cfg(feature = "postgres")]
mod statements;
pub mod status;
#[cfg(feature = "postgres")]
pub mod stopping;
pub mod template;
#[cfg(feature = "postgres")]
mod templates;
#[cfg(feature = "postgres")]
pub mod triggers;
#[cfg(feature = "postgres")]
pub mod unsettled;
pub mod upkeep;
pub mod verdict;

mod words;
#[cfg(feature = "postgres")]
mod writers;

#[cfg(feature = "postgres")]
pub use columns::Columns as TaskColumns;
#[cfg(feature = "postgres")]
pub use statements::{TASK_COLUMNS, TASKS};
