//! A trigger's firing: the table, the rows, and what becomes of them.

use super::error::{Result, guard, raise};
use super::value::{Value, read};
use super::{descriptor, value};
use crate::error::{Code, Error};
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, HeapTuple, Oid};
use std::cell::Cell;
use std::ffi::CStr;
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

/// When a trigger fires.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// before the event
    Before = pg_sys::TRIGGER_EVENT_BEFORE as isize,
    /// after it
    After = pg_sys::TRIGGER_EVENT_AFTER as isize,
}

/// What a trigger fires for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// each row
    Row = pg_sys::TRIGGER_EVENT_ROW as isize,
    /// each statement
    Statement = 0,
}

/// What a trigger fires at.
#[derive(Debug, Clone, Copy)]
pub enum On {
    /// rows come
    Insert = pg_sys::TRIGGER_EVENT_INSERT as isize,
    /// rows change
    Update = pg_sys::TRIGGER_EVENT_UPDATE as isize,
    /// rows go
    Delete = pg_sys::TRIGGER_EVENT_DELETE as isize,
    /// all rows go
    Truncate = pg_sys::TRIGGER_EVENT_TRUNCATE as isize,
}

/// How many triggers are being fired, one within another.
pub fn depth() -> i32 {
    // SAFETY: takes no arguments and reads a server global.
    let depth = unsafe { pgrx::direct_function_call_as_datum(pg_sys::pg_trigger_depth, &[]) };
    depth.map_or(0, read::int)
}

/// A table's triggers, in the order they fire in.
///
/// # Safety
/// A description of triggers that outlives what is given, or null.
pub(super) unsafe fn all<'a>(triggers: *mut pg_sys::TriggerDesc) -> &'a [pg_sys::Trigger] {
    if triggers.is_null() {
        return &[];
    }
    // SAFETY: as the caller says; an array of as many as it says.
    unsafe {
        let count = usize::try_from((*triggers).numtriggers).unwrap_or(0);
        std::slice::from_raw_parts((*triggers).triggers, count)
    }
}

/// Whether the trigger sees the rows of an event before they are written.
pub(super) fn changes_rows(trigger: &pg_sys::Trigger, event: u32) -> bool {
    let wanted = (pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_ROW | event) as i16;
    trigger.tgtype & wanted == wanted && trigger.tgenabled != b'D' as std::ffi::c_char
}

/// One firing of a trigger.
pub struct Firing {
    data: *mut pg_sys::TriggerData,
    /// The row that an earlier rule of the same trigger wants; null where it is the one that came.
    wanted: Cell<HeapTuple>,
}

/// Runs a trigger function's body. The only caller is the generated entry point.
///
/// # Safety
/// `info` is what the server passes to a version-1 function.
pub unsafe fn run(info: FunctionCallInfo, body: fn(&Firing) -> Result<Verdict>) -> Datum {
    // SAFETY: the entry point does nothing but call this. `info` is valid; its context node, where there is one,
    // tells its type by its tag.
    unsafe {
        guard(|| {
            let context = (*info).context;
            if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_TriggerData {
                return Err(Error::new(
                    Code::WrongTrigger,
                    "a phasegate trigger function can only be called by a trigger",
                ));
            }
            let firing = Firing {
                data: context.cast(),
                wanted: Cell::new(std::ptr::null_mut()),
            };
            Ok(match body(&firing)? {
                Verdict::Keep => Datum::from(firing.current()),
                Verdict::Replace(tuple) => Datum::from(tuple),
                Verdict::Skip => Datum::null(),
            })
        })
    }
}

impl Firing {
    fn relation(&self) -> pg_sys::Relation {
        // SAFETY: the server passes trigger data that lives for the call.
        unsafe { (*self.data).tg_relation }
    }

    /// The OID of the table that fired.
    pub fn table(&self) -> u32 {
        // SAFETY: the relation is open for the duration of the statement.
        unsafe { (*self.relation()).rd_id.to_u32() }
    }

