//! A trigger's firing: the table, the rows, and what becomes of them.

use super::catalog;
use super::error::{Result, guard, raise};
use super::value::{Value, columns, read};
use crate::error::{Code, Error};
use pgrx::pg_sys::{self, Datum, FormData_pg_attribute, FunctionCallInfo, HeapTuple, Oid};
pub use pgrx::prelude::{PgTriggerLevel as Each, PgTriggerOperation as On, PgTriggerWhen as When};
use pgrx::{PgMemoryContexts, PgRelation, PgTrigger, PgTupleDesc};
use std::cell::OnceCell;
use std::ffi::{c_char, c_int};
use std::mem::discriminant;
use uuid::Uuid;

/// What a trigger function wants done with the row. Ignored after the event.
pub enum Verdict {
    /// Go on with the row as it is.
    Keep,
    /// Go on with this row instead.
    Replace(HeapTuple),
    /// Leave the row out of the statement.
    Skip,
}

/// How many triggers are being fired, one within another.
pub fn depth() -> i32 {
    // SAFETY: takes no arguments and reads a server global.
    unsafe { pgrx::direct_function_call(pg_sys::pg_trigger_depth, &[]) }.unwrap_or(0)
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

/// One firing of a trigger. pgrx's tells of the event; its rows are taken apart anew for each column that is read.
pub struct Firing {
    trigger: PgTrigger<'static>,
    /// Where the row that a trigger gives back is made, whatever session of SPI is open when a rule makes it: what is made
    /// in there is freed when it closes.
    context: pg_sys::MemoryContext,
    relation: PgRelation,
    /// Of the table as it is while it is locked for the statement: dropped ones too.
    columns: PgTupleDesc<'static>,
    old: OnceCell<Columns>,
    new: OnceCell<Columns>,
    /// The row that an earlier rule of the same trigger wants instead of the one that came.
    wanted: OnceCell<(HeapTuple, OnceCell<Columns>)>,
}

/// A row taken apart.
struct Columns {
    datums: Vec<Datum>,
    nulls: Vec<bool>,
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
            let not_fired = |_| {
                Error::new(
                    Code::WrongTrigger,
                    "a phasegate trigger function can only be called by a trigger",
                )
            };
            let trigger = PgTrigger::from_fcinfo(&*info).map_err(not_fired)?;
            let relation = PgRelation::from_pg(trigger.trigger_data().tg_relation);
            let firing = Firing {
                columns: PgTupleDesc::from_pg_unchecked(relation.rd_att),
                relation,
                trigger,
                context: pg_sys::CurrentMemoryContext,
                old: OnceCell::new(),
                new: OnceCell::new(),
                wanted: OnceCell::new(),
            };
            Ok(match body(&firing)? {
                Verdict::Keep => Datum::from(firing.current()),
                Verdict::Replace(tuple) => Datum::from(tuple),
                Verdict::Skip => Datum::null(),
            })
        })
    }
}

