//! A call of one of our SQL functions: its arguments in, its result out.

use super::error::{Result, guard};
use super::rows::{Row, Rows};
use super::settings;
use super::value::{Value, read};
use super::{clock, descriptor};
use crate::error::Error;
use crate::interrupt;
use crate::limits;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid};
use uuid::Uuid;

/// What a function answers.
pub enum Answer {
    /// NULL, or nothing for a function that returns void.
    Null,
    /// A datum of the declared type, allocated where it outlives the call.
    Datum(Datum),
    /// The rows were put into the result set already.
    Set,
}

/// A call in progress.
///
/// Arguments and results are of the types that the function is declared with: only a superuser may declare a function in
/// C, and does so by the extension's script. That of an older version may know fewer arguments, which are NULL then.
pub struct Call {
    info: FunctionCallInfo,
    context: pg_sys::MemoryContext,
}

/// Runs a function's body and translates its answer or error. The only caller is the generated entry point.
///
/// # Safety
/// `info` is what the server passes to a version-1 function.
pub unsafe fn run(info: FunctionCallInfo, body: fn(&Call) -> Result<Answer>) -> Datum {
    // SAFETY: the entry point does nothing but call this.
    let answer = unsafe {
        guard(|| {
            let context = pg_sys::CurrentMemoryContext;
            body(&Call { info, context })
        })
    };
    match answer {
        Answer::Datum(datum) => datum,
        Answer::Null | Answer::Set => {
            // SAFETY: `info` is valid for the duration of the call.
            unsafe { (*info).isnull = true };
            Datum::null()
        }
    }
}

impl Call {
    /// The argument's datum, or `None` where it is NULL.
    pub fn datum(&self, index: usize) -> Option<Datum> {
        // SAFETY: `info` carries `nargs` arguments; an index beyond them gives NULL.
        unsafe {
            if index >= usize::try_from((*self.info).nargs).unwrap_or(0) {
                return None;
            }
            let argument = *(*self.info).args.as_ptr().add(index);
            (!argument.isnull).then_some(argument.value)
        }
    }

    /// A `uuid` argument that must be given.
    pub fn uuid(&self, index: usize, name: &str) -> Result<Uuid> {
        self.datum(index)
            .map(read::uuid)
            .ok_or_else(|| Error::null_argument(name))
    }