    /// The table's name.
    pub fn table_name(&self) -> String {
        // SAFETY: as in `table`; relname is NUL-terminated.
        unsafe {
            let name = (*(*self.relation()).rd_rel).relname.data.as_ptr();
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }

    /// The OID of the table's schema.
    pub fn schema(&self) -> u32 {
        // SAFETY: as in `table`; rd_rel is always there.
        unsafe { (*(*self.relation()).rd_rel).relnamespace.to_u32() }
    }

    /// The OID of the table's owner.
    pub fn owner(&self) -> u32 {
        // SAFETY: as in `schema`.
        unsafe { (*(*self.relation()).rd_rel).relowner.to_u32() }
    }

    /// Refuses unless the function was fired as the workspace's own triggers fire it: whoever may create a trigger may
    /// attach our functions to any event, and what has no row must not be read as one.
    pub fn require(&self, when: When, level: Each, events: &[On]) -> Result<()> {
        // SAFETY: the server passes trigger data that lives for the call.
        let fired = unsafe { (*self.data).tg_event };
        let is_expected = fired & pg_sys::TRIGGER_EVENT_TIMINGMASK == when as u32
            && fired & pg_sys::TRIGGER_EVENT_ROW == level as u32
            && (events.iter()).any(|event| fired & pg_sys::TRIGGER_EVENT_OPMASK == *event as u32);
        if is_expected {
            return Ok(());
        }
        let events: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
        let expected = format!("{when:?} {} for each {level:?}", events.join(" or "));
        Err(Error::new(
            Code::WrongTrigger,
            "a phasegate trigger function is attached to the wrong event",
        )
        .detail(format!("It must be fired {}.", expected.to_uppercase()))
        .table(self.table_name()))
    }

    /// The number of the table's column of this name.
    pub fn column(&self, name: &str) -> Result<i16> {
        self.attributes()
            .iter()
            .find(|column| !column.attisdropped && descriptor::name(column) == name)
            .map(|column| column.attnum)
            .ok_or_else(|| {
                let table = self.table_name();
                let message = format!("column \"{name}\" of table \"{table}\" is missing");
                Error::new(Code::WorkspaceIncomplete, message)
                    .hint("phasegate.create_workspace adds what a workspace is missing.")
                    .table(table)
                    .column(name)
            })
    }

    /// The columns of the table as it is while it is locked: dropped ones too.
    fn attributes(&self) -> &[pg_sys::FormData_pg_attribute] {
        // SAFETY: an open relation has a descriptor, which stays while it is locked, as it is for the statement.
        unsafe { descriptor::attributes((*self.relation()).rd_att) }
    }

    fn attribute(&self, column: i16) -> Option<&pg_sys::FormData_pg_attribute> {
        let place = usize::try_from(column).ok()?.checked_sub(1)?;
        self.attributes()
            .get(place)
            .filter(|attribute| !attribute.attisdropped)
    }

    /// The column, which must be of one of the types; raises where it is of another, or gone.
    fn expect(&self, column: i16, fits: impl FnOnce(Oid) -> bool, needed: &str) {
        let found = self.attribute(column);
        if found.is_some_and(|attribute| fits(attribute.atttypid)) {
            return;
        }
        raise(descriptor::wrong_type(found, needed).table(self.table_name()));
    }

    /// Refuses unless the trigger names its table of new rows so.
    pub fn require_new_table(&self, name: &CStr) -> Result<()> {
        // SAFETY: the server passes trigger data that lives for the call; a name of a transition table is null or
        // NUL-terminated.
        let found = unsafe {
            let found = (*(*self.data).tg_trigger).tgnewtable;
            (!found.is_null()).then(|| CStr::from_ptr(found))
        };
        if found == Some(name) {
            return Ok(());
        }
        let name = name.to_string_lossy();
        Err(Error::new(
            Code::WrongTrigger,
            "a phasegate trigger function is attached without its transition table",
        )
        .detail(format!("It must be fired REFERENCING NEW TABLE AS {name}."))
        .table(self.table_name()))
    }

    /// Makes the trigger's transition tables known to statements by their names. Needs an open session.
    pub fn name_transition_tables(&self) -> Result<()> {
        // SAFETY: the server passes trigger data that lives for the call, and so do the tables.
        let status = unsafe { pg_sys::SPI_register_trigger_data(self.data) };
        if status < 0 {
            return Err(Error::new(
                Code::Internal,
                "could not register a transition table",
            ));
        }
        Ok(())
    }

    /// Whether the trigger fires before the event.
    pub fn is_before(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_BEFORE
    }

    /// Whether the trigger fires for each row or once a statement.
    pub fn level(&self) -> Each {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        if event & pg_sys::TRIGGER_EVENT_ROW != 0 {
            Each::Row
        } else {
            Each::Statement
        }
    }

    /// Whether the event is an INSERT (else an UPDATE, DELETE or TRUNCATE).
    pub fn is_insert(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_OPMASK == pg_sys::TRIGGER_EVENT_INSERT
    }

    /// Whether the event is an UPDATE.
    pub fn is_update(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_OPMASK == pg_sys::TRIGGER_EVENT_UPDATE
    }

    /// Whether the event is a TRUNCATE.
    pub fn is_truncate(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_OPMASK == pg_sys::TRIGGER_EVENT_TRUNCATE
    }

    /// Whether the event is the DELETE of a row.
    pub fn is_row_delete(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_OPMASK == pg_sys::TRIGGER_EVENT_DELETE
            && event & pg_sys::TRIGGER_EVENT_ROW != 0
    }

    /// The row that the event is about: the new one of an UPDATE, else the only one. Null for statements.
    fn current(&self) -> HeapTuple {
        if !self.wanted.get().is_null() {
            return self.wanted.get();
        }
        // SAFETY: the server passes trigger data that lives for the call.
        unsafe {
            if self.is_update() {
                (*self.data).tg_newtuple
            } else {
                (*self.data).tg_trigtuple
            }
        }
    }

    /// Goes on with the row that a rule wants, for the trigger's other rules.
    pub fn go_on_with(&self, verdict: &Verdict) {
        if let Verdict::Replace(row) = verdict {
            self.wanted.set(*row);
        }
    }

    /// The row after the event.
    pub fn new_row(&self) -> FiredRow<'_> {
        // SAFETY: the server passes trigger data that lives for the call.
        let slot = unsafe {
            if self.is_update() {
                (*self.data).tg_newslot
            } else {
                (*self.data).tg_trigslot
            }
        };
        FiredRow {
            firing: self,
            slot,
            wanted: self.wanted.get(),
        }
    }

