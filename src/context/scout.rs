//! The blocks of the phases that a statement's tickets leave, without a look-up for each of them where
//! most have produced nothing.
//!
//! Whether a statement moves one ticket or a million is not known at its first row. So tickets are looked up
//! one by one, until the look-ups that found nothing have cost about as much as reading both tables
//! once: then that is done, and only tickets that turned up are looked up from there on. At worst this
//! doubles the cost; for a million tickets without evidence it takes nearly all of it away.
//!
//! What turned up holds for the statement, and only while nothing can have been added to it: no other
//! transaction has ended since, and this one has written neither tasks nor artifacts. Else it starts anew.

use super::fold::{self, Produced};
use super::statements::{PAGES, PRODUCTIVE};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::transaction::{self, Moment};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::workspace::{Configuration, Workspace};
use std::cell::RefCell;
use std::collections::HashSet;
use uuid::Uuid;

/// Look-ups in vain before the tables' sizes are asked for.
const FIRST: usize = 64;

/// More tickets than this for each look-up in vain are not worth their memory.
const MOST: usize = 8;

/// What is known of a phase that tickets are leaving.
struct Scout {
    schema: u32,
    phase: u32,
    moment: Moment,
    /// Look-ups that found nothing.
    in_vain: usize,
    /// So many of them, and it is time to think of reading it all.
    enough: usize,
    /// The tickets for which the phase has produced something, once they were read.
    productive: Option<HashSet<Uuid>>,
}

thread_local! {
    static SCOUT: RefCell<Option<Scout>> = const { RefCell::new(None) };
}

/// Forgets what it knows: the statement is through, or tasks or artifacts are being written, or what was
/// seen is rolled back.
pub fn forget() {
    SCOUT.with_borrow_mut(|scout| *scout = None);
}

/// As [`fold::block`] sees the latest evidence, for one of a statement's tickets.
pub fn block(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    left: Phase,
) -> Result<Option<Produced>> {
    let phase = configuration.phases.oid(left);
    let mut scout = Scout::current(workspace.schema, phase);
    let known = scout.productive.as_ref();
    if known.is_some_and(|productive| !productive.contains(&ticket)) {
        scout.keep();
        return Ok(None);
    }
    let found = fold::block(workspace, configuration, ticket, left, Sees::Latest)?;
    if found.is_none() {
        scout.in_vain += 1;
        scout.read(workspace)?;
    }
    scout.keep();
    Ok(found)
}

impl Scout {
    /// What is known as of now: of this phase, and with nothing written since.
    fn current(schema: u32, phase: u32) -> Self {
        let moment = transaction::moment();
        let known = SCOUT.take().filter(|scout| {
            scout.schema == schema && scout.phase == phase && scout.moment == moment
        });
        known.unwrap_or(Scout {
            schema,
            phase,
            moment,
            in_vain: 0,
            enough: FIRST,
            productive: None,
        })
    }

    fn keep(self) {
        SCOUT.set(Some(self));
    }

    /// Reads which tickets have evidence, if it is time.
    fn read(&mut self, workspace: &Workspace) -> Result<()> {
        if self.productive.is_some() || self.in_vain < self.enough {
            return Ok(());
        }
        self.enough = self.in_vain.saturating_mul(2);
        let _session = Session::open()?;
        let _owner = workspace.as_owner();
        let tables = [
            Sql::Oid(workspace.table("tasks")?),
            Sql::Oid(workspace.table("phase_gate_artifacts")?),
        ];
        let pages = workspace.run(&PAGES, &tables, Sees::Snapshot)?;
        let pages = pages.first().and_then(|row| row.big(1)).unwrap_or(i64::MAX);
        if usize::try_from(pages).is_ok_and(|pages| pages > self.in_vain) {
            return Ok(());
        }
        let most = self.in_vain.saturating_mul(MOST);
        let limit = Sql::Big(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = workspace.run(&PRODUCTIVE, &[Sql::Oid(self.phase), limit], Sees::Latest)?;
        if rows.len() < most {
            self.productive = Some(rows.iter().filter_map(|row| row.uuid(1)).collect());
        }
        Ok(())
    }
}
