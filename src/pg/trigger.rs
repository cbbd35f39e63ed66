//! A trigger's firing: the table, the rows, and what becomes of them.

use super::catalog;
use super::error::{Result, guard};
use super::rows::Row;
use super::spi::done;
use super::value::{Value, parted};
use crate::error::Error;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, HeapTuple};
pub use pgrx::prelude::{PgTriggerLevel as Each, PgTriggerOperation as On, PgTriggerWhen as When};
use pgrx::{PgMemoryContexts, PgRelation, PgTrigger, direct_function_call};
use std::cell::OnceCell;
use std::ffi::{c_char, c_int};

/// What a trigger function wants done with the row. Ignored after the event.
pub enum Verdict {
    /// Go on with the row as it is.
    Keep,
    /// Go on with this row instead.
    Replace(HeapTuple),
    /// Leave the row out of the statement.
    Skip,
}

// pgrx does not have it. It raises nothing.
unsafe extern "C-unwind" {
    fn datumIsEqual(one: Datum, other: Datum, by_value: bool, length: c_int) -> bool;
}

asks! {
    /// How many triggers are being fired, one within another.
    pub fn depth() -> i32 = unsafe { direct_function_call(pg_sys::pg_trigger_depth, &[]).unwrap_or(0) };
}

/// The triggers of an open relation, in the order they fire in.
pub(super) fn all(relation: &pg_sys::RelationData) -> &[pg_sys::Trigger] {
    // SAFETY: while it is open the description is null, or has an array of as many as it says.
    unsafe {
        relation.trigdesc.as_ref().map_or(&[], |description| {
            let count = usize::try_from(description.numtriggers).unwrap_or(0);
            std::slice::from_raw_parts(description.triggers, count)
        })
    }
}

/// The arguments that CREATE TRIGGER gave.
pub(super) fn arguments(trigger: &pg_sys::Trigger) -> Vec<String> {
    let count = usize::try_from(trigger.tgnargs).unwrap_or(0);
    // SAFETY: as many texts as it says, each of which ends with a NUL.
    let argument = |place| unsafe { catalog::owned(*trigger.tgargs.add(place)) };
    (0..count).filter_map(argument).collect()
}

/// One firing of a trigger, of whose event pgrx tells. Columns of its rows are numbered as in the table.
pub struct Firing {
    trigger: PgTrigger<'static>,
    /// Where the row that a trigger gives back is made, whatever session of SPI is open when a rule makes it: what is made
    /// in there is freed when it closes.
    context: pg_sys::MemoryContext,
    /// As the table is while it is locked for the statement.
    relation: PgRelation,
    old: Row<'static>,
    new: Row<'static>,
    /// The row that an earlier rule of the same trigger wants instead of the one that came.
    wanted: OnceCell<Row<'static>>,
}

/// Runs a trigger function's body. The only caller is the generated entry point.
///
/// # Safety
/// `info` is what the server passes to a version-1 function.
pub unsafe fn run(info: FunctionCallInfo, body: fn(&Firing) -> Result<Verdict>) -> Datum {
    // SAFETY: the entry point does nothing but call this. `info`, and the trigger's data where it is called by one, are
    // valid for the call, and no firing lives longer.
    unsafe {
        guard(|| {
            let trigger = PgTrigger::from_fcinfo(&*info).map_err(|_| Error::not_fired())?;
            let data = trigger.trigger_data();
            let relation = PgRelation::from_pg(data.tg_relation);
            let row = |tuple| Row::new(tuple, relation.rd_att, Some(relation.oid().to_u32()));
            let new = match trigger.event().fired_by_update() {
                true => data.tg_newtuple,
                false => data.tg_trigtuple,
            };
            let firing = Firing {
                context: pg_sys::CurrentMemoryContext,
                old: row(data.tg_trigtuple),
                new: row(new),
                wanted: OnceCell::new(),
                relation,
                trigger,
            };
            Ok(match body(&firing)? {
                Verdict::Keep => Datum::from(firing.new_row().tuple),
                Verdict::Replace(tuple) => Datum::from(tuple),
                Verdict::Skip => Datum::null(),
            })
        })
    }
}

impl Firing {
    /// The OID of the table that fired.
    pub fn table(&self) -> u32 {
        self.relation.oid().to_u32()
    }

