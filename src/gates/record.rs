//! What gates leave behind: results, superseded and collected artifacts, reviews in the queue.

use super::statements::{
    ASK_REVIEWS, COLLECT, HOLD_TICKET, OPEN_REVIEWS, STORE, STORE_NEWS, STORE_ONE, SUPERSEDE,
    SUPERSEDE_ONE,
};
use super::verdict::{Check, Outcome};
use crate::clock;
use crate::identity;
use crate::pg::error::Result;
use crate::pg::rows::Rows;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::workspace::Workspace;
use uuid::Uuid;

/// A verdict to be stored in `phase_gate_results`.
#[derive(Debug, Clone)]
pub struct GateResult {
    /// The row's id.
    pub id: Uuid,
    /// The ticket.
    pub ticket: Uuid,
    /// The phase, as an enum value.
    pub phase: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// The check as JSON text.
    pub json: String,
    /// The sentences that say what stands against it.
    pub reasons: Vec<String>,
    /// When.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// Whether the ticket is moved whatever it says: it is stored as it is, and nobody is asked for a review.
    pub overridden: bool,
    /// How many approvals are missing.
    pub missing_reviews: usize,
}

impl GateResult {
    /// The result of a check.
    pub fn new(ticket: Uuid, phase: u32, check: &Check, at: i64, by: &str) -> Self {
        let asked;
        let check = match check.outcome() {
            Outcome::Pending => {
                asked = check.clone().once_asked();
                &asked
            }
            _ => check,
        };
        GateResult {
            id: Uuid::now_v7(),
            ticket,
            phase,
            outcome: check.outcome(),
            json: check.to_json().to_string(),
            reasons: check.blocking_reasons(),
            at,
            by: by.to_owned(),
            overridden: false,
            missing_reviews: check.missing_reviews,
        }
    }
}

/// Stores results, but of those that did not pass only what the latest does not say already; where only reviews are missing, sees
/// to it that they are in the queue. Needs an open session with the owner's rights, and the tickets held.
pub fn store(workspace: &Workspace, results: &[GateResult]) -> Result<()> {
    match results {
        [] => return Ok(()),
        [one] => store_one(workspace, one)?,
        _ => store_many(workspace, results)?,
    }
    results
        .iter()
        .filter(|result| result.outcome == Outcome::Pending && !result.overridden)
        .try_for_each(|result| {
            ask_reviews(
                workspace,
                result.ticket,
                result.phase,
                result.missing_reviews,
            )
            .map(drop)
        })
}

fn store_one(workspace: &Workspace, result: &GateResult) -> Result<()> {
    let (statement, sees) = match result.outcome {
        _ if result.overridden => (&STORE_ONE, Sees::Snapshot),
        Outcome::Passed => (&STORE_ONE, Sees::Snapshot),
        _ => (&STORE_NEWS, Sees::Latest),
    };
    workspace.run(
        statement,
        &[
            Sql::Uuid(result.id),
            Sql::Uuid(result.ticket),
            Sql::Oid(result.phase),
            Sql::text(Some(result.outcome.as_str())),
            Sql::json(Some(&result.json)),
            Sql::Time(result.at),
            Sql::text(Some(&result.by)),
            Sql::Texts(result.reasons.iter().cloned().map(Some).collect()),
            Sql::text(Some(&identity::db_role())),
            Sql::text(Some(&identity::acting_role())),
        ],
        sees,
    )?;
    Ok(())
}

