//! `/machine`: the phases and the moves between them as a picture, and what each gate asks for.

use super::layout::{Drawing, Edge, Node, draw};
use super::names::Names;
use super::page::{self, Page, Place, encoded, read, send};
use super::query::{Params, Reading};
use super::visitor::Visitor;
use super::words;
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// A phase, what it means, and what its gate asks for.
#[derive(Debug, Deserialize)]
struct Phase {
    phase: String,
    kind: String,
    about: Option<String>,
    due: Option<String>,
    tickets: i64,
    gated: bool,
    artifacts: Option<Vec<String>>,
    tasks: bool,
    review: bool,
    approvals: i64,
    criteria: Option<String>,
    to: Vec<String>,
    templates: Vec<String>,
}

impl Phase {
    fn name(&self) -> String {
        words::phase(&self.phase)
    }

    fn address(&self) -> String {
        encoded(&self.phase)
    }

    fn number(&self) -> String {
        words::count(self.tickets, "ticket", "tickets")
    }

    fn to_names(&self) -> String {
        self.to
            .iter()
            .map(|phase| words::phase(phase))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn meaning(&self) -> &'static str {
        match self.kind.as_str() {
            "start" => "where tickets start",
            "blocked" => "where tickets are held up",
            "final" => "where tickets are done",
            "abandoned" => "where tickets are given up",
            _ => "",
        }
    }

    fn asks(&self) -> bool {
        self.tasks
            || self.review
            || self.criteria.is_some()
            || self.artifacts.as_ref().is_some_and(|some| !some.is_empty())
    }
}

#[derive(Debug, Deserialize)]
struct Between {
    from: String,
    to: String,
    gated: bool,
}

#[derive(Template)]
#[template(path = "machine.html")]
struct Machine {
    page: Page,
    phases: Vec<Phase>,
    drawing: Drawing,
    edges: usize,
}

/// `GET /machine`
pub async fn machine(State(app): State<App>, visitor: Visitor) -> Response {
    match gather(&app, &visitor).await {
        Ok(machine) => send(StatusCode::OK, &machine),
        Err(failure) => page::trouble(&app, &failure),
    }
}

async fn gather(app: &App, visitor: &Visitor) -> Result<Machine, Failure> {
    let (reading, names) = read(app, visitor).await?;
    let phases = phases(&reading, &names).await?;
    let sql = "SELECT e.from_phase::text AS \"from\", e.to_phase::text AS \"to\", e.requires_gate AS gated
                 FROM phase_transitions e ORDER BY e.from_phase, e.to_phase";
    let between: Vec<Between> = reading.list(sql, Params::new()).await?;
    reading.end().await;
    let nodes: Vec<Node> = phases
        .iter()
        .map(|phase| Node {
            name: phase.name(),
            label: phase.phase.clone(),
            kind: phase.kind.clone(),
            below: phase.number(),
        })
        .collect();
    let place = |label: &str| phases.iter().position(|phase| phase.phase == label);
    let edges: Vec<Edge> = between
        .iter()
        .filter_map(|edge| {
            Some(Edge {
                from: place(&edge.from)?,
                to: place(&edge.to)?,
                gated: edge.gated,
            })
        })
        .collect();
    let page = Page::new(app, visitor, &names, Place::Machine, "State machine");
    let drawing = draw(&nodes, &edges);
    Ok(Machine {
        page,
        drawing,
        phases,
        edges: edges.len(),
    })
}

async fn phases(reading: &Reading, names: &Names) -> Result<Vec<Phase>, Failure> {
    let sql = "
        WITH counted AS (SELECT {t.phase_id} AS phase, count(*) AS tickets FROM {tickets} t GROUP BY {t.phase_id})
        SELECT p.phase::text AS phase, coalesce(d.kind, 'work') AS kind, left(d.description, 1000) AS about,
               d.due_after::text AS due, coalesce(c.tickets, 0) AS tickets,
               EXISTS (SELECT FROM phase_transitions s WHERE s.from_phase = p.phase AND s.requires_gate) AS gated,
               q.required_artifacts AS artifacts, coalesce(q.required_tasks_completed, false) AS tasks,
               coalesce(q.requires_review, false) AS review, coalesce(q.required_approvals, 1) AS approvals,
               CASE WHEN jsonb_typeof(q.validation_criteria) = 'object' THEN left(jsonb_pretty(q.validation_criteria), 20000) END AS criteria,
               coalesce((SELECT json_agg(s.to_phase::text ORDER BY s.to_phase) FROM phase_transitions s
                          WHERE s.from_phase = p.phase), '[]') AS \"to\",
               coalesce((SELECT json_agg(x.task_type::text ORDER BY x.id) FROM task_templates x
                          WHERE x.phase_id = p.phase AND x.is_active), '[]') AS templates
          FROM unnest(enum_range(NULL::{phase})) WITH ORDINALITY AS p (phase, place)
          LEFT JOIN phases d ON d.phase_id = p.phase
          LEFT JOIN phase_gate_requirements q ON q.phase_id = p.phase
          LEFT JOIN counted c ON c.phase = p.phase
         ORDER BY coalesce(array_position('{abandoned,blocked}', d.kind), 0), p.place";
    reading.list(&names.fill(sql), Params::new()).await
}
