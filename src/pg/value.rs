//! SQL values on their way between Rust and the server.

use super::catalog;
pub use pgrx::pg_sys::Datum;
use pgrx::pg_sys::{self, Oid};
use pgrx::{IntoDatum, direct_function_call, direct_function_call_as_datum};
use std::borrow::Cow;
use std::ffi::CString;
use uuid::Uuid;

/// A table of types: what each is called, what Rust has of it, the server's OID, and how a datum is made of it; before them
/// those of which there are no values.
macro_rules! types {
    ([$($other:ident: $other_oid:ident),*] $($name:ident: $of:ty, $oid:ident, |$value:ident| $made:expr;)*) => {
        /// The types of statement parameters. `Phase` and `Phases` are the workspace's own enum and its array.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // each is SQL's of that name
        pub enum Type {
            $($name,)*
            $($other,)*
            Phase,
            Phases,
        }

        impl Type {
            /// The type's OID, given that of the workspace's phase enum.
            pub fn oid(self, phase_type: u32) -> Oid {
                match self {
                    $(Type::$name => pg_sys::$oid,)*
                    $(Type::$other => pg_sys::$other_oid,)*
                    Type::Phase => Oid::from(phase_type),
                    Type::Phases => catalog::array_of(phase_type).unwrap_or(Oid::INVALID),
                }
            }
        }

        /// A value for a statement's parameter or a result's column. One of text is cut to what a `name` has room for, and read
        /// as `jsonb`; times are in microseconds since 2000-01-01 00:00 UTC; an enum's value is the OID of its `pg_enum` row.
        #[derive(Debug, Clone)]
        #[allow(missing_docs)] // each is one of the type of that name
        pub enum Value<'a> {
            $($name($of),)*
            /// NULL of any type
            Null,
            /// an enum array: the element type's OID and the values' OIDs; 0 is NULL
            Enums(u32, Vec<u32>),
            /// a datum of the right type that lives long enough
            Datum(Datum),
            /// a column's datum, of its type
            Stored(Oid, Datum),
        }

        impl Value<'_> {
            /// Whether a trigger may put this into a column of the type: it is of that type, or is stored as it is.
            pub(super) fn fits(&self, kind: Oid) -> bool {
                match self {
                    Value::Null => true,
                    Value::Stored(stored, _) => kind == *stored,
                    Value::Enums(..) | Value::Datum(_) => false,
                    Value::Text(_) if kind == pg_sys::VARCHAROID => true,
                    Value::Oid(value) if catalog::enum_of(*value) == Some(kind) => true,
                    $(Value::$name(_) => kind == pg_sys::$oid,)*
                }
            }

            /// The datum, allocated in the current memory context; nothing where it is NULL.
            pub fn to_datum(&self) -> Option<Datum> {
                match self {
                    $(Value::$name($value) => $made,)*
                    Value::Null => None,
                    Value::Enums(kind, oids) => array(
                        Oid::from(*kind),
                        oids.iter().map(|oid| (*oid != 0).then(|| Datum::from(*oid))),
                    ),
                    Value::Datum(datum) | Value::Stored(_, datum) => Some(*datum),
                }
            }
        }
    };
}

types! {
    [Interval: INTERVALOID, Xid8: XID8OID]
    Uuid: Uuid, UUIDOID, |id| uuid(id);
    Uuids: Vec<Uuid>, UUIDARRAYOID, |ids| array(pg_sys::UUIDOID, ids.iter().map(uuid));
    Text: Cow<'a, str>, TEXTOID, |text| text.as_ref().into_datum();
    Texts: Vec<Option<String>>, TEXTARRAYOID, |texts| array(pg_sys::TEXTOID, texts.iter().map(text));
    Varchars: Vec<Option<String>>, VARCHARARRAYOID, |texts| array(pg_sys::VARCHAROID, texts.iter().map(text));
    Name: Cow<'a, str>, NAMEOID, |text| from_text(pg_sys::namein, text);
    Json: Cow<'a, str>, JSONBOID, |text| from_text(pg_sys::jsonb_in, text);
    Bool: bool, BOOLOID, |value| value.into_datum();
    Int: i32, INT4OID, |value| value.into_datum();
    Ints: Vec<i32>, INT4ARRAYOID, |values| array(pg_sys::INT4OID, values.iter().map(|value| value.into_datum()));
    Big: i64, INT8OID, |value| value.into_datum();
    Time: i64, TIMESTAMPTZOID, |time| time.into_datum();
    Times: Vec<i64>, TIMESTAMPTZARRAYOID, |times| array(pg_sys::TIMESTAMPTZOID, times.iter().map(|time| time.into_datum()));
    Oid: u32, OIDOID, |oid| Some(Datum::from(*oid));
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

    /// The datum for a column with a type modifier: for rows that are put together without a statement, whose texts the server
    /// does not check again. Raises the server's own error where one is too long.
    pub(super) fn of_length(&self, modifier: i32) -> Option<Datum> {
        let made = self.to_datum();
        if modifier < 0 || !matches!(self, Value::Text(_)) {
            return made;
        }
        let arguments = [made, modifier.into_datum(), false.into_datum()];
        // SAFETY: varchar takes a text, a type modifier and whether the cast is explicit.
        unsafe { direct_function_call_as_datum(pg_sys::varchar, &arguments) }
    }
}

