//! Reading JSON that PostgreSQL printed: one place, since the library's own reading has a trap.

use serde_json::Value;

/// How the library hands numbers of any precision to itself: as an object whose first key this is. An object of
/// somebody's own that begins so would be taken for a number.
const NUMBER: &str = "{\"$serde_json::private::Number\"";
/// The same behind a key that no jsonb has, since it would hold a null character.
const MARKED: &str = "{\"\\u0000\": null, \"$serde_json::private::Number\"";

/// JSON text, as jsonb is printed, as a value; `None` where it nests deeper than 127 levels, or is no JSON.
pub fn read(text: &str) -> Option<Value> {
    // Within a string its quotes would be escaped, so that this is the beginning of an object.
    if !text.contains(NUMBER) {
        return serde_json::from_str(text).ok();
    }
    let mut value = serde_json::from_str(&text.replace(NUMBER, MARKED)).ok()?;
    unmark(&mut value);
    Some(value)
}

/// An object of these members. The macro `json!` copies what it is given, and makes room for one member after the other.
pub fn object<const COUNT: usize>(members: [(&str, Value); COUNT]) -> Value {
    let members = members.map(|(key, value)| (key.to_owned(), value));
    Value::Object(members.into_iter().collect())
}

fn unmark(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.shift_remove("\0");
            members.values_mut().for_each(unmark);
        }
        Value::Array(elements) => elements.iter_mut().for_each(unmark),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_object_that_looks_like_a_number_stays_an_object() {
        for text in [
            r#"{"$serde_json::private::Number":"5"}"#,
            r#"{"$serde_json::private::Number":"no number"}"#,
            r#"{"$serde_json::private::Number":{"$serde_json::private::Number":1},"a":[{"$serde_json::private::Number":null}]}"#,
            r#"["{\"$serde_json::private::Number\": 1}",1.10]"#,
        ] {
            assert_eq!(
                read(text).map(|value| value.to_string()).as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn what_is_too_deep_or_no_json_is_not_read() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&nested(127)).is_some());
        assert_eq!(read(&nested(128)), None);
        assert_eq!(read("{"), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("$serde_json::private::Number".to_owned()),
            "[a{\":\\\\ ]{0,3}"
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            key.clone().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((key.clone(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_was_printed_is_read_as_it_was(value in any_json()) {
            prop_assert_eq!(read(&value.to_string()), Some(value));
        }
    }
}
