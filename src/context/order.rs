//! Which phase's block is newer than which, when all there is to go by is the context itself.

use std::collections::HashMap;

use serde_json::{Map, Value};
use uuid::Uuid;

/// The blocks of the default workflow, the oldest first.
const DEFAULT_ORDER: [&str; 7] = [
    "backlog_phase",
    "requirements_phase",
    "design_phase",
    "implementation_phase",
    "testing_phase",
    "deployment_phase",
    "done_phase",
];

/// The position of each phase block of a context, the oldest lowest. A key without a position is
/// to be taken as older than all with one.
///
/// With an order given, that is the order. Without one, the keys that end in `_phase` count. If
/// each of them holds a task with a time-ordered id (UUIDv7), the block with the latest such id is
/// newest, and so on down: this holds for any workflow, also after a phase was re-entered. Else the
/// order is that of the default workflow, with other phases after it by name.
pub(super) fn phase_positions<'a>(
    context: &'a Value,
    order: Option<&'a [String]>,
) -> HashMap<&'a str, usize> {
    let sorted = match (order, context) {
        (Some(order), _) => order.iter().map(String::as_str).collect(),
        (None, Value::Object(map)) => by_context(map),
        (None, _) => Vec::new(),
    };
    sorted
        .into_iter()
        .enumerate()
        .map(|(position, key)| (key, position))
        .collect()
}

fn by_context(context: &Map<String, Value>) -> Vec<&str> {
    let blocks: Vec<(&str, &Value)> = context
        .iter()
        .map(|(key, block)| (key.as_str(), block))
        .filter(|(key, _)| key.ends_with("_phase"))
        .collect();
    let latest: Option<Vec<_>> = blocks
        .iter()
        .map(|&(key, block)| Some((latest_task(block)?, key)))
        .collect();
    if let Some(mut latest) = latest {
        latest.sort_unstable();
        return latest.into_iter().map(|(_, key)| key).collect();
    }
    let mut keys: Vec<&str> = blocks.into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable_by_key(|key| {
        let known = DEFAULT_ORDER.iter().position(|known| known == key);
        (known.unwrap_or(DEFAULT_ORDER.len()), *key)
    });
    keys
}

/// The greatest time-ordered id among a block's tasks.
fn latest_task(block: &Value) -> Option<Uuid> {
    block
        .get("tasks")?
        .as_array()?
        .iter()
        .filter_map(|task| Uuid::try_parse(task.get("task_id")?.as_str()?).ok())
        .filter(|id| id.get_version_num() == 7)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn oldest_first(context: &Value, order: Option<&[String]>) -> Vec<String> {
        let positions = phase_positions(context, order);
        let mut keys: Vec<_> = positions
            .into_iter()
            .map(|(key, at)| (at, key.to_owned()))
            .collect();
        keys.sort();
        keys.into_iter().map(|(_, key)| key).collect()
    }

    fn with_tasks(ids: &[&str]) -> Value {
        let tasks: Vec<Value> = ids.iter().map(|id| json!({"task_id": id})).collect();
        json!({"tasks": tasks})
    }

    #[test]
    fn a_given_order_is_the_order() {
        let order = ["b".to_owned(), "a_phase".to_owned()];
        assert_eq!(
            oldest_first(&json!({"a_phase": {}}), Some(&order)),
            ["b", "a_phase"]
        );
        assert!(oldest_first(&json!({"a_phase": {}}), Some(&[])).is_empty());
    }

    #[test]
    fn task_ids_tell_the_time() {
        let early = "01930000-0000-7000-8000-000000000000";
        let later = "01930000-0000-7000-8000-00000000000a";
        let last = "01940000-0000-7000-8000-000000000000";
        let mut context = json!({
            "design_phase": with_tasks(&[early, last, "no id"]),
            "testing_phase": with_tasks(&[later]),
            "zeta_phase": with_tasks(&[early]),
            "summary": "not a phase",
        });
        assert_eq!(
            oldest_first(&context, None),
            ["zeta_phase", "testing_phase", "design_phase"]
        );
        // Random ids tell nothing; one block without a telling id and the names decide.
        context["testing_phase"] = with_tasks(&["f47ac10b-58cc-4372-a567-0e02b2c3d479"]);
        assert_eq!(
            oldest_first(&context, None),
            ["design_phase", "testing_phase", "zeta_phase"]
        );
    }

    #[test]
    fn names_decide_in_the_default_order_and_others_follow() {
        let context = json!({
            "review_phase": {}, "deployment_phase": 1, "requirements_phase": {},
            "audit_phase": {}, "implementation_phase": {}, "design_phase": {},
        });
        assert_eq!(
            oldest_first(&context, None),
            [
                "requirements_phase",
                "design_phase",
                "implementation_phase",
                "deployment_phase",
                "audit_phase",
                "review_phase"
            ]
        );
        assert!(oldest_first(&json!([1]), None).is_empty());
    }
}
