//! Statements: kept prepared plans. pgrx's Spi connects anew for each, knows no snapshot and no planning at a chosen moment,
//! and copies what it gives.

use super::error::{self, Result};
use super::rows::{Row, Rows};
use super::settings::Pinned;
use super::value::{Value, parted};
use super::{catalog, role, server};
use crate::by_index::{ByIndex, Circumstances, Planned, Run};
use crate::changes;
use crate::error::{Code, Error};
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::{CString, c_char, c_int, c_long};
use std::marker::PhantomData;

/// A connection to the server programming interface; statements run while one is alive.
pub struct Session(PhantomData<*const ()>);

impl Session {
    /// Connects.
    pub fn open() -> Result<Self> {
        // SAFETY: SPI_connect has no preconditions inside a transaction, and SQL only calls us inside one.
        let status = unsafe { pg_sys::SPI_connect() };
        done(status, "connect to SPI")?;
        Ok(Session(PhantomData))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // While an error unwinds, the server's own abort processing closes the connection.
        if !std::thread::panicking() {
            // SAFETY: connected in `open`, and connections nest properly because guards do.
            unsafe { pg_sys::SPI_finish() };
        }
    }
}

/// A prepared and kept plan.
pub struct Plan {
    plan: pg_sys::SPIPlanPtr,
    parameters: usize,
    planned: Planned,
}

/// Which rows a statement sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// What the calling query sees, and nothing is written: for functions that are STABLE.
    Caller,
    /// What the transaction's isolation level says at this moment.
    Snapshot,
    /// The latest committed rows and the transaction's own, whatever the isolation level.
    ///
    /// For decisions that another transaction's commit may have taken the ground from, and for
    /// configuration that is cached beyond this transaction; foreign-key checks do the same.
    Latest,
}

