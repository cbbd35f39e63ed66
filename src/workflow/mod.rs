//! The workflow: which moves there are, what a move does, and its history.
//!
//! Triggers decide; functions only say what they want moved. A direct UPDATE and every function go
//! through `decide` and `write`, so there is one implementation of each rule.

#[cfg(feature = "postgres")]
pub mod advance;
#[cfg(feature = "postgres")]
pub mod archive;
#[cfg(feature = "postgres")]
mod attribution;
mod blocked;
#[cfg(feature = "postgres")]
pub mod decide;
pub mod diagram;
pub mod doubts;
pub mod force;
#[cfg(feature = "postgres")]
pub mod functions;
#[cfg(feature = "postgres")]
mod history;
#[cfg(feature = "postgres")]
pub mod moves;
#[cfg(feature = "postgres")]
mod referred;
#[cfg(feature = "postgres")]
mod request;
#[cfg(feature = "postgres")]
mod statements;
pub mod transitions;
#[cfg(feature = "postgres")]
pub mod triggers;
#[cfg(feature = "postgres")]
mod wish;
#[cfg(feature = "postgres")]
pub mod write;
