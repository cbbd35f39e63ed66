//! How often a JSON Schema applies its own parts to one and the same value.
//!
//! Fifty definitions that each refer to the next one twice are 2^50 ways through a schema of two
//! kilobytes. The validator walks them one by one, some of them before it has seen any content.
//! This counts the ways before anything is compiled, and finds references that lead outside the
//! schema or round in a circle.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::wording::quoted;

/// Ways in which a schema may apply its own parts to one value; and the sum of them over all places
/// with an `unevaluated` keyword, for each of which the validator compiles every way anew.
const MAX_WAYS: u64 = 2_000;

/// Parts within each other that a schema may apply to one value.
const MAX_NESTED_PARTS: usize = 100;

/// Keywords whose value is a schema that applies to the same value.
const SCHEMA: [&str; 4] = ["not", "if", "then", "else"];

/// Keywords whose value is an array of such schemas.
const SCHEMAS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Keywords whose value is an object of such schemas.
const NAMED_SCHEMAS: [&str; 2] = ["dependentSchemas", "dependencies"];

/// Keywords that look at what all of these left over.
const UNEVALUATED: [&str; 2] = ["unevaluatedProperties", "unevaluatedItems"];

/// Keywords whose value refers to such a schema.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Keywords that give a schema a name to refer to.
const ANCHORS: [&str; 2] = ["$anchor", "$dynamicAnchor"];

/// The most ways in which any part of `schema` applies to one value, itself included; or why the
/// schema is refused, as the end of a sentence about it.
pub fn most_ways(schema: &Value) -> Result<u64, String> {
    let id_keyword = match schema.get("$schema").and_then(Value::as_str) {
        Some(draft) if draft.contains("draft-04") => "id",
        _ => "$id",
    };
    let mut ways = Ways {
        root: schema,
        root_id: schema.get(id_keyword).and_then(Value::as_str),
        id_keyword,
        anchors: HashMap::new(),
        known: HashMap::new(),
        most: 1,
        unevaluated: 0,
    };
    ways.collect_names(schema, true)?;
    ways.count_everywhere(schema)?;
    Ok(ways.most)
}

enum Count {
    Underway,
    Known(u64),
}

struct Ways<'a> {
    root: &'a Value,
    root_id: Option<&'a str>,
    id_keyword: &'static str,
    anchors: HashMap<&'a str, Vec<&'a Value>>,
    /// By the address of the schema's members: the document does not move while it is counted.
    known: HashMap<usize, Count>,
    most: u64,
    unevaluated: u64,
}

impl<'a> Ways<'a> {
    fn collect_names(&mut self, value: &'a Value, is_root: bool) -> Result<(), String> {
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.collect_names(item, false)),
            Value::Object(members) => {
                let of_the_root = ["$id", "$schema", self.id_keyword];
                let nested = of_the_root
                    .into_iter()
                    .find(|name| members.get(*name).is_some_and(Value::is_string));
                if let (Some(name), false) = (nested, is_root) {
                    return Err(format!(
                        "has a nested \"{name}\"; only the whole schema may have one"
                    ));
                }
                for keyword in ANCHORS {
                    if let Some(name) = members.get(keyword).and_then(Value::as_str) {
                        self.anchors.entry(name).or_default().push(value);
                    }
                }
                members
                    .values()
                    .try_for_each(|member| self.collect_names(member, false))
            }
            _ => Ok(()),
        }
    }

    fn count_everywhere(&mut self, value: &'a Value) -> Result<(), String> {
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.count_everywhere(item)),
            Value::Object(members) => {
                self.count(members, 0)?;
                members
                    .values()
                    .try_for_each(|member| self.count_everywhere(member))
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, schema: &'a Map<String, Value>, depth: usize) -> Result<u64, String> {
        let address = std::ptr::from_ref(schema).addr();
        match self.known.get(&address) {
            Some(Count::Known(ways)) => return Ok(*ways),
            Some(Count::Underway) => {
                return Err(
                    "refers to itself without going into the value, which never ends".to_owned(),
                );
            }
            None => {}
        }
        if depth > MAX_NESTED_PARTS {
            return Err(format!(
                "applies more than {MAX_NESTED_PARTS} parts within each other to one value"
            ));
        }
        self.known.insert(address, Count::Underway);
        let mut ways = 1_u64;
        for part in self.parts(schema)? {
            ways = ways.saturating_add(self.count(part, depth + 1)?);
            if ways > MAX_WAYS {
                return Err(format!(
                    "applies its own parts to one value in more than {MAX_WAYS} ways"
                ));
            }
        }
        self.known.insert(address, Count::Known(ways));
        self.most = self.most.max(ways);
        if UNEVALUATED.iter().any(|name| schema.contains_key(*name)) {
            self.unevaluated = self.unevaluated.saturating_add(ways);
            if self.unevaluated > MAX_WAYS {
                return Err(format!(
                    "looks for what is unevaluated in more than {MAX_WAYS} ways"
                ));
            }
        }
        Ok(ways)
    }

    /// The schemas that `schema` applies to the value that it is itself applied to.
    fn parts(&self, schema: &'a Map<String, Value>) -> Result<Vec<&'a Map<String, Value>>, String> {
        let mut parts: Vec<&Value> = Vec::new();
        parts.extend(SCHEMA.iter().filter_map(|name| schema.get(*name)));
        for name in SCHEMAS {
            let listed = schema.get(name).and_then(Value::as_array);
            parts.extend(listed.into_iter().flatten());
        }
        for name in NAMED_SCHEMAS {
            let named = schema.get(name).and_then(Value::as_object);
            parts.extend(named.into_iter().flat_map(Map::values));
        }
        for name in REFERENCES {
            if let Some(reference) = schema.get(name).and_then(Value::as_str) {
                parts.extend(self.targets(reference)?);
            }
        }
        Ok(parts.into_iter().filter_map(Value::as_object).collect())
    }

    fn targets(&self, reference: &str) -> Result<Vec<&'a Value>, String> {
        let fragment = self
            .root_id
            .map(|id| id.trim_end_matches('#'))
            .and_then(|id| reference.strip_prefix(id))
            .unwrap_or(reference)
            .strip_prefix('#');
        let Some(fragment) = fragment else {
            return Err(format!(
                "has the reference {}; a schema may refer only to itself, as \"#/...\" does",
                quoted(reference)
            ));
        };
        let fragment = percent_decode_str(fragment).decode_utf8_lossy();
        let named = self.anchors.get(fragment.as_ref());
        let mut found = named.cloned().unwrap_or_default();
        found.extend(self.root.pointer(&fragment));
        if found.is_empty() {
            return Err(format!(
                "has the reference {}, which leads nowhere",
                quoted(reference)
            ));
        }
        Ok(found)
    }
}
