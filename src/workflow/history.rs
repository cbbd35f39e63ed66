//! The history of moves, written when their statement has moved its tickets.

use super::attribution::Attribution;
use super::moves::Move;
use super::statements::{RECORD_GIVEN, RECORD_MANY, RECORD_ONE};
use crate::error::{Code, Error};
use crate::pg::append::{Column, Known, Shape};
use crate::pg::error::Result;
use crate::pg::spi::Sees;
use crate::pg::value::{Type, Value};
use crate::workspace::Workspace;

const fn column(name: &'static str, kind: Type) -> Column {
    Column {
        name,
        kind,
        most: None,
    }
}

/// `phase_history`, as rows can be appended to it: first what is of each move, then what moves share.
static SHAPE: Shape = Shape {
    columns: &[
        column("id", Type::Uuid),
        column("ticket_id", Type::Uuid),
        column("from_phase", Type::Phase),
        column("to_phase", Type::Phase),
        column("created_at", Type::Time),
        column("gate_result_id", Type::Uuid),
        column("transition_reason", Type::Text),
        Column {
            name: "transitioned_by",
            kind: Type::Text,
            most: Some(255),
        },
        column("db_role", Type::Name),
        column("artifacts", Type::Json),
    ],
    parent: "ticket_id",
    guard: "owner_only",
};

thread_local! {
    static KNOWN: Known = Known::default();
}

/// An enum value, or NULL.
fn phase<'v>(oid: u32) -> Value<'v> {
    match oid {
        0 => Value::Null,
        oid => Value::Oid(oid),
    }
}

/// Appends the rows without a statement, if nothing has to be looked up for them; false where it has.
///
/// That the tickets are there need not be looked up: each row was written by the statement at hand, and no command has
/// written anything since. Nobody else can delete them before this transaction ends.
fn append(workspace: &Workspace, moves: &[Move], command: u32) -> Result<bool> {
    let is_certain = |one: &Move| {
        let artifacts_known = one.barren || one.left == 0 || one.attribution.artifacts.is_some();
        one.table == workspace.tickets && one.command == command && artifacts_known
    };
    let Some(first) = moves.first() else {
        return Ok(true);
    };
    if !moves.iter().all(is_certain) {
        return Ok(false);
    }
    let table = workspace.table("phase_history")?;
    let plain =
        KNOWN.with(|known| known.plain(table, workspace.tickets, workspace.phase_type, &SHAPE))?;
    let Some(plain) = plain.as_ref() else {
        return Ok(false);
    };
    let [reason, actor, db_role, artifacts] = attributed(&first.attribution);
    let db_role = match db_role {
        Value::Text(name) => Value::Name(name),
        other => other,
    };
    plain.append(
        &SHAPE,
        moves.iter().map(|one| {
            [
                Value::Uuid(one.history_id),
                Value::Uuid(one.ticket),
                phase(one.from),
                phase(one.to),
                Value::Time(one.at),
                Value::uuid(one.gate_result),
            ]
        }),
        &[reason, actor, db_role, artifacts],
    )
}

fn attributed(attribution: &Attribution) -> [Value<'_>; 4] {
    [
        Value::text(attribution.reason.as_deref()),
        Value::text(Some(&attribution.actor)),
        Value::text(Some(&attribution.db_role)),
        Value::json(attribution.artifacts.as_deref()),
    ]
}

/// Writes the history of moves that share an attribution, with the artifacts that the decisions saw. `command` is that
/// of the moment at which the statement's rows were all written.
pub fn write(workspace: &Workspace, moves: &[Move], command: u32) -> Result<()> {
    if append(workspace, moves, command)? {
        return Ok(());
    }
    let rows = match moves {
        [] => return Ok(()),
        [one] => {
            let [reason, actor, db_role, artifacts] = attributed(&one.attribution);
            // A given list of artifacts stands for itself, as nothing does.
            let (statement, last) = if one.barren || one.attribution.artifacts.is_some() {
                (&RECORD_GIVEN, artifacts)
            } else {
                (&RECORD_ONE, phase(one.left))
            };
            workspace.run(
                statement,
                &[
                    Value::Uuid(one.history_id),
                    Value::Uuid(one.ticket),
                    phase(one.from),
                    phase(one.to),
                    Value::Time(one.at),
                    reason,
                    actor,
                    db_role,
                    Value::uuid(one.gate_result),
                    last,
                ],
                Sees::Latest,
            )?
        }
        [first, ..] => {
            let [reason, actor, db_role, artifacts] = attributed(&first.attribution);
            let phases = |of: fn(&Move) -> u32| {
                Value::Enums(workspace.phase_type, moves.iter().map(of).collect())
            };
            workspace.run(
                &RECORD_MANY,
                &[
                    Value::Uuids(moves.iter().map(|one| one.history_id).collect()),
                    Value::Uuids(moves.iter().map(|one| one.ticket).collect()),
                    phases(|one| one.from),
                    phases(|one| one.to),
                    Value::Times(moves.iter().map(|one| one.at).collect()),
                    reason,
                    actor,
                    db_role,
                    artifacts,
                    phases(|one| if one.barren { 0 } else { one.left }),
                    // An array of ids holds no NULL; none is the nil id, which the statement turns into NULL.
                    Value::Uuids(
                        moves
                            .iter()
                            .map(|one| one.gate_result.unwrap_or_default())
                            .collect(),
                    ),
                ],
                Sees::Latest,
            )?
        }
    };
    if rows.len() == moves.len() {
        return Ok(());
    }
    // A trigger or rule of the owner's on phase_history kept rows out. Moves without history are no moves.
    Err(Error::new(
        Code::NotInPrerequisiteState,
        "phase history was not written",
    )
    .detail(format!(
        "{} of {} rows reached {}.phase_history.",
        rows.len(),
        moves.len(),
        workspace.name
    ))
    .hint("Look for triggers or rules on phase_history that suppress rows."))
}
