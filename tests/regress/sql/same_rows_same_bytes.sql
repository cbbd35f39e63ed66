-- The same rows give the same bytes, tasks merge in the order of their completion, and one UPDATE of many tickets leaves what one by one would.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme') \g /dev/null
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
-- A completed piece of work.
CREATE PROCEDURE done(ticket uuid, phase text, type text, result jsonb) LANGUAGE sql AS $$
    INSERT INTO tasks (ticket_id, phase_id, task_type, status, assigned_agent_id, result)
    VALUES (ticket, phase::phase, type, 'completed', 'agent', result)
$$;
INSERT INTO tickets (title, phase_id) SELECT 't' || n, 'PHASE_REQUIREMENTS' FROM generate_series(1, 1000) n;
INSERT INTO tasks (ticket_id, phase_id, task_type, status, assigned_agent_id, result)
SELECT t.id, 'PHASE_REQUIREMENTS', 'k' || k, 'completed', 'a',
       jsonb_build_object('summary', 'did ' || k, 'context', jsonb_build_object('decisions', jsonb_build_array('d' || k, 'shared'), 'last', k))
  FROM tickets t, generate_series(1, 3) k ORDER BY t.id, k;
SELECT count(DISTINCT aggregate_phase_context(id)::text) = 1000 AS one_each,
       bool_and(aggregate_phase_context(id)::text = aggregate_phase_context(id)::text) AS same_bytes FROM tickets;
SELECT aggregate_phase_context(id) -> 'decisions' AS decisions, aggregate_phase_context(id) -> 'last' AS last FROM tickets WHERE title = 't1';

UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE substr(title, 2)::int <= 500;
SELECT count(*) AS one_by_one FROM tickets, LATERAL transition_ticket(id, 'PHASE_DESIGN') WHERE substr(title, 2)::int > 500;
-- Apart from ids, all tickets carry the same.
SELECT count(DISTINCT regexp_replace(context::text, '[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', 'g')) AS contexts,
       count(DISTINCT context_summary) AS summaries, count(*) AS tickets FROM tickets;
SELECT count(*) AS blocks, count(DISTINCT regexp_replace(context_data::text, '[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', 'g')) AS kinds FROM phase_context;
SELECT summarize_context(context, 50) = summarize_context(context, 50) AS same FROM tickets WHERE title = 't1';