impl Plan {
    /// Prepares and keeps a plan. Needs an open [`Session`].
    pub fn prepare(sql: &str, parameters: &[Oid]) -> Result<Self> {
        let (text, types) = (with_nul(sql)?, parameters);
        let options = match ByIndex::is_on() {
            true => pg_sys::CURSOR_OPT_GENERIC_PLAN as c_int,
            false => 0,
        };
        let count = i32::try_from(types.len()).unwrap_or(i32::MAX);
        // SAFETY: `types` holds `count` OIDs; SPI copies text and types, and changes none. The plan is kept before the
        // procedure context it was made in goes away.
        let plan = unsafe {
            let types = types.as_ptr().cast_mut();
            let plan = pg_sys::SPI_prepare_cursor(text.as_ptr(), count, types, options);
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(Error::new(Code::Internal, "could not prepare a statement").detail(sql));
            }
            plan
        };
        Ok(Plan {
            plan,
            parameters: parameters.len(),
            planned: Planned::default(),
        })
    }

    /// The values as SPI takes them, with `n` for each that is NULL.
    fn datums(&self, arguments: &[Value<'_>]) -> Result<(Vec<Datum>, Vec<c_char>)> {
        if arguments.len() != self.parameters {
            return Err(Error::new(
                Code::Internal,
                "a statement was given a wrong number of values",
            ));
        }
        let (datums, nulls) = parted(arguments.iter().map(Value::to_datum));
        let mark = |null| if null { b'n' as c_char } else { b' ' as c_char };
        Ok((datums, nulls.into_iter().map(mark).collect()))
    }

    /// Sees to it that the plan, which is about to run, is one by index, where [`ByIndex`] asks for it. What is given is to
    /// be held while it runs.
    ///
    /// The settings are changed while the plan is made and not while it runs: to change them takes longer than many a
    /// statement, and they are none of the business of triggers that it fires. `plan_cache_mode = force_custom_plan` is
    /// followed: then the server plans for each run, when it sees how large the tables are.
    fn by_index(&self) -> Option<Run<'_>> {
        if !ByIndex::is_on() {
            return None;
        }
        // SAFETY: the plan is alive, one of one statement. The server itself says whether its cache was reset, as DISCARD does.
        // The plan that is got is held by the current resource owner, and given back to it.
        unsafe {
            if pg_sys::SPI_plan_is_valid(self.plan) && self.planned.is_made(&circumstances()) {
                return Some(self.planned.run());
            }
            let _settings = Pinned::to(&[
                (c"enable_seqscan", c"off"),
                (c"enable_bitmapscan", c"off"),
                // A generic plan's cost is a guess; compiling for it would cost a thousand times the work.
                (c"jit", c"off"),
            ]);
            let plan = pg_sys::SPI_plan_get_cached_plan(self.plan);
            if !plan.is_null() {
                pg_sys::ReleaseCachedPlan(plan, pg_sys::CurrentResourceOwner);
            }
        }
        // Its locks were got with it: until they are asked for again, nothing that others change is taken in.
        self.planned.make(circumstances());
        Some(self.planned.run())
    }

    /// Runs a query that only reads, and hands over each row as soon as there is one.
    pub fn run_by_row(
        &self,
        arguments: &[Value<'_>],
        mut take: impl FnMut(&Row<'_>),
    ) -> Result<()> {
        let (mut datums, nulls) = self.datums(arguments)?;
        // SAFETY: the plan is alive, `datums` and `nulls` have the number of elements it was prepared with and are copied.
        // The portal is open until it is closed below, or by abort processing where an error passes through; a table of
        // rows is the latest one, and not used after it is freed.
        unsafe {
            let run = self.by_index();
            let (datums, nulls) = (datums.as_mut_ptr(), nulls.as_ptr());
            let portal = pg_sys::SPI_cursor_open(std::ptr::null(), self.plan, datums, nulls, false);
            drop(run);
            loop {
                pg_sys::SPI_cursor_fetch(portal, true, 1);
                let rows = Rows::latest();
                let is_done = rows.is_empty();
                rows.iter().for_each(|row| take(&row));
                pg_sys::SPI_freetuptable(rows.table);
                if is_done {
                    pg_sys::SPI_cursor_close(portal);
                    return Ok(());
                }
            }
        }
    }

    /// Whether it may not be what [`ByIndex`] asks for, so that it is to be prepared anew.
    pub fn is_spoiled(&self) -> bool {
        self.planned.is_spoiled()
    }

    /// Runs the plan and gives its rows; `limit` 0 means all.
    pub fn run(&self, arguments: &[Value<'_>], sees: Sees, limit: i64) -> Result<Rows> {
        let (mut datums, nulls) = self.datums(arguments)?;
        // SAFETY: the plan is alive, `datums` and `nulls` have the number of elements it was prepared
        // with; a snapshot is registered for as long as the statement runs (and by abort processing
        // released where it raises).
        unsafe {
            let _run = self.by_index();
            let (none, mut snapshot) = (std::ptr::null_mut(), std::ptr::null_mut());
            if sees == Sees::Latest && pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 {
                pg_sys::CommandCounterIncrement();
                snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
            }
            let (datums, nulls, limit) = (datums.as_mut_ptr(), nulls.as_ptr(), limit as c_long);
            let only_reads = sees == Sees::Caller;
            let status = pg_sys::SPI_execute_snapshot(
                self.plan, datums, nulls, snapshot, none, only_reads, true, limit,
            );
            // Null is passed by.
            pg_sys::UnregisterSnapshot(snapshot);
            done(status, "run a statement")?;
            Ok(Rows::latest())
        }
    }
}

/// What plans depend on, as it is now.
fn circumstances() -> Circumstances {
    Circumstances {
        changes: changes::generation(),
        role: role::current(),
        row_security: server::row_security(),
        path: catalog::search_path(),
        temporary: catalog::temporary_schema(),
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        // SAFETY: the plan was kept by `prepare`, and is freed once. Freeing raises nothing, so that it may be while an error
        // unwinds.
        unsafe { pg_sys::SPI_freeplan(self.plan) };
    }
}

/// Runs a script of several statements without parameters, as those that change definitions. Needs an open [`Session`].
pub fn run_script(sql: &str) -> Result<()> {
    let text = with_nul(sql)?;
    // SAFETY: connected; the text is NUL-terminated and outlives the call.
    let run = || unsafe { pg_sys::SPI_execute(text.as_ptr(), false, 0) };
    done(error::unless_changed(run), "run a script")
}

/// What SPI answers is below 0 where it did not do it.
pub(super) fn done(status: c_int, what: &str) -> Result<()> {
    match status < 0 {
        true => Err(Error::new(Code::Internal, format!("could not {what}"))),
        false => Ok(()),
    }
}

/// An identifier, quoted where SQL needs it.
pub fn quote_identifier(name: &str) -> Result<String> {
    with_nul(name)?;
    Ok(pgrx::spi::quote_identifier(name))
}

fn with_nul(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(Code::InvalidArgument, "a name contains a null byte"))
}
