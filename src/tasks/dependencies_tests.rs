//! Tests of dependencies.rs, kept beside it because they are as long as it is.

use super::*;
use proptest::prelude::*;
use serde_json::json;

type Given = Vec<(String, Vec<String>)>;

fn given(templates: &[(&str, &[&str])]) -> Given {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    templates
        .iter()
        .map(|(t, d)| ((*t).to_owned(), owned(d)))
        .collect()
}

fn nodes(given: &Given) -> Vec<Node<'_>> {
    let pairs = given.iter();
    pairs
        .map(|(task_type, depends_on)| Node {
            task_type,
            depends_on,
        })
        .collect()
}

fn path(templates: &[(&str, &[&str])]) -> String {
    match check(&nodes(&given(templates))) {
        Err(DependencyError::Cycle(path)) => path.join(" -> "),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_forms_of_the_column() {
    let names = |value: Value| parse(Some(&value)).unwrap().join(" ");
    assert_eq!(parse(None), Ok(vec![]));
    for nothing in [
        json!(null),
        json!([]),
        json!({}),
        json!({"depends_on": []}),
        json!({"depends_on": null}),
    ] {
        assert_eq!(names(nothing), "");
    }
    assert_eq!(names(json!(["b", "a", "b"])), "b a");
    assert_eq!(names(json!({"depends_on": ["a", "b"]})), "a b");
}

#[test]
fn other_forms_are_refused_by_name() {
    for (value, message) in [
        (
            json!("a"),
            "dependencies_template must be an array of task types",
        ),
        (json!(["a", 1]), "dependencies_template[1] must be a string"),
        (
            json!({"depends_on": "a"}),
            "dependencies_template.depends_on must be an array of task types",
        ),
        (
            json!({"depends_on": [null]}),
            "dependencies_template.depends_on[0] must be a string",
        ),
        (
            json!({"dependson": ["a"]}),
            "unknown key \"dependson\" in dependencies_template",
        ),
    ] {
        let error = parse(Some(&value)).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.detail().contains("Allowed is"));
    }
}

#[test]
fn unknown_names_are_all_told() {
    let error = check(&nodes(&given(&[("a", &["x", "b"]), ("b", &["y"])]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "dependencies_template names unknown task type \"x\", \"y\""
    );
    assert_eq!(
        error.detail(),
        "\"a\" depends on \"x\", \"b\" depends on \"y\"; the task types of the phase are \"a\", \"b\"."
    );
}

#[test]
fn cycles_are_told_in_order() {
    assert_eq!(path(&[("a", &["a"])]), "a -> a");
    assert_eq!(path(&[("a", &["b"]), ("b", &["a"])]), "a -> b -> a");
    // What merely leads into the cycle, or hangs off it, is not part of the path.
    assert_eq!(
        path(&[
            ("z", &["a"]),
            ("a", &["free", "b"]),
            ("b", &["c"]),
            ("c", &["a"]),
            ("free", &[])
        ]),
        "a -> b -> c -> a"
    );
    // Two templates of one type: the dependency is on both.
    assert_eq!(
        path(&[("a", &[]), ("a", &["b"]), ("b", &["a"])]),
        "a -> b -> a"
    );
    assert_eq!(path(&[("a", &[]), ("a", &["a"])]), "a -> a");
    let error = check(&nodes(&given(&[("a", &["b"]), ("b", &["a"])]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "dependencies_template forms a cycle: a -> b -> a"
    );
}

#[test]
fn order_keeps_the_given_one_where_it_can() {
    let given = given(&[
        ("run", &["write"]),
        ("lint", &[]),
        ("write", &["absent"]),
        ("ship", &["run", "lint"]),
    ]);
    assert_eq!(order(&nodes(&given)), Ok(vec![1, 2, 0, 3]));
    assert_eq!(order(&[]), Ok(vec![]));
}

#[test]
fn a_hundred_thousand_dependencies_are_no_burden() {
    let chain: Given = (0..50_000)
        .map(|i| (format!("t{i}"), vec![format!("t{}", i + 1)]))
        .collect();
    assert_eq!(order(&nodes(&chain)).unwrap().len(), chain.len());
    let mut looped = chain;
    looped.push(("t50000".to_owned(), vec!["t0".to_owned()]));
    let Err(DependencyError::Cycle(path)) = check(&nodes(&looped)) else {
        panic!("a cycle")
    };
    assert_eq!(path.len(), looped.len() + 1);
}

fn templates() -> impl Strategy<Value = Given> {
    let name = || (0..9u8).prop_map(|n| format!("t{n}"));
    proptest::collection::vec((name(), proptest::collection::vec(name(), 0..3)), 0..12)
}

proptest! {
    #[test]
    fn every_order_or_cycle_is_true(given in templates()) {
        let nodes = nodes(&given);
        match order(&nodes) {
            Ok(order) => {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, (0..nodes.len()).collect::<Vec<_>>());
                let place = |wanted: usize| order.iter().position(|i| *i == wanted);
                for (index, node) in nodes.iter().enumerate() {
                    for (other, needed) in nodes.iter().enumerate() {
                        if node.depends_on.iter().any(|name| name == needed.task_type) {
                            prop_assert!(place(other) < place(index));
                        }
                    }
                }
            }
            Err(DependencyError::Cycle(path)) => {
                prop_assert!(path.len() > 1 && path.first() == path.last());
                for pair in path.windows(2) {
                    let real = |node: &Node| node.task_type == pair[0] && node.depends_on.contains(&pair[1]);
                    prop_assert!(nodes.iter().any(real));
                }
                let inner: HashSet<_> = path.iter().collect();
                prop_assert_eq!(inner.len(), path.len() - 1);
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn no_json_panics(text in r#"[\[\]{}:",0-9a-c]{0,20}"#) {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let _ = parse(Some(&value)).map_err(|e| (e.to_string(), e.detail()));
        }
    }
}
