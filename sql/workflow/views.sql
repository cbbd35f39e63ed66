-- security_invoker: a view shows its reader no row that the reader could not see in the tables. What belongs to a
-- ticket is joined to it, so that row security on tickets alone is enough.

-- Whether a gate refused a ticket last is not asked for in final phases without a gate, where most tickets are. Of a
-- condition on an expression the planner expects few rows; were it to expect all, it would compile the query first.
CREATE OR REPLACE VIEW {ws}.phase_board WITH (security_invoker = true) AS
SELECT p.phase,
       coalesce(t.tickets, 0)      AS tickets,
       t.oldest_entered_at,
       coalesce(k.open_tasks, 0)   AS open_tasks,
       coalesce(g.failed_gates, 0) AS failed_gates
  FROM unnest(enum_range(NULL::{ws}.phase)) WITH ORDINALITY AS p (phase, place)
  LEFT JOIN {ws}.phases d ON d.phase_id = p.phase
  LEFT JOIN (SELECT phase_id, count(*) AS tickets, min(phase_entered_at) AS oldest_entered_at
               FROM {ws}.tickets GROUP BY phase_id) t ON t.phase_id = p.phase
  LEFT JOIN (SELECT o.phase_id, count(*) AS open_tasks
               FROM {ws}.tasks o
               JOIN {ws}.tickets t ON t.id = o.ticket_id
              WHERE o.status = ANY ('{pending,assigned,running}')
              GROUP BY o.phase_id) k ON k.phase_id = p.phase
  LEFT JOIN (SELECT t.phase_id, count(*) AS failed_gates
               FROM {ws}.tickets t
              CROSS JOIN LATERAL (SELECT r.gate_status
                                    FROM {ws}.phase_gate_results r
                                   WHERE r.ticket_id = t.id AND r.phase_id = t.phase_id
                                   ORDER BY r.validated_at DESC, r.id DESC
                                   LIMIT 1) latest
              WHERE latest.gate_status = 'failed'
                AND CASE WHEN t.phase_id = ANY (ARRAY(SELECT d.phase_id FROM {ws}.phases d
                                                       WHERE d.kind = ANY ('{final,abandoned}')
                                                         AND NOT EXISTS (SELECT FROM {ws}.phase_gate_requirements q
                                                                          WHERE q.phase_id = d.phase_id)))
                         THEN 1 END IS NULL
              GROUP BY t.phase_id) g ON g.phase_id = p.phase
 ORDER BY coalesce(array_position('{abandoned,blocked}', d.kind), 0), p.place;

CREATE OR REPLACE VIEW {ws}.phase_durations WITH (security_invoker = true) AS
SELECT v.ticket_id, v.phase, v.entered_at, v.left_at,
       -- An imported history may have infinite times, which cannot be subtracted: one such row must not take the view away.
       CASE WHEN isfinite(v.entered_at) AND isfinite(coalesce(v.left_at, now()))
            THEN coalesce(v.left_at, now()) - v.entered_at END AS duration
  FROM (SELECT h.ticket_id, h.to_phase AS phase, h.created_at AS entered_at,
               lead(h.created_at) OVER (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id) AS left_at
          FROM {ws}.phase_history h
          JOIN {ws}.tickets t ON t.id = h.ticket_id) v;

CREATE OR REPLACE VIEW {ws}.overdue_tickets WITH (security_invoker = true) AS
SELECT t.id AS ticket_id, t.title, t.phase_id AS phase, t.phase_entered_at AS entered_at,
       t.phase_entered_at + p.due_after AS due_at
  FROM {ws}.phases p
  JOIN {ws}.tickets t ON t.phase_id = p.phase_id
 WHERE p.kind <> ALL ('{final,abandoned}') AND t.phase_entered_at + p.due_after < now()
 ORDER BY due_at;
