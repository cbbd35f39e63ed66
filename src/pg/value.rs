//! SQL values on their way between Rust and the server.

pub use pgrx::pg_sys::Datum;
use pgrx::pg_sys::{self, FormData_pg_attribute, Oid};
use std::borrow::Cow;
use std::ffi::CString;
use uuid::Uuid;

/// The types of statement parameters. `Phase` and `Phases` are the workspace's own enum and its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `uuid`
    Uuid,
    /// `uuid[]`
    Uuids,
    /// `text`
    Text,
    /// `text[]`
    Texts,
    /// `varchar[]`
    Varchars,
    /// `name`
    Name,
    /// `jsonb`
    Json,
    /// `boolean`
    Bool,
    /// `integer`
    Int,
    /// `integer[]`
    Ints,
    /// `bigint`
    Big,
    /// `timestamptz`
    Time,
    /// `timestamptz[]`
    Times,
    /// `oid`
    Oid,
    /// the workspace's `phase`
    Phase,
    /// the workspace's `phase[]`
    Phases,
}

impl Type {
    /// The type's OID, given that of the workspace's phase enum.
    pub fn oid(self, phase_type: u32) -> Oid {
        match self {
            Type::Uuid => pg_sys::UUIDOID,
            Type::Uuids => pg_sys::UUIDARRAYOID,
            Type::Text => pg_sys::TEXTOID,
            Type::Texts => pg_sys::TEXTARRAYOID,
            Type::Varchars => pg_sys::VARCHARARRAYOID,
            Type::Name => pg_sys::NAMEOID,
            Type::Json => pg_sys::JSONBOID,
            Type::Bool => pg_sys::BOOLOID,
            Type::Int => pg_sys::INT4OID,
            Type::Ints => pg_sys::INT4ARRAYOID,
            Type::Big => pg_sys::INT8OID,
            Type::Time => pg_sys::TIMESTAMPTZOID,
            Type::Times => pg_sys::TIMESTAMPTZARRAYOID,
            Type::Oid => pg_sys::OIDOID,
            Type::Phase => Oid::from(phase_type),
            // SAFETY: a catalog look-up by OID; an unknown OID gives InvalidOid.
            Type::Phases => unsafe { pg_sys::get_array_type(Oid::from(phase_type)) },
        }
    }
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

/// Whether this is the OID of one of the enum's values.
fn is_value_of(value: u32, kind: Oid) -> bool {
    // SAFETY: a look-up in the catalogs' cache, which gives InvalidOid for what is none.
    let owner = unsafe {
        pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::ENUMOID as i32,
            pg_sys::Anum_pg_enum_enumtypid as pg_sys::AttrNumber,
            Datum::from(value),
            Datum::null(),
            Datum::null(),
            Datum::null(),
        )
    };
    owner == kind && owner != Oid::INVALID
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

    /// Whether this is a value of the type, or is stored as one is.
    pub(super) fn fits(&self, kind: Oid) -> bool {
        match self {
            Value::Null => true,
            Value::Uuid(_) => kind == pg_sys::UUIDOID,
            Value::Uuids(_) => kind == pg_sys::UUIDARRAYOID,
            Value::Text(_) => kind == pg_sys::TEXTOID || kind == pg_sys::VARCHAROID,
            Value::Texts(_) => kind == pg_sys::TEXTARRAYOID,
            Value::Varchars(_) => kind == pg_sys::VARCHARARRAYOID,
            Value::Name(_) => kind == pg_sys::NAMEOID,
            Value::Json(_) | Value::Tree(_) => kind == pg_sys::JSONBOID,
            Value::Bool(_) => kind == pg_sys::BOOLOID,
            Value::Int(_) => kind == pg_sys::INT4OID,
            Value::Ints(_) => kind == pg_sys::INT4ARRAYOID,
            Value::Big(_) => kind == pg_sys::INT8OID,
            Value::Time(_) => kind == pg_sys::TIMESTAMPTZOID,
            Value::Times(_) => kind == pg_sys::TIMESTAMPTZARRAYOID,
            Value::Oid(value) => kind == pg_sys::OIDOID || is_value_of(*value, kind),
            Value::Stored(stored, _) => kind == *stored,
            Value::Enums(..) | Value::Datum(_) => false,
        }
    }

