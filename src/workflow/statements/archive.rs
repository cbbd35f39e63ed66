//! The statements of the archive. They run with the owner's rights, but for the one that reads.

use crate::pg::value::Type;
use crate::workspace::Statement;
use crate::workspace::readable::unreadable;

/// Whether row security guards tickets ($1) and not the archive ($2).
pub static IS_UNGUARDED: Statement = Statement {
    sql: "SELECT t.relrowsecurity AND NOT a.relrowsecurity
            FROM pg_catalog.pg_class t, pg_catalog.pg_class a
           WHERE t.oid OPERATOR(pg_catalog.=) $1 AND a.oid OPERATOR(pg_catalog.=) $2",
    parameters: &[Type::Oid, Type::Oid],
};

/// Whether `tickets` ($1), in the workspace's schema ($2), is what `create_workspace` makes, maybe with more columns, and no table of
/// an application's that was adopted.
pub static IS_WORKSPACES_OWN: Statement = Statement {
    sql: "SELECT c.relnamespace OPERATOR(pg_catalog.=) $2
                 AND ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
                            WHERE a.attrelid OPERATOR(pg_catalog.=) $1 AND NOT a.attisdropped
                              AND a.attnum OPERATOR(pg_catalog.>) 0 AND a.attnum OPERATOR(pg_catalog.<=) 11
                            ORDER BY a.attnum)
                     OPERATOR(pg_catalog.=) '{id,title,description,phase_id,previous_phase_id,priority,context,context_summary,
                                              phase_entered_at,created_at,updated_at}'::pg_catalog.text[]
            FROM pg_catalog.pg_class c
           WHERE c.oid OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Oid, Type::Oid],
};

