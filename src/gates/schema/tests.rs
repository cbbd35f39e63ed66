//! Hostile schemas and contents: each is refused or answered, within its bounds. Test threads have
//! 2 MB of stack, and debug builds larger frames than the server's.

use std::time::{Duration, Instant};

use serde_json::{Map, json};

use super::*;
use crate::interrupt::tests::stops;

fn refused(schema: Value) -> String {
    let start = Instant::now();
    let refusal = CompiledSchema::compile(&schema).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2), "{refusal}");
    assert!(refusal.len() < 2000);
    refusal
}

fn quickly_compiled(schema: &Value) -> CompiledSchema {
    // Generous, for a debug build on a busy machine: unbounded work would take years.
    let start = Instant::now();
    let compiled = CompiledSchema::compile(schema).unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
    compiled
}

fn checked(schema: &Value, content: &Value) -> Result<(), String> {
    let schema = quickly_compiled(schema);
    let start = Instant::now();
    let outcome = schema.check(content);
    assert!(start.elapsed() < Duration::from_secs(20), "{outcome:?}");
    outcome
}

fn wrapped(key: &str, inner: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), inner)]))
}

/// `{"x": {"x": ...}}`, with so many levels.
fn deep(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| wrapped("x", inner))
}

/// Definitions `a0`, `a1`, ... made by `part` from the reference to the next one, then `last`.
fn chained(count: usize, part: impl Fn(Value) -> Value, last: Value) -> Value {
    let mut definitions = Map::new();
    for index in 0..count {
        let next = json!({"$ref": format!("#/$defs/a{}", index + 1)});
        definitions.insert(format!("a{index}"), part(next));
    }
    definitions.insert(format!("a{count}"), last);
    json!({"$defs": definitions, "$ref": "#/$defs/a0"})
}

#[test]
fn nothing_outside_the_schema_is_read() {
    for reference in [
        "https://example.com/a.json",
        "http://json-schema.org/draft-07/schema#",
        "file:///etc/passwd",
        "other.json",
        "/etc/passwd",
        "//host/share",
    ] {
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let refusal = refused(json!({"properties": {"a": {keyword: reference}}}));
            assert!(refusal.contains("may refer only to itself"), "{refusal}");
        }
        assert!(
            CompiledSchema::compile(&json!({"$schema": reference})).is_err()
                || reference.contains("draft-07")
        );
    }
    assert!(refused(json!({"$ref": "#/$defs/none"})).contains("leads nowhere"));
    assert!(refused(json!({"$ref": "#none"})).contains("leads nowhere"));
    let nested = json!({"$id": "https://example.com/", "properties": {"a": {"$id": "file:///b"}}});
    assert!(refused(nested).contains("nested \"$id\""));
    let other_draft = json!({"not": {"$schema": "http://json-schema.org/draft-04/schema#"}});
    assert!(refused(other_draft).contains("nested \"$schema\""));
}

#[test]
fn references_within_the_schema_work() {
    let schema = json!({
        "$id": "https://example.com/root.json",
        "$defs": {
            "a b": {"type": "integer"},
            "named": {"$anchor": "named", "type": "string"},
        },
        "properties": {
            "id": {"$ref": "#/$defs/a%20b"},
            "$id": {"$ref": "https://example.com/root.json#/$defs/a%20b"},
            "name": {"$ref": "#named"},
            "child": {"$ref": "#"},
        },
        "unevaluatedProperties": false,
    });
    let fits = json!({"id": 1, "$id": 2, "name": "n", "child": {"id": 3}});
    assert_eq!(checked(&schema, &fits), Ok(()));
    for content in [
        json!({"id": "1"}),
        json!({"child": {"name": 2}}),
        json!({"other": 1}),
    ] {
        assert!(
            checked(&schema, &content)
                .unwrap_err()
                .starts_with("does not match its schema: ")
        );
    }
    let tree = json!({
        "$dynamicAnchor": "node",
        "properties": {"x": {"$dynamicRef": "#node"}, "n": {"type": "number"}},
    });
    assert!(checked(&tree, &json!({"x": {"x": {"n": 1}}})).is_ok());
    assert!(checked(&tree, &json!({"x": {"x": {"n": "1"}}})).is_err());
}