    /// The datum for a column with a type modifier, and whether it is NULL: for rows that are put together without a
    /// statement, whose texts the server does not check again. Raises the server's own error where one is too long.
    pub(super) fn of_length(&self, modifier: i32) -> (Datum, bool) {
        let made = self.to_datum();
        if modifier < 0 || !matches!(self, Value::Text(_)) {
            return made;
        }
        let arguments = [made.0, Datum::from(modifier), Datum::from(false)].map(Some);
        // SAFETY: varchar takes a text, a type modifier and whether the cast is explicit.
        let checked = unsafe { pgrx::direct_function_call_as_datum(pg_sys::varchar, &arguments) };
        (checked.unwrap_or(made.0), made.1)
    }

    /// The datum, allocated in the current memory context, and whether it is NULL.
    pub fn to_datum(&self) -> (Datum, bool) {
        let datum = match self {
            Value::Null => return (Datum::null(), true),
            Value::Uuid(id) => uuid_datum(id),
            Value::Uuids(ids) => array(
                pg_sys::UUIDOID,
                Element::REFERENCE_16,
                ids.iter().map(|id| Some(uuid_datum(id))),
            ),
            Value::Text(text) => text_datum(text),
            Value::Texts(texts) => array(
                pg_sys::TEXTOID,
                Element::VARLENA,
                texts.iter().map(|text| text.as_deref().map(text_datum)),
            ),
            Value::Varchars(texts) => array(
                pg_sys::VARCHAROID,
                Element::VARLENA,
                texts.iter().map(|text| text.as_deref().map(text_datum)),
            ),
            Value::Name(name) => name_datum(name),
            Value::Json(text) => return json_datum(text),
            Value::Tree(value) => return json_datum(&value.to_string()),
            Value::Bool(value) => Datum::from(*value),
            Value::Int(value) => Datum::from(*value),
            Value::Ints(values) => array(
                pg_sys::INT4OID,
                Element::VALUE_4,
                values.iter().map(|value| Some(Datum::from(*value))),
            ),
            Value::Big(value) | Value::Time(value) => Datum::from(*value),
            Value::Times(times) => array(
                pg_sys::TIMESTAMPTZOID,
                Element::VALUE_8,
                times.iter().map(|time| Some(Datum::from(*time))),
            ),
            Value::Oid(oid) => Datum::from(*oid),
            Value::Enums(element, oids) => array(
                Oid::from(*element),
                Element::VALUE_4,
                oids.iter()
                    .map(|oid| (*oid != 0).then(|| Datum::from(*oid))),
            ),
            Value::Datum(datum) | Value::Stored(_, datum) => *datum,
        };
        (datum, false)
    }
}

/// How an array's elements are stored.
struct Element {
    length: i32,
    by_value: bool,
    alignment: u8,
}

impl Element {
    const REFERENCE_16: Element = Element {
        length: 16,
        by_value: false,
        alignment: b'c',
    };
    const VARLENA: Element = Element {
        length: -1,
        by_value: false,
        alignment: b'i',
    };
    const VALUE_4: Element = Element {
        length: 4,
        by_value: true,
        alignment: b'i',
    };
    const VALUE_8: Element = Element {
        length: 8,
        by_value: true,
        alignment: b'd',
    };
}

fn uuid_datum(id: &Uuid) -> Datum {
    // SAFETY: palloc gives 16 writable bytes or raises; a uuid datum is a pointer to 16 bytes.
    unsafe {
        let bytes = pg_sys::palloc(16).cast::<u8>();
        std::ptr::copy_nonoverlapping(id.as_bytes().as_ptr(), bytes, 16);
        Datum::from(bytes)
    }
}

fn text_datum(text: &str) -> Datum {
    let length = i32::try_from(text.len()).unwrap_or(i32::MAX);
    // SAFETY: reads `length` bytes of `text`, no more than it has; raises where it cannot allocate.
    unsafe {
        Datum::from(pg_sys::cstring_to_text_with_len(
            text.as_ptr().cast(),
            length,
        ))
    }
}

