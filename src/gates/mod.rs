//! Gates: what a ticket needs before it may leave a phase, and whether it has it.
//!
//! - [`requirements`]: a row of `phase_gate_requirements`, checked when it is saved
//! - [`criteria`]: the rule of each criterion
//! - [`evaluate`], [`verdict`]: requirements and evidence give the verdict and its reasons
//! - [`schema`], [`expansion`], [`meter`]: JSON Schemas as criteria, within bounds
//! - [`headings`], [`number`], [`wording`]: Markdown headings, exact numbers, values in messages

pub mod criteria;
pub mod evaluate;
pub mod expansion;
pub mod headings;
pub mod meter;
pub mod number;
pub mod requirements;
pub mod schema;
pub mod verdict;
pub mod wording;

#[cfg(test)]
mod testing;
