//! Where the columns of the table of tickets stand, which in an adopted or altered table is anywhere.

use super::placeholders::Names;
use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::trigger::Firing;
use pgrx::pg_sys::{self, Oid};
use uuid::Uuid;

/// The numbers of the columns of the table of tickets that phasegate reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// `id`
    pub id: i16,
    /// The application's own key, where ours stands beside it.
    pub own_id: Option<i16>,
    /// `title`
    pub title: i16,
    /// `description`, of which only the size is looked at.
    pub description: Option<i16>,
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
    /// The ticket as messages name it: by its key, and by the application's own where that is another and a number or text.
    pub fn called(&self, firing: &Firing, ticket: Uuid) -> String {
        let row = firing.old_row();
        let own = self.own_id.and_then(|column| {
            let kind = catalog::column_type(firing.table(), column).map(Oid::from)?;
            match kind {
                pg_sys::INT8OID => row.big(column).map(|id| id.to_string()),
                pg_sys::INT4OID => row.int(column).map(|id| id.to_string()),
                pg_sys::TEXTOID | pg_sys::VARCHAROID => row.text(column),
                _ => None,
            }
        });
        match own {
            Some(own) => format!("{own} ({ticket})"),
            None => ticket.to_string(),
        }
    }

    /// Those of this table, which is the one that has the names, or a partition or shard of it.
    pub(super) fn of(table: u32, names: &Names) -> Result<Self> {
        // The types are checked too: a row is read and written by them, and any column's can be altered.
        let number = |name: &str, fits: fn(Oid) -> bool| {
            let name = names.actual(name);
            let table_name = || catalog::name_of(table).unwrap_or_default();
            let number = catalog::column(table, name).ok_or_else(|| {
                Error::new(
                    Code::WorkspaceIncomplete,
                    format!("table \"{}\" lacks the column \"{name}\"", table_name()),
                )
                .hint("phasegate.create_workspace adds what a workspace is missing.")
            })?;
            if catalog::column_type(table, number).is_some_and(|kind| fits(Oid::from(kind))) {
                return Ok(number);
            }
            Err(Error::new(
                Code::WrongColumnType,
                format!(
                    "column \"{name}\" of table \"{}\" has another type than a workspace needs",
                    table_name()
                ),
            ))
        };
        let time = |kind| kind == pg_sys::TIMESTAMPTZOID;
        let phase = |kind: Oid| catalog::is_enum(kind.to_u32());
        let text = |kind| kind == pg_sys::TEXTOID || kind == pg_sys::VARCHAROID;
        Ok(Columns {
            id: number("id", |kind| kind == pg_sys::UUIDOID)?,
            own_id: (names.own_key()).and_then(|name| catalog::column(table, name)),
            title: number("title", text)?,
            description: catalog::column(table, names.actual("description")),
            phase_id: number("phase_id", phase)?,
            previous_phase_id: number("previous_phase_id", phase)?,
            phase_entered_at: number("phase_entered_at", time)?,
            updated_at: number("updated_at", time)?,
            context: number("context", |kind| kind == pg_sys::JSONBOID)?,
            context_summary: number("context_summary", text)?,
        })
    }
}
