//! Retrying and cancelling tasks, of the queue or of a ticket's page.

use super::names::Names;
use super::page::{self, encoded};
use super::query::{Params, Reading};
use super::queue::{Filter, MANY, TABS, show};
use super::refusal::Answer;
use super::ticket::{self, Typed};
use super::ticket_actions::said;
use super::visitor::Visitor;
use crate::error::Failure;
use crate::serve::App;
use axum::extract::{Form, State};
use axum::response::Response;
use uuid::Uuid;

/// The form of the queue, and of a task on its ticket's page.
#[derive(Debug, Default)]
struct Sent {
    action: String,
    reason: String,
    tasks: Vec<Uuid>,
    all: bool,
    ticket: Option<Uuid>,
    filter: Filter,
}

impl Sent {
    fn of(pairs: Vec<(String, String)>) -> Sent {
        let mut sent = Sent::default();
        for (name, value) in pairs {
            match name.as_str() {
                "action" => sent.action = value,
                "reason" => sent.reason = value,
                "all" => sent.all = true,
                "task" => sent.tasks.extend(Uuid::parse_str(&value).ok()),
                "ticket" => sent.ticket = Uuid::parse_str(&value).ok(),
                "show" => sent.filter.show = value,
                "phase" => sent.filter.phase = value,
                "kind" => sent.filter.kind = value,
                _ => {}
            }
        }
        sent
    }
}

/// `POST /queue`
pub async fn act(
    State(app): State<App>,
    visitor: Visitor,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let sent = Sent::of(pairs);
    let done = if sent.tasks.is_empty() && !sent.all {
        Err(Failure::usage("no task was chosen"))
    } else {
        change(&app, &visitor, &sent).await
    };
    match (done, sent.ticket) {
        (Ok((number, of)), None) => {
            let (show, filter, action) = (
                encoded(&sent.filter.show),
                sent.filter.query(),
                encoded(&sent.action),
            );
            page::see_other(
                &app,
                &format!("/queue?show={show}{filter}&done={action}&n={number}&of={of}"),
            )
        }
        (Ok(_), Some(ticket)) => page::see_other(
            &app,
            &format!("/tickets/{ticket}?done={}", encoded(&sent.action)),
        ),
        (Err(failure), Some(ticket)) => {
            ticket::show(
                &app,
                &visitor,
                ticket,
                Typed::default(),
                Some(Answer::of(&failure)),
            )
            .await
        }
        (Err(failure), None) => {
            show(
                &app,
                &visitor,
                sent.filter,
                sent.tasks,
                sent.reason,
                Some(Answer::of(&failure)),
            )
            .await
        }
    }
}

/// Changes the tasks that are still as the page showed them, all or none of them; gives how many, of how many.
async fn change(app: &App, visitor: &Visitor, sent: &Sent) -> Result<(i64, i64), Failure> {
    let statuses: &[&str] = match sent.action.as_str() {
        "retry" => &["failed"],
        "cancel" if sent.all => TABS
            .iter()
            .find(|tab| tab.0 == sent.filter.show)
            .map_or(&[], |tab| tab.2),
        "cancel" => &["pending", "assigned", "running", "failed"],
        _ => return Err(Failure::usage("there is no such action")),
    };
    let writing = Reading::begin_writing(app, &visitor.who).await?;
    let names = Names::ask(&writing).await?;
    let chosen = format!(
        "SELECT k.id FROM tasks k
          WHERE k.status = ANY ($1) AND ($2::uuid[] IS NULL OR k.id = ANY ($2))
            AND ($3 IS NULL OR k.phase_id = $3::{{phase}}) AND ($4 IS NULL OR k.kind = $4)
          ORDER BY k.id LIMIT {MANY} FOR UPDATE SKIP LOCKED"
    );
    let sql = match sent.action.as_str() {
        "retry" => format!(
            "WITH chosen AS MATERIALIZED ({chosen}),
                  done AS (UPDATE tasks SET status = 'pending' FROM chosen c WHERE tasks.id = c.id RETURNING 1)
             SELECT count(*)::text FROM done WHERE $5 IS NULL OR true"
        ),
        _ => format!("SELECT count(phasegate.cancel_task(c.id, $5))::text FROM ({chosen}) c"),
    };
    let tasks = if sent.all {
        None
    } else {
        Some(sent.tasks.clone())
    };
    let of = sent.tasks.len() as i64;
    let params = Params::new()
        .texts(statuses.iter().map(|status| (*status).to_owned()).collect())
        .maybe_uuids(tasks)
        .text(sent.filter.phase().filter(|_| sent.all))
        .text(sent.filter.kind().filter(|_| sent.all))
        .text(said(&sent.reason));
    let number: i64 = writing.one(&names.fill(&sql), params).await?;
    writing.commit().await?;
    Ok((number, if sent.all { number } else { of }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_pair_by_pair() {
        let id = Uuid::from_u128(7);
        let pairs = [
            ("task", id.to_string()),
            ("task", "x".to_owned()),
            ("action", "retry".to_owned()),
            ("phase", "P Q".to_owned()),
        ];
        let sent = Sent::of(pairs.map(|(name, value)| (name.to_owned(), value)).to_vec());
        assert_eq!(
            (sent.tasks.as_slice(), sent.action.as_str(), sent.all),
            ([id].as_slice(), "retry", false)
        );
        assert_eq!(sent.filter.query(), "&phase=P%20Q");
    }
}