    /// The table's name.
    pub fn table_name(&self) -> String {
        self.relation.name().to_owned()
    }

    /// Makes the trigger's transition tables known to statements by their names. Needs an open session.
    pub fn name_transition_tables(&self) -> Result<()> {
        let data = std::ptr::from_ref(self.trigger.trigger_data()).cast_mut();
        // SAFETY: trigger data lives for the call, and so do the tables; SPI changes none of it.
        let status = unsafe { pg_sys::SPI_register_trigger_data(data) };
        done(status, "register a transition table")
    }

    /// What fired it, when and for what, as pgrx tells it.
    pub fn trigger(&self) -> &PgTrigger<'static> {
        &self.trigger
    }

    /// Goes on with the row that a rule wants, for the trigger's other rules. One rule a trigger may want one.
    pub fn go_on_with(&self, verdict: &Verdict) {
        if let Verdict::Replace(row) = verdict {
            let table = Some(self.table());
            // SAFETY: `with` made it, a row of this table where the trigger's rows are.
            let row = unsafe { Row::new(*row, self.relation.rd_att, table) };
            let _ = self.wanted.set(row);
        }
    }

    /// The row that the event is about: the new one of an UPDATE, else the only one. All NULLs for statements.
    pub fn new_row(&self) -> &Row<'_> {
        self.wanted.get().unwrap_or(&self.new)
    }

    /// The row before an UPDATE or DELETE.
    pub fn old_row(&self) -> &Row<'_> {
        &self.old
    }

    /// Whether another row trigger may fire for the same UPDATE after this BEFORE trigger, and change the row again.
    pub fn is_followed(&self) -> bool {
        let kind =
            pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_ROW | pg_sys::TRIGGER_TYPE_UPDATE;
        let changes_rows = |trigger: &pg_sys::Trigger| {
            let wanted = kind as i16;
            trigger.tgtype & wanted == wanted && trigger.tgenabled != b'D' as c_char
        };
        let own = self.trigger.trigger().tgoid;
        let mut later = (all(&self.relation).iter()).skip_while(|trigger| trigger.tgoid != own);
        later.next().is_none() || later.any(changes_rows)
    }

    /// Whether an UPDATE left a column as it was, byte for byte as it is stored. Of a type of variable length false
    /// says little: the same value may be stored in another way.
    pub fn is_same(&self, column: i16) -> bool {
        let (old, new) = (self.old_row(), self.new_row());
        let Some(found) = new.column(column) else {
            return true;
        };
        match (old.datum(column), new.datum(column)) {
            (Some(old), Some(new)) if found.attbyval => old.value() == new.value(),
            // SAFETY: two values that are stored as the column says, and not NULL.
            (Some(old), Some(new)) => unsafe { datumIsEqual(old, new, false, found.attlen.into()) },
            (old, new) => old.is_none() && new.is_none(),
        }
    }

    /// The row with these columns replaced; raises where one is of another type than its value.
    pub fn with(&self, columns: &[(i16, Value<'_>)]) -> Verdict {
        let row = self.new_row();
        let needed = || "that of its new value".to_owned();
        let put = |(number, value): &(i16, Value<'_>)| {
            let column = row.expect(*number, |found| value.fits(found), needed);
            value.of_length(column.atttypmod)
        };
        let numbers: Vec<c_int> = (columns.iter())
            .map(|(number, _)| c_int::from(*number))
            .collect();
        let (datums, nulls) = parted(columns.iter().map(put));
        // SAFETY: the three arrays have as many elements; numbers are columns of this relation, and the datums of
        // their types. The context was current when the function was entered, so it is alive: it is the trigger's
        // per-tuple context, where the server wants the result.
        Verdict::Replace(unsafe {
            PgMemoryContexts::For(self.context).switch_to(|_| {
                pg_sys::heap_modify_tuple_by_cols(
                    row.tuple,
                    row.descriptor.as_ptr(),
                    c_int::try_from(numbers.len()).unwrap_or(0),
                    numbers.as_ptr().cast_mut(),
                    datums.as_ptr().cast_mut(),
                    nulls.as_ptr().cast_mut(),
                )
            })
        })
    }
}
