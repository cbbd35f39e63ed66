//! What a ticket's page can do. Each calls a function of the extension; what the database refuses is shown on the page.

use super::names::Names;
use super::page;
use super::query::{Params, Reading};
use super::refusal::Answer;
use super::ticket::{Typed, show};
use super::visitor::Visitor;
use crate::error::Failure;
use crate::serve::App;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use serde_json::Value;
use uuid::Uuid;

/// An empty field is no value.
pub fn said(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// `POST /tickets/{id}/{action}`
pub async fn act(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, action)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = Uuid::parse_str(&id) else {
        return page::not_found(&app, "There is no such ticket");
    };
    let done = match action.as_str() {
        "move" => moved(&app, &visitor, id, &typed).await,
        "force" => forced(&app, &visitor, id, &typed).await,
        "artifact" => artifact(&app, &visitor, id, &typed).await,
        "gate" => gate(&app, &visitor, id, &typed).await,
        _ => return page::not_found(&app, "There is no such page"),
    };
    match done {
        Ok(word) => page::see_other(&app, &format!("/tickets/{id}?done={word}")),
        Err(failure) => show(&app, &visitor, id, typed, Some(Answer::of(&failure))).await,
    }
}

async fn moved(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: &Typed,
) -> Result<&'static str, Failure> {
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let names = Names::ask(&writing).await?;
    let kinds = "SELECT to_json(array_agg(p.kind ORDER BY w.place))::text
                   FROM unnest(ARRAY[$1, $2]) WITH ORDINALITY AS w (phase, place)
                   LEFT JOIN phases p ON p.phase_id::text = w.phase";
    let kinds: Vec<Option<String>> = writing
        .one(
            kinds,
            Params::new()
                .text(said(&typed.expected_phase))
                .text(Some(&typed.to_phase)),
        )
        .await?;
    let kind = |place: usize| kinds.get(place).and_then(|kind| kind.as_deref());
    let (reason, me) = (said(&typed.reason), names.me().to_owned());
    let params = Params::new().uuid(Some(id));
    // A ticket is blocked only for a reason, which the function sees to.
    if kind(1) == Some("blocked") && kind(0) != Some("blocked") {
        let sql = "SELECT to_jsonb(phasegate.block_ticket($1, $2, $3))::text";
        writing
            .run(sql, params.text(reason).text(Some(&me)))
            .await?;
    } else {
        let sql = "SELECT to_jsonb(phasegate.transition_ticket($1, $2, $3, $4, NULL, $5))::text";
        let params = params
            .text(Some(&typed.to_phase))
            .text(reason)
            .text(Some(&me))
            .text(said(&typed.expected_phase));
        writing.run(sql, params).await?;
    }
    writing.commit().await?;
    Ok("moved")
}

async fn forced(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: &Typed,
) -> Result<&'static str, Failure> {
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let sql = "SELECT to_jsonb(phasegate.force_transition_ticket($1, $2, $3))::text";
    let params = Params::new()
        .uuid(Some(id))
        .text(Some(&typed.to_phase))
        .text(said(&typed.force_reason));
    writing.run(sql, params).await?;
    writing.commit().await?;
    Ok("forced")
}

async fn artifact(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: &Typed,
) -> Result<&'static str, Failure> {
    let content = said(&typed.artifact_content);
    // Evidence is JSON; where it is not meant to be, it is the text of a document.
    let content = content.map(|text| match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => value,
        _ => serde_json::json!({ "content": text }),
    });
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let names = Names::ask(&writing).await?;
    let sql = "SELECT to_jsonb(phasegate.add_artifact($1, $2, $3, $4::jsonb, NULL, $5))::text";
    let params = Params::new()
        .uuid(Some(id))
        .text(said(&typed.artifact_type))
        .text(said(&typed.artifact_path))
        .text(content.map(|content| content.to_string()).as_deref())
        .text(Some(names.me()));
    writing.run(sql, params).await?;
    writing.commit().await?;
    Ok("artifact")
}

/// The buttons beside the gate.
async fn gate(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: &Typed,
) -> Result<&'static str, Failure> {
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let (sql, word) = match typed.action.as_str() {
        "review" => (
            "SELECT to_jsonb(phasegate.validate_phase_completion($1))::text",
            "review",
        ),
        "tasks" => (
            "SELECT count(*)::text FROM phasegate.generate_phase_tasks($1)",
            "tasks",
        ),
        _ => (
            "SELECT to_jsonb(phasegate.validate_gate($1))::text",
            "checked",
        ),
    };
    writing.run(sql, Params::new().uuid(Some(id))).await?;
    writing.commit().await?;
    Ok(word)
}
