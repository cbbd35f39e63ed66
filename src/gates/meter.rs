//! Bounds the time and the stack that a JSON Schema check may take.
//!
//! A schema is code that its author runs in the server: two `anyOf` branches that both refer back to
//! the root double the work with every level of the content, and a chain of references nests
//! function calls. The validator reaches the content only through the representation that it is
//! compiled for, so this one counts every look at a value and stops the check when the allowance
//! is spent or the stack has grown too far. Stopping unwinds out of the validator and is caught
//! by [`metered`]; no panic hook runs.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::interrupt;
use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, SerdeJson};
use serde_json::{Map, Number, Value};

/// How much stack a check may use. The server keeps 512 kB in reserve below its own limit
/// (`max_stack_depth`), so that this much is there wherever the server still runs a function.
const STACK_BYTES: usize = 256 * 1024;

/// Bytes of a string that cost as much as one look at a value, where a string is only copied,
/// compared or counted.
const BYTES_PER_STEP: usize = 64;

/// Why a metered run was stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The allowance of steps was spent.
    TooMuchWork,
    /// The calls nested too deeply.
    TooDeep,
    /// The validator itself failed; a defect in it, answered like any other failed check.
    Failed,
}

/// Steps that a byte costs for each regular expression it may go through: the larger ones take
/// hundreds of nanoseconds for it.
const STEPS_PER_MATCHED_BYTE: u64 = 4;

#[derive(Clone, Copy)]
struct Meter {
    steps_left: u64,
    regexes: u64,
    stack_base: usize,
}

thread_local! {
    static METER: Cell<Option<Meter>> = const { Cell::new(None) };
}

/// Runs `check` with an allowance of `steps`. `regexes` says how many regular expressions
/// a text may have to go through.
pub fn metered<T>(steps: u64, regexes: u64, check: impl FnOnce() -> T) -> Result<T, Stopped> {
    let outer = METER.replace(Some(Meter {
        steps_left: steps,
        regexes,
        stack_base: stack_position(),
    }));
    let outcome = catch_unwind(AssertUnwindSafe(check));
    METER.set(outer);
    outcome.map_err(|payload| match payload.downcast_ref::<Stopped>() {
        Some(stopped) => *stopped,
        // A panic's message.
        None if payload.is::<&str>() || payload.is::<String>() => Stopped::Failed,
        None => resume_unwind(payload),
    })
}

#[inline]
fn stack_position() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

/// Takes `steps` from the allowance, or stops the run.
#[inline]
fn spend(steps: u64) {
    let Some(mut meter) = METER.get() else {
        return;
    };
    if meter.stack_base.abs_diff(stack_position()) > STACK_BYTES {
        resume_unwind(Box::new(Stopped::TooDeep));
    }
    let Some(left) = meter.steps_left.checked_sub(steps) else {
        resume_unwind(Box::new(Stopped::TooMuchWork));
    };
    interrupt::tick();
    meter.steps_left = left;
    METER.set(Some(meter));
}

/// Pays for counting, comparing or copying a text.
fn spend_bytes(bytes: usize) {
    spend(1 + (bytes / BYTES_PER_STEP) as u64);
}

/// Pays for a text that may go through regular expressions.
fn spend_text(text: &str) {
    let per_byte = METER.get().map_or(0, |meter| {
        meter.regexes.saturating_mul(STEPS_PER_MATCHED_BYTE)
    });
    spend_bytes(text.len());
    spend((text.len() as u64).saturating_mul(per_byte));
}

/// Spends a step for every value in `value`, as work on the whole of it will.
fn spend_whole(value: &Value) {
    match value {
        Value::String(text) => spend_bytes(text.len()),
        Value::Array(items) => {
            spend(1);
            items.iter().for_each(spend_whole);
        }
        Value::Object(members) => {
            spend(1);
            for (name, member) in members {
                spend_bytes(name.len());
                spend_whole(member);
            }
        }
        Value::Number(number) => spend_bytes(number.as_str().len()),
        Value::Null | Value::Bool(_) => spend(1),
    }
}

