//! `/phases/{label}`: a phase with all of its tickets, a page at a time.

use super::cards::cards;
use super::columns::Column;
use super::filter::{Filter, WANTED};
use super::page::{self, Page, Place, encoded, read, send};
use super::query::Params;
use super::visitor::Visitor;
use super::words::{self, Moment};
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// Tickets on a page of a column.
const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "phase.html")]
struct Phase {
    page: Page,
    filter: Filter,
    column: Column,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Position {
    id: Uuid,
    entered: String,
}

/// `GET /phases/{label}`
pub async fn phase(
    State(app): State<App>,
    visitor: Visitor,
    Path(label): Path<String>,
    Query(filter): Query<Filter>,
) -> Response {
    match show_phase(&app, &visitor, &label, filter).await {
        Ok(Some(phase)) => send(StatusCode::OK, &phase),
        Ok(None) => page::not_found(&app, "There is no such phase"),
        Err(failure) => page::trouble(&app, &failure),
    }
}

async fn show_phase(
    app: &App,
    visitor: &Visitor,
    label: &str,
    filter: Filter,
) -> Result<Option<Phase>, Failure> {
    let (reading, names) = read(app, visitor).await?;
    let all = format!(
        "SELECT p.phase::text AS phase, coalesce(d.kind, 'work') AS kind,
                EXISTS (SELECT FROM phase_transitions s WHERE s.from_phase = p.phase AND s.requires_gate) AS gated,
                coalesce(q.requires_review, false) AS review, c.tickets, {oldest} AS oldest
           FROM unnest(enum_range(NULL::{{phase}})) AS p (phase)
           LEFT JOIN phases d ON d.phase_id = p.phase
           LEFT JOIN phase_gate_requirements q ON q.phase_id = p.phase
          CROSS JOIN LATERAL (SELECT count(*) AS tickets, min({{t.phase_entered_at}}) AS oldest
                                FROM {{tickets}} t WHERE {{t.phase_id}} = p.phase AND {WANTED}) c
          WHERE p.phase::text = $3",
        oldest = Moment::sql("c.oldest"),
    );
    let params = Params::new()
        .text(filter.part())
        .text(filter.urgency())
        .text(Some(label));
    let found: Vec<Column> = reading.list(&names.fill(&all), params).await?;
    let Some(mut column) = found.into_iter().next() else {
        return Ok(None);
    };
    let (beyond, order) = if column.is_end() {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    let (entered, id) = filter.after.split_once('~').unwrap_or_default();
    let id = Uuid::parse_str(id).ok();
    let entered = id.map(|_| entered);
    let sql = format!(
        "SELECT {{t.id}} AS id, {{t.phase_entered_at}}::text AS entered
           FROM {{tickets}} t
          WHERE {{t.phase_id}} = $3::{{phase}} AND {WANTED}
            AND ($5 IS NULL OR ({{t.phase_entered_at}}, {{t.id}}) {beyond} ($4::timestamptz, $5))
          ORDER BY {{t.phase_entered_at}} {order}, {{t.id}} {order} LIMIT $6",
    );
    let params = Params::new()
        .text(filter.part())
        .text(filter.urgency())
        .text(Some(label));
    let params = params.text(entered).uuid(id).number(ROWS + 1);
    let mut places: Vec<Position> = reading.list(&names.fill(&sql), params).await?;
    let next = if places.len() as i64 > ROWS {
        places.pop();
        places
            .last()
            .map(|last| encoded(&format!("{}~{}", last.entered, last.id)))
    } else {
        None
    };
    column.cards = cards(
        &reading,
        &names,
        places.into_iter().map(|place| place.id).collect(),
    )
    .await?;
    reading.end().await;
    let page = Page::new(app, visitor, &names, Place::Board, column.name());
    Ok(Some(Phase {
        page,
        filter,
        column,
        next,
    }))
}
