-- A forward move writes the ticket once: phase and context stand in the same row version.
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
INSERT INTO tickets (title, phase_id) VALUES ('one', 'PHASE_REQUIREMENTS') RETURNING id AS t \gset
CALL done(:'t', 'PHASE_REQUIREMENTS', 'analyze', '{"summary": "Analyzed."}');
CREATE FUNCTION versions() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relid = 'tickets'::regclass $$;
BEGIN;
SELECT versions() AS before \gset
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT versions() - :before AS row_versions, context IS NOT NULL AS folded FROM tickets;
COMMIT;
BEGIN;
SELECT versions() AS before \gset
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_IMPLEMENTATION');
SELECT versions() - :before AS row_versions;
COMMIT;
-- A phase that has produced nothing adds nothing, and blocking folds nothing.
SELECT array_agg(key ORDER BY key) AS keys FROM tickets, jsonb_object_keys(context) key;
CALL done(:'t', 'PHASE_IMPLEMENTATION', 'code', '{"summary": "Coded."}');
SELECT current_phase FROM block_ticket(:'t', 'wait');
SELECT current_phase FROM unblock_ticket(:'t');
SELECT context ? 'implementation_phase' AS folded FROM tickets;
-- Leaving PHASE_BLOCKED forward folds the phase it was blocked in.
SELECT current_phase FROM block_ticket(:'t', 'wait');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_TESTING');
SELECT context #>> '{implementation_phase,summary}' AS folded FROM tickets;