    /// The row before an UPDATE or DELETE.
    pub fn old_row(&self) -> FiredRow<'_> {
        // SAFETY: the server passes trigger data that lives for the call.
        let slot = unsafe { (*self.data).tg_trigslot };
        FiredRow {
            firing: self,
            slot,
            wanted: std::ptr::null_mut(),
        }
    }

    /// The row before an UPDATE or DELETE, as JSON text.
    pub fn old_json(&self) -> Option<String> {
        // SAFETY: the server passes trigger data that lives for the call.
        (!self.is_insert()).then(|| self.json(unsafe { (*self.data).tg_trigtuple }))?
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
            let row = pg_sys::heap_copy_tuple_as_datum(row, (*self.relation()).rd_att);
            pgrx::direct_function_call_as_datum(pg_sys::row_to_json, &[Some(row)])
        };
        text.map(read::text)
    }

    /// Whether another row trigger may fire for the same UPDATE after this BEFORE trigger, and change the row again.
    pub fn is_followed(&self) -> bool {
        // SAFETY: the relation and its triggers stay as they are while a statement on it runs.
        unsafe {
            let own = (*(*self.data).tg_trigger).tgoid;
            let mut later = all((*self.relation()).trigdesc)
                .iter()
                .skip_while(|trigger| trigger.tgoid != own)
                .peekable();
            later.peek().is_none()
                || later
                    .skip(1)
                    .any(|trigger| changes_rows(trigger, pg_sys::TRIGGER_TYPE_UPDATE))
        }
    }

    /// Whether an UPDATE left a column as it was, byte for byte as it is stored. Of a type of variable length false
    /// says little: the same value may be stored in another way.
    pub fn is_same(&self, column: i16) -> bool {
        let Some(attribute) = self.attribute(column) else {
            return true;
        };
        match (self.old_row().datum(column), self.new_row().datum(column)) {
            (None, None) => true,
            // SAFETY: both are datums of this column, whose descriptor says how they are stored.
            (Some(old), Some(new)) => unsafe { value::is_same(old, new, attribute) },
            _ => false,
        }
    }

    /// The row with these columns replaced; raises where one is of another type than its value.
    pub fn with(&self, columns: &[(i16, Value<'_>)]) -> Verdict {
        let numbers: Vec<i32> = columns
            .iter()
            .map(|(number, _)| i32::from(*number))
            .collect();
        let (datums, nulls): (Vec<Datum>, Vec<bool>) = columns
            .iter()
            .map(|(number, value)| {
                self.expect(*number, |found| value.fits(found), "that of its new value");
                let modifier = self
                    .attribute(*number)
                    .map_or(-1, |column| column.atttypmod);
                value.of_length(modifier)
            })
            .unzip();
        let count = i32::try_from(numbers.len()).unwrap_or(0);
        // SAFETY: the three arrays have `count` elements; numbers are columns of this relation, and the datums of
        // their types. The result is allocated in the trigger's per-tuple context, as the server wants it.
        Verdict::Replace(unsafe {
            pg_sys::heap_modify_tuple_by_cols(
                self.current(),
                (*self.relation()).rd_att,
                count,
                numbers.as_ptr().cast_mut(),
                datums.as_ptr().cast_mut(),
                nulls.as_ptr().cast_mut(),
            )
        })
    }
}

/// A row that a trigger fired for. Columns are numbered as in the table, and read by what they are to hold: where the
/// table as it is has another type there, which its owner may have altered at any time, that is an error and the datum
/// is not looked at.
#[derive(Clone, Copy)]
pub struct FiredRow<'a> {
    firing: &'a Firing,
    slot: *mut pg_sys::TupleTableSlot,
    /// Instead of the slot's, where it is not null.
    wanted: HeapTuple,
}

