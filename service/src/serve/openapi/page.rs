//! The document as a page: made once, without any script.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The page of a document.
pub fn render(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>phasegate: paths</title><link rel=\"stylesheet\" href=\"docs.css\"></head><body><main>",
    );
    let text = |value: &Value, key: &str| {
        escaped(value.get(key).and_then(Value::as_str).unwrap_or_default())
    };
    let info = document.get("info").cloned().unwrap_or_default();
    let _ = write!(
        page,
        "<h1>{} {}</h1><p>{}</p><p><a href=\"openapi.json\">openapi.json</a> is the same for programs (OpenAPI 3.1).</p>",
        text(&info, "title"),
        text(&info, "version"),
        text(&info, "description")
    );
    // By what they are about, in the order of the document.
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    for (path, item) in entries(document.get("paths")) {
        for (method, operation) in entries(Some(item)) {
            let tag = operation
                .pointer("/tags/0")
                .and_then(Value::as_str)
                .unwrap_or("Other")
                .to_owned();
            let shown = operation_text(path, method, operation, document);
            match parts.iter_mut().find(|(name, _)| *name == tag) {
                Some((_, list)) => list.push(shown),
                None => parts.push((tag, vec![shown])),
            }
        }
    }
    for (tag, list) in parts {
        let _ = write!(page, "<h2>{}</h2>{}", escaped(&tag), list.concat());
    }
    let _ = write!(
        page,
        "<h2>Refusals</h2><p>Each is a problem (RFC 9457): <code>type</code>, <code>title</code>, \
        <code>status</code>, <code>detail</code>, <code>hint</code>, <code>code</code>, <code>sqlstate</code>, \
        <code>blocking_reasons</code>.</p><table>"
    );
    let responses: BTreeMap<_, _> = entries(document.pointer("/components/responses")).collect();
    for (name, response) in responses {
        let status = name.trim_start_matches("Refusal");
        let _ = write!(
            page,
            "<tr><td><code>{status}</code></td><td>{}</td></tr>",
            text(response, "description")
        );
    }
    page.push_str("</table></main></body></html>\n");
    page
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn operation_text(path: &str, method: &str, operation: &Value, document: &Value) -> String {
    let said = |key: &str| {
        escaped(
            operation
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default(),
        )
    };
    let mut text = format!(
        "<section><h3><span class=\"method {method}\">{}</span> <code>{}</code></h3><p>{}</p>",
        method.to_uppercase(),
        escaped(path),
        said("summary")
    );
    if !said("description").is_empty() {
        let _ = write!(text, "<p>{}</p>", said("description"));
    }
    let mut rows = String::new();
    for parameter in operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = parameter
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let place = parameter
            .get("in")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let schema = parameter.get("schema").cloned().unwrap_or_default();
        let about = parameter
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let required = parameter
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or_default();
        row(&mut rows, name, place, &kind(&schema), required, about);
    }
    if let Some(body) = operation
        .pointer("/requestBody/content/application~1json/schema")
        .map(|s| resolved(s, document))
    {
        let required = body
            .get("required")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for (name, schema) in entries(body.get("properties")) {
            let about = schema
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default();
            row(
                &mut rows,
                name,
                "body",
                &kind(schema),
                required.iter().any(|r| r == name),
                about,
            );
        }
    }
    if !rows.is_empty() {
        let _ = write!(text, "<table>{rows}</table>");
    }
    for (status, response) in
        entries(operation.get("responses")).filter(|(status, _)| status.starts_with('2'))
    {
        let about = response
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let schema = entries(response.get("content"))
            .next()
            .and_then(|(_, content)| content.get("schema"));
        let shown = schema
            .map(|schema| format!(": <code>{}</code>", escaped(&kind(schema))))
            .unwrap_or_default();
        let _ = write!(
            text,
            "<p class=\"answer\"><code>{status}</code> {}{shown}</p>",
            escaped(about)
        );
    }
    text.push_str("</section>");
    text
}

fn row(rows: &mut String, name: &str, place: &str, kind: &str, required: bool, about: &str) {
    let _ = write!(
        rows,
        "<tr><td><code>{}</code></td><td>{place}</td><td>{}{}</td><td>{}</td></tr>",
        escaped(name),
        escaped(kind),
        if required { ", required" } else { "" },
        escaped(about)
    );
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|name| document.pointer(name.trim_start_matches('#')));
    target.unwrap_or(schema)
}

/// A schema in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", kind(items));
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        return format.to_owned();
    }
    match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| *name != "null")
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "any JSON".to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_in_the_document_is_on_the_page_as_text() {
        let page = render(&json!({
            "info": { "title": "a<b", "version": "1" },
            "paths": { "/x/{id}": { "get": { "tags": ["T"], "summary": "Reads <it>", "responses": {} } } }
        }));
        assert!(
            page.contains("a&lt;b")
                && page.contains("Reads &lt;it&gt;")
                && page.contains("/x/{id}")
        );
        assert!(!page.contains("<script"));
    }
}
