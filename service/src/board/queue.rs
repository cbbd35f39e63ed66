//! `/queue`: what agents do, what waits, what failed and why; retrying and cancelling, many at once.

use super::names::Names;
use super::page::{self, Page, Place, encoded, read, send};
use super::query::{Params, Reading};
use super::refusal::Answer;
use super::task::{Task, columns};
use super::ticket_actions::said;
use super::visitor::Visitor;
use super::words;
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// Tasks on a page.
const ROWS: i64 = 50;
/// Tasks that one form changes, where it is about all that match.
pub const MANY: i64 = 1000;

/// Which tasks are wanted, and what came of a form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// A tab.
    pub show: String,
    /// A phase's label.
    pub phase: String,
    /// work, review, summary.
    pub kind: String,
    /// After which task.
    pub after: String,
    done: String,
    n: i64,
    of: i64,
}

/// A tab of the queue: a set of statuses.
struct Tab {
    name: &'static str,
    title: &'static str,
    statuses: &'static [&'static str],
    number: i64,
}

/// The tabs: name, title, statuses.
pub const TABS: [(&str, &str, &[&str]); 5] = [
    ("working", "Being worked on", &["assigned", "running"]),
    ("waiting", "Waiting", &["pending"]),
    ("failed", "Failed", &["failed"]),
    ("done", "Done", &["completed"]),
    ("cancelled", "Cancelled", &["cancelled"]),
];

impl Tab {
    fn count(&self) -> String {
        words::grouped(self.number)
    }
}

impl Filter {
    /// A phase, if one was given.
    pub fn phase(&self) -> Option<&str> {
        said(&self.phase)
    }

    /// A kind, if one was given.
    pub fn kind(&self) -> Option<&str> {
        said(&self.kind)
    }

    /// Whether tasks of this kind are wanted.
    fn wants(&self, kind: impl AsRef<str>) -> bool {
        self.kind == kind.as_ref()
    }

