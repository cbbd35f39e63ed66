//! Where the columns of the room's tables stand, which in an adopted or altered table is anywhere.

use super::status::Status;
use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::trigger::Firing;
use crate::pg::value::Type;
use crate::workspace::remembered::Remembered;
use pgrx::pg_sys::{self, Oid};
use std::rc::Rc;

macro_rules! columns {
    ($doc:literal, $of:ident, $table:literal, $($name:ident: $kind:ident,)*) => {
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $of {
            $(#[doc = concat!("`", stringify!($name), "`")] pub $name: i16,)*
        }

        impl $of {
            fn read(table: u32) -> Result<Self> {
                Ok($of { $($name: number(table, $table, stringify!($name), Type::$kind)?,)* })
            }

            /// Those of this table, remembered until its definition changes.
            pub fn of(table: u32) -> Result<Rc<Self>> {
                thread_local! {
                    static KNOWN: Remembered<$of> = Remembered::default();
                }
                KNOWN.with(|known| known.get(table, || $of::read(table)))
            }
        }
    };
}

columns!(
    "The numbers of the columns of `tasks` that phasegate keeps or reads.",
    Columns,
    "tasks",
    id: Uuid,
    ticket_id: Uuid,
    phase_id: Phase,
    kind: Text,
    priority: Text,
    description: Text,
    status: Text,
    required_capabilities: Json,
    dependencies: Json,
    pending_dependencies: Int,
    assigned_agent_id: Text,
    attempts: Int,
    max_attempts: Int,
    scheduled_at: Time,
    lease_expires_at: Time,
    result: Json,
    updated_at: Time,
    started_at: Time,
    completed_at: Time,
    task_type: Text,
    error_message: Text,
    template_id: Uuid,
    created_at: Time,
    on_hold: Bool,
    agents: Varchars,
    db_role: Name,
    acting_role: Name,
);

columns!(
    "The numbers of the columns of `task_templates` that a trigger reads.",
    TemplateColumns,
    "task_templates",
    template_description: Text,
    required_capabilities: Json,
    dependencies_template: Json,
);

impl Columns {
    /// Whether the row after the event is a completed task of the kind.
    pub fn is_completed(&self, firing: &Firing, kind: &str) -> bool {
        self.are(firing.new_row(), kind)
    }

    /// Whether the row before an UPDATE was a completed task of the kind.
    pub fn was_completed(&self, firing: &Firing, kind: &str) -> bool {
        firing.is_update() && self.are(firing.old_row(), kind)
    }

    /// Whether the row is a completed task of the kind.
    pub fn are(&self, row: &Row<'_>, kind: &str) -> bool {
        let is = |column, text: &str| row.text(column).as_deref() == Some(text);
        is(self.status, Status::Completed.name()) && is(self.kind, kind)
    }

    /// Whether an UPDATE leaves the task in its ticket, phase and kind.
    pub fn stay(&self, firing: &Firing) -> bool {
        [self.ticket_id, self.phase_id, self.kind]
            .into_iter()
            .all(|column| firing.is_same(column))
    }
}

/// The column's number. Its type is looked at too: the owner may have altered it, and a value read as
/// what it is not is a wild pointer.
fn number(table: u32, table_name: &str, name: &str, kind: Type) -> Result<i16> {
    let error = |code, message: &str| {
        Error::new(
            code,
            format!("column \"{name}\" of table \"{table_name}\" {message}"),
        )
        .table(table_name)
        .column(name)
    };
    let column = catalog::column(table, name).ok_or_else(|| {
        error(Code::WorkspaceIncomplete, "is missing")
            .hint("phasegate.create_workspace adds what a workspace is missing.")
    })?;
    // What is read alike will do: varchar like text, any enum like a phase.
    let fits = |found: u32| match kind {
        Type::Phase => catalog::is_enum(found),
        Type::Text => [Type::Text.oid(0), pg_sys::VARCHAROID].contains(&Oid::from(found)),
        _ => Oid::from(found) == kind.oid(0),
    };
    if catalog::column_type(table, column).is_some_and(fits) {
        return Ok(column);
    }
    Err(error(
        Code::WrongColumnType,
        "has another type than a workspace needs",
    ))
}
