//! Runs the workflow and asserts what it leaves.

mod schema;
mod workflow;

use diesel::connection::CacheSize;
use diesel::prelude::*;
use schema::{context_summary, tickets};
use serde_json::{Value, json};
use uuid::Uuid;
use workflow::*;

macro_rules! refused {
    ($kind:path, $attempt:expr) => {
        match $attempt {
            Err($kind(detail)) => detail,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("not refused"),
        }
    };
}

fn moves_and_refusals(connection: &mut PgConnection) -> Result<Uuid, Error> {
    let ticket = create_ticket(connection, "Customers are charged twice")?;
    assert_eq!(ticket.id.get_version_num(), 7);
    assert_eq!(ticket.phase_id, "PHASE_BACKLOG".into());
    assert_eq!(ticket.context, None);

    let moved = move_ticket(connection, ticket.id, "PHASE_REQUIREMENTS", "planner")?;
    assert_eq!(moved.phase_id, "PHASE_REQUIREMENTS".into());
    assert_eq!(moved.previous_phase_id, Some("PHASE_BACKLOG".into()));
    assert!(moved.phase_entered_at > ticket.phase_entered_at);

    let detail = refused!(
        Error::InvalidTransition,
        move_ticket(connection, ticket.id, "PHASE_DONE", "planner")
    );
    assert!(
        detail.contains("cannot move from PHASE_REQUIREMENTS to PHASE_DONE"),
        "{detail}"
    );
    let detail = refused!(
        Error::GateNotPassed,
        move_ticket(connection, ticket.id, "PHASE_DESIGN", "planner")
    );
    assert!(
        detail
            .lines()
            .any(|line| line == "The artifact \"requirements_document\" is missing."),
        "{detail}"
    );
    let stale = transition_ticket(
        connection,
        ticket.id,
        "PHASE_DESIGN",
        None,
        Some("PHASE_BACKLOG"),
    );
    let detail = refused!(Error::PhaseChanged, stale);
    assert!(detail.contains("is in PHASE_REQUIREMENTS"), "{detail}");

    // A violated CHECK has the SQLSTATE of a refused move, and is none.
    let urgent = diesel::update(tickets::table)
        .set(tickets::priority.eq("URGENT"))
        .execute(connection);
    let error = refused!(Error::Diesel, urgent.map_err(Error::from));
    assert!(
        error.to_string().contains("tickets_priority_check"),
        "{error}"
    );
    Ok(ticket.id)
}

fn work_and_context(connection: &mut PgConnection, ticket: Uuid) -> Result<(), Error> {
    assert!(claim_task(connection, "ada", &["juggling"])?.is_none());
    let task = claim_task(connection, "ada", &["analysis"])?.expect("a task");
    assert_eq!((task.ticket_id, task.attempt), (ticket, 1));
    let detail = refused!(
        Error::TaskNotHeld,
        complete_task(connection, &task, "bob", json!({}))
    );
    assert!(detail.contains("agent bob"), "{detail}");
    let result = json!({"context": {"key_decisions": ["Idempotency keys"]}});
    assert_eq!(
        complete_task(connection, &task, "ada", result)?.status,
        "completed"
    );
    let task = claim_task(connection, "dora", &["documentation"])?.expect("a task");
    let content = json!({"length": 1520, "sections": ["Scope", "Acceptance criteria"]});
    let result = json!({"artifacts": [{"type": "requirements_document", "content": content}]});
    complete_task(connection, &task, "dora", result)?;

    transition_ticket(connection, ticket, "PHASE_DESIGN", Some("Sprint 12"), None)?;
    let moves = history(connection, ticket)?;
    let phases: Vec<&str> = moves.iter().map(|entry| entry.to_phase.as_str()).collect();
    assert_eq!(
        phases,
        ["PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN"]
    );
    assert_eq!(moves[1].transitioned_by, "planner");
    assert_eq!(moves[2].transition_reason.as_deref(), Some("Sprint 12"));
    let (context, summary): (Option<Value>, String) = tickets::table
        .find(ticket)
        .select((tickets::context, context_summary(tickets::id)))
        .first(connection)?;
    let context = context.expect("a context");
    assert_eq!(
        context["requirements_phase"]["key_decisions"],
        json!(["Idempotency keys"])
    );
    assert!(summary.contains("- Idempotency keys"), "{summary}");
    Ok(())
}

fn many_tickets(connection: &mut PgConnection) -> Result<(), Error> {
    let titles: Vec<_> = ["One", "Two", "Three"]
        .into_iter()
        .map(|title| tickets::title.eq(title))
        .collect();
    diesel::insert_into(tickets::table)
        .values(&titles)
        .execute(connection)?;
    assert_eq!(
        tickets_in(connection, &["PHASE_BACKLOG".into(), "PHASE_DONE".into()])?.len(),
        3
    );

    // One UPDATE moves all or none.
    let move_all = |to: &str, connection: &mut PgConnection| {
        let backlog = tickets::table.filter(tickets::phase_id.eq(Phase::from("PHASE_BACKLOG")));
        let update = diesel::update(backlog).set(tickets::phase_id.eq(Phase::from(to)));
        Ok(update.execute(connection)?)
    };
    refused!(Error::InvalidTransition, move_all("PHASE_DONE", connection));
    assert_eq!(move_all("PHASE_REQUIREMENTS", connection)?, 3);
    Ok(())
}

fn nulls(connection: &mut PgConnection, ticket: Uuid) -> Result<(), Error> {
    use schema::phase_gate_artifacts::dsl::*;
    for (name, content) in [("sql null", None), ("json null", Some(Value::Null))] {
        diesel::insert_into(phase_gate_artifacts)
            .values((
                ticket_id.eq(ticket),
                phase_id.eq(Phase::from("PHASE_DESIGN")),
                artifact_type.eq(name),
                artifact_content.eq(content),
            ))
            .execute(connection)?;
    }
    let found: Vec<String> = phase_gate_artifacts
        .filter(
            phase_id
                .eq(Phase::from("PHASE_DESIGN"))
                .and(artifact_content.is_null()),
        )
        .select(artifact_type)
        .load(connection)?;
    assert_eq!(found, ["sql null"]);
    Ok(())
}

fn run(connection: &mut PgConnection) -> Result<(), Error> {
    let ticket = moves_and_refusals(connection)?;
    work_and_context(connection, ticket)?;
    many_tickets(connection)?;
    nulls(connection, ticket)
}

fn main() {
    let pooled = std::env::args().any(|argument| argument == "pooled");
    // region connect
    let mut connection = PgConnection::establish("").expect("PGHOST and so on say where");
    if pooled {
        // Behind a pooler in transaction mode the next transaction may run in another session of the server,
        // where a statement that was prepared in this one does not exist.
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    // endregion
    run(&mut connection).expect("the workflow runs");
}