#[test]
fn references_that_never_end_are_refused() {
    for schema in [
        json!({"$ref": "#"}),
        json!({"$ref": ""}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"not": {"$ref": "#"}}),
        json!({"if": {"$recursiveRef": "#"}}),
        json!({"$dynamicAnchor": "a", "dependentSchemas": {"b": {"$dynamicRef": "#a"}}}),
        json!({"const": {"$anchor": "/not"}, "not": {"$ref": "#/not"}}),
        json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
    ] {
        let refusal = refused(schema);
        assert!(
            refusal.contains("never ends") || refusal.contains("only to itself"),
            "{refusal}"
        );
    }
}

#[test]
fn schemas_that_multiply_their_own_work_are_refused() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for last in [
            json!({}),
            json!(true),
            json!({"type": "object"}),
            json!({"required": ["z"]}),
        ] {
            let twice = |next: Value| json!({keyword: [next, next.clone()]});
            let schema = chained(40, twice, last.clone());
            assert!(refused(schema).contains("ways"));
            // As many ways as are allowed, between every two looks at the content.
            let mut schema = chained(8, twice, last);
            schema["unevaluatedProperties"] = json!(false);
            let content: Value = (0..1000).map(|key| (key.to_string(), json!(1))).collect();
            let _ = checked(&schema, &content);
            let _ = checked(
                &json!({"$defs": schema["$defs"], "items": schema["$defs"]["a0"]}),
                &json!(vec![json!({}); 100_000]),
            );
        }
    }
    let refusal = refused(chained(1500, |next| next, json!({})));
    assert!(refusal.contains("within each other"), "{refusal}");
}

#[test]
fn compiling_takes_bounded_time() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for unevaluated in ["unevaluatedProperties", "unevaluatedItems"] {
            let twice = |next: Value| json!({keyword: [next, next.clone()]});
            for levels in [3, 5, 8] {
                let mut schema = chained(levels, twice, json!({"properties": {"a": true}}));
                let add = |schema: &mut Value, place: u64| {
                    let place = format!("u{place}");
                    schema["properties"][place] = json!({"$ref": "#/$defs/a0", unevaluated: false});
                };
                // As many places as are allowed, then one more.
                let places = 2_000 / most_ways(&schema).unwrap();
                (0..places).for_each(|place| add(&mut schema, place));
                quickly_compiled(&schema);
                add(&mut schema, places);
                assert!(refused(schema).contains("unevaluated in more than 2000 ways"));
            }
            let inside = |next: Value| json!({keyword: [next, next.clone()], unevaluated: false});
            quickly_compiled(&chained(6, inside, json!({})));
            let below = |next: Value| {
                let part = json!({"properties": {"x": next}, "items": next.clone()});
                json!({keyword: [part, part.clone()], unevaluated: next.clone()})
            };
            quickly_compiled(&chained(150, below, json!({})));
        }
    }
}

#[test]
fn work_that_doubles_with_every_level_is_stopped() {
    let branch = json!({"properties": {"x": {"$ref": "#"}}, "required": ["q"]});
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let schema = json!({keyword: [branch, branch, branch]});
        assert!(checked(&schema, &deep(120)).is_err());
        let schema = json!({keyword: [branch, branch], "unevaluatedProperties": {"$ref": "#"}});
        assert!(checked(&schema, &deep(120)).is_err());
    }
    let wide = json!(vec![json!({"a": 1}); 300_000]);
    let all: Vec<Value> = (0..100)
        .map(|at| json!({"items": {"properties": {"a": {"minimum": at}}}}))
        .collect();
    let outcome = checked(
        &json!({"anyOf": all.iter().map(|one| json!({"not": one})).collect::<Vec<_>>()}),
        &wide,
    );
    assert!(outcome.is_ok() || outcome.unwrap_err().contains("too long"));
    let outcome = checked(
        &json!({"allOf": vec![json!({"items": {"minProperties": 1}}); 100]}),
        &wide,
    );
    assert_eq!(
        outcome,
        Err("takes too long to check against its schema".to_owned())
    );
}