impl<'a> FiredRow<'a> {
    /// A column of the row, taken from its slot, which is made to read all of the row with the first column asked for.
    fn datum(&self, column: i16) -> Option<Datum> {
        let index = usize::try_from(column).ok()?.checked_sub(1)?;
        let columns = self.firing.attributes().len();
        if self.slot.is_null() || index >= columns {
            return None;
        }
        if !self.wanted.is_null() {
            let mut is_null = false;
            // SAFETY: a row that was made for the relation, with its descriptor; the attribute is one of it.
            let datum = unsafe {
                let columns = (*self.firing.relation()).rd_att;
                pg_sys::heap_getattr(self.wanted, i32::from(column), columns, &mut is_null)
            };
            return (!is_null).then_some(datum);
        }
        // SAFETY: slots of a row trigger hold a row of the relation; an attribute beyond it is excluded before the slot
        // is made to read it, after which its arrays have values for all.
        unsafe {
            if (*self.slot).tts_nvalid < column {
                pg_sys::slot_getsomeattrs_int(self.slot, i32::try_from(columns).unwrap_or(0));
            }
            let is_null = *(*self.slot).tts_isnull.add(index);
            (!is_null).then(|| *(*self.slot).tts_values.add(index))
        }
    }

    fn name(&self, column: i16) -> &'a str {
        self.firing.attribute(column).map_or("", descriptor::name)
    }

    fn typed(&self, column: i16, kinds: &[Oid], needed: &str) -> Option<Datum> {
        self.firing
            .expect(column, |found| kinds.contains(&found), needed);
        self.datum(column)
    }

    /// Whether a column, of any type, is NULL.
    pub fn is_null(&self, column: i16) -> bool {
        self.datum(column).is_none()
    }

    /// A column of any type, to be put into the same column again.
    pub fn value(&self, column: i16) -> Value<'a> {
        match (self.firing.attribute(column), self.datum(column)) {
            (Some(attribute), Some(datum)) => Value::Stored(attribute.atttypid, datum),
            _ => Value::Null,
        }
    }

    /// A `uuid` column.
    pub fn uuid(&self, column: i16) -> Option<Uuid> {
        self.typed(column, &[pg_sys::UUIDOID], "uuid")
            .map(read::uuid)
    }

    /// A `text` or `varchar` column.
    pub fn text(&self, column: i16) -> Option<String> {
        self.typed(column, &[pg_sys::TEXTOID, pg_sys::VARCHAROID], "text")
            .map(|datum| read::text(read::within(datum, self.name(column))))
    }

    /// A `text[]` or `varchar[]` column, NULL elements kept.
    pub fn texts(&self, column: i16) -> Option<Vec<Option<String>>> {
        let kinds = [pg_sys::TEXTARRAYOID, pg_sys::VARCHARARRAYOID];
        self.typed(column, &kinds, "text[]")
            .map(|datum| read::texts(read::within(datum, self.name(column))))
    }

    /// A `jsonb` column, as JSON text.
    pub fn json(&self, column: i16) -> Option<String> {
        self.typed(column, &[pg_sys::JSONBOID], "jsonb")
            .map(|datum| read::json(read::within(datum, self.name(column))))
    }

    /// Whether a `jsonb` column is an object with the key.
    pub fn has_key(&self, column: i16, key: &str) -> bool {
        self.typed(column, &[pg_sys::JSONBOID], "jsonb")
            .is_some_and(|datum| read::has_key(datum, key))
    }

    /// A `timestamptz` column.
    pub fn time(&self, column: i16) -> Option<i64> {
        self.typed(
            column,
            &[pg_sys::TIMESTAMPTZOID],
            "timestamp with time zone",
        )
        .map(read::big)
    }

    /// An `integer` column.
    pub fn int(&self, column: i16) -> Option<i32> {
        self.typed(column, &[pg_sys::INT4OID], "integer")
            .map(read::int)
    }

    /// A `boolean` column; NULL is false.
    pub fn bool(&self, column: i16) -> bool {
        self.typed(column, &[pg_sys::BOOLOID], "boolean")
            .is_some_and(read::bool)
    }

    /// A column of the workspace's own enum: the value's OID.
    pub fn phase(&self, column: i16, phase_type: u32) -> Option<u32> {
        self.typed(column, &[Oid::from(phase_type)], "the workspace's phase")
            .map(read::oid)
    }
}
