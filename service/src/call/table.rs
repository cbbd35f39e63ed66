//! What a function gave, for people: a value by itself, rows as a table, wide rows one below the other.

use crate::printable;
use serde_json::Value;
use std::fmt::Write;

/// How NULL is shown among other values.
const NULL: &str = "NULL";

/// Shows the rows; `width` is that of the screen.
pub fn show(rows: &[Value], is_composite: bool, is_set: bool, width: usize) -> String {
    if !is_composite {
        let mut text = String::new();
        for row in rows {
            // By itself, nothing is NULL.
            match row {
                Value::Null => {}
                // As it is: files and other programs take it. The terminal's caller escapes it.
                Value::String(value) => text.push_str(value),
                other => text.push_str(&other.to_string()),
            }
            text.push('\n');
        }
        return text;
    }
    if rows.is_empty() {
        return "(0 rows)\n".to_owned();
    }
    let table = if is_set { aligned(rows) } else { None };
    let count = if rows.len() == 1 {
        "(1 row)\n".to_owned()
    } else {
        format!("({} rows)\n", rows.len())
    };
    match table.filter(|table| table.lines().all(|line| line.chars().count() <= width)) {
        Some(table) => table + &count,
        None => expanded(rows) + if is_set { count.as_str() } else { "" },
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => NULL.to_owned(),
        Value::String(text) => printable::lines(text),
        other => printable::lines(&other.to_string()),
    }
}

/// Columns beside each other; None where a value has lines of its own.
fn aligned(rows: &[Value]) -> Option<String> {
    let head: Vec<String> = rows.first()?.as_object()?.keys().cloned().collect();
    let mut lines = vec![head];
    for row in rows {
        lines.push(row.as_object()?.values().map(plain).collect());
    }
    if lines.iter().flatten().any(|cell| cell.contains('\n')) {
        return None;
    }
    let columns = lines.iter().map(Vec::len).max()?;
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let _ = writeln!(text, "{}", cells.join(" | ").trim_end());
        if place == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            let _ = writeln!(text, "{}", rules.join("-+-"));
        }
    }
    Some(text)
}

/// Columns below each other.
fn expanded(rows: &[Value]) -> String {
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        if rows.len() > 1 {
            let _ = writeln!(text, "-- {} --", place + 1);
        }
        let Some(row) = row.as_object() else {
            let _ = writeln!(text, "{}", plain(row));
            continue;
        };
        let width = row.keys().map(|key| key.chars().count()).max().unwrap_or(0);
        for (key, value) in row {
            let indented = plain(value).replace('\n', &format!("\n{}   ", " ".repeat(width)));
            let _ = writeln!(text, "{key:width$} | {indented}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_stands_by_itself() {
        assert_eq!(
            show(&[json!("PHASE_DESIGN")], false, false, 80),
            "PHASE_DESIGN\n"
        );
        assert_eq!(show(&[json!(null)], false, false, 80), "\n");
        assert_eq!(show(&[json!("a"), json!("b")], false, true, 80), "a\nb\n");
        assert_eq!(show(&[], false, true, 80), "");
    }

    #[test]
    fn rows_are_a_table_while_they_fit() {
        let rows = [
            json!({"phase": "ä", "n": 1}),
            json!({"phase": null, "n": 10}),
        ];
        assert_eq!(
            show(&rows, true, true, 80),
            "phase | n\n------+---\nä     | 1\nNULL  | 10\n(2 rows)\n"
        );
        assert_eq!(
            show(&rows, true, true, 5),
            "-- 1 --\nphase | ä\nn     | 1\n-- 2 --\nphase | NULL\nn     | 10\n(2 rows)\n"
        );
        assert_eq!(show(&[], true, true, 80), "(0 rows)\n");
        assert_eq!(
            show(&[json!({"a": "x\ny"})], true, false, 80),
            "a | x\n    y\n"
        );
        assert_eq!(
            show(&[json!({"a": "x\u{1b}[2J\r"})], true, true, 80),
            "a\n----------\nx\\x1B[2J\\r\n(1 row)\n"
        );
    }
}
