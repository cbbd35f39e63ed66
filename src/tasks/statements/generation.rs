//! The statements of templates and generation.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// The templates of a workspace, in the order in which tasks are generated.
pub static TEMPLATES: Statement = Statement {
    sql: "SELECT p.id, p.phase_id, p.task_type::pg_catalog.text, p.template_description,
                 p.default_priority::pg_catalog.text, p.required_capabilities, p.dependencies_template, p.is_active
            FROM {ws}.task_templates p
           ORDER BY p.phase_id, pg_catalog.array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::pg_catalog.text[],
                                            coalesce(p.default_priority, 'MEDIUM')::pg_catalog.text),
                    p.created_at, p.id",
    parameters: &[],
};

/// The active templates of a phase as `task_template` rows, in the order in which tasks are generated.
pub static TEMPLATES_OF_PHASE: Statement = Statement {
    sql: "SELECT p.id, pg_catalog.textin(pg_catalog.enum_out(p.phase_id)), p.task_type::pg_catalog.text, p.template_description,
                 p.default_priority::pg_catalog.text, p.required_capabilities, p.dependencies_template,
                 p.is_active, p.created_at
            FROM {ws}.task_templates p
           WHERE p.phase_id OPERATOR(pg_catalog.=) $1 AND p.is_active
           ORDER BY pg_catalog.array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::pg_catalog.text[],
                                            coalesce(p.default_priority, 'MEDIUM')::pg_catalog.text),
                    p.created_at, p.id",
    parameters: &[Type::Phase],
};

/// The ticket, if the caller may see it: its phase.
pub static TICKET_PHASE: Statement = Statement {
    sql: "SELECT t.{ticket.phase_id} FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

/// Holds tickets, in the order of their ids.
pub static LOCK_TICKETS: Statement = Statement {
    sql: "SELECT t.{ticket.phase_id} FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)
           ORDER BY t.{ticket.id}
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuids],
};

/// The columns of [`ENTERED`] after the first.
macro_rules! entered {
    () => {
        "t.{ticket.title}, t.{ticket.description}, t.{ticket.priority}::pg_catalog.text, pg_catalog.textin(pg_catalog.enum_out(t.{ticket.previous_phase_id})),
                 t.{ticket.context_summary}, k.id, k.task_type::pg_catalog.text, k.template_id, k.status::pg_catalog.text, k.created_at"
    };
}

/// What templates need of tickets ($1) that enter phases ($2): the place in the list, each ticket's values and, once for
/// each task that it has in the phase, that task.
pub static ENTERED: Statement = Statement {
    sql: concat!(
        "SELECT e.place, ",
        entered!(),
        "
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) WITH ORDINALITY
                 AS e (ticket_id, phase_id, place)
            JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) e.ticket_id
            LEFT JOIN {ws}.tasks k ON k.ticket_id OPERATOR(pg_catalog.=) e.ticket_id
                                  AND k.phase_id OPERATOR(pg_catalog.=) e.phase_id"
    ),
    parameters: &[Type::Uuids, Type::Phases],
};

/// As [`ENTERED`] for one ticket and phase, cheaper to start.
pub static ENTERED_ONE: Statement = Statement {
    sql: concat!(
        "SELECT 1::pg_catalog.int8, ",
        entered!(),
        "
            FROM {tickets} t
            LEFT JOIN {ws}.tasks k ON k.ticket_id OPERATOR(pg_catalog.=) t.{ticket.id}
                                  AND k.phase_id OPERATOR(pg_catalog.=) $2
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $1"
    ),
    parameters: &[Type::Uuid, Type::Phase],
};

/// Writes generated tasks. Columns as in the parameters' order.
pub static GENERATE: Statement = Statement {
    sql: "INSERT INTO {ws}.tasks
                 (id, ticket_id, phase_id, task_type, description, priority, required_capabilities, dependencies,
                  pending_dependencies, template_id, created_at)
          SELECT g.id, g.ticket_id, g.phase_id, g.task_type, g.description, g.priority,
                 g.required_capabilities::pg_catalog.jsonb, g.dependencies::pg_catalog.jsonb,
                 g.pending_dependencies, g.template_id, $11
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3),
                            pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6),
                            pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9),
                            pg_catalog.unnest($10))
                 AS g (id, ticket_id, phase_id, task_type, description, priority, required_capabilities,
                       dependencies, pending_dependencies, template_id)",
    parameters: &[
        Type::Uuids,
        Type::Uuids,
        Type::Phases,
        Type::Texts,
        Type::Texts,
        Type::Texts,
        Type::Texts,
        Type::Texts,
        Type::Ints,
        Type::Uuids,
        Type::Time,
    ],
};

/// Tasks by their ids, as `task` rows, in the order in which they were generated.
pub static TASKS: Statement = Statement {
    sql: concat!(
        "SELECT ",
        task_columns!("k"),
        "
            FROM {ws}.tasks k
           WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)
           ORDER BY k.id"
    ),
    parameters: &[Type::Uuids],
};
