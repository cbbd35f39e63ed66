//! `/tickets/{id}`: where a ticket is and for how long, what keeps it there, where it may go, and what happened to it.

use super::cards::urgency;
use super::evidence::{Artifact, SHOWN, artifacts, context};
use super::history::{Visit, visits};
use super::names::Names;
use super::page::{self, Page, Place, read, send};
use super::query::{Params, Reading};
use super::refusal::Answer;
use super::task::{Task, tasks_of};
use super::visitor::Visitor;
use super::words::{self, Moment};
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// Of the phases that a ticket might go to so many are asked about.
const MOVES: i64 = 24;

/// The ticket itself.
#[derive(Debug, Deserialize)]
struct Ticket {
    id: Uuid,
    title: String,
    description: Option<String>,
    phase: String,
    kind: String,
    previous: Option<String>,
    priority: Option<String>,
    entered: Moment,
    created: Moment,
    due: Moment,
    summary: Option<String>,
}

impl Ticket {
    fn is_blocked(&self) -> bool {
        self.kind == "blocked"
    }

    fn is_end(&self) -> bool {
        matches!(self.kind.as_str(), "final" | "abandoned")
    }

    fn urgency(&self) -> Option<&'static str> {
        urgency(self.priority.as_deref())
    }

    fn name(&self) -> String {
        words::phase(&self.phase)
    }
}

/// A phase that the ticket might go to.
#[derive(Debug, Deserialize)]
struct Move {
    phase: String,
    /// Where it stands beside the phase that is left: forward, back, return, blocked, abandoned.
    direction: String,
    can: bool,
    reasons: Vec<String>,
    /// Whether the ticket is blocked.
    #[serde(skip)]
    from_blocked: bool,
}

impl Move {
    fn name(&self) -> String {
        words::phase(&self.phase)
    }

    fn is_forward(&self) -> bool {
        self.direction == "forward"
    }

    /// Whether it is what one most likely wants.
    fn is_main(&self) -> bool {
        self.direction == "return" || (self.is_forward() && !self.from_blocked)
    }

    /// In which order moves are shown: on before back, what stops work last.
    fn order(&self) -> usize {
        ["return", "forward", "back", "blocked", "abandoned"]
            .iter()
            .position(|name| *name == self.direction)
            .unwrap_or(5)
    }

    fn label(&self) -> String {
        let name = self.name();
        match self.direction.as_str() {
            "back" => format!("Send back to {name}"),
            "return" => format!("Return to {name}"),
            "blocked" => "Block".to_owned(),
            "abandoned" => format!("Give up: {name}"),
            _ => format!("Move to {name}"),
        }
    }
}

/// A phase on the way from first to last.
#[derive(Debug, Deserialize)]
struct Step {
    phase: String,
    kind: String,
    been: bool,
}

impl Step {
    fn name(&self) -> String {
        words::phase(&self.phase)
    }
}

/// What the gate of its phase asks for and finds.
#[derive(Debug, Default, Deserialize)]
struct Gate {
    status: String,
    reasons: Vec<String>,
    artifacts: Vec<String>,
    review: bool,
    criteria: Option<String>,
}

impl Gate {
    fn is_there(&self) -> bool {
        self.status != "not_configured"
    }

    /// Whether nothing but a review is missing.
    fn waits_for_review(&self) -> bool {
        self.status == "waiting_review"
    }
}

/// What was typed into the page's forms.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The reason of a move.
    pub reason: String,
    /// Where to.
    pub to_phase: String,
    /// Where the page showed the ticket to be.
    pub expected_phase: String,
    /// The reason of a forced move.
    pub force_reason: String,
    /// An artifact's type.
    pub artifact_type: String,
    /// Where it is kept.
    pub artifact_path: String,
    /// Its content as JSON.
    pub artifact_content: String,
    /// What is to be done, where a form has several buttons.
    pub action: String,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    page: Page,
    ticket: Ticket,
    steps: Vec<Step>,
    blocked: Option<Visit>,
    gate: Gate,
    moves: Vec<Move>,
    phases: Vec<String>,
    visits: Vec<Visit>,
    tasks: Vec<Task>,
    past_tasks: Vec<Task>,
    artifacts: Vec<Artifact>,
    past_artifacts: Vec<Artifact>,
    context: Option<String>,
    typed: Typed,
}

impl TicketPage {
    fn is_ready(&self) -> bool {
        self.moves.iter().any(|step| step.can && step.is_forward())
    }

    fn forward(&self) -> Option<&Move> {
        self.moves.iter().find(|step| step.can && step.is_forward())
    }