    /// A `uuid[]` argument that must be given and hold no NULL.
    pub fn uuids(&self, index: usize, name: &str) -> Result<Vec<Uuid>> {
        let ids = self
            .datum(index)
            .map(|datum| read::uuids(read::within_ids(datum, name)))
            .ok_or_else(|| Error::null_argument(name))?;
        ids.into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::null_argument(&format!("an element of {name}")))
    }

    /// A `text` argument that must be given.
    pub fn text(&self, index: usize, name: &str) -> Result<String> {
        self.datum(index)
            .map(|datum| read::text(read::within(datum, name)))
            .ok_or_else(|| Error::null_argument(name))
    }

    /// A `text` argument that may be NULL.
    pub fn optional_text(&self, index: usize) -> Option<String> {
        self.datum(index)
            .map(|datum| read::text(read::within(datum, "a text")))
    }

    /// The beginning of a `text` argument that may be NULL, with a mark where it is longer than it may be.
    pub fn optional_cut_text(&self, index: usize, most: usize) -> Option<String> {
        let (beginning, size) = read::beginning(self.datum(index)?, most);
        Some(limits::cut_of(&beginning, size, most).into_owned())
    }

    /// An `integer` argument that must be given.
    pub fn int(&self, index: usize, name: &str) -> Result<i32> {
        self.datum(index)
            .map(read::int)
            .ok_or_else(|| Error::null_argument(name))
    }

    /// An `integer` argument that may be NULL.
    pub fn optional_int(&self, index: usize) -> Option<i32> {
        self.datum(index).map(read::int)
    }

    /// A `boolean` argument that must be given.
    pub fn bool(&self, index: usize, name: &str) -> Result<bool> {
        self.datum(index)
            .map(read::bool)
            .ok_or_else(|| Error::null_argument(name))
    }

    /// A `text[]` argument that may be NULL but holds no NULL.
    pub fn optional_texts(&self, index: usize, name: &str) -> Result<Option<Vec<String>>> {
        let Some(texts) = self
            .datum(index)
            .map(|datum| read::texts(read::within(datum, name)))
        else {
            return Ok(None);
        };
        texts
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .map(Some)
            .ok_or_else(|| Error::null_argument(&format!("an element of {name}")))
    }

    /// The moment that an `interval` argument that must be given reaches from `start`.
    pub fn later(&self, index: usize, name: &str, start: i64) -> Result<i64> {
        let interval = self
            .datum(index)
            .ok_or_else(|| Error::null_argument(name))?;
        let end = clock::after(start, interval);
        if end > start && end < i64::MAX {
            return Ok(end);
        }
        Err(Error::invalid_argument(
            format!("{name} must be positive and finite"),
            format!("It is {}.", read::interval(interval)),
        ))
    }

    /// The end of a lease, an `interval` argument that must be given, from now on.
    pub fn lease_end(&self, index: usize, now: i64) -> Result<i64> {
        let end = self.later(index, "lease", now)?;
        let most = settings::max_lease();
        if end.saturating_sub(now) <= most {
            return Ok(end);
        }
        Err(Error::longer_lease("lease", most))
    }

    /// A `name` argument that must be given.
    pub fn name(&self, index: usize, name: &str) -> Result<String> {
        self.optional_name(index)
            .ok_or_else(|| Error::null_argument(name))
    }

    /// A `name` argument that may be NULL.
    pub fn optional_name(&self, index: usize) -> Option<String> {
        self.datum(index).map(read::name)
    }

    /// A `jsonb` argument that may be NULL, as JSON text.
    pub fn optional_json(&self, index: usize) -> Option<String> {
        self.datum(index)
            .map(|datum| read::json(read::within(datum, "a document")))
    }

    /// Runs `make` where what it allocates outlives statements that the function ran.
    fn in_result_context<T>(&self, make: impl FnOnce() -> T) -> T {
        // SAFETY: the call's context was current when the function was entered, so it is alive; the
        // former context is put back. Where `make` raises, abort processing resets the context.
        unsafe {
            let former = pg_sys::MemoryContextSwitchTo(self.context);
            let made = make();
            pg_sys::MemoryContextSwitchTo(former);
            made
        }
    }

    /// Answers a single value.
    pub fn answer(&self, value: &Value<'_>) -> Answer {
        match self.in_result_context(|| value.to_datum()) {
            (_, true) => Answer::Null,
            (datum, false) => Answer::Datum(datum),
        }
    }

    /// Answers one row of the function's composite type, its columns in order.
    pub fn answer_row(&self, columns: &[Value<'_>]) -> Answer {
        // SAFETY: the declared return type is a composite whose columns the caller gives in number
        // and type; the descriptor is pinned while it is used.
        self.in_result_context(|| unsafe {
            let kind = pg_sys::get_func_rettype((*(*self.info).flinfo).fn_oid);
            let descriptor = pg_sys::lookup_rowtype_tupdesc(kind, -1);
            let (mut datums, mut nulls) = Self::columns(columns, (*descriptor).natts);
            let tuple =
                pg_sys::heap_form_tuple(descriptor, datums.as_mut_ptr(), nulls.as_mut_ptr());
            let datum = pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data);
            if (*descriptor).tdrefcount >= 0 {
                pg_sys::DecrTupleDescRefCount(descriptor);
            }
            Answer::Datum(datum)
        })
    }

    /// Answers a row that a statement gave; its columns are those of the function's composite type.
    pub fn answer_found(&self, row: &Row<'_>) -> Answer {
        // SAFETY: as in `answer_row`.
        let (composite, kinds) = self.in_result_context(|| unsafe {
            let kind = pg_sys::get_func_rettype((*(*self.info).flinfo).fn_oid);
            let descriptor = pg_sys::lookup_rowtype_tupdesc(kind, -1);
            let found = match row.as_composite(descriptor) {
                Some(composite) => (Some(composite), Vec::new()),
                None => (None, descriptor::types(descriptor)),
            };
            if (*descriptor).tdrefcount >= 0 {
                pg_sys::DecrTupleDescRefCount(descriptor);
            }
            found
        });
        composite.map_or_else(|| self.answer_row(&row.values(&kinds)), Answer::Datum)
    }

    fn columns(columns: &[Value<'_>], wanted: i32) -> (Vec<Datum>, Vec<bool>) {
        let (mut datums, mut nulls): (Vec<Datum>, Vec<bool>) =
            columns.iter().map(Value::to_datum).unzip();
        let wanted = usize::try_from(wanted).unwrap_or(0);
        datums.resize(wanted, Datum::null());
        nulls.resize(wanted, true);
        (datums, nulls)
    }

    /// Starts a result set. `scalar` where the function returns SETOF a type that is no row.
    pub fn start_set(&self, scalar: bool) -> ResultSet<'_> {
        let flags = if scalar {
            pg_sys::MAT_SRF_USE_EXPECTED_DESC
        } else {
            0
        };
        // SAFETY: checks that the caller accepts a materialized set and raises otherwise; fills the
        // ReturnSetInfo that `info` points to.
        unsafe {
            pg_sys::InitMaterializedSRF(self.info, flags);
            ResultSet {
                info: (*self.info).resultinfo.cast(),
                _call: self,
            }
        }
    }

    /// Answers the rows of a statement; their columns are those of the function's result type.
    pub fn answer_rows(&self, rows: &Rows) -> Answer {
        let set = self.start_set(false);
        for row in rows.iter() {
            set.push_found(&row);
        }
        Answer::Set
    }

    /// Answers a set of texts.
    pub fn answer_texts<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Answer {
        let set = self.start_set(true);
        for text in texts {
            set.push(&[Value::text(Some(text))]);
        }
        Answer::Set
    }
}

/// A result set being filled.
pub struct ResultSet<'a> {
    info: *mut pg_sys::ReturnSetInfo,
    _call: &'a Call,
}

impl ResultSet<'_> {
    /// Adds a row.
    pub fn push(&self, columns: &[Value<'_>]) {
        interrupt::tick();
        // SAFETY: `info` was filled by InitMaterializedSRF; tuplestore_putvalues copies the row.
        unsafe {
            let descriptor = (*self.info).setDesc;
            let (mut datums, mut nulls) = Call::columns(columns, (*descriptor).natts);
            pg_sys::tuplestore_putvalues(
                (*self.info).setResult,
                descriptor,
                datums.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }

    /// Adds a row whose first columns a statement gave.
    pub fn push_found_with(&self, row: &Row<'_>, last: &[Value<'_>]) {
        let kinds = self.kinds();
        let given = kinds.len().saturating_sub(last.len());
        let mut values = row.values(kinds.get(..given).unwrap_or_default());
        values.extend(last.iter().cloned());
        self.push(&values);
    }

    /// Adds a row that a statement gave.
    pub fn push_found(&self, row: &Row<'_>) {
        self.push(&row.values(&self.kinds()));
    }

    fn kinds(&self) -> Vec<Oid> {
        // SAFETY: as in `push`.
        unsafe { descriptor::types((*self.info).setDesc) }
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
