//! Rows, of statements and of what triggers fire for, and their columns.

use super::catalog;
use super::error::raise;
use super::value::{Value, read};
use crate::error::Error;
use crate::interrupt;
use pgrx::pg_sys::{self, Datum, FormData_pg_attribute, HeapTuple, Oid};
use pgrx::{PgTupleDesc, direct_function_call_as_datum};
use std::cell::OnceCell;
use uuid::Uuid;

/// The rows of one statement. Valid while the [`super::spi::Session`] they came from is open. pgrx's copy each row before
/// it is read.
pub struct Rows {
    pub(super) table: *mut pg_sys::SPITupleTable,
    processed: u64,
}

impl Rows {
    /// Those of the statement that ran last.
    pub(super) fn latest() -> Self {
        // SAFETY: reads two server globals.
        unsafe {
            Rows {
                table: pg_sys::SPI_tuptable,
                processed: pg_sys::SPI_processed,
            }
        }
    }

    /// How many rows the statement returned or, without RETURNING, touched.
    pub fn len(&self) -> usize {
        usize::try_from(self.processed).unwrap_or(usize::MAX)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.processed == 0
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let count = if self.table.is_null() { 0 } else { self.len() };
        (0..count).map(|index| {
            interrupt::tick();
            // SAFETY: the session keeps the table, which has as many rows and their descriptor, until it is closed.
            unsafe {
                let table = &*self.table;
                Row::new(*table.vals.add(index), table.tupdesc, None)
            }
        })
    }

    /// The first row.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

/// One row. Columns are numbered from 1, as SQL does, and read by what they are to hold: a workspace's owner can alter
/// the type of any column at any time, and a datum read as what it is not is a wild pointer. So where the column has another
/// type that is an error, and the datum is not looked at. pgrx's is taken apart anew for each column that is read.
pub struct Row<'a> {
    pub(super) tuple: HeapTuple,
    pub(super) descriptor: PgTupleDesc<'a>,
    columns: OnceCell<(Vec<Datum>, Vec<bool>)>,
    /// The table that a trigger fired for; nothing for the row of a statement.
    table: Option<u32>,
}

/// The methods by which columns are read: what each gives, how it is read, and of which types the column may be.
macro_rules! columns {
    ($($name:ident: $of:ty = $read:ident $(($what:literal))?, $($kind:ident)|+;)*) => {$(
        #[doc = concat!("A column that `read::", stringify!($read), "` reads.")]
        pub fn $name(&self, column: i16) -> Option<$of> {
            let datum = self.typed(column, &[$(pg_sys::$kind),+])?;
            Some(read::$read(datum $(, self.called(column, $what))?))
        }
    )*};
}

impl<'a> Row<'a> {
    /// # Safety
    /// The row is null, which has NULLs only, or of this descriptor. Both stay as they are as long.
    pub(super) unsafe fn new(
        tuple: HeapTuple,
        descriptor: pg_sys::TupleDesc,
        table: Option<u32>,
    ) -> Self {
        Row {
            tuple,
            // SAFETY: as the caller says.
            descriptor: unsafe { PgTupleDesc::from_pg_unchecked(descriptor) },
            columns: OnceCell::new(),
            table,
        }
    }

