//! Runs the workflow and asserts what it leaves.

mod workflow;

use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;
use workflow::*;

macro_rules! refused {
    ($kind:path, $attempt:expr) => {
        match $attempt.await {
            Err($kind(detail)) => detail,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("not refused"),
        }
    };
}

async fn moves_and_refusals(pool: &PgPool) -> Result<Uuid, Error> {
    let ticket = create_ticket(&mut *pool.acquire().await?, "Customers are charged twice").await?;
    assert_eq!(ticket.id.get_version_num(), 7);
    assert_eq!(ticket.phase_id, "PHASE_BACKLOG".into());
    assert_eq!(ticket.context, None);

    let moved = move_ticket(pool, ticket.id, "PHASE_REQUIREMENTS", "planner").await?;
    assert_eq!(moved.phase_id, "PHASE_REQUIREMENTS".into());
    assert_eq!(moved.previous_phase_id, Some("PHASE_BACKLOG".into()));
    assert!(moved.phase_entered_at > ticket.phase_entered_at);

    let detail = refused!(
        Error::InvalidTransition,
        move_ticket(pool, ticket.id, "PHASE_DONE", "planner")
    );
    assert!(
        detail.contains("cannot move from PHASE_REQUIREMENTS to PHASE_DONE"),
        "{detail}"
    );
    let detail = refused!(
        Error::GateNotPassed,
        move_ticket(pool, ticket.id, "PHASE_DESIGN", "planner")
    );
    assert!(
        detail
            .lines()
            .any(|line| line == "The artifact \"requirements_document\" is missing."),
        "{detail}"
    );
    let stale = transition_ticket(pool, ticket.id, "PHASE_DESIGN", None, Some("PHASE_BACKLOG"));
    let detail = refused!(Error::PhaseChanged, stale);
    assert!(detail.contains("is in PHASE_REQUIREMENTS"), "{detail}");

    // A violated CHECK has the SQLSTATE of a refused move, and is none.
    let urgent = async {
        Ok::<_, Error>(
            sqlx::query("UPDATE tickets SET priority = 'URGENT'")
                .execute(pool)
                .await?,
        )
    };
    let error = refused!(Error::Database, urgent);
    assert!(
        error.to_string().contains("tickets_priority_check"),
        "{error}"
    );
    Ok(ticket.id)
}

async fn work_and_context(pool: &PgPool, ticket: Uuid) -> Result<(), Error> {
    assert!(claim_task(pool, "ada", &["juggling"]).await?.is_none());
    let task = claim_task(pool, "ada", &["analysis"])
        .await?
        .expect("a task");
    assert_eq!((task.ticket_id, task.attempt), (ticket, 1));
    let detail = refused!(
        Error::TaskNotHeld,
        complete_task(pool, &task, "bob", json!({}))
    );
    assert!(detail.contains("agent bob"), "{detail}");
    let result = json!({"context": {"key_decisions": ["Idempotency keys"]}});
    assert_eq!(
        complete_task(pool, &task, "ada", result).await?,
        "completed"
    );
    let task = claim_task(pool, "dora", &["documentation"])
        .await?
        .expect("a task");
    let content = json!({"length": 1520, "sections": ["Scope", "Acceptance criteria"]});
    let result = json!({"artifacts": [{"type": "requirements_document", "content": content}]});
    complete_task(pool, &task, "dora", result).await?;

    transition_ticket(pool, ticket, "PHASE_DESIGN", Some("Sprint 12"), None).await?;
    let entries = history(pool, ticket).await?;
    let phases: Vec<&str> = entries.iter().map(|(phase, ..)| phase.as_str()).collect();
    assert_eq!(
        phases,
        ["PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN"]
    );
    assert_eq!(entries[1].2, "planner");
    assert_eq!(entries[2].1.as_deref(), Some("Sprint 12"));
    let (context, summary): (Value, String) =
        sqlx::query_as("SELECT context, context_summary(id) FROM tickets WHERE id = $1")
            .bind(ticket)
            .fetch_one(pool)
            .await?;
    assert_eq!(
        context["requirements_phase"]["key_decisions"],
        json!(["Idempotency keys"])
    );
    assert!(summary.contains("- Idempotency keys"), "{summary}");
    Ok(())
}

async fn many_tickets(pool: &PgPool) -> Result<(), Error> {
    let mut transaction = begin_as(pool, "planner").await?;
    for n in 0..3 {
        create_ticket(&mut transaction, &format!("Ticket {n}")).await?;
    }
    transaction.commit().await?;
    assert_eq!(
        tickets_in(pool, &["PHASE_BACKLOG".into(), "PHASE_DONE".into()])
            .await?
            .len(),
        3
    );

    // One UPDATE moves all or none.
    let move_all = async |to: &str| {
        // A &str is sent as text, which can be assigned to a phase, but not be compared with one.
        let update = sqlx::query("UPDATE tickets SET phase_id = $1 WHERE phase_id = $2");
        let update = update.bind(to).bind(Phase::from("PHASE_BACKLOG"));
        Ok::<_, Error>(update.execute(pool).await?.rows_affected())
    };
    refused!(Error::InvalidTransition, move_all("PHASE_DONE"));
    assert_eq!(move_all("PHASE_REQUIREMENTS").await?, 3);
    Ok(())
}

async fn nulls(pool: &PgPool, ticket: Uuid) -> Result<(), Error> {
    for (name, content) in [("sql null", None), ("json null", Some(Value::Null))] {
        sqlx::query(
            "INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES ($1, $2, $3, $4)",
        )
        .bind(ticket)
        .bind("PHASE_DESIGN")
        .bind(name)
        .bind(content)
        .execute(pool)
        .await?;
    }
    let select = "SELECT artifact_type FROM phase_gate_artifacts WHERE phase_id = $1 AND artifact_content IS NULL";
    let found: Vec<String> = sqlx::query_scalar(select)
        .bind(Phase::from("PHASE_DESIGN"))
        .fetch_all(pool)
        .await?;
    assert_eq!(found, ["sql null"]);
    Ok(())
}

async fn run() -> Result<(), Error> {
    // PGHOST and so on say where.
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect_with(PgConnectOptions::new())
        .await?;
    let ticket = moves_and_refusals(&pool).await?;
    work_and_context(&pool, ticket).await?;
    many_tickets(&pool).await?;
    nulls(&pool, ticket).await?;
    pool.close().await;
    Ok(())
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run()).expect("the workflow runs");
}