fn name_datum(name: &str) -> Datum {
    let room = pg_sys::NAMEDATALEN as usize - 1;
    let length = name.floor_char_boundary(room);
    // SAFETY: a name's datum is a pointer to so many bytes, of which at least the last is zero.
    unsafe {
        let bytes = pg_sys::palloc0(room + 1).cast::<u8>();
        std::ptr::copy_nonoverlapping(name.as_ptr(), bytes, length);
        Datum::from(bytes)
    }
}

fn json_datum(text: &str) -> (Datum, bool) {
    let Ok(text) = CString::new(text) else {
        // JSON text escapes NUL, so this text is no JSON; NULL is the nearest value that jsonb has.
        return (Datum::null(), true);
    };
    // SAFETY: jsonb_in takes one cstring and raises on text that is no JSON.
    let datum = unsafe {
        pgrx::direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(Datum::from(text.as_ptr()))])
    };
    (datum.unwrap_or(Datum::null()), datum.is_none())
}

fn array(element: Oid, kind: Element, items: impl Iterator<Item = Option<Datum>>) -> Datum {
    let (mut datums, mut nulls): (Vec<Datum>, Vec<bool>) = items
        .map(|item| (item.unwrap_or(Datum::null()), item.is_none()))
        .unzip();
    let mut length = i32::try_from(datums.len()).unwrap_or(i32::MAX);
    let mut lower = 1;
    // SAFETY: `datums` and `nulls` hold `length` elements of the stated type and storage.
    unsafe {
        Datum::from(pg_sys::construct_md_array(
            datums.as_mut_ptr(),
            nulls.as_mut_ptr(),
            if length == 0 { 0 } else { 1 },
            &mut length,
            &mut lower,
            element,
            kind.length,
            kind.by_value,
            kind.alignment as std::ffi::c_char,
        ))
    }
}

/// Whether two datums are the same, byte for byte as they are stored; of a C string that is not told.
///
/// # Safety
/// Both are of the column.
pub(super) unsafe fn is_same(one: Datum, other: Datum, column: &FormData_pg_attribute) -> bool {
    if column.attbyval {
        return one.value() == other.value();
    }
    // SAFETY: as the caller says: a pointer to as many bytes as the column's type has, or the value itself says.
    let bytes = |datum: Datum| unsafe {
        let start = datum.cast_mut_ptr::<u8>();
        let length = match usize::try_from(column.attlen) {
            Ok(length) => length,
            Err(_) if column.attlen == -1 => pgrx::varsize_any(start.cast()),
            Err(_) => return None,
        };
        Some(std::slice::from_raw_parts(start, length))
    };
    bytes(one).is_some_and(|one| Some(one) == bytes(other))
}

/// Reading a datum of a known type. Each function copies what it reads out of the server's memory.
pub mod read {
    use super::*;
    use crate::error::{Code, Error};
    use crate::pg::error::raise;
    use crate::pg::settings;

    /// A `uuid`.
    pub fn uuid(datum: Datum) -> Uuid {
        // SAFETY: the caller says that this is a uuid's datum: a pointer to 16 bytes.
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

    /// Refuses a text or jsonb that is too large to be read, before anything of it is: `what` names it.
    pub(in crate::pg) fn within(datum: Datum, what: &str) -> Datum {
        let limit = MOST_BYTES.max(settings::max_result_bytes());
        require_size(stored_size(datum), limit, what);
        datum
    }

    /// The same for an array of ids.
    pub(in crate::pg) fn within_ids(datum: Datum, what: &str) -> Datum {
        require_size(stored_size(datum), MOST_BYTES_OF_IDS, what);
        datum
    }

    fn stored_size(datum: Datum) -> usize {
        // SAFETY: the caller says that this is a varlena; nearly all are short and plain, which the server need not be
        // asked for.
        unsafe {
            let stored = datum.cast_mut_ptr::<pg_sys::varlena>();
            if pgrx::varatt_is_1b(stored) && !pgrx::varatt_is_1b_e(stored) {
                return 0;
            }
            pg_sys::toast_raw_datum_size(datum)
        }
    }

    /// A copy of the server's memory, or the server's error where there is no memory for one.
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
        // SAFETY: the caller says that this is a varlena of text; detoasting gives a flat copy or the original, which a
        // plain one need not be asked for.
        unsafe {
            let stored = datum.cast_mut_ptr::<pg_sys::varlena>();
            let is_plain = pgrx::varatt_is_4b_u(stored)
                || pgrx::varatt_is_1b(stored) && !pgrx::varatt_is_1b_e(stored);
            let flat = if is_plain {
                stored
            } else {
                pg_sys::pg_detoast_datum_packed(stored)
            };
            let bytes = std::slice::from_raw_parts(
                pgrx::vardata_any(flat).cast::<u8>(),
                pgrx::varsize_any_exhdr(flat),
            );
            copied(bytes)
        }
    }

