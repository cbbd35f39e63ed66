//! The statements about the tasks of tickets that stop and go on. They run with the owner's rights, and the tickets held:
//! whoever holds a ticket passes by the tasks that somebody else is at just now, who may be waiting for it.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// The open work and reviews of tickets ($1) in other phases than the one entered ($2), as far as nobody is at them.
macro_rules! open {
    () => {
        "k.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT o.id FROM {ws}.tasks o
                  WHERE o.ticket_id OPERATOR(pg_catalog.=) ANY ($1) AND o.phase_id OPERATOR(pg_catalog.<>) $2
                    AND o.kind OPERATOR(pg_catalog.<>) 'summary'
                    AND o.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}'::pg_catalog.text[])
                    FOR NO KEY UPDATE SKIP LOCKED))"
    };
}

/// Puts the tasks of tickets on hold.
pub static PUT_ON_HOLD: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k SET on_hold = true WHERE NOT k.on_hold AND ",
        open!()
    ),
    parameters: &[Type::Uuids, Type::Phase],
};

/// Cancels the tasks of tickets, and says why ($3).
pub static CANCEL_OPEN: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k SET status = 'cancelled', error_message = $3 WHERE ",
        open!()
    ),
    parameters: &[Type::Uuids, Type::Phase, Type::Text],
};

/// Lets the tasks of tickets ($1) go that are on hold. Of those that an agent holds, as far as nobody is at them: one that is passed by
/// is looked at again when its agent gives it back. Of the others it waits for who has locked one, in the order of their ids: he may
/// leave it as it is, and then nobody would come by it again. Agents do not lock such a task, since no claim gives it to them.
pub static LET_GO: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET on_hold = false
           WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT o.id FROM {ws}.tasks o
                  WHERE o.ticket_id OPERATOR(pg_catalog.=) ANY ($1) AND o.on_hold
                    AND o.status OPERATOR(pg_catalog.<>) 'pending'
                    FOR NO KEY UPDATE SKIP LOCKED)
                 OPERATOR(pg_catalog.||) ARRAY(
                 SELECT o.id FROM {ws}.tasks o
                  WHERE o.ticket_id OPERATOR(pg_catalog.=) ANY ($1) AND o.on_hold
                    AND o.status OPERATOR(pg_catalog.=) 'pending'
                  ORDER BY o.id
                    FOR NO KEY UPDATE))",
    parameters: &[Type::Uuids],
};

/// Holds the tickets of those of these tasks ($1) that an agent ($2) has, in the order of their ids.
pub static HOLD_TICKETS_OF_TASKS: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT DISTINCT k.ticket_id FROM {ws}.tasks k
                  WHERE k.id OPERATOR(pg_catalog.=) ANY ($1) AND k.assigned_agent_id OPERATOR(pg_catalog.=) $2))
           ORDER BY t.{ticket.id}
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuids, Type::Text],
};

/// Holds those of tickets ($1) that nobody else holds, and gives the phases that they are in.
pub static HOLD_PHASES: Statement = Statement {
    sql: "SELECT t.{ticket.id}, t.{ticket.phase_id} FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)
             FOR NO KEY UPDATE SKIP LOCKED",
    parameters: &[Type::Uuids],
};

/// Puts tasks ($1) that were claimed just now off to a time ($2).
pub static PUT_OFF: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET status = 'pending', scheduled_at = $2 WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[Type::Uuids, Type::Time],
};

/// Holds a ticket ($1) that nobody else holds, and gives the phase that it is in.
pub static HOLD_FREE: Statement = Statement {
    sql: "SELECT t.{ticket.phase_id} FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $1
             FOR NO KEY UPDATE SKIP LOCKED",
    parameters: &[Type::Uuid],
};

/// Puts tasks ($1) that were claimed just now back into the queue, on hold.
pub static PUT_BACK: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET status = 'pending', on_hold = true WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[Type::Uuids],
};

/// Cancels tasks ($1), and says why ($2).
pub static CANCEL_MANY: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET status = 'cancelled', error_message = $2 WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[Type::Uuids, Type::Text],
};

/// Keeps the tickets of tasks ($1) from being deleted, before the tasks are changed, in the order of the tickets' ids: who deletes
/// a ticket holds it and then wants its tasks, and the agent at one of them may want the ticket later in its transaction.
pub static KEEP_TICKETS_OF_TASKS: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT k.ticket_id FROM {ws}.tasks k WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)))
           ORDER BY t.{ticket.id}
             FOR KEY SHARE",
    parameters: &[Type::Uuids],
};

/// The same for one task ($1), cheaper to start.
pub static KEEP_TICKET_OF_TASK: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) (SELECT k.ticket_id FROM {ws}.tasks k WHERE k.id OPERATOR(pg_catalog.=) $1)
             FOR KEY SHARE",
    parameters: &[Type::Uuid],
};

/// Keeps those of tickets ($1) from being deleted that nobody is deleting, and gives their ids.
pub static KEEP_TICKETS: Statement = Statement {
    sql: "SELECT t.{ticket.id} FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)
             FOR KEY SHARE SKIP LOCKED",
    parameters: &[Type::Uuids],
};

/// Holds the ticket of a task ($1), before the task itself is.
pub static HOLD_TICKET_OF_TASK: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) (SELECT k.ticket_id FROM {ws}.tasks k WHERE k.id OPERATOR(pg_catalog.=) $1)
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuid],
};
