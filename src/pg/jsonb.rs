//! A `jsonb` made of a JSON value as it is. To print the value and to have the server read what was printed takes several
//! times as long, and for an answer of a few hundred bytes more than what the answer is about.

use pgrx::pg_sys::{self, Datum, JsonbIteratorToken as Token, JsonbValue, jbvType};
use serde_json::{Number, Value};
use std::ffi::CString;

/// The value as a `jsonb` in the current memory context; `None` where only reading it as text says what is wrong with it: no
/// text of the server's has a null character.
pub(super) fn datum(value: &Value) -> Option<Datum> {
    let mut builder = Builder {
        state: std::ptr::null_mut(),
    };
    let whole = match value {
        Value::Array(_) | Value::Object(_) => builder.container(value)?,
        scalar => builder.lone(scalar)?,
    };
    // SAFETY: what closing the outermost container gave; all that it refers to lives until this returns.
    Some(unsafe { Datum::from(pg_sys::JsonbValueToJsonb(whole)) })
}

/// What is put together.
struct Builder {
    state: *mut pg_sys::JsonbParseState,
}

impl Builder {
    /// The next thing, as reading JSON text would come across it; for an end, what it ends.
    fn push(&mut self, token: Token::Type, value: *mut JsonbValue) -> *mut JsonbValue {
        // SAFETY: the state is null or what the last call left; tokens come in the order that JSON has; the value is null or
        // one of the token's kind.
        unsafe { pg_sys::pushJsonbValue(&mut self.state, token, value) }
    }

    /// A scalar that stands alone: to the server, the only element of an array that says so.
    fn lone(&mut self, scalar: &Value) -> Option<*mut JsonbValue> {
        let mut array = of_type(jbvType::jbvArray);
        array.val.array = pg_sys::JsonbValue__bindgen_ty_1__bindgen_ty_2 {
            nElems: 1,
            rawScalar: true,
            ..Default::default()
        };
        self.push(Token::WJB_BEGIN_ARRAY, &mut array);
        self.push(Token::WJB_ELEM, &mut scalar_of(scalar)?);
        Some(self.push(Token::WJB_END_ARRAY, std::ptr::null_mut()))
    }

    /// An object or an array, with all that is in it; anything else as [`Self::item`].
    fn container(&mut self, value: &Value) -> Option<*mut JsonbValue> {
        let none = std::ptr::null_mut();
        match value {
            Value::Object(members) => {
                self.push(Token::WJB_BEGIN_OBJECT, none);
                for (key, value) in members {
                    self.push(Token::WJB_KEY, &mut string(key)?);
                    self.item(Token::WJB_VALUE, value)?;
                }
                Some(self.push(Token::WJB_END_OBJECT, none))
            }
            Value::Array(elements) => {
                self.push(Token::WJB_BEGIN_ARRAY, none);
                for element in elements {
                    self.item(Token::WJB_ELEM, element)?;
                }
                Some(self.push(Token::WJB_END_ARRAY, none))
            }
            scalar => self.item(Token::WJB_ELEM, scalar),
        }
    }

    /// An element of an array, or the value of a member.
    fn item(&mut self, token: Token::Type, value: &Value) -> Option<*mut JsonbValue> {
        match value {
            Value::Object(_) | Value::Array(_) => self.container(value),
            _ => Some(self.push(token, &mut scalar_of(value)?)),
        }
    }
}

fn of_type(kind: jbvType::Type) -> JsonbValue {
    JsonbValue {
        type_: kind,
        ..JsonbValue::default()
    }
}

/// What is no container; a container is null here.
fn scalar_of(value: &Value) -> Option<JsonbValue> {
    match value {
        Value::Bool(value) => {
            let mut made = of_type(jbvType::jbvBool);
            made.val.boolean = *value;
            Some(made)
        }
        Value::Number(value) => {
            let mut made = of_type(jbvType::jbvNumeric);
            made.val.numeric = numeric(value)?;
            Some(made)
        }
        Value::String(text) => string(text),
        Value::Null | Value::Array(_) | Value::Object(_) => Some(of_type(jbvType::jbvNull)),
    }
}

/// A string or a key: where it stands, not a copy.
fn string(text: &str) -> Option<JsonbValue> {
    if text.as_bytes().contains(&0) {
        return None;
    }
    let mut made = of_type(jbvType::jbvString);
    made.val.string = pg_sys::JsonbValue__bindgen_ty_1__bindgen_ty_1 {
        len: i32::try_from(text.len()).ok()?,
        val: text.as_ptr().cast_mut().cast(),
    };
    Some(made)
}

/// A number, with all of its digits.
fn numeric(number: &Number) -> Option<pg_sys::Numeric> {
    // SAFETY: the first takes any integer; numeric_in takes a cstring, the OID of nothing in particular and no type modifier,
    // and raises where the number has more digits than the server can hold.
    unsafe {
        if let Some(integer) = number.as_i64() {
            return Some(pg_sys::int64_to_numeric(integer));
        }
        let text = CString::new(number.to_string()).ok()?;
        let arguments = [
            Some(Datum::from(text.as_ptr())),
            Some(Datum::from(pg_sys::InvalidOid)),
            Some(Datum::from(-1)),
        ];
        pgrx::direct_function_call_as_datum(pg_sys::numeric_in, &arguments)
            .map(|datum| datum.cast_mut_ptr())
    }
}
