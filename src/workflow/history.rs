//! The history of moves, written when their statement has moved its tickets.

use super::attribution::Attribution;
use super::moves::{Artifacts, Move};
use super::statements::{RECORD_GIVEN, RECORD_MANY, RECORD_ONE};
use crate::error::{Code, Error};
use crate::limits;
use crate::pg::error::Result;
use crate::pg::rows::Rows;
use crate::pg::server;
use crate::pg::spi::Sees;
use crate::pg::value::Value;
use crate::workspace::Workspace;

/// Writes the history of moves that share an attribution, with one statement. Needs an open session with the owner's rights.
pub fn write(workspace: &Workspace, moves: &[Move]) -> Result<()> {
    if let Some(first) = moves.first() {
        require_sizes(&first.attribution)?;
    }
    let rows = match moves {
        [] => return Ok(()),
        [one] => write_one(workspace, one)?,
        [first, ..] => write_many(workspace, &first.attribution, moves)?,
    };
    if rows.len() == moves.len() {
        return Ok(());
    }
    // A trigger or rule of the owner's on phase_history kept rows out. Moves without history are no moves.
    Err(
        Error::new(Code::HistoryNotWritten, "phase history was not written")
            .detail(format!(
                "{} of {} rows reached {}.phase_history.",
                rows.len(),
                moves.len(),
                workspace.name
            ))
            .hint("Look for triggers or rules on phase_history that suppress rows."),
    )
}

/// What is given with a move is no larger than it may be. What the phase left has is bounded where it is listed.
fn require_sizes(attribution: &Attribution) -> Result<()> {
    let size = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    for (column, size, limit) in [
        (
            "transition_reason",
            size(&attribution.reason),
            limits::MESSAGE,
        ),
        ("transitioned_by", attribution.actor.len(), limits::NAME),
        ("artifacts", size(&attribution.artifacts), limits::DOCUMENT),
    ] {
        if size > limit {
            return Err(Error::larger_than(column, size, limit));
        }
    }
    Ok(())
}

/// An enum value, or NULL.
fn phase<'v>(oid: u32) -> Value<'v> {
    match oid {
        0 => Value::Null,
        oid => Value::Oid(oid),
    }
}

fn attributed(attribution: &Attribution) -> [Value<'_>; 4] {
    [
        Value::text(attribution.reason.as_deref()),
        Value::text(Some(&attribution.actor)),
        Value::text(Some(&attribution.db_role)),
        Value::text(Some(&attribution.acting_role)),
    ]
}

impl Move {
    /// The artifacts that the decision saw.
    fn seen(&self) -> Option<&str> {
        match &self.artifacts {
            Artifacts::Seen(seen) => Some(seen),
            Artifacts::None | Artifacts::Unseen => None,
        }
    }

    /// The phase whose artifacts are still to be looked up, as an enum value; 0 where that is none.
    fn unseen(&self) -> u32 {
        match self.artifacts {
            Artifacts::Unseen if self.attribution.artifacts.is_none() => self.left,
            _ => 0,
        }
    }
}

fn write_one(workspace: &Workspace, one: &Move) -> Result<Rows> {
    let [reason, actor, db_role, acting_role] = attributed(&one.attribution);
    let (statement, last) = match one.unseen() {
        0 => {
            let given = one.attribution.artifacts.as_deref();
            (&RECORD_GIVEN, Value::json(given.or(one.seen())))
        }
        left => (&RECORD_ONE, Value::Oid(left)),
    };
    let arguments = [
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
        Value::Bool(one.attribution.forced),
    ];
    workspace.run(statement, &arguments, Sees::Latest)
}

fn write_many(workspace: &Workspace, attribution: &Attribution, moves: &[Move]) -> Result<Rows> {
    let [reason, actor, db_role, acting_role] = attributed(attribution);
    let phases =
        |of: fn(&Move) -> u32| Value::Enums(workspace.phase_type, moves.iter().map(of).collect());
    let seen = moves.iter().map(|one| one.seen().map(str::to_owned));
    // An array of ids holds no NULL; none is the nil id, which the statement turns into NULL.
    let results = moves.iter().map(|one| one.gate_result.unwrap_or_default());
    let arguments = [
        Value::Uuids(moves.iter().map(|one| one.history_id).collect()),
        Value::Uuids(moves.iter().map(|one| one.ticket).collect()),
        phases(|one| one.from),
        phases(|one| one.to),
        Value::Times(moves.iter().map(|one| one.at).collect()),
        reason,
        actor,
        db_role,
        Value::json(attribution.artifacts.as_deref()),
        Value::Texts(seen.collect()),
        phases(Move::unseen),
        Value::Uuids(results.collect()),
        acting_role,
        Value::Big(server::system_identifier()),
        Value::Bool(attribution.forced),
    ];
    workspace.run(&RECORD_MANY, &arguments, Sees::Latest)
}
