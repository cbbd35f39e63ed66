//! What one phase hands to the next: merging the results of its tasks, ranking what they say,
//! and fitting it into a token budget. The list of this room's parts, nothing else.

pub mod bound;
#[cfg(feature = "postgres")]
pub mod fold;
#[cfg(feature = "postgres")]
pub mod functions;
#[cfg(feature = "postgres")]
pub mod handover;
#[cfg(feature = "postgres")]
pub mod llm;
pub mod merge;
mod order;
pub mod rank;
#[cfg(feature = "postgres")]
pub mod scout;
mod shorten;
#[cfg(feature = "postgres")]
mod statements;
pub mod summary;
mod text;
pub mod tokens;
