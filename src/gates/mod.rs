//! Gates: what a ticket needs before it may leave a phase, and whether it has it.
//!
//! - [`requirements`]: a row of `phase_gate_requirements`, checked when it is saved
//! - [`criteria`]: the rule of each criterion
//! - [`evaluate`], [`verdict`]: requirements and evidence give the verdict and its reasons
//! - `reviewers`: who may review; [`approvals`]: which reviewers' verdicts count
//! - [`rework`]: what a rejection sends back, and how often
//! - [`schema`], [`expansion`], [`meter`]: JSON Schemas as criteria, within bounds
//! - `evidence`: which artifact counts, and what else is evidence
//! - `check`, `record`, `functions`, `triggers`: the same with rows
//! - [`headings`], [`number`], [`wording`]: Markdown headings, exact numbers, values in messages

pub mod approvals;
#[cfg(feature = "postgres")]
pub mod check;
pub mod criteria;
pub mod evaluate;
#[cfg(feature = "postgres")]
mod evidence;
pub mod expansion;
#[cfg(feature = "postgres")]
pub mod functions;
pub mod headings;
pub mod meter;
pub mod number;
#[cfg(feature = "postgres")]
pub mod record;
pub mod requirements;
#[cfg(feature = "postgres")]
pub mod reviewers;
pub mod rework;
pub mod schema;
#[cfg(feature = "postgres")]
pub mod send_back;
#[cfg(feature = "postgres")]
mod statements;
#[cfg(feature = "postgres")]
pub use statements::TOOK_PART;
#[cfg(feature = "postgres")]
pub mod triggers;
pub mod verdict;
pub mod wording;

#[cfg(test)]
mod testing;
