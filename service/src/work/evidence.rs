//! What is handed to whoever answers a task: one JSON document, and whether all of it is there.

use super::answer::Kind;
use serde_json::{Map, Value, json};

/// The budget of a summary that was asked for without one, as in the extension.
const BUDGET: u64 = 2000;

/// A task that was claimed, as the database gave it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The row of `claim_task`.
    pub row: Value,
    /// What else is known of it; see [`Beside`].
    pub beside: Beside,
}

/// What a claimed row does not carry, as far as the role may see it.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// What the gate of the phase asks for, where the row does not say so.
    pub requirements: Value,
    /// The artifacts that the phase has, without their contents.
    pub artifacts: Value,
    /// The latest review of the phase, if it rejected.
    pub last_verdict: Value,
}

impl Claimed {
    /// A text of the row; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        self.row
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The task's id.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// Which claim of the task this is.
    pub fn attempt(&self) -> i64 {
        self.row
            .get("attempt")
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }

    /// The kind of the task.
    pub fn kind(&self) -> Kind {
        Kind::of(self.text("kind"))
    }

    /// How many tokens a summary may have.
    pub fn budget(&self) -> u64 {
        self.row
            .pointer("/result/request/max_tokens")
            .and_then(Value::as_u64)
            .unwrap_or(BUDGET)
    }

    /// How people tell it from other tasks.
    pub fn name(&self) -> String {
        let kind = match self.text("task_type") {
            "" => self.kind().name(),
            task_type => task_type,
        };
        format!(
            "{kind} of \"{}\"",
            super::answer::beginning(self.text("ticket_title"), 60)
        )
    }

    fn brief(&self, key: &str) -> Value {
        self.row
            .pointer("/context/review")
            .and_then(|review| review.get(key))
            .cloned()
            .unwrap_or_default()
    }

    /// The context without what stands beside it elsewhere.
    fn context(&self) -> Value {
        match self.row.get("context") {
            Some(Value::Object(context)) if self.kind() != Kind::Work => {
                let kept = context.iter().filter(|(key, _)| *key != "review");
                Value::Object(
                    kept.map(|(key, value)| (key.clone(), value.clone()))
                        .collect(),
                )
            }
            other => other.cloned().unwrap_or_default(),
        }
    }

    fn ticket(&self) -> Value {
        json!({"id": self.row.get("ticket_id"), "title": self.row.get("ticket_title")})
    }

    /// What the database could not hand over, since it is too large. A verdict on the rest would be one on a part.
    pub fn left_out(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let Some(review) = self
            .row
            .pointer("/context/review")
            .filter(|_| self.kind() == Kind::Review)
        else {
            return missing;
        };
        if let Some(why) = review.get("left_out").and_then(Value::as_str) {
            missing.push(why.to_owned());
        }
        if let Some(why) = review.get("requirements").and_then(Value::as_str) {
            missing.push(format!("requirements: {why}"));
        }
        for (list, name) in [("artifacts", "type"), ("tasks", "task_type")] {
            for item in review
                .get(list)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if let Some(why) = item.get("left_out").and_then(Value::as_str) {
                    let name = item.get(name).and_then(Value::as_str).unwrap_or("?");
                    missing.push(format!("{list} \"{name}\": {why}"));
                }
            }
        }
        missing
    }

    /// What a model is given to judge or to sum up.
    pub fn for_model(&self) -> Value {
        match self.kind() {
            Kind::Summary => json!({
                "ticket": self.ticket(),
                "phase": self.row.get("phase_id"),
                "context": self.context(),
            }),
            _ => json!({
                "ticket": self.ticket(),
                "phase": self.row.get("phase_id"),
                "task": self.row.get("description"),
                "requirements": self.brief("requirements"),
                "artifacts": self.brief("artifacts"),
                "tasks": self.brief("tasks"),
                "last_verdict": self.beside.last_verdict,
                "earlier_phases": self.row.get("context_summary"),
            }),
        }
    }

    /// What a command is given on its standard input.
    pub fn for_command(&self) -> Value {
        let own = [
            "ticket_id",
            "ticket_title",
            "context",
            "context_summary",
            "result",
        ];
        let task: Map<String, Value> = self
            .row
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !own.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let (requirements, artifacts) = match self.kind() {
            Kind::Review => (self.brief("requirements"), self.brief("artifacts")),
            _ => (
                self.beside.requirements.clone(),
                self.beside.artifacts.clone(),
            ),
        };
        json!({
            "task": task,
            "ticket": self.ticket(),
            "requirements": requirements,
            "artifacts": artifacts,
            "tasks": self.brief("tasks"),
            "last_verdict": self.beside.last_verdict,
            "context": self.context(),
            "context_summary": self.row.get("context_summary"),
            "max_tokens": (self.kind() == Kind::Summary).then(|| self.budget()),
            "answer_schema": self.kind().schema(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(kind: &str, review: Value) -> Claimed {
        let row = json!({
            "id": "t", "kind": kind, "attempt": 2, "ticket_id": "k", "ticket_title": "Pay twice", "description": "Review it",
            "phase_id": "PHASE_TESTING", "result": {"request": {"max_tokens": 300}},
            "context": {"design_phase": {"summary": "s"}, "review": review}, "context_summary": "short",
        });
        Claimed {
            row,
            beside: Beside::default(),
        }
    }

    #[test]
    fn what_was_left_out_is_found_wherever_it_is() {
        let whole = json!({"requirements": {}, "artifacts": [{"type": "a", "content": "left_out"}], "tasks": []});
        assert_eq!(claimed("review", whole).left_out(), [] as [&str; 0]);
        let parts = json!({
            "requirements": "Too large to be handed over: 9 bytes.", "left_out": "There are more than 1000 artifacts",
            "artifacts": [{"type": "a", "left_out": "Too large"}], "tasks": [{"task_type": "b", "left_out": "Too large"}],
        });
        assert_eq!(claimed("review", parts).left_out().len(), 4);
    }

    #[test]
    fn a_model_is_given_the_evidence_and_a_command_the_whole_task() {
        let review = json!({"requirements": {"required_artifacts": ["a"]}, "artifacts": [{"type": "a"}], "tasks": []});
        let document = claimed("review", review.clone()).for_model();
        assert_eq!(document.pointer("/artifacts/0/type"), Some(&json!("a")));
        assert_eq!(document.get("earlier_phases"), Some(&json!("short")));
        let summary = claimed("summary", review.clone());
        assert_eq!(summary.budget(), 300);
        assert!(
            summary
                .for_model()
                .pointer("/context/design_phase")
                .is_some()
        );
        assert!(summary.for_model().pointer("/context/review").is_none());
        let command = claimed("work", review).for_command();
        assert_eq!(command.pointer("/task/attempt"), Some(&json!(2)));
        assert!(command.pointer("/context/review").is_some());
        assert!(
            command
                .pointer("/answer_schema/properties/artifacts")
                .is_some()
        );
    }
}
