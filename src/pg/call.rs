//! A call of one of our SQL functions: its arguments in, its result out.

use super::error::{Result, guard};
use super::rows::{Row, Rows};
use super::value::{Value, parted, read};
use crate::error::Error;
use crate::interrupt;
use pgrx::callconv::FcInfo;
use pgrx::datum::Interval;
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid};
use pgrx::{FromDatum, PgMemoryContexts, PgTupleDesc};
use uuid::Uuid;

/// What a function answers: a datum of the declared type, allocated where it outlives the call; or nothing, which is NULL, and
/// the end of a set.
pub type Answer = Option<Datum>;

/// A call in progress.
///
/// Arguments and results are of the types that the function is declared with: only a superuser may declare a function in
/// C, and does so by the extension's script. That of an older version may know fewer arguments, which are NULL then.
/// `#[pg_extern]` has a guard of its own, which loses fields of errors, and copies arguments before their size was looked
/// at; its sets are handed over row by row and keep no rows of statements.
pub struct Call {
    info: FcInfo<'static>,
    context: pg_sys::MemoryContext,
}

/// Runs a function's body and translates its answer or error. The only caller is the generated entry point.
///
/// # Safety
/// `info` is what the server passes to a version-1 function.
pub unsafe fn run(info: FunctionCallInfo, body: fn(&Call) -> Result<Answer>) -> Datum {
    // SAFETY: the entry point does nothing but call this; `info` is valid for the call, and no `Call` lives longer.
    unsafe {
        let answer = guard(|| {
            let (info, context) = (FcInfo::from_ptr(info), pg_sys::CurrentMemoryContext);
            body(&Call { info, context })
        });
        answer.unwrap_or_else(|| pgrx::pg_return_null(info))
    }
}

/// The methods by which arguments of these types are read.
macro_rules! arguments {
    ($($name:ident, $optional:ident: $of:ty = $read:ident;)*) => {$(
        #[doc = concat!("An argument that `read::", stringify!($read), "` reads, which must be given.")]
        pub fn $name(&self, index: usize, name: &str) -> Result<$of> {
            self.given(index, name).map(read::$read)
        }

        /// The same, which may be NULL.
        pub fn $optional(&self, index: usize) -> Option<$of> {
            self.datum(index).map(read::$read)
        }
    )*};
}

impl Call {
    /// The argument's datum, or `None` where it is NULL.
    pub fn datum(&self, index: usize) -> Option<Datum> {
        let argument = self.info.raw_args().get(index)?;
        (!argument.isnull).then_some(argument.value)
    }

    /// The argument, which must be given.
    fn given(&self, index: usize, name: &str) -> Result<Datum> {
        (self.datum(index)).ok_or_else(|| Error::null_argument(name))
    }

    arguments! {
        uuid, optional_uuid: Uuid = uuid;
        int, optional_int: i32 = plain;
        time, optional_time: i64 = plain;
        bool, optional_bool: bool = plain;
        oid, optional_oid: u32 = oid;
        name, optional_name: String = name;
    }

    /// A `text` argument that must be given.
    pub fn text(&self, index: usize, name: &str) -> Result<String> {
        Ok(read::text(self.given(index, name)?, name))
    }

    /// A `text` argument that may be NULL.
    pub fn optional_text(&self, index: usize) -> Option<String> {
        self.text(index, "a text").ok()
    }

    /// The beginning of a `text` argument that may be NULL, with a mark where it is longer than it may be.
    pub fn optional_cut_text(&self, index: usize, most: usize) -> Option<String> {
        Some(read::cut(self.datum(index)?, most))
    }

    /// A `uuid[]` argument that must be given and hold no NULL.
    pub fn uuids(&self, index: usize, name: &str) -> Result<Vec<Uuid>> {
        Error::without_null(read::uuids(self.given(index, name)?, name), name)
    }

    /// A `text[]` argument that may be NULL but holds no NULL.
    pub fn optional_texts(&self, index: usize, name: &str) -> Result<Option<Vec<String>>> {
        let texts = self.datum(index).map(|datum| read::texts(datum, name));
        texts
            .map(|texts| Error::without_null(texts, name))
            .transpose()
    }

    /// A `jsonb` argument that may be NULL, as JSON text.
    pub fn optional_json(&self, index: usize) -> Option<String> {
        Some(read::json(self.datum(index)?, "a document"))
    }

    /// An `interval` argument that must be given.
    pub fn interval(&self, index: usize, name: &str) -> Result<Interval> {
        let interval = self.given(index, name)?;
        // SAFETY: an argument of that type.
        unsafe { Interval::from_datum(interval, false) }.ok_or_else(|| Error::null_argument(name))
    }

    /// Whether a `jsonb` argument is an object with the key, or holds it as a string.
    pub fn has_key(&self, index: usize, key: &str) -> bool {
        self.datum(index)
            .is_some_and(|datum| read::has_key(datum, key))
    }

