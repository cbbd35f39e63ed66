//! A trigger's firing: the table, the rows, and what becomes of them.

use super::descriptor;
use super::error::{Result, guard};
use super::value::{Value, read};
use crate::error::{Code, Error};
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, HeapTuple};
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
            std::ffi::CStr::from_ptr(name)
                .to_string_lossy()
                .into_owned()
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

    /// Refuses unless the trigger fires row by row, `before` the event or after it. Whoever may create a
    /// trigger may attach our functions to any event, and what has no row must not be read as one.
    pub fn require_row(&self, before: bool) -> Result<()> {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        let timing = if before {
            pg_sys::TRIGGER_EVENT_BEFORE
        } else {
            pg_sys::TRIGGER_EVENT_AFTER
        };
        if event & pg_sys::TRIGGER_EVENT_ROW != 0
            && event & pg_sys::TRIGGER_EVENT_TIMINGMASK == timing
        {
            return Ok(());
        }
        Err(Error::new(
            Code::WrongTrigger,
            "a phasegate trigger function is attached to the wrong event",
        )
        .detail(format!(
            "This one must be fired FOR EACH ROW, {} the event.",
            if before { "BEFORE" } else { "AFTER" }
        )))
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

    /// Whether the trigger fires for each row.
    pub fn is_for_row(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_ROW != 0
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

    /// Whether the event is the DELETE of a row.
    pub fn is_row_delete(&self) -> bool {
        // SAFETY: the server passes trigger data that lives for the call.
        let event = unsafe { (*self.data).tg_event };
        event & pg_sys::TRIGGER_EVENT_OPMASK == pg_sys::TRIGGER_EVENT_DELETE
            && event & pg_sys::TRIGGER_EVENT_ROW != 0
    }

    /// The row that the event is about: the new one of an UPDATE, else the only one. Null for statements.
    fn current(&self) -> HeapTuple {
        // SAFETY: the server passes trigger data that lives for the call.
        unsafe {
            if self.is_update() {
                (*self.data).tg_newtuple
            } else {
                (*self.data).tg_trigtuple
            }
        }
    }

    /// A column of the row after the event, by attribute number.
    pub fn new_value(&self, attribute: i16) -> Option<Datum> {
        // SAFETY: the server passes trigger data that lives for the call.
        let slot = unsafe {
            if self.is_update() {
                (*self.data).tg_newslot
            } else {
                (*self.data).tg_trigslot
            }
        };
        self.value(slot, attribute)
    }

    /// A column of the row before an UPDATE or DELETE, by attribute number.
    pub fn old_value(&self, attribute: i16) -> Option<Datum> {
        // SAFETY: the server passes trigger data that lives for the call.
        self.value(unsafe { (*self.data).tg_trigslot }, attribute)
    }

    /// A `uuid` column of the row after the event; `None` where the column has another type.
    pub fn new_uuid(&self, attribute: i16) -> Option<Uuid> {
        self.is_uuid(attribute)
            .then(|| self.new_value(attribute))?
            .map(read::uuid)
    }

    /// A `uuid` column of the row before an UPDATE or DELETE; `None` where the column has another type.
    pub fn old_uuid(&self, attribute: i16) -> Option<Uuid> {
        self.is_uuid(attribute)
            .then(|| self.old_value(attribute))?
            .map(read::uuid)
    }

    fn is_uuid(&self, attribute: i16) -> bool {
        let index = usize::try_from(attribute).unwrap_or(0).wrapping_sub(1);
        // SAFETY: as in `schema`; an open relation has a descriptor.
        let attributes = unsafe { descriptor::attributes((*self.relation()).rd_att) };
        (attributes.get(index)).is_some_and(|attribute| attribute.atttypid == pg_sys::UUIDOID)
    }

    /// A column of a row, taken from its slot, which is made to read all of the row with the first column asked for.
    fn value(&self, slot: *mut pg_sys::TupleTableSlot, attribute: i16) -> Option<Datum> {
        let number = usize::try_from(attribute).ok()?;
        let index = number.checked_sub(1)?;
        if slot.is_null() {
            return None;
        }
        // SAFETY: slots of a row trigger hold a row of the relation; an attribute beyond it is excluded before the slot
        // is made to read it, after which its arrays have values for all.
        unsafe {
            let count = (*(*self.relation()).rd_att).natts;
            if number > usize::try_from(count).unwrap_or(0) {
                return None;
            }
            if (*slot).tts_nvalid < attribute {
                pg_sys::slot_getsomeattrs_int(slot, count);
            }
            let is_null = *(*slot).tts_isnull.add(index);
            (!is_null).then(|| *(*slot).tts_values.add(index))
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

    /// Whether an UPDATE left a column of a type that is passed by value as it was.
    pub fn is_equal(&self, attribute: i16) -> bool {
        let word = |datum: Option<Datum>| datum.map(|datum| datum.value());
        word(self.old_value(attribute)) == word(self.new_value(attribute))
    }

    /// Whether an UPDATE left a column of variable length as it was, byte for byte as it is stored.
    /// False says little: the same value may be stored in another way.
    pub fn is_untouched(&self, attribute: i16) -> bool {
        match (self.old_value(attribute), self.new_value(attribute)) {
            (None, None) => true,
            // SAFETY: both are varlenas of this column; their stored bytes are compared, not what they stand for.
            (Some(old), Some(new)) => unsafe {
                let bytes = |datum: Datum| {
                    let start = datum.cast_mut_ptr::<pg_sys::varlena>();
                    std::slice::from_raw_parts(start.cast::<u8>(), pgrx::varsize_any(start))
                };
                bytes(old) == bytes(new)
            },
            _ => false,
        }
    }

    /// The row with these columns replaced.
    pub fn with(&self, columns: &[(i16, Value<'_>)]) -> Verdict {
        let numbers: Vec<i32> = columns
            .iter()
            .map(|(number, _)| i32::from(*number))
            .collect();
        let (datums, nulls): (Vec<Datum>, Vec<bool>) = columns
            .iter()
            .map(|(number, value)| value.for_column(self.table(), *number))
            .unzip();
        let count = i32::try_from(numbers.len()).unwrap_or(0);
        // SAFETY: the three arrays have `count` elements; numbers are attributes of this relation.
        // The result is allocated in the trigger's per-tuple context, as the server wants it.
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
