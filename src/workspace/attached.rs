//! What fired a trigger function, and how those of a workspace have to be attached to its tables: whoever may create a trigger
//! may attach them to any event of any table.

use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::trigger::{Each, Firing, On, When};
use std::mem::discriminant;

impl Firing {
    /// Whether the event is an INSERT (else an UPDATE, DELETE or TRUNCATE).
    pub fn is_insert(&self) -> bool {
        self.trigger().event().fired_by_insert()
    }

    /// Whether the event is an UPDATE.
    pub fn is_update(&self) -> bool {
        self.trigger().event().fired_by_update()
    }

    /// Whether the event is the DELETE of a row.
    pub fn is_row_delete(&self) -> bool {
        let event = self.trigger().event();
        event.fired_by_delete() && event.fired_for_row()
    }

    /// The OID of the table's owner.
    pub fn owner(&self) -> u32 {
        catalog::owner_of(self.table()).unwrap_or(0)
    }

    /// Refuses unless the function was fired as the workspace's own triggers fire it: what has no row must not be read as
    /// one.
    pub fn require(&self, when: When, level: Each, events: &[On]) -> Result<()> {
        let fired = self.trigger();
        let is_on = |event: On| {
            events
                .iter()
                .any(|one| discriminant(one) == discriminant(&event))
        };
        if fired
            .when()
            .is_ok_and(|found| discriminant(&found) == discriminant(&when))
            && discriminant(&fired.level()) == discriminant(&level)
            && fired.op().is_ok_and(is_on)
        {
            return Ok(());
        }
        let events: Vec<String> = events.iter().map(On::to_string).collect();
        Err(Error::new(
            Code::WrongTrigger,
            "a phasegate trigger function is attached to the wrong event",
        )
        .detail(format!(
            "It must be fired {when} {} FOR EACH {level}.",
            events.join(" OR ")
        ))
        .table(self.table_name()))
    }

    /// Refuses unless the trigger names its table of new rows so.
    pub fn require_new_table(&self, name: &str) -> Result<()> {
        if let Ok(Some(found)) = self.trigger().new_transition_table_name()
            && found == name
        {
            return Ok(());
        }
        Err(Error::new(
            Code::WrongTrigger,
            "a phasegate trigger function is attached without its transition table",
        )
        .detail(format!("It must be fired REFERENCING NEW TABLE AS {name}."))
        .table(self.table_name()))
    }

    /// The number of the table's column of this name.
    pub fn column(&self, name: &str) -> Result<i16> {
        catalog::column(self.table(), name).ok_or_else(|| {
            let table = self.table_name();
            let message = format!("column \"{name}\" of table \"{table}\" is missing");
            Error::new(Code::WorkspaceIncomplete, message)
                .hint("phasegate.create_workspace adds what a workspace is missing.")
                .table(table)
                .column(name)
        })
    }
}
