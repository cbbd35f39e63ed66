//! Where the columns of `tasks` stand, which in an adopted table is anywhere.

use crate::error::{Code, Error};
use crate::pg::cache::{self, Flag};
use crate::pg::catalog;
use crate::pg::error::Result;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

macro_rules! columns {
    ($($name:ident),*) => {
        /// The numbers of the columns that phasegate keeps or reads in a trigger.
        #[derive(Debug)]
        pub struct Columns {
            $(pub $name: i16,)*
        }

        impl Columns {
            fn read(table: u32) -> Result<Self> {
                Ok(Columns { $($name: number(table, stringify!($name))?,)* })
            }
        }
    };
}

columns!(
    id,
    ticket_id,
    phase_id,
    kind,
    status,
    required_capabilities,
    dependencies,
    pending_dependencies,
    assigned_agent_id,
    attempts,
    max_attempts,
    scheduled_at,
    lease_expires_at,
    result,
    updated_at,
    started_at,
    completed_at
);

thread_local! {
    static KNOWN: RefCell<HashMap<u32, (Flag, Rc<Columns>)>> = RefCell::new(HashMap::new());
}

fn number(table: u32, name: &str) -> Result<i16> {
    catalog::column(table, name).ok_or_else(|| {
        Error::new(
            Code::NotInPrerequisiteState,
            format!("table \"tasks\" lacks the column \"{name}\""),
        )
        .hint("phasegate.create_workspace adds what a workspace is missing.")
    })
}

impl Columns {
    /// Those of this table, remembered until its definition changes.
    pub fn of(table: u32) -> Result<Rc<Self>> {
        let known = KNOWN.with_borrow(|known| known.get(&table).cloned());
        if let Some((changed, columns)) = known
            && !changed.get()
        {
            return Ok(columns);
        }
        let changed = cache::watch(table);
        changed.set(false);
        let columns = Rc::new(Columns::read(table)?);
        KNOWN.with_borrow_mut(|known| known.insert(table, (changed, Rc::clone(&columns))));
        Ok(columns)
    }
}