/// For each foreign key to one of these tables ($1, OIDs as text) or their partitions, a row for its table and one for each of its
/// partitions: the OID; of the table the condition that a row refers to the ticket `t`, or to what belongs to it; the name; why the
/// workspace's owner ($5), who acts, may not read it; whose it is; the table and the name of the key; the schemas of the table that is referred to, of that which refers, of the key's operator and of what that takes; which of the tables is referred to. `$3` is the table of tickets,
/// `$4` its key, quoted.
///
/// The workspace's own tables ($2) may have such keys too, as where a ticket has a parent. Left out are those by which rows belong
/// to their ticket, and of others the rows of the same ticket: they go together. But where the ticket itself refers to what goes
/// before it, it would be refused, or go too early.
///
/// A key's operator that is not the server's is
/// meant for its own types: for others somebody may have made another of that name.
pub static REFERENCES: Statement = Statement {
    sql: concat!(
        "WITH own (root, oid) AS (
                 SELECT o.oid, o.oid FROM pg_catalog.unnest($2::pg_catalog.oid[]) o (oid)
                  UNION
                 SELECT o.oid, p.relid FROM pg_catalog.unnest($2::pg_catalog.oid[]) o (oid),
                        pg_catalog.pg_partition_tree(o.oid::pg_catalog.regclass) p)
          SELECT c.oid,
                 CASE WHEN c.oid OPERATOR(pg_catalog.=) f.conrelid THEN pg_catalog.format(
                     CASE WHEN xo.root OPERATOR(pg_catalog.=) $3
                          THEN 'EXISTS (SELECT 1 FROM %1$s r WHERE %3$s%5$s)'
                          ELSE 'EXISTS (SELECT 1 FROM %2$s x JOIN %1$s r ON %3$s WHERE x.ticket_id OPERATOR(pg_catalog.=) t.%4$s%5$s)' END,
                     pg_catalog.format(CASE r.relkind WHEN 'p' THEN '%I.%I' ELSE 'ONLY %I.%I' END, rn.nspname, r.relname),
                     pg_catalog.format('%I.%I', xn.nspname, x.relname), k.condition, $4,
                     CASE WHEN ro.root OPERATOR(pg_catalog.<>) $3
                          THEN pg_catalog.format(' AND r.ticket_id OPERATOR(pg_catalog.<>) t.%s', $4)
                          WHEN ro.root OPERATOR(pg_catalog.=) $3 AND (xo.root OPERATOR(pg_catalog.=) $3
                               OR f.confdeltype OPERATOR(pg_catalog.=) ANY ('{n,d}'::pg_catalog.\"char\"[]))
                          THEN pg_catalog.format(' AND r.%1$s OPERATOR(pg_catalog.<>) t.%1$s', $4) END) END,
                 pg_catalog.format('%I.%I', cn.nspname, c.relname),
                 coalesce(",
        unreadable!("$5"),
        ", CASE WHEN NOT k.are_safe THEN 'types' END),
                 pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text,
                 pg_catalog.format('%I.%I', rn.nspname, r.relname), pg_catalog.quote_ident(f.conname), xn.oid, rn.oid,
                 k.operators, k.lefts, k.rights, xo.root
            FROM pg_catalog.pg_constraint f
            JOIN own xo ON xo.oid OPERATOR(pg_catalog.=) f.confrelid AND xo.root OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
            LEFT JOIN own ro ON ro.oid OPERATOR(pg_catalog.=) f.conrelid
            JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) f.conrelid
            JOIN pg_catalog.pg_namespace rn ON rn.oid OPERATOR(pg_catalog.=) r.relnamespace
            JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) f.confrelid
            JOIN pg_catalog.pg_namespace xn ON xn.oid OPERATOR(pg_catalog.=) x.relnamespace
           CROSS JOIN LATERAL (
                 SELECT pg_catalog.string_agg(
                            pg_catalog.format(
                                CASE n.nspname WHEN 'pg_catalog' THEN '%1$s.%2$I OPERATOR(%3$I.%4$s) r.%5$I'
                                     ELSE 'CAST(%1$s.%2$I AS %6$I.%7$I) OPERATOR(%3$I.%4$s) CAST(r.%5$I AS %8$I.%9$I)' END,
                                CASE WHEN xo.root OPERATOR(pg_catalog.=) $3 THEN 't' ELSE 'x' END,
                                p.attname, n.nspname, o.oprname, q.attname, ln.nspname, l.typname, gn.nspname, g.typname), ' AND '),
                        pg_catalog.count(DISTINCT ROW(n.oid, ln.oid, gn.oid)) FILTER (WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog')
                            OPERATOR(pg_catalog.<=) 1
                        AND pg_catalog.bool_and(y.typnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid
                                            OR q.atttypid OPERATOR(pg_catalog.=) p.atttypid),
                        pg_catalog.max(n.oid) FILTER (WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog'),
                        pg_catalog.max(ln.oid) FILTER (WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog'),
                        pg_catalog.max(gn.oid) FILTER (WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog')
                   FROM ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey), pg_catalog.unnest(f.conpfeqop))
                        AS u (own, referred, operator)
                   JOIN pg_catalog.pg_attribute q ON q.attrelid OPERATOR(pg_catalog.=) f.conrelid AND q.attnum OPERATOR(pg_catalog.=) u.own
                   JOIN pg_catalog.pg_attribute p ON p.attrelid OPERATOR(pg_catalog.=) f.confrelid AND p.attnum OPERATOR(pg_catalog.=) u.referred
                   JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) q.atttypid
                   JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) u.operator
                   JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
                   JOIN pg_catalog.pg_type l ON l.oid OPERATOR(pg_catalog.=) o.oprleft
                   JOIN pg_catalog.pg_namespace ln ON ln.oid OPERATOR(pg_catalog.=) l.typnamespace
                   JOIN pg_catalog.pg_type g ON g.oid OPERATOR(pg_catalog.=) o.oprright
                   JOIN pg_catalog.pg_namespace gn ON gn.oid OPERATOR(pg_catalog.=) g.typnamespace) AS k (condition, are_safe, operators, lefts, rights)
           CROSS JOIN LATERAL (
                 WITH RECURSIVE tree (oid) AS (
                     SELECT f.conrelid
                     UNION
                     SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent OPERATOR(pg_catalog.=) tree.oid
                      WHERE r.relkind OPERATOR(pg_catalog.=) 'p'::pg_catalog.\"char\")
                 SELECT tree.oid FROM tree) AS m (oid)
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) m.oid
            JOIN pg_catalog.pg_namespace cn ON cn.oid OPERATOR(pg_catalog.=) c.relnamespace
           WHERE f.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog.\"char\"
             AND f.conparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute b
                              WHERE ro.root OPERATOR(pg_catalog.<>) $3 AND xo.root OPERATOR(pg_catalog.=) $3
                                AND b.attrelid OPERATOR(pg_catalog.=) f.conrelid
                                AND b.attname OPERATOR(pg_catalog.=) 'ticket_id'
                                AND f.conkey OPERATOR(pg_catalog.=) ARRAY[b.attnum])
           ORDER BY f.oid, c.oid"
    ),
    parameters: &[Type::Texts, Type::Texts, Type::Oid, Type::Text, Type::Oid],
};

