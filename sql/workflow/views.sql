-- security_invoker: a view shows its reader no row that the reader could not see in the tables. What belongs to a
-- ticket is joined to it, so that row security on tickets alone is enough.

-- The tickets are counted by one index that has both columns, by several processes where they are many. Which gates refused is
-- asked of those alone that a gate may have refused last: in final phases without a gate, where most tickets are, of none. They
-- are read by index, as in phase_metrics.
CREATE OR REPLACE VIEW {ws}.phase_board WITH (security_invoker = true) AS
SELECT p.phase,
       coalesce(t.tickets, 0)      AS tickets,
       t.oldest_entered_at,
       coalesce(k.open_tasks, 0)   AS open_tasks,
       CASE WHEN d.kind = ANY ('{final,abandoned}')
                 AND NOT EXISTS (SELECT FROM {ws}.phase_gate_requirements q WHERE q.phase_id = p.phase)
            THEN 0
            ELSE (SELECT count(*)
                    FROM (SELECT DISTINCT ON (t.{ticket.id}) r.gate_status
                            FROM {tickets} t
                            JOIN {ws}.phase_gate_results r ON r.ticket_id = t.{ticket.id} AND r.phase_id = t.{ticket.phase_id}
                           WHERE t.{ticket.phase_id} >= p.phase AND t.{ticket.phase_id} <= p.phase
                             AND t.{ticket.phase_entered_at} >= (SELECT '-infinity'::timestamptz)
                             AND t.{ticket.phase_entered_at} <= (SELECT 'infinity'::timestamptz)
                           ORDER BY t.{ticket.id}, r.validated_at DESC, r.id DESC) latest
                   WHERE latest.gate_status = 'failed') END AS failed_gates
  FROM unnest(enum_range(NULL::{phase})) WITH ORDINALITY AS p (phase, place)
  LEFT JOIN {ws}.phases d ON d.phase_id = p.phase
  LEFT JOIN (SELECT t.{ticket.phase_id} AS phase_id, count(*) AS tickets, min(t.{ticket.phase_entered_at}) AS oldest_entered_at
               FROM {tickets} t
              GROUP BY t.{ticket.phase_id}) t ON t.phase_id = p.phase
  LEFT JOIN (SELECT o.phase_id, count(*) AS open_tasks
               FROM {ws}.tasks o
               JOIN {tickets} t ON t.{ticket.id} = o.ticket_id
              WHERE o.status = ANY ('{pending,assigned,running}')
              GROUP BY o.phase_id) k ON k.phase_id = p.phase
 ORDER BY coalesce(array_position('{abandoned,blocked}', d.kind), 0), p.place;

CREATE OR REPLACE VIEW {ws}.phase_durations WITH (security_invoker = true) AS
SELECT v.ticket_id, v.phase, v.entered_at, v.left_at,
       -- An imported history may have infinite times, which cannot be subtracted: one such row must not take the view away.
       CASE WHEN isfinite(v.entered_at) AND isfinite(coalesce(v.left_at, now()))
            THEN coalesce(v.left_at, now()) - v.entered_at END AS duration,
       v.forced
  FROM (SELECT h.ticket_id, h.to_phase AS phase, h.created_at AS entered_at, h.forced,
               lead(h.created_at) OVER (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id) AS left_at
          FROM {ws}.phase_history h
          JOIN {tickets} t ON t.{ticket.id} = h.ticket_id) v;

CREATE OR REPLACE VIEW {ws}.overdue_tickets WITH (security_invoker = true) AS
SELECT t.ticket_id, t.title, t.phase, t.entered_at, t.entered_at + p.due_after AS due_at
  -- A phase at a time, by both columns of the index. Of a range whose ends are not known the planner expects few rows; and of the
  -- labels few, of phases, which is too small for autovacuum to analyze it, hundreds: it would compile the query first.
  FROM unnest(enum_range(NULL::{phase})) AS l (phase)
  JOIN {ws}.phases p ON p.phase_id = l.phase
 CROSS JOIN LATERAL (SELECT o.{ticket.id} AS ticket_id, o.{ticket.title} AS title, o.{ticket.phase_id} AS phase,
                            o.{ticket.phase_entered_at} AS entered_at
                       FROM {tickets} o
                      WHERE o.{ticket.phase_id} >= p.phase_id AND o.{ticket.phase_id} <= p.phase_id
                        AND o.{ticket.phase_entered_at} >= (SELECT '-infinity'::timestamptz)
                        AND o.{ticket.phase_entered_at} <= (SELECT 'infinity'::timestamptz)
                        AND o.{ticket.phase_entered_at} + p.due_after < now()
                     OFFSET 0) t
 WHERE p.kind <> ALL ('{final,abandoned}') AND p.due_after IS NOT NULL
 ORDER BY due_at;

