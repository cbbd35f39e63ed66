//! The rows of a statement, and their columns.

use super::catalog;
use super::error::raise;
use super::value::{Type, Value, columns, read};
use crate::interrupt;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{PgTupleDesc, heap_getattr_raw};
use std::num::NonZeroUsize;
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
            // SAFETY: the session keeps the table, which has as many rows and a descriptor, until it is closed.
            let (tuple, descriptor) = unsafe {
                let table = &*self.table;
                let descriptor = PgTupleDesc::from_pg_unchecked(table.tupdesc);
                (*table.vals.add(index), descriptor)
            };
            Row { tuple, descriptor }
        })
    }

    /// The first row.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

/// One row. Columns are numbered from 1, as SQL does, and read by what they are to hold: a workspace's owner can alter
/// the type of any column, and a datum read as what it is not is a wild pointer.
pub struct Row<'a> {
    tuple: pg_sys::HeapTuple,
    descriptor: PgTupleDesc<'a>,
}

impl Row<'_> {
    /// The column's datum, if the column has one of these types or one that is stored alike; else raises.
    fn typed(&self, column: i32, kinds: &[Oid]) -> Option<Datum> {
        let number = NonZeroUsize::new(usize::try_from(column).unwrap_or(0));
        let found = number.and_then(|number| self.descriptor.get(number.get() - 1));
        match (number, found) {
            (Some(number), Some(found)) if catalog::is_stored_as(found.atttypid, kinds) => {
                // SAFETY: the tuple is of this descriptor, which has the column.
                unsafe { heap_getattr_raw(self.tuple, number, self.descriptor.as_ptr()) }
            }
            _ => raise(catalog::not_of(found, kinds)),
        }
    }

    fn called(&self, _column: i32, what: &'static str) -> &str {
        what
    }

    /// The first columns as values of these types, to be passed on without being read; raises where one has another that
    /// is not stored alike. Valid while the session is open.
    pub(super) fn values<'v>(&self, kinds: &[Oid]) -> Vec<Value<'v>> {
        let value = |(column, kind): (i32, &Oid)| {
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

    /// A column of the type, as a value to be passed on without being read. Valid while the session is open.
    pub fn value<'v>(&self, column: i32, kind: Type) -> Value<'v> {
        self.typed(column, &[kind.oid(0)])
            .map_or(Value::Null, Value::Datum)
    }

    columns!(i32);

    /// A `name` column.
    pub fn name(&self, column: i32) -> Option<String> {
        self.typed(column, &[pg_sys::NAMEOID]).map(read::name)
    }

    /// A `boolean` column.
    pub fn optional_bool(&self, column: i32) -> Option<bool> {
        self.typed(column, &[pg_sys::BOOLOID]).map(read::bool)
    }

    /// The beginning of a `text` column, with a mark where it is longer than it may be.
    pub fn beginning(&self, column: i32, most: usize) -> Option<String> {
        self.typed(column, &[pg_sys::TEXTOID, pg_sys::VARCHAROID])
            .map(|datum| read::cut(datum, most))
    }

    /// A `jsonb` column, as JSON text; none where it is too large to be read.
    pub fn json_that_fits(&self, column: i32) -> Option<String> {
        self.typed(column, &[pg_sys::JSONBOID])
            .filter(|datum| read::fits(*datum))
            .map(read::json)
    }

    /// How many bytes a `text` or `jsonb` column has, which is not read for that; 0 for NULL.
    pub fn size(&self, column: i32) -> usize {
        self.typed(column, &[pg_sys::JSONBOID, pg_sys::TEXTOID])
            .map_or(0, read::stored_size)
    }

    /// An `oid` or enum column.
    pub fn oid(&self, column: i32) -> Option<u32> {
        let place = usize::try_from(column).unwrap_or(0).wrapping_sub(1);
        let found = self.descriptor.get(place).map(|found| found.atttypid);
        let kind = found.filter(|kind| catalog::is_enum(kind.to_u32()));
        self.typed(column, &[kind.unwrap_or(pg_sys::OIDOID)])
            .map(read::oid)
    }

    /// A `bigint` or `timestamptz` column.
    pub fn big(&self, column: i32) -> Option<i64> {
        self.typed(column, &[pg_sys::INT8OID, pg_sys::TIMESTAMPTZOID])
            .map(read::big)
    }
}
