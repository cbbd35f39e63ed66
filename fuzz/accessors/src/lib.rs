//! Calls the accessors that read bytes of rows and arguments, and tells what they gave.
//!
//! What is to be read stands in the setting phasegate.reason: operations, a line each, `accessor column [number or key]`,
//! after `old` where it is the row before. The answers are sent as a NOTICE, a JSON array with one for each operation.

use phasegate::notice::notice;
use phasegate::pg::call::{Answer, Call};
use phasegate::pg::error::Result;
use phasegate::pg::spi::Session;
use phasegate::pg::trigger::{Firing, Verdict};
use phasegate::pg::value::Value;
use phasegate::settings;
use phasegate::workspace::run_once;
use serde_json::{Value as Json, json};

phasegate::c_functions! { phasegate::pg::call::run:
    read_found / pg_finfo_read_found => found;
    read_arguments / pg_finfo_read_arguments => arguments;
}

phasegate::c_functions! { phasegate::pg::trigger::run:
    read_fired / pg_finfo_read_fired => fired;
}

/// What both kinds of rows read alike; where it is another accessor, nothing.
macro_rules! alike {
    ($row:expr, $column:expr, $accessor:expr, $argument:expr) => {
        match $accessor {
            "uuid" => Some(json!($row.uuid($column).map(|id| id.to_string()))),
            "text" => Some(json!($row.text($column))),
            "texts" => Some(json!($row.texts($column))),
            "json" => Some(json!($row.json($column))),
            "int" => Some(json!($row.int($column))),
            "big" => Some(json!($row.big($column))),
            "bool" => Some(json!($row.optional_bool($column))),
            _ => None,
        }
    };
}

/// An accessor, the column's number, and what else it is told.
struct Operation {
    is_old: bool,
    accessor: String,
    column: i16,
    argument: String,
}

fn operations() -> Vec<Operation> {
    let operation = |line: &str| {
        let rest = line.strip_prefix("old ").unwrap_or(line);
        let mut words = rest.splitn(3, ' ').map(ToOwned::to_owned);
        Some(Operation {
            is_old: rest.len() < line.len(),
            accessor: words.next()?,
            column: words.next()?.parse().ok()?,
            argument: words.next().unwrap_or_default(),
        })
    };
    let program = settings::reason().unwrap_or_default();
    program.lines().filter_map(operation).collect()
}

/// `read_found(query)`: the first row that the query gives.
fn found(call: &Call) -> Result<Answer> {
    let query = call.text(0, "query")?;
    let _session = Session::open()?;
    let rows = run_once(&query, &[])?;
    let row = rows.first();
    let read = |operation: &Operation| {
        let (row, column) = (row.as_ref()?, operation.column);
        let (accessor, argument) = (operation.accessor.as_str(), operation.argument.as_str());
        alike!(row, column, accessor, argument).or_else(|| {
            Some(match accessor {
                "name" => json!(row.name(column)),
                "oid" => json!(row.oid(column)),
                "size" => json!(row.size(column)),
                "beginning" => json!(row.beginning(column, argument.parse().unwrap_or(0))),
                "json_that_fits" => json!(row.json_that_fits(column)),
                _ => return None,
            })
        })
    };
    let answers: Vec<Json> = operations().iter().map(|one| json!(read(one))).collect();
    notice(Json::Array(answers).to_string());
    Ok(None)
}

/// A BEFORE ROW trigger: the row that it is fired for. After `put` a column is written again with what was read of it.
fn fired(firing: &Firing) -> Result<Verdict> {
    let (mut answers, mut put) = (Vec::new(), Vec::new());
    for operation in operations() {
        let column = operation.column;
        let (accessor, argument) = (operation.accessor.as_str(), operation.argument.as_str());
        let row = match operation.is_old {
            true => firing.old_row(),
            false => firing.new_row(),
        };
        let answer = alike!(row, column, accessor, argument).or_else(|| {
            Some(match accessor {
                "time" => json!(row.time(column)),
                "null" => json!(row.is_null(column)),
                "fits" => json!(row.fits(column)),
                "has_key" => json!(row.has_key(column, argument)),
                "same" => json!(firing.is_same(column)),
                "within" => {
                    let within = firing.require_within(column, argument.parse().unwrap_or(0));
                    json!(within.is_ok())
                }
                "put" => {
                    put.push((column, read_again(firing, column, argument)));
                    Json::Null
                }
                "row" => json!(firing.new_row().as_json()),
                _ => return None,
            })
        });
        answers.push(json!(answer));
    }
    notice(Json::Array(answers).to_string());
    Ok(match put.is_empty() {
        true => Verdict::Keep,
        false => firing.with(&put),
    })
}

/// The column's value as Rust has it, to be written.
fn read_again(firing: &Firing, column: i16, accessor: &str) -> Value<'static> {
    let row = firing.new_row();
    let value = match accessor {
        "uuid" => row.uuid(column).map(Value::Uuid),
        "text" => row.text(column).map(|text| Value::Text(text.into())),
        "varchars" => row.texts(column).map(Value::Varchars),
        "json" => row.json(column).map(|text| Value::Json(text.into())),
        "int" => row.int(column).map(Value::Int),
        "big" => row.big(column).map(Value::Big),
        "time" => row.time(column).map(Value::Time),
        "bool" => row.optional_bool(column).map(Value::Bool),
        _ => None,
    };
    value.unwrap_or(Value::Null)
}

/// `read_arguments(uuid, uuid[], text, integer, timestamptz, boolean, name, jsonb, text[], oid)`, NULL where the
/// function allows it.
fn arguments(call: &Call) -> Result<Answer> {
    let texts = call.optional_texts(8, "texts").ok().flatten();
    let ids = call.uuids(1, "ids").ok();
    let answers = json!([
        call.uuid(0, "id").ok().map(|id| id.to_string()),
        ids.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>()),
        call.optional_text(2),
        call.optional_int(3),
        call.optional_time(4),
        call.optional_bool(5),
        call.optional_name(6),
        call.optional_json(7),
        texts,
        call.optional_oid(9),
    ]);
    let beginning = call.optional_cut_text(2, 100);
    notice(json!([answers, beginning, call.has_key(7, "key")]).to_string());
    let (text, document) = (call.optional_text(2), call.optional_json(7));
    Ok(call.answer_row(&[
        Value::text(text.as_deref()),
        Value::json(document.as_deref()),
    ]))
}
