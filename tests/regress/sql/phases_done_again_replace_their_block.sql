-- Updating twice is the same as once; a phase that is done again replaces its block when it is left again.
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
INSERT INTO tickets (title, phase_id) VALUES ('one', 'PHASE_IMPLEMENTATION') RETURNING id AS t \gset
CALL done(:'t', 'PHASE_IMPLEMENTATION', 'a', '{"summary": "first try", "context": {"decisions": ["one"]}}');
SELECT update_ticket_context(:'t');
SELECT context::text AS context, context_summary AS summary, ctid AS version FROM tickets \gset once_
SELECT updated_at AS kept FROM phase_context \gset once_
SELECT update_ticket_context(:'t');
SELECT update_ticket_context(:'t', 'PHASE_IMPLEMENTATION');
SELECT context::text = :'once_context' AS same_context, context_summary = :'once_summary' AS same_summary, ctid = :'once_version'::tid AS same_row FROM tickets;
SELECT count(*) AS blocks, max(updated_at) = :'once_kept' AS same_row FROM phase_context;
-- A phase that has produced nothing changes nothing.
SELECT update_ticket_context(:'t', 'PHASE_DESIGN');
SELECT context::text = :'once_context' AS same_context FROM tickets;

SELECT current_phase FROM transition_ticket(:'t', 'PHASE_TESTING');
SELECT context #>> '{implementation_phase,decisions}' AS decisions FROM tickets;
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_IMPLEMENTATION', 'broken');
SELECT context_summary(:'t') = '' AS nothing_before_it;
CALL done(:'t', 'PHASE_IMPLEMENTATION', 'a', '{"summary": "second try", "context": {"decisions": ["two"]}}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_TESTING');
SELECT context #>> '{implementation_phase,decisions}' AS decisions, context #>> '{implementation_phase,summary}' AS summary FROM tickets;
SELECT count(*) AS blocks FROM phase_context;
SELECT * FROM check_workspace() WHERE violations > 0;