macro_rules! told_by_pgrx {
    ($($(#[$doc:meta])* $name:ident: $fired:ident,)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> bool {
            self.trigger.event().$fired()
        }
    )*};
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

    /// The OID of the table's schema.
    pub fn schema(&self) -> u32 {
        self.relation.namespace_oid().to_u32()
    }

    /// The OID of the table's owner.
    pub fn owner(&self) -> u32 {
        catalog::owner_of(self.table()).unwrap_or(0)
    }

    /// The number of the table's column of this name.
    pub fn column_number(&self, name: &str) -> Option<i16> {
        (self.columns.iter())
            .find(|column| !column.attisdropped && column.name() == name)
            .map(|column| column.attnum)
    }

    /// The column of that number, unless there is none or it was dropped.
    fn column_at(&self, number: i16) -> Option<&FormData_pg_attribute> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.columns.get(place).filter(|found| !found.attisdropped)
    }

    /// The column, where its type `fits`; else raises the error that is made of it.
    fn expect(
        &self,
        number: i16,
        fits: impl Fn(Oid) -> bool,
        error: impl Fn(Option<&FormData_pg_attribute>) -> Error,
    ) -> &FormData_pg_attribute {
        match self.column_at(number) {
            Some(found) if fits(found.atttypid) => found,
            found => raise(error(found).table(self.table_name())),
        }
    }

    /// What the trigger calls its table of new rows.
    pub fn new_table(&self) -> Option<&str> {
        self.trigger.new_transition_table_name().ok()?
    }

    /// Makes the trigger's transition tables known to statements by their names. Needs an open session.
    pub fn name_transition_tables(&self) -> Result<()> {
        let data = std::ptr::from_ref(self.trigger.trigger_data()).cast_mut();
        // SAFETY: trigger data lives for the call, and so do the tables; SPI changes none of it.
        let status = unsafe { pg_sys::SPI_register_trigger_data(data) };
        if status < 0 {
            let message = "could not register a transition table";
            return Err(Error::new(Code::Internal, message));
        }
        Ok(())
    }

    /// Whether the trigger fires at that time.
    pub fn is_at(&self, when: &When) -> bool {
        (self.trigger.when()).is_ok_and(|found| discriminant(&found) == discriminant(when))
    }

    /// Whether the trigger fires for each row or once a statement.
    pub fn level(&self) -> Each {
        self.trigger.level()
    }

    /// Whether that is the event.
    pub fn is_on(&self, event: &On) -> bool {
        (self.trigger.op()).is_ok_and(|found| discriminant(&found) == discriminant(event))
    }

    told_by_pgrx! {
        /// Whether the trigger fires before the event.
        is_before: fired_before,
        /// Whether the trigger fires for each row.
        is_for_row: fired_for_row,
        /// Whether the event is an INSERT (else an UPDATE, DELETE or TRUNCATE).
        is_insert: fired_by_insert,
        /// Whether the event is an UPDATE.
        is_update: fired_by_update,
        /// Whether the event is a TRUNCATE.
        is_truncate: fired_by_truncate,
    }

    /// Whether the event is the DELETE of a row.
    pub fn is_row_delete(&self) -> bool {
        self.trigger.event().fired_by_delete() && self.is_for_row()
    }

    /// The row that the event is about: the new one of an UPDATE, else the only one. Null for statements.
    fn current(&self) -> HeapTuple {
        if let Some((row, _)) = self.wanted.get() {
            return *row;
        }
        let data = self.trigger.trigger_data();
        match self.is_update() {
            true => data.tg_newtuple,
            false => data.tg_trigtuple,
        }
    }

    /// Goes on with the row that a rule wants, for the trigger's other rules. One rule a trigger may want one.
    pub fn go_on_with(&self, verdict: &Verdict) {
        if let Verdict::Replace(row) = verdict {
            let _ = self.wanted.set((*row, OnceCell::new()));
        }
    }

    /// The row after the event.
    pub fn new_row(&self) -> FiredRow<'_> {
        let known = self.wanted.get().map_or(&self.new, |(_, columns)| columns);
        self.taken_apart(known, self.current())
    }

    /// The row before an UPDATE or DELETE.
    pub fn old_row(&self) -> FiredRow<'_> {
        self.taken_apart(&self.old, self.trigger.trigger_data().tg_trigtuple)
    }

    fn taken_apart<'a>(&'a self, known: &'a OnceCell<Columns>, tuple: HeapTuple) -> FiredRow<'a> {
        let columns = known.get_or_init(|| {
            let descriptor = &self.columns;
            let mut datums = vec![Datum::null(); descriptor.len()];
            let mut nulls = vec![true; descriptor.len()];
            if !tuple.is_null() {
                let (datums, nulls) = (datums.as_mut_ptr(), nulls.as_mut_ptr());
                // SAFETY: a row of the relation, and room for each of its columns.
                unsafe { pg_sys::heap_deform_tuple(tuple, descriptor.as_ptr(), datums, nulls) };
            }
            Columns { datums, nulls }
        });
        let firing = self;
        FiredRow { firing, columns }
    }

    /// The row before an UPDATE or DELETE, as JSON text.
    pub fn old_json(&self) -> Option<String> {
        (!self.is_insert()).then(|| self.json(self.trigger.trigger_data().tg_trigtuple))?
    }

    /// The row after an INSERT or UPDATE, as JSON text.
    pub fn new_json(&self) -> Option<String> {
        (!self.is_row_delete()).then(|| self.json(self.current()))?
    }

    /// A row as the server's own `row_to_json` writes it.
    fn json(&self, row: HeapTuple) -> Option<String> {
        if row.is_null() {
            return None;
        }
        // SAFETY: a row of the relation, copied as a composite value, which knows its type.
        let text = unsafe {
            let row = pg_sys::heap_copy_tuple_as_datum(row, self.columns.as_ptr());
            pgrx::direct_function_call_as_datum(pg_sys::row_to_json, &[Some(row)])
        };
        text.map(read::text)
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
        let Some(found) = self.column_at(column) else {
            return true;
        };
        // SAFETY: a datum of this column: a pointer to as many bytes as its type has, or the value itself says.
        let bytes = |datum: Datum| unsafe {
            let start = datum.cast_mut_ptr::<u8>();
            let length = match usize::try_from(found.attlen) {
                Ok(length) => length,
                Err(_) if found.attlen == -1 => pgrx::varsize_any(start.cast()),
                Err(_) => return None,
            };
            Some(std::slice::from_raw_parts(start, length))
        };
        match (self.old_row().datum(column), self.new_row().datum(column)) {
            (None, None) => true,
            (Some(old), Some(new)) if found.attbyval => old.value() == new.value(),
            (Some(old), Some(new)) => bytes(old).is_some_and(|old| Some(old) == bytes(new)),
            _ => false,
        }
    }

    /// Refuses what the event writes into a column, a text, document or array, where it has more bytes than it may. Nothing of
    /// it is read. What was there already may stay.
    pub fn require_within(&self, column: i16, limit: usize) -> Result<()> {
        let is_varlena = |found: &&FormData_pg_attribute| found.attlen == -1;
        let Some(found) = self.column_at(column).filter(is_varlena) else {
            return Ok(());
        };
        let Some(datum) = self.new_row().datum(column) else {
            return Ok(());
        };
        let size = read::stored_size(datum);
        if size <= limit || self.is_update() && self.is_same(column) {
            return Ok(());
        }
        Err(Error::larger_than(found.name(), size, limit).table(self.table_name()))
    }

    /// As [`Self::require_within`] for columns by their names. One that is not there is passed by.
    pub fn require_all_within(&self, columns: &[(&str, usize)]) -> Result<()> {
        for found in self.columns.iter().filter(|column| !column.attisdropped) {
            if let Some((_, limit)) = columns.iter().find(|(name, _)| *name == found.name()) {
                self.require_within(found.attnum, *limit)?;
            }
        }
        Ok(())
    }

    /// The row with these columns replaced; raises where one is of another type than its value.
    pub fn with(&self, columns: &[(i16, Value<'_>)]) -> Verdict {
        let error = |found: Option<&_>| catalog::wrong_type(found, "that of its new value");
        let put = |(number, value): &(i16, Value<'_>)| {
            let column = self.expect(*number, |found| value.fits(found), error);
            value.of_length(column.atttypmod)
        };
        let numbers: Vec<c_int> = (columns.iter())
            .map(|(number, _)| c_int::from(*number))
            .collect();
        let (datums, nulls): (Vec<Datum>, Vec<bool>) = columns.iter().map(put).unzip();
        // SAFETY: the three arrays have as many elements; numbers are columns of this relation, and the datums of
        // their types. The context was current when the function was entered, so it is alive: it is the trigger's
        // per-tuple context, where the server wants the result.
        Verdict::Replace(unsafe {
            PgMemoryContexts::For(self.context).switch_to(|_| {
                pg_sys::heap_modify_tuple_by_cols(
                    self.current(),
                    self.columns.as_ptr(),
                    c_int::try_from(numbers.len()).unwrap_or(0),
                    numbers.as_ptr().cast_mut(),
                    datums.as_ptr().cast_mut(),
                    nulls.as_ptr().cast_mut(),
                )
            })
        })
    }
}

/// A value that is too large to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

/// A row that a trigger fired for. Columns are numbered as in the table, and read by what they are to hold: where the
/// table as it is has another type there, which its owner may have altered at any time, that is an error and the datum
/// is not looked at.
#[derive(Clone, Copy)]
pub struct FiredRow<'a> {
    firing: &'a Firing,
    columns: &'a Columns,
}