#[test]
fn a_check_can_be_stopped() {
    let wide = json!(vec![json!({"a": 1}); 2_000]);
    let schema =
        CompiledSchema::compile(&json!({"items": {"properties": {"a": {"minimum": 0}}}})).unwrap();
    let checks = stops(|| schema.check(&wide));
    assert!(checks >= 10, "{checks}");
}

#[test]
fn the_stack_is_bounded() {
    let recursive = json!({"properties": {"x": {"$ref": "#"}}, "additionalProperties": false});
    assert_eq!(checked(&recursive, &deep(MAX_CONTENT_DEPTH)), Ok(()));
    assert!(
        checked(&recursive, &deep(1000))
            .unwrap_err()
            .contains("deeper than 128 levels")
    );

    // A hundred parts for each level of the content.
    let mut schema = chained(
        98,
        |next| next,
        json!({"properties": {"x": {"$ref": "#/$defs/a0"}}, "type": "object"}),
    );
    schema["type"] = json!("object");
    let outcome = checked(&schema, &deep(MAX_CONTENT_DEPTH));
    assert!(outcome.is_ok() || outcome.unwrap_err().contains("too deeply"));

    let chain = |next: Value| json!({"properties": {"x": next}, "unevaluatedProperties": false});
    assert!(checked(&chained(700, chain, json!({})), &deep(MAX_CONTENT_DEPTH)).is_ok());

    let nested = |levels: usize, keyword: &str| {
        let mut schema = json!({"type": "integer"});
        for _ in 1..levels {
            schema = wrapped(keyword, schema);
        }
        schema
    };
    for keyword in [
        "not",
        "items",
        "additionalProperties",
        "unevaluatedProperties",
        "if",
    ] {
        let _ = checked(&nested(MAX_SCHEMA_DEPTH, keyword), &deep(MAX_CONTENT_DEPTH));
        assert!(refused(nested(MAX_SCHEMA_DEPTH + 1, keyword)).contains("deeper than 64 levels"));
        assert!(refused(nested(1000, keyword)).contains("deeper than 64 levels"));
    }
}

#[test]
fn sizes_are_bounded() {
    let names: Vec<String> = (0..10_000)
        .map(|index| format!("property {index}"))
        .collect();
    assert!(
        refused(json!({"required": names})).contains("bytes long, more than the 65536 allowed")
    );
    let pattern = |index: usize| (format!("^a{index}b*$"), json!({}));
    let patterns: Value = (0..=MAX_PATTERNS).map(pattern).collect();
    assert!(refused(json!({"patternProperties": patterns})).contains("101 regular expressions"));
}

#[test]
fn regular_expressions_take_linear_time() {
    let text = "abaababbab".repeat(20_000);
    for pattern in [
        "^(a+)+$",
        "(?:a|b)*a(?:a|b){1000}c",
        "(x+x+)+y",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "^\\p{L}{1,40}$",
    ] {
        let schema = json!({"properties": {"a": {"pattern": pattern}}});
        assert!(checked(&schema, &json!({"a": format!("{text}!")})).is_err());
        let schema = json!({"patternProperties": {pattern: {"type": "null"}}});
        let _ = checked(&schema, &json!({text.as_str(): 5}));
    }
    let large = json!({"a": "a".repeat(10_000_000)});
    let outcome = checked(&json!({"properties": {"a": {"pattern": "b"}}}), &large);
    assert_eq!(
        outcome,
        Err("takes too long to check against its schema".to_owned())
    );
    assert_eq!(
        checked(&json!({"properties": {"a": {"minLength": 5}}}), &large),
        Ok(())
    );

    for pattern in [
        "(a)\\1".to_owned(),
        "a(?!b)c".to_owned(),
        "((a{1000}){1000}){1000}".to_owned(),
        "\\p{L}{5000}".to_owned(),
        "(".to_owned(),
        format!("{}{}", "(".repeat(20_000), ")".repeat(20_000)),
        "(?=".repeat(20_000),
        "[".repeat(60_000),
    ] {
        assert!(refused(json!({"pattern": pattern})).contains("regular expression"));
    }
}

mod answers;