    /// A `jsonb`, as JSON text.
    pub fn json(datum: Datum) -> String {
        // SAFETY: the caller says that this is a jsonb; the result is a NUL-terminated palloc'd copy.
        unsafe {
            let flat = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::Jsonb>();
            let size = pgrx::varsize_any(flat.cast());
            let text = pg_sys::JsonbToCString(
                std::ptr::null_mut(),
                &mut (*flat).root,
                i32::try_from(size).unwrap_or(i32::MAX),
            );
            let bytes = std::ffi::CStr::from_ptr(text).to_bytes();
            // A number of a few bytes may be printed with a hundred thousand digits.
            let limit = MOST_BYTES.max(settings::max_result_bytes());
            require_size(bytes.len(), limit, "a document");
            let owned = copied(bytes);
            pg_sys::pfree(text.cast());
            owned
        }
    }

    /// Whether a `jsonb` is an object with this key, or holds it as a string.
    pub fn has_key(datum: Datum, key: &str) -> bool {
        // SAFETY: the caller says that this is a jsonb; the function takes it and a text.
        let found = unsafe {
            let arguments = [Some(datum), Some(text_datum(key))];
            pgrx::direct_function_call_as_datum(pg_sys::jsonb_exists, &arguments)
        };
        found.is_some_and(bool)
    }

    /// A `name`.
    pub fn name(datum: Datum) -> String {
        // SAFETY: the caller says that this is a name: NUL-terminated within NAMEDATALEN.
        unsafe {
            std::ffi::CStr::from_ptr(datum.cast_mut_ptr())
                .to_string_lossy()
                .into_owned()
        }
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
        // SAFETY: takes an interval and gives a NUL-terminated palloc'd copy.
        unsafe {
            pgrx::direct_function_call_as_datum(pg_sys::interval_out, &[Some(datum)])
                .map(|text| {
                    std::ffi::CStr::from_ptr(text.cast_mut_ptr())
                        .to_string_lossy()
                        .into_owned()
                })
                .unwrap_or_default()
        }
    }

    fn elements(datum: Datum, element: Oid, kind: Element) -> Vec<Option<Datum>> {
        // SAFETY: the caller says that this is an array of `element`; the server fills the out-parameters
        // with as many datums and null flags as it says.
        unsafe {
            let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let mut datums = std::ptr::null_mut();
            let mut nulls = std::ptr::null_mut();
            let mut count = 0;
            pg_sys::deconstruct_array(
                array,
                element,
                kind.length,
                kind.by_value,
                kind.alignment as std::ffi::c_char,
                &mut datums,
                &mut nulls,
                &mut count,
            );
            let count = usize::try_from(count).unwrap_or(0);
            if count == 0 {
                return Vec::new();
            }
            std::slice::from_raw_parts(datums, count)
                .iter()
                .zip(std::slice::from_raw_parts(nulls, count))
                .map(|(datum, null)| (!null).then_some(*datum))
                .collect()
        }
    }

    /// A `uuid[]`, NULL elements kept.
    pub fn uuids(datum: Datum) -> Vec<Option<Uuid>> {
        elements(datum, pg_sys::UUIDOID, Element::REFERENCE_16)
            .into_iter()
            .map(|item| item.map(uuid))
            .collect()
    }

    /// A `varchar[]`.
    pub fn varchars(datum: Datum) -> Vec<Option<String>> {
        elements(datum, pg_sys::VARCHAROID, Element::VARLENA)
            .into_iter()
            .map(|item| item.map(text))
            .collect()
    }

    /// A `text[]`, NULL elements kept.
    pub fn texts(datum: Datum) -> Vec<Option<String>> {
        elements(datum, pg_sys::TEXTOID, Element::VARLENA)
            .into_iter()
            .map(|item| item.map(text))
            .collect()
    }
}
