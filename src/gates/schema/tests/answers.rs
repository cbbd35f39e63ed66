//! Large contents, extreme numbers, formats and broken schemas: what the answers are.

use super::*;

#[test]
fn large_contents_are_checked() {
    let rows: Value = (0..100_000)
        .map(|id| json!({"id": id, "name": "n"}))
        .collect();
    let schema = json!({
        "uniqueItems": true,
        "items": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id", "name"]},
    });
    assert_eq!(checked(&schema, &rows), Ok(()));
    let schema = json!({"items": {"properties": {"id": {"maximum": 99_998}}}});
    let mismatch = checked(&schema, &rows).unwrap_err();
    // Finding the first mismatch has a smaller allowance than deciding that there is one.
    assert_eq!(mismatch, "does not match its schema");
    let schema = json!({"items": {"properties": {"id": {"maximum": 98}}}});
    assert_eq!(
        checked(&schema, &rows).unwrap_err(),
        "does not match its schema: 99 is greater than the maximum of 98 (at \"/99/id\")"
    );
}

#[test]
fn extreme_numbers_cost_nothing() {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for schema in [
        r#"{"multipleOf": 0.01}"#,
        r#"{"multipleOf": 1e-300}"#,
        r#"{"const": 1e1000000}"#,
        r#"{"type": "integer"}"#,
        r#"{"minimum": 1e1000000}"#,
        r#"{"exclusiveMaximum": 3}"#,
        r#"{"enum": [1e999999999999]}"#,
        r#"{"uniqueItems": true}"#,
    ] {
        for content in [
            "1e1000000",
            "-1e999999999999",
            "1e-1000000",
            "[1e1000000, 1e1000001]",
            "0.1",
        ] {
            let _ = checked(&number(schema), &number(content));
        }
        let long = format!(
            "[{}, {}]",
            "9".repeat(100_000),
            "0.".to_owned() + &"3".repeat(100_000)
        );
        let _ = checked(&number(schema), &number(&long));
        let _ = checked(&json!({"items": number(schema)}), &number(&long));
    }
}

#[test]
fn formats_and_embedded_documents_are_answered() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {
            "email": {"format": "email"}, "re": {"format": "regex"}, "uri": {"format": "uri"},
            "doc": {"contentMediaType": "application/json", "contentEncoding": "base64"},
            "json": {"contentMediaType": "application/json"},
        },
    });
    let hostile = [
        "(".repeat(100_000),
        "[".repeat(100_000),
        "a@".repeat(50_000),
        "=".repeat(100_000),
    ];
    for text in hostile {
        for name in ["email", "re", "uri", "doc", "json"] {
            let _ = checked(&schema, &json!({name: text}));
        }
    }
    assert!(checked(&schema, &json!({"email": "example.com"})).is_err());
    assert_eq!(
        checked(
            &schema,
            &json!({"email": "a@example.com", "re": "^a", "json": "{}"})
        ),
        Ok(())
    );
}

#[test]
fn a_broken_schema_is_refused() {
    for schema in [
        json!({"type": "objct"}),
        json!({"type": 5}),
        json!({"properties": []}),
        json!({"required": "a"}),
        json!({"minimum": "3"}),
        json!({"allOf": []}),
        json!({"$ref": 5}),
        json!({"enum": 5}),
        json!({"$schema": "https://example.com/mine"}),
        json!({"items": 5}),
    ] {
        let refusal = refused(schema.clone());
        assert!(
            refusal.starts_with("is not") || refusal.starts_with("has"),
            "{schema}: {refusal}"
        );
    }
}
