//! The statements that claim tasks. They run under [`crate::by_index::ByIndex`], with the caller's rights.

use super::queue::TASK_COLUMNS;
use crate::pg::value::Type;
use crate::workspace::Statement;

/// Where a task stands in the queue; the same expression as in the index `tasks_claimable`.
macro_rules! rank {
    ($row:literal) => {
        concat!(
            "pg_catalog.array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::pg_catalog.text[], ",
            $row,
            ".priority::pg_catalog.text)"
        )
    };
}

/// The column of a claim's row that holds the ticket's context; attempt and title stand before it.
pub const CLAIMED_CONTEXT: i16 = TASK_COLUMNS + 3;
/// The column of a claim's row that holds the task's phase as an enum value.
pub const CLAIMED_PHASE: i16 = TASK_COLUMNS + 4;
/// The column of a claim's row that holds where the task's priority stands in the queue.
pub const CLAIMED_RANK: i16 = TASK_COLUMNS + 5;
/// The column of a claim's row that holds the phase that the ticket is in.
pub const CLAIMED_PRESENT: i16 = TASK_COLUMNS + 6;

/// Whether a task can be claimed now, as the predicate of the index `tasks_claimable`.
macro_rules! claimable {
    () => {
        "k.status OPERATOR(pg_catalog.=) 'pending'
                 AND k.pending_dependencies OPERATOR(pg_catalog.=) 0
                 AND k.scheduled_at IS NULL
                 AND NOT k.on_hold"
    };
}

/// The same in words that no index's predicate follows from: for a row that is found by its id.
///
/// A plan is kept from when the table was small, and one partial index would then look as good as another.
macro_rules! still_claimable {
    () => {
        concat!("coalesce(", claimable!(), ", true)")
    };
}

/// The same as the predicate of the index `tasks_claimable_groups`, in words of its own for the same reason.
macro_rules! grouped {
    () => {
        concat!("coalesce(", claimable!(), ", false)")
    };
}

/// What tasks of one phase and kind require, in the words of the index `tasks_claimable_groups`.
macro_rules! needs {
    () => {
        "coalesce(pg_catalog.jsonb_hash_extended(k.required_capabilities, 0), 0)"
    };
}

/// Where a row stands in the index `tasks_claimable_groups`, up to its group.
macro_rules! group {
    () => {
        concat!("ROW(k.kind, k.phase_id, ", needs!(), ")")
    };
}

/// The order of the index `tasks_claimable_groups`.
macro_rules! place {
    () => {
        concat!(
            "k.kind, k.phase_id, ",
            needs!(),
            ", ",
            rank!("k"),
            ", k.created_at, k.id"
        )
    };
}