    fn possible(&self) -> bool {
        self.moves.iter().any(|step| step.can)
    }

    fn refused(&self) -> bool {
        self.moves.iter().any(|step| !step.can)
    }

    /// What the ticket may not do is said once where all of it has the same reasons.
    fn says_gate(&self, step: &Move) -> bool {
        step.reasons == self.gate.reasons && !self.gate.reasons.is_empty()
    }

    fn open_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.is_open()).count()
    }

    /// Types of evidence that are asked for and missing.
    fn wanted(&self) -> Vec<&String> {
        let has = |kind: &String| self.artifacts.iter().any(|artifact| artifact.kind == *kind);
        self.gate
            .artifacts
            .iter()
            .filter(|kind| !has(kind))
            .collect()
    }
}

/// What came of a form, told by the address of the page that follows it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    fn answer(&self) -> Option<Answer> {
        let title = match self.done.as_str() {
            "moved" => "The ticket has moved",
            "forced" => "The ticket was moved past its gate, and the history says so",
            "artifact" => "The evidence is handed in",
            "checked" => "The gate was checked, and the verdict is kept",
            "review" => "A review is in the queue",
            "tasks" => "The tasks of the phase are generated",
            "added" => "The ticket is added",
            _ => return None,
        };
        Some(Answer::done(title))
    }
}

/// `GET /tickets/{id}`
pub async fn ticket(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Response {
    match Uuid::parse_str(&id) {
        Ok(id) => show(&app, &visitor, id, Typed::default(), done.answer()).await,
        Err(_) => page::not_found(&app, "There is no such ticket"),
    }
}

/// The page of a ticket, with what was typed into its forms and what they were answered.
pub async fn show(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: Typed,
    answer: Option<Answer>,
) -> Response {
    match gather(app, visitor, id, typed, answer).await {
        Ok(Some(page)) => send(page.page.status(), &page),
        Ok(None) => page::not_found(app, "There is no such ticket"),
        Err(failure) => page::trouble(app, &failure),
    }
}

async fn gather(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: Typed,
    answer: Option<Answer>,
) -> Result<Option<TicketPage>, Failure> {
    let (reading, names) = read(app, visitor).await?;
    let Some(ticket) = itself(&reading, &names, id).await? else {
        return Ok(None);
    };
    let moves = moves(&reading, &names, &ticket).await?;
    let gate = gate(&reading, id).await?;
    let visits = visits(&reading, &names, id).await?;
    let steps = steps(&reading, &names, &ticket, &visits).await?;
    let tasks = tasks_of(&reading, id).await?;
    let artifacts = artifacts(&reading, id).await?;
    let context = context(&reading, id).await?;
    let phases = match names.may().force {
        true => {
            reading
                .one(
                    &names.fill("SELECT array_to_json(enum_range(NULL::{phase})::text[])::text"),
                    Params::new(),
                )
                .await?
        }
        false => Vec::new(),
    };
    reading.end().await;
    let page = Page::new(app, visitor, &names, Place::Board, ticket.title.clone()).answered(answer);
    // Of an earlier stay in the same phase, too, what is over is past.
    let is_present = |task: &Task| {
        task.is_open() || (task.phase == ticket.phase && task.ended.0 >= ticket.entered.0)
    };
    let (tasks, past_tasks) = tasks.into_iter().partition(is_present);
    // Where it is blocked it is still in the phase that it was blocked in, as far as its evidence goes.
    let here = ticket
        .previous
        .clone()
        .filter(|_| ticket.is_blocked())
        .unwrap_or_else(|| ticket.phase.clone());
    let (artifacts, past_artifacts) = artifacts
        .into_iter()
        .partition(|artifact: &Artifact| artifact.phase == here && !artifact.superseded.is_known());
    let blocked = visits.first().filter(|_| ticket.is_blocked()).cloned();
    Ok(Some(TicketPage {
        page,
        ticket,
        steps,
        blocked,
        gate,
        moves,
        phases,
        visits,
        tasks,
        past_tasks,
        artifacts,
        past_artifacts,
        context,
        typed,
    }))
}

async fn itself(reading: &Reading, names: &Names, id: Uuid) -> Result<Option<Ticket>, Failure> {
    let sql = format!(
        "SELECT row_to_json(x)::text FROM (
           SELECT {{t.id}} AS id, left({{t.title}}::text, 500) AS title, left({{t.description}}::text, {SHOWN}) AS description,
                  {{t.phase_id}}::text AS phase, coalesce(p.kind, 'work') AS kind, {{t.previous_phase_id}}::text AS previous,
                  {{t.priority}}::text AS priority, {entered} AS entered, {created} AS created,
                  {due} AS due, left({{t.context_summary}}::text, {SHOWN}) AS summary
             FROM {{tickets}} t LEFT JOIN phases p ON p.phase_id = {{t.phase_id}}
            WHERE {{t.id}} = $1) x",
        entered = Moment::sql("{t.phase_entered_at}"),
        created = Moment::sql("{t.created_at}"),
        due = Moment::sql("({t.phase_entered_at} + p.due_after)"),
    );
    reading
        .maybe(&names.fill(&sql), Params::new().uuid(Some(id)))
        .await
}