    /// Runs `make` where what it allocates outlives statements that the function ran.
    fn in_result_context<T>(&self, make: impl FnOnce() -> T) -> T {
        // SAFETY: the call's context was current when the function was entered, so it is alive.
        unsafe { PgMemoryContexts::For(self.context).switch_to(|_| make()) }
    }

    /// Answers a single value.
    pub fn answer(&self, value: &Value<'_>) -> Answer {
        self.in_result_context(|| value.to_datum())
    }

    /// The row type that the function is declared to return.
    fn row_type(&self) -> PgTupleDesc<'_> {
        // SAFETY: a call has its function, which returns a composite type; what is got is given back when it is dropped.
        unsafe {
            let kind = pg_sys::get_func_rettype((*(*self.info.as_mut_ptr()).flinfo).fn_oid);
            PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(kind, -1))
        }
    }

    /// Answers one row of the function's composite type, its columns in order.
    pub fn answer_row(&self, columns: &[Value<'_>]) -> Answer {
        self.in_result_context(|| {
            let kind = self.row_type();
            let datums = datums(columns, kind.len());
            // SAFETY: the caller gives columns of the declared type.
            let row = unsafe { PgHeapTuple::from_datums(kind, datums) };
            row.ok()?.into_composite_datum()
        })
    }

    /// Answers a row that a statement gave; its columns are those of the function's composite type.
    pub fn answer_found(&self, row: &Row<'_>) -> Answer {
        let kind = self.row_type();
        self.in_result_context(|| row.as_composite(&kind))
            .or_else(|| self.answer_row(&row.values(&types(&kind))))
    }

    /// Starts a result set. `scalar` where the function returns SETOF a type that is no row.
    pub fn start_set(&self, scalar: bool) -> ResultSet<'_> {
        let flags = match scalar {
            true => pg_sys::MAT_SRF_USE_EXPECTED_DESC,
            false => 0,
        };
        // SAFETY: checks that the caller accepts a materialized set and raises otherwise; fills what `info` points to, which
        // lives as long as the call.
        unsafe {
            let info = self.info.as_mut_ptr();
            pg_sys::InitMaterializedSRF(info, flags);
            let set = (*info).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            ResultSet {
                rows: (*set).setResult,
                kind: PgTupleDesc::from_pg_unchecked((*set).setDesc),
            }
        }
    }

    /// Answers the rows of a statement; their columns are those of the function's result type.
    pub fn answer_rows(&self, rows: &Rows) -> Answer {
        let set = self.start_set(false);
        for row in rows.iter() {
            set.push_found(&row, &[]);
        }
        None
    }
}

/// As many as are wanted, those that are not given NULL.
fn datums(columns: &[Value<'_>], wanted: usize) -> impl Iterator<Item = Option<Datum>> {
    let given = columns.iter().map(Value::to_datum);
    given.chain(std::iter::repeat(None)).take(wanted)
}

fn types(kind: &PgTupleDesc<'_>) -> Vec<Oid> {
    kind.iter().map(|column| column.atttypid).collect()
}

/// A result set being filled.
pub struct ResultSet<'a> {
    rows: *mut pg_sys::Tuplestorestate,
    kind: PgTupleDesc<'a>,
}

impl ResultSet<'_> {
    /// Adds a row.
    pub fn push(&self, columns: &[Value<'_>]) {
        interrupt::tick();
        let (mut datums, mut nulls) = parted(datums(columns, self.kind.len()));
        let (datums, nulls) = (datums.as_mut_ptr(), nulls.as_mut_ptr());
        // SAFETY: the set is being filled; as many columns as it has, of its types, are copied.
        unsafe { pg_sys::tuplestore_putvalues(self.rows, self.kind.as_ptr(), datums, nulls) };
    }

    /// Adds a row whose columns, but for the last, a statement gave.
    pub fn push_found(&self, row: &Row<'_>, last: &[Value<'_>]) {
        let kinds = types(&self.kind);
        let given = kinds.len().saturating_sub(last.len());
        let mut values = row.values(kinds.get(..given).unwrap_or_default());
        values.extend(last.iter().cloned());
        self.push(&values);
    }
}

/// Declares C entry points, run by [`run`] or [`super::trigger::run`]: `runner: name / finfo => body; ...`.
///
/// The server looks up both symbols: the function, and a companion `pg_finfo_...` that states its calling convention.
#[macro_export]
macro_rules! c_functions {
    ($run:path: $($symbol:ident / $finfo:ident => $body:path;)*) => {$(
        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs)]
        #[unsafe(no_mangle)]
        pub extern "C" fn $finfo() -> &'static pgrx::pg_sys::Pg_finfo_record {
            const V1: pgrx::pg_sys::Pg_finfo_record = pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }

        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs, clippy::missing_safety_doc)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $symbol(info: pgrx::pg_sys::FunctionCallInfo) -> pgrx::pg_sys::Datum {
            // SAFETY: the server passes a valid call.
            unsafe { $run(info, $body) }
        }
    )*};
}
