//! SQL values on their way between Rust and the server.

use super::catalog;
pub use pgrx::pg_sys::Datum;
use pgrx::pg_sys::{self, Oid};
use pgrx::{IntoDatum, direct_function_call, direct_function_call_as_datum};
use std::borrow::Cow;
use std::ffi::CString;
use uuid::Uuid;

macro_rules! types {
    ($($name:ident: $sql:literal, $oid:ident;)*) => {
        /// The types of statement parameters. `Phase` and `Phases` are the workspace's own enum and its array.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // each is SQL's of that name
        pub enum Type {
            $(#[doc = $sql] $name,)*
            Phase,
            Phases,
        }

        impl Type {
            /// The type's OID, given that of the workspace's phase enum.
            pub fn oid(self, phase_type: u32) -> Oid {
                match self {
                    $(Type::$name => pg_sys::$oid,)*
                    Type::Phase => Oid::from(phase_type),
                    Type::Phases => catalog::array_of(phase_type).unwrap_or(Oid::INVALID),
                }
            }
        }
    };
}

types! {
    Uuid: "`uuid`", UUIDOID;
    Uuids: "`uuid[]`", UUIDARRAYOID;
    Text: "`text`", TEXTOID;
    Texts: "`text[]`", TEXTARRAYOID;
    Varchars: "`varchar[]`", VARCHARARRAYOID;
    Name: "`name`", NAMEOID;
    Json: "`jsonb`", JSONBOID;
    Bool: "`boolean`", BOOLOID;
    Int: "`integer`", INT4OID;
    Ints: "`integer[]`", INT4ARRAYOID;
    Big: "`bigint`", INT8OID;
    Time: "`timestamptz`", TIMESTAMPTZOID;
    Times: "`timestamptz[]`", TIMESTAMPTZARRAYOID;
    Oid: "`oid`", OIDOID;
}

/// A value for a statement's parameter or a result's column.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// NULL of any type
    Null,
    /// a `uuid`
    Uuid(Uuid),
    /// a `uuid[]`
    Uuids(Vec<Uuid>),
    /// a `text` or `varchar`
    Text(Cow<'a, str>),
    /// a `text[]`
    Texts(Vec<Option<String>>),
    /// a `varchar[]`
    Varchars(Vec<Option<String>>),
    /// a `name`: what it has room for of the text
    Name(Cow<'a, str>),
    /// a `jsonb`, as JSON text
    Json(Cow<'a, str>),
    /// a `jsonb`, as a value
    Tree(serde_json::Value),
    /// a `boolean`
    Bool(bool),
    /// an `integer`
    Int(i32),
    /// an `integer[]`
    Ints(Vec<i32>),
    /// a `bigint`
    Big(i64),
    /// a `timestamptz`: microseconds since 2000-01-01 00:00 UTC
    Time(i64),
    /// a `timestamptz[]`
    Times(Vec<i64>),
    /// an `oid`, or an enum's value by the OID of its `pg_enum` row
    Oid(u32),
    /// an enum array: the element type's OID and the values' OIDs; 0 is NULL
    Enums(u32, Vec<u32>),
    /// a datum of the right type that lives long enough
    Datum(Datum),
    /// a column's datum, of its type
    Stored(Oid, Datum),
}

impl<'a> Value<'a> {
    /// Text, or NULL.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)))
    }

    /// JSON text, or NULL.
    pub fn json(text: Option<&'a str>) -> Self {
        text.map_or(Value::Null, |text| Value::Json(Cow::Borrowed(text)))
    }

    /// A uuid, or NULL.
    pub fn uuid(id: Option<Uuid>) -> Self {
        id.map_or(Value::Null, Value::Uuid)
    }

    /// Whether a trigger may put this into a column of the type: it is of that type, or is stored as it is.
    pub(super) fn fits(&self, kind: Oid) -> bool {
        match self {
            Value::Null => true,
            Value::Stored(stored, _) => kind == *stored,
            Value::Oid(value) => kind == pg_sys::OIDOID || catalog::is_value_of(*value, kind),
            Value::Text(_) => kind == pg_sys::TEXTOID || kind == pg_sys::VARCHAROID,
            Value::Uuid(_) => kind == pg_sys::UUIDOID,
            Value::Varchars(_) => kind == pg_sys::VARCHARARRAYOID,
            Value::Name(_) => kind == pg_sys::NAMEOID,
            Value::Json(_) | Value::Tree(_) => kind == pg_sys::JSONBOID,
            Value::Bool(_) => kind == pg_sys::BOOLOID,
            Value::Int(_) => kind == pg_sys::INT4OID,
            Value::Big(_) => kind == pg_sys::INT8OID,
            Value::Time(_) => kind == pg_sys::TIMESTAMPTZOID,
            _ => false,
        }
    }

    /// The datum for a column with a type modifier, and whether it is NULL: for rows that are put together without a
    /// statement, whose texts the server does not check again. Raises the server's own error where one is too long.
    pub(super) fn of_length(&self, modifier: i32) -> (Datum, bool) {
        let made = self.to_datum();
        if modifier < 0 || !matches!(self, Value::Text(_)) {
            return made;
        }
        let arguments = [Some(made.0), modifier.into_datum(), false.into_datum()];
        // SAFETY: varchar takes a text, a type modifier and whether the cast is explicit.
        let checked = unsafe { direct_function_call_as_datum(pg_sys::varchar, &arguments) };
        (checked.unwrap_or(made.0), made.1)
    }

    /// The datum, allocated in the current memory context, and whether it is NULL.
    pub fn to_datum(&self) -> (Datum, bool) {
        let datum = match self {
            Value::Null => None,
            Value::Uuid(id) => uuid(id),
            Value::Uuids(ids) => array(pg_sys::UUIDOID, ids.iter().map(uuid)),
            Value::Text(text) => text.as_ref().into_datum(),
            Value::Texts(texts) => array(pg_sys::TEXTOID, texts.iter().map(text)),
            Value::Varchars(texts) => array(pg_sys::VARCHAROID, texts.iter().map(text)),
            Value::Name(text) => from_text(pg_sys::namein, text),
            Value::Json(text) => from_text(pg_sys::jsonb_in, text),
            Value::Tree(value) => from_text(pg_sys::jsonb_in, &value.to_string()),
            Value::Bool(value) => value.into_datum(),
            Value::Int(value) => value.into_datum(),
            Value::Ints(values) => array(
                pg_sys::INT4OID,
                values.iter().map(|value| value.into_datum()),
            ),
            Value::Big(value) | Value::Time(value) => value.into_datum(),
            Value::Times(times) => array(
                pg_sys::TIMESTAMPTZOID,
                times.iter().map(|time| time.into_datum()),
            ),
            Value::Oid(oid) => Some(Datum::from(*oid)),
            Value::Enums(kind, oids) => array(
                Oid::from(*kind),
                (oids.iter()).map(|oid| (*oid != 0).then(|| Datum::from(*oid))),
            ),
            Value::Datum(datum) | Value::Stored(_, datum) => Some(*datum),
        };
        (datum.unwrap_or(Datum::null()), datum.is_none())
    }
}

fn uuid(id: &Uuid) -> Option<Datum> {
    pgrx::Uuid::from_bytes(*id.as_bytes()).into_datum()
}

fn text(text: &Option<String>) -> Option<Datum> {
    text.as_deref().into_datum()
}

/// What an input function makes of the text: pgrx has no `name`, and its JsonB would be parsed into a tree first. A text with
/// a NUL is neither; NULL is the nearest value that they have.
fn from_text(input: unsafe fn(pg_sys::FunctionCallInfo) -> Datum, text: &str) -> Option<Datum> {
    let text = CString::new(text).ok()?;
    // SAFETY: an input function of one cstring, which raises on a text that is none of its type.
    unsafe { direct_function_call_as_datum(input, &[text.as_c_str().into_datum()]) }
}

/// pgrx makes no array of an enum or of varchar, and a call for each element.
fn array(element: Oid, items: impl Iterator<Item = Option<Datum>>) -> Option<Datum> {
    let (mut datums, mut nulls): (Vec<_>, Vec<_>) = items
        .map(|item| (item.unwrap_or(Datum::null()), item.is_none()))
        .unzip();
    let mut count = i32::try_from(datums.len()).unwrap_or(i32::MAX);
    let dimensions = count.min(1);
    let (mut length, mut by_value, mut align, mut lower) = (0, false, 0, 1);
    // SAFETY: the server says how the element's type is stored; there are `count` datums of it and marks of NULL.
    unsafe {
        pg_sys::get_typlenbyvalalign(element, &mut length, &mut by_value, &mut align);
        let (datums, nulls) = (datums.as_mut_ptr(), nulls.as_mut_ptr());
        let (count, lower, length) = (&raw mut count, &raw mut lower, i32::from(length));
        Some(Datum::from(pg_sys::construct_md_array(
            datums, nulls, dimensions, count, lower, element, length, by_value, align,
        )))
    }
}

/// Reading a datum of a known type. Each function copies what it reads out of the server's memory; whoever calls one has
/// looked at the type, or has the datum from an argument of the type.
pub(super) mod read {
    use super::*;
    use crate::error::{Code, Error};
    use crate::limits;
    use crate::pg::error::raise;
    use crate::settings;
    use pgrx::FromDatum;
    use std::ffi::CStr;

    /// As pgrx reads it.
    fn by_pgrx<T: FromDatum>(datum: Datum) -> Option<T> {
        // SAFETY: as said above.
        unsafe { T::from_datum(datum, false) }
    }

    /// A `uuid`.
    pub fn uuid(datum: Datum) -> Uuid {
        // SAFETY: a pointer to 16 bytes.
        unsafe { Uuid::from_bytes(*datum.cast_mut_ptr::<[u8; 16]>()) }
    }

    /// The most bytes of one text or document that are read. A document of many small values grows thirtyfold when it is
    /// read into Rust's memory, where an allocation that fails would end the server; within this it stays below what any
    /// server has to spare. Whoever raises phasegate.max_result_bytes beyond it, a superuser, raises this too.
    const MOST_BYTES: usize = 8 << 20;

    /// The same of an array of ids, four million of them, which take as much again when they are read.
    const MOST_BYTES_OF_IDS: usize = 64 << 20;

    fn require_size(size: usize, limit: usize, what: &str) {
        if size > limit {
            raise(Error::too_large(what, size, "the most that is read", limit));
        }
    }

    fn most_bytes() -> usize {
        MOST_BYTES.max(settings::max_result_bytes())
    }

    /// Whether a text or jsonb is small enough to be read.
    pub fn fits(datum: Datum) -> bool {
        stored_size(datum) <= most_bytes()
    }

    /// Refuses a text or jsonb that is too large to be read, before anything of it is: `what` names it.
    pub fn within(datum: Datum, what: &str) -> Datum {
        let size = stored_size(datum);
        if size > MOST_BYTES {
            require_size(size, most_bytes(), what);
        }
        datum
    }

    /// The same for an array of ids.
    pub fn within_ids(datum: Datum, what: &str) -> Datum {
        require_size(stored_size(datum), MOST_BYTES_OF_IDS, what);
        datum
    }

    /// How many bytes a text, a jsonb or an array has, without those that say how it is stored and before compression.
    pub fn stored_size(datum: Datum) -> usize {
        // SAFETY: a varlena; nearly all are short and plain, which the server need not be asked for.
        unsafe {
            let stored = datum.cast_mut_ptr::<pg_sys::varlena>();
            if pgrx::varatt_is_1b(stored) && !pgrx::varatt_is_1b_e(stored) {
                return pgrx::varsize_any_exhdr(stored);
            }
            pg_sys::toast_raw_datum_size(datum).saturating_sub(pg_sys::VARHDRSZ)
        }
    }

    /// A `text`, or its first bytes up to so many and to the end of a character, with a mark, where it is longer.
    pub fn cut(datum: Datum, most: usize) -> String {
        let size = stored_size(datum);
        let beginning = if size <= most {
            text(datum)
        } else {
            let most = i32::try_from(most).unwrap_or(i32::MAX);
            // SAFETY: a varlena; gives a flat copy of so many bytes, or fewer where there are no more.
            let mut beginning = copied(unsafe {
                let slice = pg_sys::pg_detoast_datum_slice(datum.cast_mut_ptr(), 0, most);
                pgrx::varlena_to_byte_slice(slice)
            });
            // A character that was cut in two.
            while beginning.ends_with(char::REPLACEMENT_CHARACTER) {
                beginning.pop();
            }
            beginning
        };
        limits::cut_of(&beginning, size, most).into_owned()
    }

    /// A copy of the server's memory, or the server's error where there is no memory for one: pgrx's would end the server.
    fn copied(bytes: &[u8]) -> String {
        let mut copy = Vec::new();
        if copy.try_reserve_exact(bytes.len()).is_err() {
            let detail = format!("Failed on a request of {} bytes.", bytes.len());
            raise(Error::new(Code::OutOfMemory, "out of memory").detail(detail));
        }
        copy.extend_from_slice(bytes);
        String::from_utf8(copy)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// A `text` or `varchar`.
    pub fn text(datum: Datum) -> String {
        copied(by_pgrx(datum).unwrap_or_default())
    }

    /// A `jsonb`, as JSON text.
    pub fn json(datum: Datum) -> String {
        // SAFETY: jsonb_out takes a jsonb and gives a palloc'd cstring, which is freed when it was copied.
        unsafe {
            let text = direct_function_call::<&CStr>(pg_sys::jsonb_out, &[Some(datum)]);
            let text = text.unwrap_or_default();
            // A number of a few bytes may be printed with a hundred thousand digits.
            require_size(text.count_bytes(), most_bytes(), "a document");
            let owned = copied(text.to_bytes());
            pg_sys::pfree(text.as_ptr().cast_mut().cast());
            owned
        }
    }

    /// Whether a `jsonb` is an object with this key, or holds it as a string.
    pub fn has_key(datum: Datum, key: &str) -> bool {
        let arguments = [Some(datum), key.into_datum()];
        // SAFETY: the function takes a jsonb and a text.
        unsafe { direct_function_call(pg_sys::jsonb_exists, &arguments) }.unwrap_or_default()
    }

    /// A `name`, or another text that ends with a NUL.
    pub fn name(datum: Datum) -> String {
        by_pgrx(datum).map_or_else(String::new, |name: &CStr| {
            name.to_string_lossy().into_owned()
        })
    }

    /// An `oid` or an enum's value.
    pub fn oid(datum: Datum) -> u32 {
        datum.value() as u32
    }

    /// A `timestamptz` or `bigint`.
    pub fn big(datum: Datum) -> i64 {
        datum.value() as i64
    }

    /// An `integer`.
    pub fn int(datum: Datum) -> i32 {
        datum.value() as i32
    }

    /// A `boolean`.
    pub fn bool(datum: Datum) -> bool {
        datum.value() & 0xff != 0
    }

    /// An `interval`, as text.
    pub fn interval(datum: Datum) -> String {
        // SAFETY: takes an interval and gives a cstring.
        unsafe { direct_function_call_as_datum(pg_sys::interval_out, &[Some(datum)]) }
            .map_or_else(String::new, name)
    }

    /// A `uuid[]`, NULL elements kept.
    pub fn uuids(datum: Datum) -> Vec<Option<Uuid>> {
        let ids: Vec<Option<pgrx::Uuid>> = by_pgrx(datum).unwrap_or_default();
        let own = |id: pgrx::Uuid| Uuid::from_bytes(*id.as_bytes());
        ids.into_iter().map(|id| id.map(own)).collect()
    }

    /// A `text[]` or `varchar[]`, NULL elements kept.
    pub fn texts(datum: Datum) -> Vec<Option<String>> {
        by_pgrx(datum).unwrap_or_default()
    }
}

/// The methods of a row by which its columns are read, numbered by `$number`. They rest on its `typed`, which gives the
/// datum where the column is of one of the types or stored alike and raises otherwise, and `called`, which names a column
/// for an error.
macro_rules! columns {
    ($number:ty) => {
        /// A `uuid` column.
        pub fn uuid(&self, column: $number) -> Option<Uuid> {
            self.typed(column, &[pg_sys::UUIDOID]).map(read::uuid)
        }

        /// A `text` or `varchar` column.
        pub fn text(&self, column: $number) -> Option<String> {
            self.typed(column, &[pg_sys::TEXTOID, pg_sys::VARCHAROID])
                .map(|datum| read::text(read::within(datum, self.called(column, "a text"))))
        }

        /// A `text[]` or `varchar[]` column, NULL elements kept.
        pub fn texts(&self, column: $number) -> Option<Vec<Option<String>>> {
            self.typed(column, &[pg_sys::TEXTARRAYOID, pg_sys::VARCHARARRAYOID])
                .map(|datum| read::texts(read::within(datum, self.called(column, "an array"))))
        }

        /// A `jsonb` column, as JSON text.
        pub fn json(&self, column: $number) -> Option<String> {
            self.typed(column, &[pg_sys::JSONBOID])
                .map(|datum| read::json(read::within(datum, self.called(column, "a document"))))
        }

        /// An `integer` column.
        pub fn int(&self, column: $number) -> Option<i32> {
            self.typed(column, &[pg_sys::INT4OID]).map(read::int)
        }

        /// A `boolean` column; NULL is false.
        pub fn bool(&self, column: $number) -> bool {
            self.typed(column, &[pg_sys::BOOLOID])
                .is_some_and(read::bool)
        }
    };
}
pub(super) use columns;