impl<'a> FiredRow<'a> {
    fn datum(&self, column: i16) -> Option<Datum> {
        let place = usize::try_from(column).ok()?.checked_sub(1)?;
        let is_null = *self.columns.nulls.get(place)?;
        (!is_null).then(|| self.columns.datums.get(place).copied())?
    }

    fn typed(&self, column: i16, kinds: &[Oid]) -> Option<Datum> {
        let error = |found: Option<&_>| catalog::not_of(found, kinds);
        self.firing
            .expect(column, |found| kinds.contains(&found), error);
        self.datum(column)
    }

    fn called(&self, column: i16, what: &'static str) -> &str {
        self.firing
            .column_at(column)
            .map_or(what, |found| found.name())
    }

    /// Whether a column, of any type, is NULL.
    pub fn is_null(&self, column: i16) -> bool {
        self.datum(column).is_none()
    }

    /// A column of any type, to be put into the same column again.
    pub fn value(&self, column: i16) -> Value<'a> {
        match (self.firing.column_at(column), self.datum(column)) {
            (Some(found), Some(datum)) => Value::Stored(found.atttypid, datum),
            _ => Value::Null,
        }
    }

    columns!(i16);

    /// A `jsonb` column, as JSON text; `Err` where it is too large to be read.
    pub fn json_that_fits(&self, column: i16) -> std::result::Result<Option<String>, TooLarge> {
        match self.typed(column, &[pg_sys::JSONBOID]) {
            Some(datum) if !read::fits(datum) => Err(TooLarge),
            datum => Ok(datum.map(read::json)),
        }
    }

    /// Whether a `jsonb` column is an object with the key.
    pub fn has_key(&self, column: i16, key: &str) -> bool {
        self.typed(column, &[pg_sys::JSONBOID])
            .is_some_and(|datum| read::has_key(datum, key))
    }

    /// A `timestamptz` column.
    pub fn time(&self, column: i16) -> Option<i64> {
        self.typed(column, &[pg_sys::TIMESTAMPTZOID]).map(read::big)
    }

    /// A column of the workspace's own enum: the value's OID.
    pub fn phase(&self, column: i16, phase_type: u32) -> Option<u32> {
        let error = |found: Option<&_>| catalog::wrong_type(found, "the workspace's phase");
        self.firing
            .expect(column, |found| found.to_u32() == phase_type, error);
        self.datum(column).map(read::oid)
    }
}