fn store_many(workspace: &Workspace, results: &[GateResult]) -> Result<()> {
    let texts = |of: fn(&GateResult) -> &str| {
        Sql::Texts(
            results
                .iter()
                .map(|result| Some(of(result).to_owned()))
                .collect(),
        )
    };
    let ids = |of: fn(&GateResult) -> Uuid| Sql::Uuids(results.iter().map(of).collect());
    workspace.run(
        &STORE,
        &[
            ids(|result| result.id),
            ids(|result| result.ticket),
            Sql::Enums(
                workspace.phase_type,
                results.iter().map(|result| result.phase).collect(),
            ),
            texts(|result| result.outcome.as_str()),
            texts(|result| &result.json),
            Sql::Times(results.iter().map(|result| result.at).collect()),
            texts(|result| &result.by),
            Sql::text(Some(&identity::db_role())),
            Sql::text(Some(&identity::acting_role())),
        ],
        Sees::Latest,
    )?;
    Ok(())
}

/// What came of asking for reviews.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// A review that is open.
    pub open: Option<Uuid>,
    /// How many were put into the queue.
    pub new: usize,
}

/// Sees to it that as many reviews of a ticket's phase are open as approvals are missing. Needs an open session with the
/// owner's rights and the ticket held, so that two requests at once make no more than one.
pub fn ask_reviews(
    workspace: &Workspace,
    ticket: Uuid,
    phase: u32,
    missing: usize,
) -> Result<Asked> {
    let of_phase = [Sql::Uuid(ticket), Sql::Oid(phase)];
    let open = workspace.run(&OPEN_REVIEWS, &of_phase, Sees::Latest)?;
    let first = open.first().and_then(|row| row.uuid(1));
    let new: Vec<Uuid> = (open.len()..missing).map(|_| Uuid::now_v7()).collect();
    let asked = Asked {
        open: first.or(new.first().copied()),
        new: new.len(),
    };
    if !new.is_empty() {
        let [ticket, phase] = of_phase;
        let arguments = [Sql::Uuids(new), ticket, phase, Sql::Time(clock::now())];
        workspace.run(&ASK_REVIEWS, &arguments, Sees::Latest)?;
    }
    Ok(asked)
}

/// Marks the artifacts of these phases of these tickets as superseded. Needs an open session with the owner's rights.
pub fn supersede(workspace: &Workspace, regressions: &[(Uuid, &[u32])], at: i64) -> Result<()> {
    let enums = |phases| Sql::Enums(workspace.phase_type, phases);
    let (statement, tickets, phases) = match regressions {
        [] => return Ok(()),
        [(ticket, phases)] => (&SUPERSEDE_ONE, Sql::Uuid(*ticket), enums(phases.to_vec())),
        _ => {
            let pairs = regressions
                .iter()
                .flat_map(|(ticket, phases)| phases.iter().map(|phase| (*ticket, *phase)));
            let (tickets, phases) = pairs.unzip();
            (&SUPERSEDE, Sql::Uuids(tickets), enums(phases))
        }
    };
    // Also what was handed in since a REPEATABLE READ transaction began.
    workspace.run(statement, &[tickets, phases, Sql::Time(at)], Sees::Latest)?;
    Ok(())
}

/// Holds the ticket until the transaction ends, so that its evidence changes and is judged by one at a time;
/// gives when the phase was reviewed last. Nothing where the ticket is gone.
pub fn hold(
    workspace: &Workspace,
    ticket: Option<Uuid>,
    phase: Option<u32>,
) -> Result<Option<i64>> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let arguments = [Sql::uuid(ticket), phase.map_or(Sql::Null, Sql::Oid)];
    let rows = workspace.run(&HOLD_TICKET, &arguments, Sees::Snapshot)?;
    Ok(rows.first().and_then(|row| row.big(1)))
}

/// Collects artifacts from completed tasks' results: of one phase or task, or of all. Gives the new ones.
/// Needs an open session with the owner's rights, and the ticket held where others may collect at the same time.
pub fn collect(
    workspace: &Workspace,
    ticket: Uuid,
    phase: Option<u32>,
    task: Option<Uuid>,
) -> Result<Rows> {
    workspace.run(
        &COLLECT,
        &[
            Sql::Uuid(ticket),
            phase.map_or(Sql::Null, Sql::Oid),
            Sql::uuid(task),
        ],
        Sees::Latest,
    )
}
