//! `/new`: a ticket more.

use super::names::Names;
use super::page::{self, Page, Place, read, send};
use super::query::{Params, Reading};
use super::refusal::Answer;
use super::ticket_actions::said;
use super::visitor::Visitor;
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    title: String,
    description: String,
    priority: String,
}

impl Typed {
    fn wants(&self, priority: impl AsRef<str>) -> bool {
        self.priority == priority.as_ref()
    }
}

#[derive(Template)]
#[template(path = "new.html")]
struct New {
    page: Page,
    typed: Typed,
}

/// `GET /new`
pub async fn form(State(app): State<App>, visitor: Visitor) -> Response {
    show(&app, &visitor, Typed::default(), None).await
}

async fn show(app: &App, visitor: &Visitor, typed: Typed, answer: Option<Answer>) -> Response {
    match read(app, visitor).await {
        Ok((reading, names)) => {
            reading.end().await;
            let page = Page::new(app, visitor, &names, Place::Board, "New ticket").answered(answer);
            send(page.status(), &New { page, typed })
        }
        Err(failure) => page::trouble(app, &failure),
    }
}

/// `POST /new`
pub async fn add(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    match insert(&app, &visitor, &typed).await {
        Ok(id) => page::see_other(&app, &format!("/tickets/{id}?done=added")),
        Err(failure) => show(&app, &visitor, typed, Some(Answer::of(&failure))).await,
    }
}

async fn insert(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Uuid, Failure> {
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let names = Names::ask(&writing).await?;
    let sql = names.fill(
        "INSERT INTO {tickets} AS t ({title}, {description}, {priority}) VALUES ($1, $2, coalesce($3, 'MEDIUM')) \
         RETURNING to_json({t.id})::text",
    );
    let params = Params::new()
        .text(Some(typed.title.trim()))
        .text(said(&typed.description))
        .text(said(&typed.priority));
    let id = writing.one(&sql, params).await?;
    writing.commit().await?;
    Ok(id)
}
