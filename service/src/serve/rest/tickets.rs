//! Tickets: list, make, read.

use crate::database::{Access, repeated};
use crate::error::{Failure, Refusal};
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id, Query};
use crate::serve::identity::Caller;
use crate::serve::rest::{Priority, Ticket, page};
use crate::serve::tickets_table::Tickets;
use axum::extract::State;
use serde::Deserialize;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which tickets are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Those in this phase.
    phase_id: Option<String>,
    /// Those of this priority.
    priority: Option<String>,
    /// Those with this text in their title or description, in upper or lower case.
    text: Option<String>,
    /// Those with a later id than this one: the last of the page before.
    after: Option<Uuid>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<i32>,
}

/// Tickets in the order of their ids, a page at a time; the header Link has the next page.
#[utoipa::path(get, path = "/tickets", tag = "Tickets", params(Filter),
    responses((status = 200, description = "The tickets", body = [Ticket])))]
pub async fn list(State(app): State<App>, caller: Caller, Query(filter): Query<Filter>) -> Answer {
    let limit = page(filter.limit, 50)?;
    let rows = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let mut call = Function::new("tickets");
        let mut sql = format!(
            "SELECT t.{}::pg_catalog.text, ({})::pg_catalog.text FROM {} AS t WHERE true",
            tickets.id,
            tickets.object(),
            tickets.table
        );
        if let Some(phase) = filter.phase_id.clone() {
            let place = call.value(phase);
            sql.push_str(&format!(" AND t.{} = {place}::{}", tickets.column("phase_id"), tickets.phase));
        }
        if let Some(priority) = filter.priority.clone() {
            let place = call.value(priority);
            sql.push_str(&format!(" AND t.{} OPERATOR(pg_catalog.=) {place}", tickets.column("priority")));
        }
        if let Some(text) = filter.text.clone() {
            let place = call.value(text);
            let (title, description) = (tickets.column("title"), tickets.column("description"));
            sql.push_str(&format!(
                " AND (pg_catalog.strpos(pg_catalog.lower(t.{title}), pg_catalog.lower({place})) > 0 \
                  OR pg_catalog.strpos(pg_catalog.lower(t.{description}), pg_catalog.lower({place})) > 0)"
            ));
        }
        if let Some(after) = filter.after {
            let place = call.value(after);
            sql.push_str(&format!(" AND t.{} > {place}", tickets.id));
        }
        let place = call.value(i64::from(limit) + 1);
        sql.push_str(&format!(" ORDER BY t.{} LIMIT {place}", tickets.id));
        session.last(&sql, &call.params()).await
    })
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: String = row.try_get(0).map_err(|error| Failure::of(&error))?;
        let text: String = row.try_get(1).map_err(|error| Failure::of(&error))?;
        found.push((id, text));
    }
    let more = usize::try_from(limit).is_ok_and(|limit| {
        let more = found.len() > limit;
        found.truncate(limit);
        more
    });
    let next = found.last().filter(|_| more).map(|(id, _)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("phase_id", &filter.phase_id),
            ("priority", &filter.priority),
            ("text", &filter.text),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query
            .append_pair("after", id)
            .append_pair("limit", &limit.to_string());
        format!("{}/api/v1/tickets?{}", app.prefix(), query.finish())
    });
    let texts: Vec<String> = found.into_iter().map(|(_, text)| text).collect();
    Ok(Json::ok(format!("[{}]", texts.join(","))).next(next))
}

/// A ticket to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    title: String,
    description: Option<String>,
    /// MEDIUM, if there is none.
    #[schema(value_type = Option<Priority>)]
    priority: Option<String>,
    /// A phase that tickets start in; else the first.
    phase_id: Option<String>,
}

/// Makes a ticket.
#[utoipa::path(post, path = "/tickets", tag = "Tickets", request_body = NewTicket,
    responses((status = 201, description = "The ticket", body = Ticket,
               headers(("Location" = String, description = "Where it can be read")))))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewTicket>) -> Answer {
    let rows = repeated(Access::Repeatable, || async {
        let session = app.database().begin(&caller.who, Access::Repeatable).await?;
        let tickets = Tickets::find(&session).await?;
        let mut call = Function::new("tickets");
        let mut columns = vec![tickets.column("title")];
        let mut values = vec![call.value(new.title.clone())];
        for (name, value) in [("description", &new.description), ("priority", &new.priority)] {
            if let Some(value) = value.clone() {
                columns.push(tickets.column(name));
                values.push(call.value(value));
            }
        }
        if let Some(phase) = new.phase_id.clone() {
            columns.push(tickets.column("phase_id"));
            values.push(format!("{}::{}", call.value(phase), tickets.phase));
        }
        let sql = format!(
            "INSERT INTO {} AS t ({}) VALUES ({}) RETURNING t.{}::pg_catalog.text, ({})::pg_catalog.text",
            tickets.table,
            columns.join(", "),
            values.join(", "),
            tickets.id,
            tickets.object()
        );
        session.last(&sql, &call.params()).await
    })
    .await?;
    // A trigger of the application's may have kept it out.
    let row = rows.first().ok_or_else(not_made)?;
    let id: String = row.try_get(0).map_err(|error| Failure::of(&error))?;
    let text: String = row.try_get(1).map_err(|error| Failure::of(&error))?;
    app.moved(&caller.who);
    Ok(Json::created(text).at(format!("{}/api/v1/tickets/{id}", app.prefix())))
}

fn not_made() -> Failure {
    Failure::Refused(Box::new(Refusal {
        code: Some("ticket_suppressed".to_owned()),
        sqlstate: "55000".to_owned(),
        message: "the ticket was suppressed by a trigger".to_owned(),
        ..Refusal::default()
    }))
}

/// A ticket that is not there, in the extension's own words.
pub fn not_found(kind: &str, id: Uuid) -> Failure {
    Failure::Refused(Box::new(Refusal {
        code: Some(format!("{kind}_not_found")),
        sqlstate: "P0002".to_owned(),
        message: format!("{kind} not found"),
        detail: Some(format!("No {kind} with id {id} is visible here.")),
        ..Refusal::default()
    }))
}

/// A ticket.
#[utoipa::path(get, path = "/tickets/{id}", tag = "Tickets", params(("id" = Uuid, Path, description = "The ticket")),
    responses((status = 200, description = "The ticket", body = Ticket)))]
pub async fn read(State(app): State<App>, caller: Caller, Id(id): Id) -> Answer {
    let rows = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let sql = format!(
            "SELECT ({})::pg_catalog.text FROM {} AS t WHERE t.{} = $1",
            tickets.object(),
            tickets.table,
            tickets.id
        );
        session.last(&sql, &[(&id, Type::UUID)]).await
    })
    .await?;
    let row = rows.first().ok_or_else(|| not_found("ticket", id))?;
    Ok(Json::ok(
        row.try_get(0).map_err(|error| Failure::of(&error))?,
    ))
}