/// Finished tickets for which a condition holds that is to follow: of the final phases ($1), since before $2, all or of these ($3).
pub const FINISHED: &str = "SELECT t.{ticket.id} FROM {tickets} t
      WHERE t.{ticket.phase_id} OPERATOR(pg_catalog.=) ANY ($1) AND t.{ticket.phase_entered_at} OPERATOR(pg_catalog.<) $2
        AND ($3 IS NULL OR t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($3))
        AND ";

/// Finished tickets, held: of the final phases ($1), since before $2, at most $3, none of these ($4), and none that somebody is at
/// work on. Where their rows stay ($5 is not so) none that are in the archive already.
pub static CHOOSE_FINISHED: Statement = Statement {
    sql: "SELECT t.{ticket.id} FROM {tickets} t
           WHERE t.{ticket.phase_id} OPERATOR(pg_catalog.=) ANY ($1) AND t.{ticket.phase_entered_at} OPERATOR(pg_catalog.<) $2
             AND t.{ticket.id} OPERATOR(pg_catalog.<>) ALL ($4)
             AND ($5 OR NOT EXISTS (
                  SELECT 1 FROM {ws}.ticket_archive a
                   WHERE a.ticket_id OPERATOR(pg_catalog.=) t.{ticket.id} AND NOT a.deleted
                     AND a.archived_at OPERATOR(pg_catalog.>=) t.{ticket.phase_entered_at}))
             AND NOT EXISTS (
                  SELECT 1 FROM {ws}.tasks k
                   WHERE k.ticket_id OPERATOR(pg_catalog.=) t.{ticket.id}
                     AND k.status OPERATOR(pg_catalog.=) ANY ('{assigned,running}'::pg_catalog.text[]))
           LIMIT $3
             FOR UPDATE OF t SKIP LOCKED",
    parameters: &[
        Type::Phases,
        Type::Time,
        Type::Big,
        Type::Uuids,
        Type::Bool,
    ],
};

/// Holds the tasks of these tickets ($1); gives those of which all could be held, and whether they have more than one document
/// should. Few tickets have so many rows that this has to be counted.
pub static HOLD_FINISHED: Statement = Statement {
    sql: "WITH held AS MATERIALIZED (
              SELECT k.ticket_id FROM {ws}.tasks k
               WHERE k.ticket_id OPERATOR(pg_catalog.=) ANY ($1)
                 AND k.status OPERATOR(pg_catalog.<>) ALL ('{assigned,running}'::pg_catalog.text[])
                 FOR UPDATE SKIP LOCKED),
          tasks AS (SELECT held.ticket_id, pg_catalog.count(*) AS held FROM held GROUP BY held.ticket_id)
          SELECT g.id,
                 coalesce(h.held, 0) OPERATOR(pg_catalog.+) e.evidence OPERATOR(pg_catalog.+) m.moves OPERATOR(pg_catalog.>) 20
                 AND (SELECT coalesce(pg_catalog.sum(pg_catalog.octet_length(pg_catalog.to_jsonb(k)::pg_catalog.text)), 0)
                        FROM {ws}.tasks k WHERE k.ticket_id OPERATOR(pg_catalog.=) g.id)
                     OPERATOR(pg_catalog.+)
                     (SELECT coalesce(pg_catalog.sum(pg_catalog.octet_length(pg_catalog.to_jsonb(a)::pg_catalog.text)), 0)
                        FROM {ws}.phase_gate_artifacts a WHERE a.ticket_id OPERATOR(pg_catalog.=) g.id)
                     OPERATOR(pg_catalog.+)
                     (SELECT coalesce(pg_catalog.sum(pg_catalog.octet_length(pg_catalog.to_jsonb(m)::pg_catalog.text)), 0)
                        FROM {ws}.phase_history m WHERE m.ticket_id OPERATOR(pg_catalog.=) g.id)
                     OPERATOR(pg_catalog.>) 33554432
            FROM pg_catalog.unnest($1) AS g (id)
            LEFT JOIN tasks h ON h.ticket_id OPERATOR(pg_catalog.=) g.id
           CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS evidence FROM {ws}.phase_gate_artifacts a
                                WHERE a.ticket_id OPERATOR(pg_catalog.=) g.id) e
           CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS moves FROM {ws}.phase_history m
                                WHERE m.ticket_id OPERATOR(pg_catalog.=) g.id) m
           WHERE coalesce(h.held, 0) OPERATOR(pg_catalog.=)
                 (SELECT pg_catalog.count(*) FROM {ws}.tasks k WHERE k.ticket_id OPERATOR(pg_catalog.=) g.id)",
    parameters: &[Type::Uuids],
};

