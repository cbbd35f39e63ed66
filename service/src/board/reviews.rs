//! `/reviews`: the reviews that wait, each with the evidence, to be approved or rejected.

use super::cards::urgency;
use super::names::Names;
use super::page::{self, Page, Place, read, send};
use super::query::{Params, Reading, readable};
use super::refusal::Answer;
use super::ticket_actions::said;
use super::visitor::Visitor;
use super::words::{self, Moment};
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// Reviews on a page.
const ROWS: i64 = 10;

/// A review that waits.
#[derive(Debug, Deserialize)]
struct Review {
    id: Uuid,
    ticket: Uuid,
    title: String,
    about: Option<String>,
    phase: String,
    priority: Option<String>,
    created: Moment,
    held: bool,
    holder: Option<String>,
    lease: Moment,
    took_part: bool,
    /// Whether the visitor has approved what there is: who has is not asked again.
    approved: bool,
    approvals: i64,
    wanted: Option<Vec<String>>,
    artifacts: Vec<Artifact>,
    results: Vec<Work>,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    kind: String,
    path: Option<String>,
    content: Option<String>,
    by: Option<String>,
    at: Moment,
}

#[derive(Debug, Deserialize)]
struct Work {
    name: Option<String>,
    agent: Option<String>,
    summary: Option<String>,
    at: Moment,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    approved: bool,
    feedback: Option<String>,
    by: Option<String>,
    at: Moment,
}

impl Work {
    fn name(&self) -> String {
        self.name.as_deref().unwrap_or("work").replace('_', " ")
    }
}

impl Review {
    fn phase_name(&self) -> String {
        words::phase(&self.phase)
    }

    fn urgency(&self) -> Option<&'static str> {
        urgency(self.priority.as_deref())
    }

    /// Whether somebody else has it now.
    fn is_taken(&self, me: &str) -> bool {
        self.held && self.holder.as_deref() != Some(me)
    }
}

/// What was typed into a review's form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    verdict: String,
    feedback: String,
    reasons: String,
}

/// Which reviews, and what came of a form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    after: String,
    done: String,
}

#[derive(Template)]
#[template(path = "reviews.html")]
struct Reviews {
    page: Page,
    reviews: Vec<Review>,
    next: Option<Uuid>,
    typed: Typed,
    about: Option<Uuid>,
}

impl Reviews {
    fn feedback(&self, review: &Review) -> &str {
        if self.about == Some(review.id) {
            &self.typed.feedback
        } else {
            ""
        }
    }

    fn reasons(&self, review: &Review) -> &str {
        if self.about == Some(review.id) {
            &self.typed.reasons
        } else {
            ""
        }
    }
}

