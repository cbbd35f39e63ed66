//! What is handed in for many tasks at once: an array of `{"task_id", "attempt", "result"}`, read element by element, so that one
//! that cannot be read keeps none of the others.

use crate::json;
use serde_json::Value;
use uuid::Uuid;

/// How many tasks one call claims or completes at most.
pub const MOST: usize = 1000;

/// One element.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The task.
    pub task: Uuid,
    /// The attempt in which it is held, where one is named.
    pub attempt: Option<i32>,
    /// The result; none, or JSON null, is for the one that the task has.
    pub result: Option<Value>,
}

impl Given {
    /// The element with this text; the id of its task alone where the rest cannot be read.
    pub fn read(text: &str) -> Result<Given, Option<Uuid>> {
        let Some(Value::Object(mut element)) = json::read(text) else {
            return Err(None);
        };
        let task = element.get("task_id").and_then(Value::as_str);
        let task: Uuid = task.and_then(|id| id.parse().ok()).ok_or(None)?;
        let attempt = match element.get("attempt") {
            None | Some(Value::Null) => None,
            Some(number) => {
                let attempt = number
                    .as_i64()
                    .and_then(|number| i32::try_from(number).ok());
                Some(attempt.ok_or(Some(task))?)
            }
        };
        let result = element.shift_remove("result");
        Ok(Given {
            task,
            attempt,
            result: result.filter(|result| !result.is_null()),
        })
    }
}

/// The texts of an array's elements, as jsonb is printed; `None` where it is no array.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut start = 0;
    let mut found = Vec::new();
    for (place, letter) in inside.bytes().enumerate() {
        match letter {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(inside.get(start..place)?.trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    let last = inside.get(start..)?.trim();
    if !(found.is_empty() && last.is_empty()) {
        found.push(last);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ID: &str = "00000000-0000-7000-8000-000000000001";

    #[test]
    fn what_an_element_may_be() {
        let id: Uuid = ID.parse().unwrap();
        let read = |value: Value| Given::read(&value.to_string());
        let given = |attempt, result| Given {
            task: id,
            attempt,
            result,
        };
        assert_eq!(read(json!({"task_id": ID})), Ok(given(None, None)));
        assert_eq!(
            read(json!({"task_id": ID, "attempt": null, "result": null, "more": 1})),
            Ok(given(None, None))
        );
        assert_eq!(
            read(json!({"task_id": ID, "attempt": 2, "result": {"summary": "x"}})),
            Ok(given(Some(2), Some(json!({"summary": "x"}))))
        );
        for attempt in [json!("2"), json!(1.5), json!(3_000_000_000_i64), json!([])] {
            assert_eq!(
                read(json!({"task_id": ID, "attempt": attempt})),
                Err(Some(id))
            );
        }
        for value in [
            json!(null),
            json!(7),
            json!([]),
            json!({}),
            json!({"task_id": 7}),
            json!({"task_id": "x"}),
        ] {
            assert_eq!(read(value), Err(None));
        }
    }

    #[test]
    fn an_array_is_taken_apart_where_its_elements_end() {
        assert_eq!(elements("{}"), None);
        assert_eq!(elements("\"[1]\""), None);
        assert_eq!(elements("[]"), Some(vec![]));
        assert_eq!(
            elements(r#"[{"a": [1, 2]}, "x, \"]", [], 7]"#),
            Some(vec![r#"{"a": [1, 2]}"#, r#""x, \"]""#, "[]", "7"])
        );
    }

    #[test]
    fn one_that_is_too_deep_keeps_none_of_the_others() {
        let deep = format!("[{{}}, {}{}]", "[".repeat(1000), "]".repeat(1000));
        let found = elements(&deep).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(Given::read(found.get(1).unwrap()), Err(None));
    }

    proptest! {
        #[test]
        fn any_elements_are_found(texts in proptest::collection::vec("\\PC{0,6}", 0..5)) {
            let array = Value::from(texts.clone()).to_string();
            let found: Vec<String> = elements(&array)
                .unwrap()
                .into_iter()
                .map(|one| serde_json::from_str(one).unwrap())
                .collect();
            prop_assert_eq!(found, texts);
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}\",\\\\a é]{0,30}") {
            for element in elements(&text).unwrap_or_default() {
                let _ = Given::read(element);
            }
        }
    }
}