/// Holds the rows of a table that belong to these tickets ($1); gives those of which all could be held. Whoever adds a row that
/// refers to one of these holds it.
macro_rules! hold_of_tickets {
    ($table:literal) => {
        Statement {
            sql: concat!(
                "WITH held AS MATERIALIZED (
                     SELECT r.ticket_id FROM {ws}.",
                $table,
                " r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1) FOR UPDATE SKIP LOCKED),
                 counted AS (SELECT held.ticket_id, pg_catalog.count(*) AS held FROM held GROUP BY held.ticket_id)
                 SELECT g.id FROM pg_catalog.unnest($1) AS g (id)
                   LEFT JOIN counted h ON h.ticket_id OPERATOR(pg_catalog.=) g.id
                  WHERE coalesce(h.held, 0) OPERATOR(pg_catalog.=)
                        (SELECT pg_catalog.count(*) FROM {ws}.",
                $table,
                " r WHERE r.ticket_id OPERATOR(pg_catalog.=) g.id)"
            ),
            parameters: &[Type::Uuids],
        }
    };
}

/// By the table, what holds the rows that go with tickets besides their tasks, of which something else may refer to them.
pub static HOLD_BELONGING: [(&str, Statement); 4] = [
    (
        "phase_gate_artifacts",
        hold_of_tickets!("phase_gate_artifacts"),
    ),
    ("phase_gate_results", hold_of_tickets!("phase_gate_results")),
    ("phase_context", hold_of_tickets!("phase_context")),
    ("phase_history", hold_of_tickets!("phase_history")),
];

/// The rows of a table that belong to a ticket, as an array of what `$row` gives in the order `$order`.
macro_rules! rows_of_ticket {
    ($table:literal, $row:literal, $order:literal) => {
        concat!(
            "coalesce((SELECT pg_catalog.jsonb_agg(",
            $row,
            " OPERATOR(pg_catalog.-) 'ticket_id'::pg_catalog.text ORDER BY ",
            $order,
            ") FROM {ws}.",
            $table,
            " r WHERE r.ticket_id OPERATOR(pg_catalog.=) t.{ticket.id}), '[]')"
        )
    };
}

/// Takes tickets ($1) into the archive, one row each; by whom ($3), the session's role ($4) and the one that acts ($5).
pub static ARCHIVE: Statement = Statement {
    sql: concat!(
        "INSERT INTO {ws}.ticket_archive (ticket_id, title, finished_at, archived_at, deleted, document)
          SELECT t.{ticket.id}, t.{ticket.title}::pg_catalog.text, t.{ticket.phase_entered_at}, $2, false,
                 pg_catalog.jsonb_build_object(
                     'format', 1, 'archived_by', $3, 'db_role', $4, 'acting_role', $5,
                     'ticket', pg_catalog.to_jsonb(t),
                     'history', ",
        rows_of_ticket!("phase_history", "pg_catalog.to_jsonb(r)", "r.created_at, r.id"),
        ", 'tasks', ",
        rows_of_ticket!("tasks", "pg_catalog.to_jsonb(r)", "r.created_at, r.id"),
        ", 'artifacts', ",
        rows_of_ticket!("phase_gate_artifacts", "pg_catalog.to_jsonb(r)", "r.collected_at, r.id"),
        ", 'results', ",
        rows_of_ticket!("phase_gate_results", "pg_catalog.to_jsonb(r)", "r.validated_at, r.id"),
        ", 'context', ",
        rows_of_ticket!("phase_context", "pg_catalog.to_jsonb(r)", "r.phase_id"),
        ")
            FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)"
    ),
    parameters: &[
        Type::Uuids,
        Type::Time,
        Type::Text,
        Type::Text,
        Type::Text,
    ],
};

/// Deletes what belongs to tickets ($1) from one table.
macro_rules! drop_of_tickets {
    ($table:literal) => {
        Statement {
            sql: concat!(
                "DELETE FROM {ws}.",
                $table,
                " r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1)"
            ),
            parameters: &[Type::Uuids],
        }
    };
}

/// Deletes the artifacts of archived tickets.
pub static DROP_ARTIFACTS: Statement = drop_of_tickets!("phase_gate_artifacts");
/// Deletes the results of archived tickets.
pub static DROP_RESULTS: Statement = drop_of_tickets!("phase_gate_results");
/// Deletes the contexts of archived tickets.
pub static DROP_CONTEXT: Statement = drop_of_tickets!("phase_context");
/// Deletes the tasks of archived tickets.
pub static DROP_TASKS: Statement = drop_of_tickets!("tasks");
/// Deletes the history of archived tickets.
pub static DROP_HISTORY: Statement = drop_of_tickets!("phase_history");

/// The tables in which rows of archived tickets ($1) are left.
pub static LEFT: Statement = Statement {
    sql: "SELECT 'phase_gate_artifacts' WHERE EXISTS (SELECT 1 FROM {ws}.phase_gate_artifacts r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1))
           UNION ALL
          SELECT 'phase_gate_results' WHERE EXISTS (SELECT 1 FROM {ws}.phase_gate_results r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1))
           UNION ALL
          SELECT 'phase_context' WHERE EXISTS (SELECT 1 FROM {ws}.phase_context r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1))
           UNION ALL
          SELECT 'tasks' WHERE EXISTS (SELECT 1 FROM {ws}.tasks r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1))
           UNION ALL
          SELECT 'phase_history' WHERE EXISTS (SELECT 1 FROM {ws}.phase_history r WHERE r.ticket_id OPERATOR(pg_catalog.=) ANY ($1))",
    parameters: &[Type::Uuids],
};