/// Whether a move goes on or back is how the phases stand in their order; the phase that is left is, of a blocked
/// ticket, that in which it was blocked.
async fn moves(reading: &Reading, names: &Names, ticket: &Ticket) -> Result<Vec<Move>, Failure> {
    let sql = "
        SELECT m.phase,
               CASE WHEN p.kind = 'blocked' THEN 'blocked' WHEN p.kind = 'abandoned' THEN 'abandoned'
                    WHEN m.phase = $3 THEN 'return'
                    WHEN array_position(o.phases, m.phase) < array_position(o.phases, $3) THEN 'back' ELSE 'forward' END AS direction,
               c.can_transition AS can,
               coalesce(c.blocking_reasons, '{}') AS reasons
          FROM phasegate.get_valid_transitions($2) WITH ORDINALITY AS m (phase, place)
         CROSS JOIN (SELECT enum_range(NULL::{phase})::text[] AS phases) o
         CROSS JOIN LATERAL phasegate.can_transition_ticket($1, m.phase) c
          LEFT JOIN phases p ON p.phase_id::text = m.phase
         ORDER BY c.can_transition DESC, m.place
         LIMIT $4";
    let left = ticket
        .previous
        .as_deref()
        .filter(|_| ticket.is_blocked())
        .unwrap_or(&ticket.phase);
    let params = Params::new()
        .uuid(Some(ticket.id))
        .text(Some(&ticket.phase))
        .text(Some(left))
        .number(MOVES);
    let mut moves: Vec<Move> = reading.list(&names.fill(sql), params).await?;
    moves
        .iter_mut()
        .for_each(|step| step.from_blocked = ticket.is_blocked());
    moves.sort_by_key(Move::order);
    Ok(moves)
}

async fn gate(reading: &Reading, id: Uuid) -> Result<Gate, Failure> {
    let sql = "
        SELECT json_build_object(
            'status', s.gate->'check'->>'validation_status',
            'reasons', coalesce((SELECT json_agg(r->>'message') FROM jsonb_array_elements(s.gate->'check'->'reasons') r), '[]'),
            'artifacts', coalesce(nullif(s.gate->'requirements'->'required_artifacts', 'null'), '[]'),
            'review', coalesce((s.gate->'requirements'->>'requires_review')::boolean, false),
            'criteria', CASE WHEN jsonb_typeof(s.gate->'requirements'->'validation_criteria') = 'object'
                             THEN left(jsonb_pretty(s.gate->'requirements'->'validation_criteria'), 20000) END)::text
          FROM (SELECT phasegate.gate_status($1) AS gate) s";
    Ok(reading
        .maybe(sql, Params::new().uuid(Some(id)))
        .await?
        .unwrap_or_default())
}

/// The way from first to last, where it fits on a line.
async fn steps(
    reading: &Reading,
    names: &Names,
    ticket: &Ticket,
    visits: &[Visit],
) -> Result<Vec<Step>, Failure> {
    let sql = "SELECT p.phase::text AS phase, coalesce(d.kind, 'work') AS kind, false AS been
                 FROM unnest(enum_range(NULL::{phase})) WITH ORDINALITY AS p (phase, place)
                 LEFT JOIN phases d ON d.phase_id = p.phase
                WHERE coalesce(d.kind <> ALL ('{blocked,abandoned}'), true) OR p.phase::text = $1
                ORDER BY coalesce(array_position('{abandoned,blocked}', d.kind), 0), p.place LIMIT 15";
    let params = Params::new().text(Some(&ticket.phase));
    let mut steps: Vec<Step> = reading.list(&names.fill(sql), params).await?;
    if steps.len() > 14 {
        return Ok(Vec::new());
    }
    for step in &mut steps {
        step.been = visits.iter().any(|visit| visit.phase == step.phase);
    }
    Ok(steps)
}