/// The representation of JSON that validators are compiled for: `serde_json`'s, metered.
pub struct MeteredJson;

/// A value of a document under check.
#[derive(Clone, Copy)]
pub struct Metered<'a>(pub &'a Value);

/// An object of a document under check.
pub struct MeteredObject<'a>(&'a Map<String, Value>);

/// An array of a document under check.
pub struct MeteredArray<'a>(&'a [Value]);

/// The members of an object, each costing a step.
pub struct Members<'a>(serde_json::map::Iter<'a>);

/// The elements of an array, each costing a step.
pub struct Elements<'a>(std::slice::Iter<'a, Value>);

impl Json for MeteredJson {
    type Node<'a> = Metered<'a>;
    type PreparedKey = String;
    type StringBuffer = Value;

    const KEYS_PER_LOOKUP: usize = SerdeJson::KEYS_PER_LOOKUP;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(
        buffer: &mut Value,
        string: &str,
        f: impl FnOnce(Metered<'_>) -> T,
    ) -> T {
        spend_bytes(string.len());
        *buffer = Value::String(string.to_owned());
        f(Metered(buffer))
    }
}

impl<'a> Node<'a, MeteredJson> for Metered<'a> {
    type Object = MeteredObject<'a>;
    type Array = MeteredArray<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<MeteredObject<'a>> {
        spend(1);
        self.0.as_object().map(MeteredObject)
    }

    fn as_array(&self) -> Option<MeteredArray<'a>> {
        spend(1);
        self.0.as_array().map(|items| MeteredArray(items))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.0.as_str();
        spend_text(text.unwrap_or_default());
        text.map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        let number = self.0.as_number();
        spend_bytes(number.map_or(0, |number| number.as_str().len()));
        number
    }

    fn as_boolean(&self) -> Option<bool> {
        spend(1);
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        spend(1);
        self.0.is_null()
    }

    fn is_number(&self) -> bool {
        spend(1);
        self.0.is_number()
    }

    fn json_type(&self) -> JsonType {
        spend(1);
        Node::<SerdeJson>::json_type(&self.0)
    }

    fn string_length(&self) -> Option<u64> {
        spend_bytes(self.0.as_str().map_or(0, str::len));
        Node::<SerdeJson>::string_length(&self.0)
    }

    fn string_length_within(&self, min: u64, max: u64) -> Option<bool> {
        spend_bytes(self.0.as_str().map_or(0, str::len));
        Node::<SerdeJson>::string_length_within(&self.0, min, max)
    }

    fn equals_value(&self, expected: &Value) -> bool {
        spend(1);
        Node::<SerdeJson>::equals_value(&self.0, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        spend(1);
        Cow::Borrowed(self.0)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        spend(1);
        Node::<SerdeJson>::identity(&self.0)
    }
}

impl<'a> Object<'a, MeteredJson> for MeteredObject<'a> {
    type Node = Metered<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<Metered<'a>> {
        spend(1);
        Object::<SerdeJson>::get(&self.0, key).map(Metered)
    }

    fn members(&self) -> Members<'a> {
        Members(self.0.iter())
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Metered<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.next()?;
        spend_text(name);
        Some((name.as_str(), Metered(value)))
    }
}

impl<'a> Array<'a, MeteredJson> for MeteredArray<'a> {
    type Node = Metered<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Elements<'a> {
        Elements(self.0.iter())
    }

    fn is_unique(&self) -> bool {
        self.0.iter().for_each(spend_whole);
        Array::<SerdeJson>::is_unique(&self.0)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Metered<'a>;

    fn next(&mut self) -> Option<Metered<'a>> {
        let value = self.0.next()?;
        spend(1);
        Some(Metered(value))
    }
}