/// Deletes archived tickets ($1).
pub static DROP_TICKETS: Statement = Statement {
    sql: "DELETE FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[Type::Uuids],
};

/// Leaves one row of history for tickets ($1) whose rows stay, as if they had started where they are; by whom ($2, $3, $4), with
/// the reason $5, in the cluster $6.
pub static MARK_ARCHIVED: Statement = Statement {
    sql: "INSERT INTO {ws}.phase_history
                 (ticket_id, to_phase, created_at, transition_reason, transitioned_by, db_role, acting_role, cluster)
          SELECT t.{ticket.id}, t.{ticket.phase_id}, t.{ticket.phase_entered_at}, $5, $2, $3::pg_catalog.name, $4::pg_catalog.name, $6
            FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[
        Type::Uuids,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Big,
    ],
};

/// What the archive has of a ticket's history, oldest first. Where it was archived more than once, its row having stayed, the
/// later documents begin with the mark ($2) that the earlier left.
pub static ARCHIVED_HISTORY: Statement = Statement {
    sql: "SELECT (i.item OPERATOR(pg_catalog.->>) 'id')::pg_catalog.uuid, a.ticket_id,
                 i.item OPERATOR(pg_catalog.->>) 'from_phase', i.item OPERATOR(pg_catalog.->>) 'to_phase',
                 i.item OPERATOR(pg_catalog.->>) 'transition_reason', i.item OPERATOR(pg_catalog.->>) 'transitioned_by',
                 CASE WHEN pg_catalog.jsonb_typeof(i.item OPERATOR(pg_catalog.->) 'artifacts') OPERATOR(pg_catalog.<>) 'null'
                      THEN i.item OPERATOR(pg_catalog.->) 'artifacts' END,
                 (i.item OPERATOR(pg_catalog.->>) 'created_at')::pg_catalog.timestamptz,
                 i.item OPERATOR(pg_catalog.->>) 'db_role', (i.item OPERATOR(pg_catalog.->>) 'gate_result_id')::pg_catalog.uuid,
                 coalesce((i.item OPERATOR(pg_catalog.->>) 'forced')::pg_catalog.bool, false)
            FROM {ws}.ticket_archive a
           CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(
                 CASE WHEN pg_catalog.jsonb_typeof(a.document OPERATOR(pg_catalog.->) 'history') OPERATOR(pg_catalog.=) 'array'
                      THEN a.document OPERATOR(pg_catalog.->) 'history' END) AS i (item)
           WHERE a.ticket_id OPERATOR(pg_catalog.=) $1 AND NOT a.deleted
             AND NOT ((i.item OPERATOR(pg_catalog.->>) 'from_phase') IS NULL
                      AND coalesce((i.item OPERATOR(pg_catalog.->>) 'transition_reason') OPERATOR(pg_catalog.=) $2, false)
                      AND EXISTS (SELECT 1 FROM {ws}.ticket_archive e
                                   WHERE e.ticket_id OPERATOR(pg_catalog.=) $1 AND NOT e.deleted
                                     AND e.archived_at OPERATOR(pg_catalog.<) a.archived_at))
           ORDER BY 8, 1",
    parameters: &[Type::Uuid, Type::Text],
};