/// `GET /reviews`
pub async fn reviews(
    State(app): State<App>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Response {
    let answer = match wanted.done.as_str() {
        "approve" => Some(Answer::done("Approved")),
        "reject" => Some(Answer::done("Rejected, with your feedback")),
        _ => None,
    };
    let after = Uuid::parse_str(&wanted.after).ok();
    show(&app, &visitor, after, None, Typed::default(), answer).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    after: Option<Uuid>,
    about: Option<Uuid>,
    typed: Typed,
    answer: Option<Answer>,
) -> Response {
    let page = async {
        let (reading, names) = read(app, visitor).await?;
        let mut reviews = list(&reading, &names, visitor, after).await?;
        reading.end().await;
        let next = if reviews.len() as i64 > ROWS {
            reviews.pop();
            reviews.last().map(|last| last.id)
        } else {
            None
        };
        let page = Page::new(app, visitor, &names, Place::Reviews, "Reviews").answered(answer);
        Ok(Reviews {
            page,
            reviews,
            next,
            typed,
            about,
        })
    };
    match page.await {
        Ok(page) => send(page.page.status(), &page),
        Err(failure) => page::trouble(app, &failure),
    }
}

/// Those that can be taken stand in an index by themselves, those that are taken in the one of leases. Of several that wait
/// for the same phase, because it needs several approvals, one is shown.
async fn list(
    reading: &Reading,
    names: &Names,
    visitor: &Visitor,
    after: Option<Uuid>,
) -> Result<Vec<Review>, Failure> {
    let sql = format!(
        "SELECT k.id, k.ticket_id AS ticket, left({{t.title}}::text, 500) AS title, left({{t.description}}::text, 4000) AS about,
                k.phase_id::text AS phase, k.priority::text AS priority, {created} AS created,
                k.status = ANY ('{{assigned,running}}') AS held, k.assigned_agent_id::text AS holder, {lease} AS lease,
                phasegate.took_part(k.ticket_id, k.phase_id::text, $1) AS took_part,
                EXISTS (SELECT FROM tasks w
                         WHERE w.ticket_id = k.ticket_id AND w.phase_id = k.phase_id AND w.kind = 'review' AND w.status = 'completed'
                           AND w.assigned_agent_id::text = $1 AND w.result->'approved' = 'true'
                           AND NOT EXISTS (SELECT FROM phase_gate_artifacts a
                                            WHERE a.ticket_id = k.ticket_id AND a.phase_id = k.phase_id
                                              AND a.collected_at > w.completed_at)) AS approved,
                coalesce(q.required_approvals, 1) AS approvals, q.required_artifacts AS wanted,
                coalesce((SELECT json_agg(row_to_json(a)) FROM (
                    SELECT a.artifact_type::text AS kind, left(a.artifact_path, 1000) AS path, a.collected_by::text AS by, {at} AS at,
                           {content} AS content
                      FROM phase_gate_artifacts a
                     WHERE a.ticket_id = k.ticket_id AND a.phase_id = k.phase_id AND a.superseded_at IS NULL
                     ORDER BY a.collected_at DESC, a.id DESC LIMIT 20) a), '[]') AS artifacts,
                coalesce((SELECT json_agg(row_to_json(w)) FROM (
                    SELECT w.task_type::text AS name, w.assigned_agent_id::text AS agent, {ended} AS at,
                           CASE WHEN jsonb_typeof(w.result) = 'object' THEN left(w.result->>'summary', 2000) END AS summary
                      FROM tasks w
                     WHERE w.ticket_id = k.ticket_id AND w.phase_id = k.phase_id AND w.kind = 'work' AND w.status = 'completed'
                     ORDER BY w.completed_at DESC, w.id DESC LIMIT 20) w), '[]') AS results,
                coalesce((SELECT json_agg(row_to_json(v)) FROM (
                    SELECT coalesce(w.result->'approved' = 'true', false) AS approved, left(w.result->>'feedback', 2000) AS feedback,
                           w.assigned_agent_id::text AS by, {ended} AS at
                      FROM tasks w
                     WHERE w.ticket_id = k.ticket_id AND w.phase_id = k.phase_id AND w.kind = 'review' AND w.status = 'completed'
                       AND jsonb_typeof(w.result) = 'object'
                     ORDER BY w.completed_at DESC, w.id DESC LIMIT 5) v), '[]') AS verdicts
           FROM (SELECT * FROM (SELECT DISTINCT ON (r.ticket_id, r.phase_id) r.* FROM (
                   SELECT r.* FROM tasks r
                    WHERE r.kind = 'review'
                      AND coalesce(r.status = 'pending' AND r.pending_dependencies = 0 AND r.scheduled_at IS NULL AND NOT r.on_hold, false)
                   UNION ALL
                   SELECT r.* FROM tasks r
                    WHERE coalesce(r.lease_expires_at, r.scheduled_at) IS NOT NULL AND r.kind = 'review'
                      AND r.status = ANY ('{{pending,assigned,running}}')) r
                   ORDER BY r.ticket_id, r.phase_id, r.status <> 'pending', r.id) r
                  WHERE $2 IS NULL OR r.id > $2
                  ORDER BY r.id LIMIT $3) k
           JOIN {{tickets}} t ON {{t.id}} = k.ticket_id
           LEFT JOIN phase_gate_requirements q ON q.phase_id = k.phase_id
          ORDER BY k.id",
        content = readable("a.artifact_content", 8000),
        created = Moment::sql("k.created_at"),
        lease = Moment::sql("k.lease_expires_at"),
        at = Moment::sql("a.collected_at"),
        ended = Moment::sql("w.completed_at"),
    );
    let me = visitor
        .name
        .clone()
        .unwrap_or_else(|| names.me().to_owned());
    reading
        .list(
            &names.fill(&sql),
            Params::new().text(Some(&me)).uuid(after).number(ROWS + 1),
        )
        .await
}

/// `POST /reviews/{task}`
pub async fn judge(
    State(app): State<App>,
    visitor: Visitor,
    Path(task): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(task) = Uuid::parse_str(&task) else {
        return page::not_found(&app, "There is no such review");
    };
    match give(&app, &visitor, task, &typed).await {
        Ok(()) => page::see_other(
            &app,
            &format!(
                "/reviews?done={}",
                if typed.verdict == "approve" {
                    "approve"
                } else {
                    "reject"
                }
            ),
        ),
        Err(failure) => {
            show(
                &app,
                &visitor,
                None,
                Some(task),
                typed,
                Some(Answer::of(&failure)),
            )
            .await
        }
    }
}

/// A review that nobody has taken is answered as it lies there; one that somebody has is theirs to answer, which the
/// function sees to.
async fn give(app: &App, visitor: &Visitor, task: Uuid, typed: &Typed) -> Result<(), Failure> {
    let approved = match typed.verdict.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return Err(Failure::usage("a review is approved or rejected")),
    };
    let mut result = json!({ "approved": approved });
    let reasons: Vec<&str> = typed.reasons.lines().filter_map(said).collect();
    if let Some(result) = result.as_object_mut() {
        if let Some(feedback) = said(&typed.feedback) {
            result.insert("feedback".to_owned(), json!(feedback));
        }
        if !approved && !reasons.is_empty() {
            result.insert("blocking_reasons".to_owned(), json!(reasons));
        }
    }
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let names = Names::ask(&writing).await?;
    let me = visitor
        .name
        .clone()
        .unwrap_or_else(|| names.me().to_owned());
    let params = || {
        Params::new()
            .uuid(Some(task))
            .text(Some(&me))
            .text(Some(&result.to_string()))
    };
    let taken = "UPDATE tasks SET status = 'completed', assigned_agent_id = $2, result = $3::jsonb
                  WHERE id = $1 AND kind = 'review' AND status = 'pending' RETURNING to_json(id)::text";
    let taken: Option<Uuid> = writing.maybe(taken, params()).await?;
    if taken.is_none() {
        writing
            .run(
                "SELECT to_jsonb(phasegate.complete_task($1, $2, $3::jsonb))::text",
                params(),
            )
            .await?;
    }
    writing.commit().await
}
