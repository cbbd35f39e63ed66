//! The history of moves, written when their statement has moved its tickets.

use super::attribution::Attribution;
use super::moves::{Artifacts, Move};
use super::statements::{RECORD_GIVEN, RECORD_MANY, RECORD_ONE};
use crate::error::{Code, Error};
use crate::pg::append::{Column, Parent, Shape};
use crate::pg::error::Result;
use crate::pg::server;
use crate::pg::spi::Sees;
use crate::pg::value::{Type, Value};
use crate::workspace::Workspace;

/// `phase_history`, as rows can be appended to it: first what is of each move, then what moves share.
static SHAPE: Shape = Shape {
    table: "phase_history",
    columns: &[
        Column::of("id", Type::Uuid),
        Column::of("ticket_id", Type::Uuid),
        Column::of("from_phase", Type::Phase),
        Column::of("to_phase", Type::Phase),
        Column::of("created_at", Type::Time),
        Column::of("gate_result_id", Type::Uuid),
        Column::of("artifacts", Type::Json),
        Column::of("transition_reason", Type::Text),
        Column::varchar("transitioned_by", 255),
        Column::of("db_role", Type::Name),
    ],
    parent: "ticket_id",
    guard: Some("_owner_only"),
};

/// An enum value, or NULL.
fn phase<'v>(oid: u32) -> Value<'v> {
    match oid {
        0 => Value::Null,
        oid => Value::Oid(oid),
    }
}

/// Appends the rows without a statement, if nothing has to be looked up for them; false where it has.
fn append(workspace: &Workspace, moves: &[Move], now: Parent) -> Result<bool> {
    let is_known = |one: &Move| {
        one.row.is_there(now)
            && (one.artifacts != Artifacts::Unseen || one.attribution.artifacts.is_some())
    };
    let Some(first) = moves.first() else {
        return Ok(true);
    };
    if !moves.iter().all(is_known) {
        return Ok(false);
    }
    let [reason, actor, db_role, _] = attributed(&first.attribution);
    let db_role = match db_role {
        Value::Text(name) => Value::Name(name),
        other => other,
    };
    workspace.append(
        &SHAPE,
        now,
        moves.iter().map(|one| {
            [
                Value::Uuid(one.history_id),
                Value::Uuid(one.ticket),
                phase(one.from),
                phase(one.to),
                Value::Time(one.at),
                Value::uuid(one.gate_result),
                artifacts(one),
            ]
        }),
        &[reason, actor, db_role],
    )
}

fn attributed(attribution: &Attribution) -> [Value<'_>; 4] {
    [
        Value::text(attribution.reason.as_deref()),
        Value::text(Some(&attribution.actor)),
        Value::text(Some(&attribution.db_role)),
        Value::text(Some(&attribution.acting_role)),
    ]
}

/// The artifacts that a move's history names, as far as they are known: a given list stands for itself.
fn artifacts(one: &Move) -> Value<'_> {
    let seen = match &one.artifacts {
        Artifacts::Seen(seen) => Some(seen.as_str()),
        Artifacts::None | Artifacts::Unseen => None,
    };
    Value::json(one.attribution.artifacts.as_deref().or(seen))
}

/// Writes the history of moves that share an attribution, with the artifacts that the decisions saw. `now` is as of when
/// the statement's rows were all written.
pub fn write(workspace: &Workspace, moves: &[Move], now: Parent) -> Result<()> {
    if append(workspace, moves, now)? {
        return Ok(());
    }
    let rows = match moves {
        [] => return Ok(()),
        [one] => {
            let [reason, actor, db_role, acting_role] = attributed(&one.attribution);
            let is_unseen =
                one.artifacts == Artifacts::Unseen && one.attribution.artifacts.is_none();
            let (statement, last) = if is_unseen {
                (&RECORD_ONE, phase(one.left))
            } else {
                (&RECORD_GIVEN, artifacts(one))
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
                    acting_role,
                    Value::Big(server::system_identifier()),
                ],
                Sees::Latest,
            )?
        }
        [first, ..] => {
            let [reason, actor, db_role, acting_role] = attributed(&first.attribution);
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
                    Value::json(first.attribution.artifacts.as_deref()),
                    phases(|one| match one.artifacts {
                        Artifacts::None => 0,
                        Artifacts::Seen(_) | Artifacts::Unseen => one.left,
                    }),
                    // An array of ids holds no NULL; none is the nil id, which the statement turns into NULL.
                    Value::Uuids(
                        moves
                            .iter()
                            .map(|one| one.gate_result.unwrap_or_default())
                            .collect(),
                    ),
                    acting_role,
                    Value::Big(server::system_identifier()),
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
