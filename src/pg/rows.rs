//! The rows of a statement, and their columns.

use super::error::raise;
use super::value::{Type, Value, read};
use super::{catalog, descriptor};
use crate::error::Error;
use crate::interrupt;
use crate::limits;
use pgrx::pg_sys::{self, Datum, Oid};
use uuid::Uuid;

/// The rows of one statement. Valid while the [`Session`] they came from is open.
pub struct Rows {
    pub(super) table: *mut pg_sys::SPITupleTable,
    pub(super) processed: u64,
}

impl Rows {
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
            Row { rows: self, index }
        })
    }

    /// The first row.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }

    pub(super) fn descriptor(&self) -> pg_sys::TupleDesc {
        // SAFETY: rows only exist after a statement ran; a null table is never read (see `iter`).
        unsafe { (*self.table).tupdesc }
    }
}

/// One row. Columns are numbered from 1, as SQL does. Valid while the session is open.
pub struct Row<'a> {
    rows: &'a Rows,
    index: usize,
}

impl Row<'_> {
    fn tuple(&self) -> (pg_sys::HeapTuple, pg_sys::TupleDesc) {
        // SAFETY: `index` is below the number of rows of a non-null table.
        let tuple = unsafe { *(*self.rows.table).vals.add(self.index) };
        (tuple, self.rows.descriptor())
    }

    /// The column's datum, or `None` for NULL. Valid while the row is; whoever asks has looked at the column's type.
    fn datum(&self, column: i32) -> Option<Datum> {
        let (tuple, descriptor) = self.tuple();
        let mut null = false;
        // SAFETY: tuple and descriptor belong together; SPI_getbinval checks the column's number
        // and reports it in SPI_result.
        let datum = unsafe { pg_sys::SPI_getbinval(tuple, descriptor, column, &mut null) };
        (!null).then_some(datum)
    }

    fn wrong_type(&self, column: i32, kinds: &[Oid]) -> Error {
        let kinds: Vec<String> = (kinds.iter())
            .map(|kind| descriptor::type_name(*kind))
            .collect();
        let place = usize::try_from(column).unwrap_or(0).wrapping_sub(1);
        // SAFETY: the descriptor lives as long as the rows.
        let found = unsafe { descriptor::attributes(self.rows.descriptor()) }.get(place);
        descriptor::wrong_type(found, &kinds.join(" or "))
    }

    /// The type of a column; an invalid one where there is no such column.
    fn type_of(&self, column: i32) -> Oid {
        let place = usize::try_from(column).unwrap_or(0).wrapping_sub(1);
        // SAFETY: the descriptor lives as long as the rows.
        let attributes = unsafe { descriptor::attributes(self.rows.descriptor()) };
        attributes
            .get(place)
            .map_or(Oid::INVALID, |attribute| attribute.atttypid)
    }

    /// A `jsonb` column as it is stored, to be read later: a copy in the current memory context.
    pub fn kept_json(&self, column: i32) -> Option<Datum> {
        let datum = self.datum_of(column, &[pg_sys::JSONBOID])?;
        // SAFETY: a datum of that type: so many bytes as it says; palloc gives as many or raises.
        unsafe {
            let stored = datum.cast_mut_ptr::<pg_sys::varlena>();
            let size = pgrx::varsize_any(stored);
            let copy = pg_sys::palloc(size).cast::<u8>();
            std::ptr::copy_nonoverlapping(stored.cast::<u8>(), copy, size);
            Some(Datum::from(copy))
        }
    }

    /// The column's datum, if the column has one of these types or one that is stored alike; else raises.
    pub(super) fn datum_of(&self, column: i32, kinds: &[Oid]) -> Option<Datum> {
        let found = self.type_of(column);
        if !kinds.iter().any(|kind| is_stored_as(found, *kind)) {
            raise(self.wrong_type(column, kinds));
        }
        self.datum(column)
    }

    /// The first columns as values of these types, to be passed on without being read; raises where one has another that
    /// is not stored alike. Valid while the session is open.
    pub(super) fn values<'v>(&self, kinds: &[Oid]) -> Vec<Value<'v>> {
        let (tuple, descriptor) = self.tuple();
        // SAFETY: tuple and descriptor belong together.
        let attributes = unsafe { descriptor::attributes(descriptor) };
        let mut datums = vec![Datum::null(); attributes.len()];
        let mut nulls = vec![true; attributes.len()];
        // SAFETY: there is room for each column.
        unsafe {
            pg_sys::heap_deform_tuple(tuple, descriptor, datums.as_mut_ptr(), nulls.as_mut_ptr());
        }
        (1..)
            .zip(kinds)
            .zip(attributes.iter().zip(datums.iter().zip(nulls)))
            .map(|((column, kind), (attribute, (datum, null)))| {
                if !is_stored_as(attribute.atttypid, *kind) {
                    raise(self.wrong_type(column, &[*kind]));
                }
                if null {
                    Value::Null
                } else {
                    Value::Datum(*datum)
                }
            })
            .collect()
    }

    /// The row as a datum of the composite type with that descriptor, in the current memory context, if its columns are
    /// of the same types. A tenth of the work of taking the row apart and making another.
    pub(super) fn as_composite(&self, composite: pg_sys::TupleDesc) -> Option<Datum> {
        let (tuple, descriptor) = self.tuple();
        // SAFETY: tuple and descriptor belong together; tuples of columns of the same types look the same.
        unsafe {
            let found = descriptor::attributes(descriptor);
            let wanted = descriptor::attributes(composite);
            let is_alike = found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(found, wanted)| {
                    found.atttypid == wanted.atttypid && !wanted.attisdropped
                });
            is_alike.then(|| pg_sys::heap_copy_tuple_as_datum(tuple, composite))
        }
    }

    /// A column of the type, as a value to be passed on without being read. Valid while the session is open.
    pub fn value<'v>(&self, column: i32, kind: Type) -> Value<'v> {
        self.datum_of(column, &[kind.oid(0)])
            .map_or(Value::Null, Value::Datum)
    }

    /// A `uuid` column.
    pub fn uuid(&self, column: i32) -> Option<Uuid> {
        self.datum_of(column, &[pg_sys::UUIDOID]).map(read::uuid)
    }

    /// A `text` or `varchar` column.
    pub fn text(&self, column: i32) -> Option<String> {
        self.datum_of(column, &[pg_sys::TEXTOID, pg_sys::VARCHAROID])
            .map(|datum| read::text(read::within(datum, "a text")))
    }

    /// A `text[]` column.
    pub fn texts(&self, column: i32) -> Option<Vec<Option<String>>> {
        self.datum_of(column, &[pg_sys::TEXTARRAYOID])
            .map(|datum| read::texts(read::within(datum, "an array")))
    }

    /// A `name` column.
    pub fn name(&self, column: i32) -> Option<String> {
        self.datum_of(column, &[pg_sys::NAMEOID]).map(read::name)
    }

    /// A `jsonb` column, as JSON text.
    pub fn json(&self, column: i32) -> Option<String> {
        self.datum_of(column, &[pg_sys::JSONBOID])
            .map(|datum| read::json(read::within(datum, "a document")))
    }

    /// A `boolean` column.
    pub fn optional_bool(&self, column: i32) -> Option<bool> {
        self.datum_of(column, &[pg_sys::BOOLOID]).map(read::bool)
    }

    /// The beginning of a `text` column, with a mark where it is longer than it may be.
    pub fn beginning(&self, column: i32, most: usize) -> Option<String> {
        let datum = self.datum_of(column, &[pg_sys::TEXTOID, pg_sys::VARCHAROID])?;
        let (beginning, size) = read::beginning(datum, most);
        Some(limits::cut_of(&beginning, size, most).into_owned())
    }

    /// A `jsonb` column, as JSON text; none where it is too large to be read.
    pub fn json_that_fits(&self, column: i32) -> Option<String> {
        self.datum_of(column, &[pg_sys::JSONBOID])
            .filter(|datum| read::fits(*datum))
            .map(read::json)
    }

    /// How many bytes a `text` or `jsonb` column has, which is not read for that; 0 for NULL.
    pub fn size(&self, column: i32) -> usize {
        let kinds = [pg_sys::JSONBOID, pg_sys::TEXTOID];
        self.datum_of(column, &kinds).map_or(0, read::stored_size)
    }

    /// A `boolean` column; NULL is false.
    pub fn bool(&self, column: i32) -> bool {
        self.optional_bool(column).unwrap_or(false)
    }

    /// An `oid` or enum column.
    pub fn oid(&self, column: i32) -> Option<u32> {
        let found = self.type_of(column);
        if catalog::is_enum(found.to_u32()) {
            return self.datum(column).map(read::oid);
        }
        self.datum_of(column, &[pg_sys::OIDOID]).map(read::oid)
    }

    /// A `bigint` or `timestamptz` column.
    pub fn big(&self, column: i32) -> Option<i64> {
        self.datum_of(column, &[pg_sys::INT8OID, pg_sys::TIMESTAMPTZOID])
            .map(read::big)
    }

    /// An `integer` column.
    pub fn int(&self, column: i32) -> Option<i32> {
        self.datum_of(column, &[pg_sys::INT4OID]).map(read::int)
    }
}

/// Whether values of the type are stored as those of the other, which it may be.
///
/// A workspace's owner can alter the type of any column; a datum read as what it is not is a wild pointer.
fn is_stored_as(found: Oid, kind: Oid) -> bool {
    // SAFETY: looks into the catalogs by their caches.
    found == kind || unsafe { pg_sys::IsBinaryCoercible(found, kind) }
}