-- What metrics show of the phases, in a time that does not grow with the finished tickets: where they are many it is an
-- estimate how many they are, of the table's statistics. All else is read by index, as above: of a range of phases alone the
-- planner would expect 5,000 of 1,000,000 tickets, and that for each phase. Open tasks are joined to their tickets only where
-- row security guards these: of 50,000 that is half of the time.
CREATE OR REPLACE VIEW {ws}.phase_metrics WITH (security_invoker = true) AS
WITH referred AS MATERIALIZED (
    SELECT f.confrelid AS tickets
      FROM pg_constraint f
     WHERE f.conrelid = (SELECT h.tableoid FROM {ws}.phase_history h ORDER BY h.id DESC LIMIT 1) AND f.contype = 'f'),
guard AS MATERIALIZED (SELECT coalesce(bool_or(row_security_active(f.tickets)), true) AS is_guarded FROM referred f)
SELECT p.phase,
       CASE WHEN e.tickets IS NULL
            THEN (SELECT count(*) FROM {tickets} t
                   WHERE t.{ticket.phase_id} >= p.phase AND t.{ticket.phase_id} <= p.phase)
            ELSE e.tickets END AS tickets,
       e.tickets IS NOT NULL AS is_estimate,
       (SELECT min(t.{ticket.phase_entered_at}) FROM {tickets} t WHERE t.{ticket.phase_id} = p.phase) AS oldest_entered_at,
       coalesce(k.open_tasks, 0) AS open_tasks,
       CASE WHEN d.kind = ANY ('{final,abandoned}') THEN 0
            ELSE (SELECT count(*)
                    FROM (SELECT DISTINCT ON (t.{ticket.id}) r.gate_status
                            FROM {tickets} t
                            JOIN {ws}.phase_gate_results r ON r.ticket_id = t.{ticket.id} AND r.phase_id = t.{ticket.phase_id}
                           WHERE t.{ticket.phase_id} >= p.phase AND t.{ticket.phase_id} <= p.phase
                             AND t.{ticket.phase_entered_at} >= (SELECT '-infinity'::timestamptz)
                             AND t.{ticket.phase_entered_at} <= (SELECT 'infinity'::timestamptz)
                           ORDER BY t.{ticket.id}, r.validated_at DESC, r.id DESC) latest
                   WHERE latest.gate_status = 'failed') END AS failed_gates
  FROM unnest(enum_range(NULL::{phase})) WITH ORDINALITY AS p (phase, place)
  LEFT JOIN {ws}.phases d ON d.phase_id = p.phase
  LEFT JOIN (SELECT b.phase_id, count(*) AS open_tasks
               FROM (SELECT o.phase_id
                       FROM {ws}.tasks o
                      WHERE o.status = ANY ('{pending,assigned,running}') AND NOT (SELECT g.is_guarded FROM guard g)
                      UNION ALL
                     SELECT o.phase_id
                       FROM {ws}.tasks o
                       JOIN {tickets} t ON t.{ticket.id} = o.ticket_id
                      WHERE o.status = ANY ('{pending,assigned,running}') AND (SELECT g.is_guarded FROM guard g)) b
              GROUP BY b.phase_id) k ON k.phase_id = p.phase
  LEFT JOIN LATERAL (SELECT (c.reltuples * coalesce((SELECT m.share
                                                       FROM unnest(s.most_common_vals::text::text[], s.most_common_freqs) AS m (label, share)
                                                      WHERE m.label = p.phase::text), 0))::bigint AS tickets
                       FROM referred f
                       JOIN pg_class c ON c.oid = f.tickets
                       JOIN pg_namespace n ON n.oid = c.relnamespace
                       JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
                                      AND s.attname = ANY ('{ticket_phase_id,phase_id}')
                      WHERE c.reltuples > 100000 AND d.kind = ANY ('{final,abandoned}')
                      ORDER BY s.attname DESC, s.inherited DESC
                      LIMIT 1) e ON true
 ORDER BY coalesce(array_position('{abandoned,blocked}', d.kind), 0), p.place;