/// Whether the row `$row` fits a claim by its kind, phase and capabilities.
macro_rules! fits {
    ($row:literal) => {
        concat!(
            $row,
            ".kind OPERATOR(pg_catalog.=) ANY ($4)
                 AND ($3 IS NULL OR ",
            $row,
            ".phase_id OPERATOR(pg_catalog.=) ANY ($3))
                 AND (",
            $row,
            ".required_capabilities IS NULL
                      OR ",
            $row,
            ".required_capabilities OPERATOR(pg_catalog.<@) $2)"
        )
    };
}

/// Whether the agent may take the row `$row`: its ticket is there for them, and they review neither their own work nor what
/// they have approved.
macro_rules! may_take {
    ($row:literal) => {
        concat!(
            visible!($row),
            "
                 AND (",
            $row,
            ".kind OPERATOR(pg_catalog.<>) 'review'
                      OR NOT phasegate.took_part(",
            $row,
            ".ticket_id, pg_catalog.textin(pg_catalog.enum_out(",
            $row,
            ".phase_id)), $1)
                         AND NOT phasegate._has_approved(",
            $row,
            ".ticket_id, pg_catalog.textin(pg_catalog.enum_out(",
            $row,
            ".phase_id)), $1))"
        )
    };
}

/// Takes the best of the rows `o`, which come in order; `$5` counts.
///
/// Found by a range of ids rather than by equality, so that no plan but a loop over `o` exists: it stops at
/// the last row that it needs, and keeps the order.
macro_rules! take {
    () => {
        concat!(
            "k.id OPERATOR(pg_catalog.>=) o.id AND k.id OPERATOR(pg_catalog.<=) o.id
                 AND ",
            still_claimable!(),
            "
               ORDER BY o.rank, o.created_at, o.id
               LIMIT $5
                 FOR NO KEY UPDATE OF k SKIP LOCKED"
        )
    };
}

/// Claims tasks, given their ids; gives them with what is wanted of their tickets.
///
/// The ticket is asked for by subqueries, so that no join can be planned in an index's place.
macro_rules! claim {
    ($ids:expr, $agent:literal, $lease:literal) => {
        concat!(
            "UPDATE {ws}.tasks k
                SET status = 'assigned', assigned_agent_id = ",
            $agent,
            ", lease_expires_at = ",
            $lease,
            "
              WHERE k.id OPERATOR(pg_catalog.=) ",
            $ids,
            "
          RETURNING ",
            task_columns!("k"),
            ", k.attempts,
                    (SELECT t.{ticket.title}::pg_catalog.text FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) k.ticket_id),
                    (SELECT t.{ticket.context} FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) k.ticket_id),
                    k.phase_id, ",
            rank!("k"),
            ",
                    (SELECT t.{ticket.phase_id} FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) k.ticket_id)"
        )
    };
}

/// The choice of a claim, best first, among the first `$9` tasks of the queue: the index `tasks_claimable` read in order, up to
/// the last row that is needed. None while leases that ran out or times that came are still to be looked at, unless `$8`.
///
/// What a task and its claimer must be is one expression, so that it is asked in this order: who took part costs the most.
///
/// It stands in a CTE of its own, because a subquery with LIMIT and SKIP LOCKED may be run more than once
/// by the plan around it, or by a rule, and then claim too much.
macro_rules! best {
    () => {
        concat!(
            "WITH best AS MATERIALIZED (
              SELECT k.id, k.ticket_id
                FROM (SELECT k.id, k.ticket_id, k.phase_id, k.kind, k.required_capabilities, ",
            rank!("k"),
            " AS rank, k.created_at
                        FROM {ws}.tasks k
                       WHERE ",
            claimable!(),
            "
                       ORDER BY ",
            rank!("k"),
            ", k.created_at, k.id
                       LIMIT $9) o,
                     {ws}.tasks k
               WHERE coalesce(",
            fits!("o"),
            "
                     AND ",
            may_take!("o"),
            ", false)
                 AND ($8 OR NOT EXISTS (
                      SELECT 1 FROM {ws}.tasks e
                       WHERE coalesce(e.lease_expires_at, e.scheduled_at) OPERATOR(pg_catalog.<=) $6))
                 AND ",
            take!(),
            ")
          "
        )
    };
}

/// The parameters of a choice: agent, capabilities, phases, kinds, count, now.
macro_rules! choice_parameters {
    ($($more:expr),*) => {
        &[
            Type::Text,
            Type::Json,
            Type::Phases,
            Type::Texts,
            Type::Big,
            Type::Time,
            $($more),*
        ]
    };
}

/// Claims the best of the first tasks of the queue; where what fits stands further back, it is found by [`CHOOSE_BY_GROUP`].
/// After the parameters of every choice: the lease's end, whether to claim though leases ran out or times came (so that
/// [`super::TIDY`] would find something), and how many tasks to look at.
///
/// The ticket of each is looked up once. It is joined to what was chosen before the tasks are found by a range of ids, so that
/// here too no plan but loops by index exists.
pub static CLAIM: Statement = Statement {
    sql: concat!(
        best!(),
        ", chosen AS MATERIALIZED (
              SELECT b.id, t.title, t.context, t.phase_id
                FROM best b
                LEFT JOIN LATERAL (
                     SELECT t.{ticket.title}::pg_catalog.text AS title, t.{ticket.context} AS context, t.{ticket.phase_id} AS phase_id
                       FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) b.ticket_id OFFSET 0) t ON true)
          UPDATE {ws}.tasks k
             SET status = 'assigned', assigned_agent_id = $1, lease_expires_at = $7
            FROM chosen c
           WHERE k.id OPERATOR(pg_catalog.>=) c.id AND k.id OPERATOR(pg_catalog.<=) c.id
       RETURNING ",
        task_columns!("k"),
        ", k.attempts, c.title, c.context, k.phase_id, ",
        rank!("k"),
        ", c.phase_id"
    ),
    parameters: choice_parameters![Type::Time, Type::Bool, Type::Big],
};

/// As [`CLAIM`] for a single task, cheaper to start.
pub static CLAIM_ONE: Statement = Statement {
    sql: concat!(best!(), claim!("(SELECT best.id FROM best)", "$1", "$7")),
    parameters: choice_parameters![Type::Time, Type::Bool, Type::Big],
};

/// Claims the tasks of these ids ($1), which are held: for an agent ($2), with this end of the lease ($3).
pub static CLAIM_CHOSEN: Statement = Statement {
    sql: claim!("ANY ($1)", "$2", "$3"),
    parameters: &[Type::Uuids, Type::Text, Type::Time],
};

/// Whether there are too many groups to ask each.
macro_rules! many {
    () => {
        "EXISTS (SELECT 1 FROM groups m WHERE m.number OPERATOR(pg_catalog.>=) 1000)"
    };
}

/// Chooses the best tasks wherever they stand in the queue, at a cost that does not grow with it, and holds them. Gives
/// their ids, and whether there may be more than it looked at: a row with that alone where there is no task.
///
/// The waiting tasks fall into groups that are alike in kind, phase and required capabilities; there are few.
/// The index `tasks_claimable_groups` is asked for one group after the other, then for the first tasks
/// of each that fits, some more than wanted (`$7`) since others may hold some of them. No task is taken that
/// comes after what was seen of any group, or it might not be the best. Where more than was seen is in a group,
/// or groups are many, or policies on `tasks` ($8) keep the index from being used, the last column is
/// true, and reading the queue in order remains if too few were claimed.
pub static CHOOSE_BY_GROUP: Statement = Statement {
    sql: concat!(
        "WITH RECURSIVE groups AS (
              (SELECT 1 AS number, k.kind, k.phase_id, ", needs!(), " AS needs, k.required_capabilities
                 FROM {ws}.tasks k
                WHERE ", grouped!(), "
                  AND NOT pg_catalog.row_security_active($8)
                ORDER BY k.kind, k.phase_id, ", needs!(), "
                LIMIT 1)
              UNION ALL
              SELECT g.number OPERATOR(pg_catalog.+) 1, n.*
                FROM groups g
               CROSS JOIN LATERAL (
                     SELECT k.kind, k.phase_id, ", needs!(), " AS needs, k.required_capabilities
                       FROM {ws}.tasks k
                      WHERE ", grouped!(), "
                        AND ", group!(), " OPERATOR(pg_catalog.>) ROW(g.kind, g.phase_id, g.needs)
                      ORDER BY k.kind, k.phase_id, ", needs!(), "
                      LIMIT 1) n
               WHERE g.number OPERATOR(pg_catalog.<) 1000),
          heads AS MATERIALIZED (
              SELECT h.*
                FROM groups g
               CROSS JOIN LATERAL (
                     SELECT k.id, ", rank!("k"), " AS rank, k.created_at,
                            pg_catalog.row_number() OVER (ORDER BY ", place!(), ") AS place
                       FROM {ws}.tasks k
                      WHERE ", grouped!(), "
                        AND ", group!(), " OPERATOR(pg_catalog.>=) ROW(g.kind, g.phase_id, g.needs)
                        AND ", group!(), " OPERATOR(pg_catalog.<=) ROW(g.kind, g.phase_id, g.needs)
                        AND ", may_take!("k"), "
                      ORDER BY ", place!(), "
                      LIMIT $7) h
               WHERE ", fits!("g"), "
                 AND NOT ", many!(), "),
          seen AS MATERIALIZED (
              SELECT h.rank, h.created_at, h.id
                FROM heads h
               WHERE h.place OPERATOR(pg_catalog.=) $7
               ORDER BY h.rank, h.created_at, h.id
               LIMIT 1),
          best AS MATERIALIZED (
              SELECT k.id
                FROM (SELECT h.id, h.rank, h.created_at
                        FROM heads h
                        LEFT JOIN seen s ON true
                       WHERE s.id IS NULL
                          OR ROW(h.rank, h.created_at, h.id) OPERATOR(pg_catalog.<=) ROW(s.rank, s.created_at, s.id)
                       ORDER BY h.rank, h.created_at, h.id) o,
                     {ws}.tasks k
               WHERE ", take!(), ")
          SELECT best.id, p.part
            FROM (SELECT pg_catalog.row_security_active($8)
                         OR ", many!(), "
                         OR EXISTS (SELECT 1 FROM seen) AS part) p
            LEFT JOIN best ON true"
    ),
    parameters: choice_parameters![Type::Big, Type::Oid],
};