/// As the server takes them, with whether each is NULL.
pub(super) fn parted(datums: impl Iterator<Item = Option<Datum>>) -> (Vec<Datum>, Vec<bool>) {
    datums
        .map(|datum| (datum.unwrap_or(Datum::null()), datum.is_none()))
        .unzip()
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
    let (mut datums, mut nulls) = parted(items);
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
/// looked at the type, or has the datum from an argument of the type. What has no limit by its type is named, for the error
/// where it is too large to be read.
pub(super) mod read {
    use super::*;
    use crate::limits;
    use crate::pg::error::raise;
    use crate::settings;
    use pgrx::FromDatum;
    use std::ffi::CStr;

    /// As pgrx reads it: an `integer`, a `bigint` or `timestamptz`, a `boolean`.
    pub fn plain<T: FromDatum + Default>(datum: Datum) -> T {
        // SAFETY: as said above.
        unsafe { T::from_datum(datum, false) }.unwrap_or_default()
    }

    /// A `uuid`.
    pub fn uuid(datum: Datum) -> Uuid {
        // SAFETY: a pointer to 16 bytes.
        unsafe { Uuid::from_bytes(*datum.cast_mut_ptr::<[u8; 16]>()) }
    }

    fn require_size(size: usize, limit: usize, what: &str) {
        limits::require_read(size, limit, what).unwrap_or_else(|error| raise(error))
    }

    /// Whether a text or jsonb is small enough to be read.
    pub fn fits(datum: Datum) -> bool {
        stored_size(datum) <= settings::most_read()
    }

    /// As pgrx reads it, where it is small enough.
    fn limited<T: FromDatum + Default>(datum: Datum, limit: usize, what: &str) -> T {
        require_size(stored_size(datum), limit, what);
        plain(datum)
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
        if size <= most {
            return copied(plain(datum));
        }
        let length = i32::try_from(most).unwrap_or(i32::MAX);
        // SAFETY: a varlena; gives a flat copy of so many bytes, or fewer where there are no more.
        let beginning = copied(unsafe {
            let slice = pg_sys::pg_detoast_datum_slice(datum.cast_mut_ptr(), 0, length);
            pgrx::varlena_to_byte_slice(slice)
        });
        // A character that was cut in two gives way to the mark.
        limits::cut_of(&beginning, size, most).into_owned()
    }

    fn copied(bytes: &[u8]) -> String {
        limits::copied(bytes).unwrap_or_else(|error| raise(error))
    }

    /// A `text` or `varchar`.
    pub fn text(datum: Datum, what: &str) -> String {
        copied(limited(datum, settings::most_read(), what))
    }

    /// A `jsonb`, as JSON text.
    pub fn json(datum: Datum, what: &str) -> String {
        require_size(stored_size(datum), settings::most_read(), what);
        // SAFETY: jsonb_out takes a jsonb and gives a palloc'd cstring, which is freed when it was copied.
        unsafe {
            let text = direct_function_call::<&CStr>(pg_sys::jsonb_out, &[Some(datum)]);
            let text = text.unwrap_or_default();
            // A number of a few bytes may be printed with a hundred thousand digits.
            require_size(text.count_bytes(), settings::most_read(), "a document");
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
        plain::<&CStr>(datum).to_string_lossy().into_owned()
    }

    /// An `oid` or an enum's value.
    pub fn oid(datum: Datum) -> u32 {
        datum.value() as u32
    }

    /// A `uuid[]`, NULL elements kept.
    pub fn uuids(datum: Datum, what: &str) -> Vec<Option<Uuid>> {
        let ids: Vec<Option<pgrx::Uuid>> = limited(datum, limits::READ_IDS, what);
        let own = |id: pgrx::Uuid| Uuid::from_bytes(*id.as_bytes());
        ids.into_iter().map(|id| id.map(own)).collect()
    }

    /// A `text[]` or `varchar[]`, NULL elements kept.
    pub fn texts(datum: Datum, what: &str) -> Vec<Option<String>> {
        limited(datum, settings::most_read(), what)
    }
}