    /// The column of that number, unless there is none or it was dropped.
    pub(super) fn column(&self, number: i16) -> Option<&FormData_pg_attribute> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        (self.descriptor.get(place)).filter(|found| !found.attisdropped)
    }

    /// The column, where its type `fits`; else raises the error about one that is not what is needed.
    pub(super) fn expect(
        &self,
        number: i16,
        fits: impl Fn(Oid) -> bool,
        needed: impl Fn() -> String,
    ) -> &FormData_pg_attribute {
        let found = self.column(number);
        if let Some(found) = found.filter(|found| fits(found.atttypid)) {
            return found;
        }
        let found = found.map(|found| (found.name(), catalog::type_name(found.atttypid)));
        let mut error = Error::wrong_column(found, &needed());
        if let Some(table) = self.table {
            error = error.table(catalog::name_of(table).unwrap_or_default());
        }
        raise(error)
    }

    /// A column's datum, whatever its type.
    pub(super) fn datum(&self, column: i16) -> Option<Datum> {
        let place = usize::try_from(column).ok()?.checked_sub(1)?;
        let (datums, nulls) = self.columns.get_or_init(|| {
            let count = self.descriptor.len();
            let (mut datums, mut nulls) = (vec![Datum::null(); count], vec![true; count]);
            if !self.tuple.is_null() {
                let (datums, nulls) = (datums.as_mut_ptr(), nulls.as_mut_ptr());
                // SAFETY: a row of this descriptor, and room for each of its columns.
                unsafe {
                    pg_sys::heap_deform_tuple(self.tuple, self.descriptor.as_ptr(), datums, nulls)
                };
            }
            (datums, nulls)
        });
        let is_null = *nulls.get(place)?;
        (!is_null).then(|| datums.get(place).copied())?
    }

    /// A column's datum, if the column has one of these types or, in the row of a statement, one that is stored alike; else raises.
    fn typed(&self, column: i16, kinds: &[Oid]) -> Option<Datum> {
        let is_stored_alike = |found| {
            self.table.is_none() && kinds.iter().any(|kind| catalog::is_stored_as(found, *kind))
        };
        let fits = |found| kinds.contains(&found) || is_stored_alike(found);
        let first = || {
            kinds
                .first()
                .map_or_else(String::new, |kind| catalog::type_name(*kind))
        };
        self.expect(column, fits, first);
        self.datum(column)
    }

    /// What errors call the column: that of a statement may be called anything.
    fn called<'b>(&'b self, column: i16, what: &'b str) -> &'b str {
        let found = self.column(column).filter(|_| self.table.is_some());
        found.map_or(what, |found| found.name())
    }

    /// The first columns as values of these types, to be passed on without being read; raises where one has another that
    /// is not stored alike. Valid while the session is open.
    pub(super) fn values<'v>(&self, kinds: &[Oid]) -> Vec<Value<'v>> {
        let value = |(column, kind): (i16, &Oid)| {
            self.typed(column, std::slice::from_ref(kind))
                .map_or(Value::Null, Value::Datum)
        };
        (1..).zip(kinds).map(value).collect()
    }

    /// The row as a datum of the composite type with that descriptor, in the current memory context, if its columns are
    /// of the same types. A tenth of the work of taking the row apart and making another.
    pub(super) fn as_composite(&self, composite: &PgTupleDesc<'_>) -> Option<Datum> {
        let is_alike = self.descriptor.len() == composite.len()
            && (self.descriptor.iter().zip(composite.iter()))
                .all(|(found, wanted)| found.atttypid == wanted.atttypid && !wanted.attisdropped);
        // SAFETY: tuples of columns of the same types look the same.
        is_alike
            .then(|| unsafe { pg_sys::heap_copy_tuple_as_datum(self.tuple, composite.as_ptr()) })
    }

    /// The row as the server's own `row_to_json` writes it.
    pub fn as_json(&self) -> Option<String> {
        // SAFETY: a row of this descriptor, where there is one, copied as a composite value, which knows its type.
        let text = (!self.tuple.is_null()).then(|| unsafe {
            let row = pg_sys::heap_copy_tuple_as_datum(self.tuple, self.descriptor.as_ptr());
            direct_function_call_as_datum(pg_sys::row_to_json, &[Some(row)])
        });
        text?.map(|text| read::cut(text, usize::MAX))
    }

    /// Whether a column, of any type, is NULL.
    pub fn is_null(&self, column: i16) -> bool {
        self.datum(column).is_none()
    }

    /// A column of any type, to be put into the same column again.
    pub fn value(&self, column: i16) -> Value<'a> {
        match (self.column(column), self.datum(column)) {
            (Some(found), Some(datum)) => Value::Stored(found.atttypid, datum),
            _ => Value::Null,
        }
    }

    columns! {
        uuid: Uuid = uuid, UUIDOID;
        text: String = text("a text"), TEXTOID | VARCHAROID;
        texts: Vec<Option<String>> = texts("an array"), TEXTARRAYOID | VARCHARARRAYOID;
        json: String = json("a document"), JSONBOID;
        int: i32 = plain, INT4OID;
        big: i64 = plain, INT8OID;
        time: i64 = plain, TIMESTAMPTZOID;
        optional_bool: bool = plain, BOOLOID;
        name: String = name, NAMEOID;
    }

    /// A `boolean` column; NULL is false.
    pub fn bool(&self, column: i16) -> bool {
        self.optional_bool(column).unwrap_or_default()
    }

    /// The beginning of a `text` column, with a mark where it is longer than it may be.
    pub fn beginning(&self, column: i16, most: usize) -> Option<String> {
        self.typed(column, &[pg_sys::TEXTOID, pg_sys::VARCHAROID])
            .map(|datum| read::cut(datum, most))
    }

    /// Whether a `jsonb` column is small enough to be read.
    pub fn fits(&self, column: i16) -> bool {
        (self.typed(column, &[pg_sys::JSONBOID])).is_none_or(read::fits)
    }

    /// A `jsonb` column, as JSON text; none where it is too large to be read.
    pub fn json_that_fits(&self, column: i16) -> Option<String> {
        self.fits(column).then(|| self.json(column))?
    }

    /// Whether a `jsonb` column is an object with the key.
    pub fn has_key(&self, column: i16, key: &str) -> bool {
        self.typed(column, &[pg_sys::JSONBOID])
            .is_some_and(|datum| read::has_key(datum, key))
    }

    /// How many bytes a text, document or array has, which is not read for that; 0 for NULL, and for what has no length of its own.
    pub fn size(&self, column: i16) -> usize {
        (self.column(column).filter(|found| found.attlen == -1))
            .and_then(|_| self.datum(column))
            .map_or(0, read::stored_size)
    }

    /// An `oid` or enum column.
    pub fn oid(&self, column: i16) -> Option<u32> {
        let found = self.column(column).map(|found| found.atttypid);
        let kind = found.filter(|kind| catalog::is_enum(kind.to_u32()));
        self.typed(column, &[kind.unwrap_or(pg_sys::OIDOID)])
            .map(read::oid)
    }

    /// A column of the workspace's own enum: the value's OID.
    pub fn phase(&self, column: i16, phase_type: u32) -> Option<u32> {
        let needed = || "the workspace's phase".to_owned();
        self.expect(column, |found| found.to_u32() == phase_type, needed);
        self.datum(column).map(read::oid)
    }
}
