//! Where the columns of `tickets` stand, which in an adopted or altered table is anywhere.

use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use pgrx::pg_sys::{self, Oid};

/// The numbers of the columns of `tickets` that phasegate reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// `id`
    pub id: i16,
    /// `phase_id`
    pub phase_id: i16,
    /// `previous_phase_id`
    pub previous_phase_id: i16,
    /// `phase_entered_at`
    pub phase_entered_at: i16,
    /// `updated_at`
    pub updated_at: i16,
    /// `context`
    pub context: i16,
    /// `context_summary`
    pub context_summary: i16,
}

impl Columns {
    /// Those of this table, which is `tickets` or a shard of it.
    pub fn of(table: u32) -> Result<Self> {
        // The types are checked too: a row is read and written by them, and any column's can be altered.
        let number = |name: &str, fits: fn(Oid) -> bool| {
            let number = catalog::column(table, name).ok_or_else(|| {
                Error::new(
                    Code::WorkspaceIncomplete,
                    format!("table \"tickets\" lacks the column \"{name}\""),
                )
                .hint("phasegate.create_workspace adds what a workspace is missing.")
            })?;
            if catalog::column_type(table, number).is_some_and(|kind| fits(Oid::from(kind))) {
                return Ok(number);
            }
            Err(Error::new(
                Code::WrongColumnType,
                format!(
                    "column \"{name}\" of table \"tickets\" has another type than a workspace needs"
                ),
            ))
        };
        let time = |kind| kind == pg_sys::TIMESTAMPTZOID;
        let phase = |kind: Oid| catalog::is_enum(kind.to_u32());
        Ok(Columns {
            id: number("id", |kind| kind == pg_sys::UUIDOID)?,
            phase_id: number("phase_id", phase)?,
            previous_phase_id: number("previous_phase_id", phase)?,
            phase_entered_at: number("phase_entered_at", time)?,
            updated_at: number("updated_at", time)?,
            context: number("context", |kind| kind == pg_sys::JSONBOID)?,
            context_summary: number("context_summary", |kind| {
                kind == pg_sys::TEXTOID || kind == pg_sys::VARCHAROID
            })?,
        })
    }
}