    /// As the end of an address, but for the tab and the page.
    pub fn query(&self) -> String {
        let mut text = String::new();
        for (name, value) in [("phase", self.phase()), ("kind", self.kind())] {
            if let Some(value) = value {
                text.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        text
    }

    fn answer(&self) -> Option<Answer> {
        // The address says them, and anybody can write one.
        let (n, of) = (self.n.clamp(0, MANY), self.of.clamp(0, MANY));
        let what = match self.done.as_str() {
            "retry" => "will be tried again",
            "cancel" if n == 1 => "is cancelled",
            "cancel" => "are cancelled",
            _ => return None,
        };
        let title = format!("{} {what}", words::count(n, "task", "tasks"));
        let missed = of - n;
        let reasons = match missed {
            i64::MIN..=0 => Vec::new(),
            _ => vec![format!(
                "{} changed meanwhile and stayed as they are.",
                words::count(missed, "task", "tasks")
            )],
        };
        Some(Answer::done(title).because(reasons))
    }
}

#[derive(Deserialize)]
struct Counted {
    phase: String,
    status: String,
    tasks: i64,
    claimable: i64,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    page: Page,
    filter: Filter,
    tabs: Vec<Tab>,
    show: &'static str,
    phases: Vec<String>,
    claimable: i64,
    agents: i64,
    lost: i64,
    tasks: Vec<Task>,
    next: Option<Uuid>,
    chosen: Vec<Uuid>,
    reason: String,
    matching: i64,
}

impl Queue {
    fn can_retry(&self) -> bool {
        self.page.may.tasks && self.show == "failed"
    }

    fn can_cancel(&self) -> bool {
        self.page.may.tasks && matches!(self.show, "failed" | "waiting" | "working")
    }

    fn is_chosen(&self, task: &Task) -> bool {
        self.chosen.contains(&task.id)
    }

    fn matching_in_words(&self) -> String {
        words::grouped(self.matching.min(MANY))
    }
}

/// `GET /queue`
pub async fn queue(
    State(app): State<App>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Response {
    let answer = filter.answer();
    show(&app, &visitor, filter, Vec::new(), String::new(), answer).await
}

/// The page, with what was chosen and typed, and what it was answered.
pub async fn show(
    app: &App,
    visitor: &Visitor,
    filter: Filter,
    chosen: Vec<Uuid>,
    reason: String,
    answer: Option<Answer>,
) -> Response {
    match gather(app, visitor, filter, chosen, reason, answer).await {
        Ok(queue) => send(queue.page.status(), &queue),
        Err(failure) => page::trouble(app, &failure),
    }
}

async fn gather(
    app: &App,
    visitor: &Visitor,
    filter: Filter,
    chosen: Vec<Uuid>,
    reason: String,
    answer: Option<Answer>,
) -> Result<Queue, Failure> {
    let (reading, names) = read(app, visitor).await?;
    let sql = "SELECT q.phase::text AS phase, q.status::text AS status, q.tasks, q.claimable FROM task_queue q";
    let counted: Vec<Counted> = reading.list(sql, Params::new()).await?;
    let matches = |row: &&Counted| filter.phase().is_none_or(|phase| row.phase == phase);
    let number = |statuses: &[&str]| -> i64 {
        counted
            .iter()
            .filter(matches)
            .filter(|row| statuses.contains(&row.status.as_str()))
            .map(|row| row.tasks)
            .sum()
    };
    let tabs: Vec<Tab> = TABS
        .iter()
        .map(|(name, title, statuses)| Tab {
            name,
            title,
            statuses,
            number: number(statuses),
        })
        .collect();
    // What is asked for, else what needs somebody, else what goes on.
    let first = tabs.iter().find(|tab| tab.name == filter.show);
    let first = first.or_else(|| {
        tabs.iter()
            .find(|tab| tab.name == "failed" && tab.number > 0)
    });
    let first = first.or_else(|| tabs.iter().find(|tab| tab.number > 0));
    let (show, statuses, matching) = first.map_or(("working", TABS[0].2, 0), |tab| {
        (tab.name, tab.statuses, tab.number)
    });
    let claimable = counted
        .iter()
        .filter(matches)
        .map(|row| row.claimable)
        .sum();
    let mut phases: Vec<String> = Vec::new();
    for row in &counted {
        if !phases.contains(&row.phase) {
            phases.push(row.phase.clone());
        }
    }
    let held: serde_json::Value = reading.one(HELD, Params::new()).await?;
    let count = |name: &str| {
        held.get(name)
            .and_then(serde_json::Value::as_i64)
            .unwrap_or(0)
    };
    let (agents, lost) = (count("agents"), count("lost"));
    let mut tasks = list(&reading, &names, &filter, statuses).await?;
    let next = if tasks.len() as i64 > ROWS {
        tasks.pop();
        tasks.last().map(|last| last.id)
    } else {
        None
    };
    reading.end().await;
    let page = Page::new(app, visitor, &names, Place::Queue, "Queue").answered(answer);
    Ok(Queue {
        page,
        filter,
        tabs,
        show,
        phases,
        claimable,
        agents,
        lost,
        tasks,
        next,
        chosen,
        reason,
        matching,
    })
}

/// Who works, by the leases.
const HELD: &str = "
    SELECT json_build_object('agents', count(DISTINCT k.assigned_agent_id),
                             'lost', count(*) FILTER (WHERE k.lease_expires_at <= clock_timestamp()))::text
      FROM tasks k
     WHERE coalesce(k.lease_expires_at, k.scheduled_at) IS NOT NULL AND k.status = ANY ('{assigned,running}')";

async fn list(
    reading: &Reading,
    names: &Names,
    filter: &Filter,
    statuses: &[&str],
) -> Result<Vec<Task>, Failure> {
    let sql = format!(
        "SELECT {}, left({{t.title}}::text, 500) AS title
           FROM (SELECT * FROM tasks k
                  WHERE k.status = ANY ($1) AND ($2 IS NULL OR k.phase_id = $2::{{phase}}) AND ($3 IS NULL OR k.kind = $3)
                    AND ($4 IS NULL OR k.id < $4)
                  ORDER BY k.id DESC LIMIT $5) k
           JOIN {{tickets}} t ON {{t.id}} = k.ticket_id
          ORDER BY k.id DESC",
        columns()
    );
    let params = Params::new().texts(statuses.iter().map(|status| (*status).to_owned()).collect());
    let params = params
        .text(filter.phase())
        .text(filter.kind())
        .uuid(Uuid::parse_str(&filter.after).ok());
    reading
        .list(&names.fill(&sql), params.number(ROWS + 1))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_form_gave_are_bounded() {
        for (n, of) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (-5, 0)] {
            let filter = Filter {
                done: "retry".to_owned(),
                n,
                of,
                ..Filter::default()
            };
            let title = filter.answer().unwrap().title;
            assert!(
                title.starts_with("0 tasks ") || title.starts_with("1,000 tasks "),
                "{title}"
            );
        }
    }

    #[test]
    fn what_was_done_is_said_in_numbers_only() {
        let filter = Filter {
            done: "retry".to_owned(),
            n: 2,
            of: 3,
            ..Filter::default()
        };
        let answer = filter.answer().unwrap();
        assert_eq!(answer.title, "2 tasks will be tried again");
        assert_eq!(
            answer.reasons,
            ["1 task changed meanwhile and stayed as they are."]
        );
        assert!(
            Filter {
                done: "<b>".to_owned(),
                ..Filter::default()
            }
            .answer()
            .is_none()
        );
    }
}
