-- Who may see a ticket may see its context; row security on tickets holds in every function.
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
INSERT INTO tickets (title, phase_id) VALUES ('mine', 'PHASE_REQUIREMENTS') RETURNING id AS mine \gset
INSERT INTO tickets (title, phase_id) VALUES ('hidden', 'PHASE_REQUIREMENTS') RETURNING id AS hidden \gset
CALL done(:'mine', 'PHASE_REQUIREMENTS', 'a', '{"summary": "said"}');
CALL done(:'hidden', 'PHASE_REQUIREMENTS', 'a', '{"summary": "secret"}');
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_title ON tickets USING (title <> 'hidden');
CREATE ROLE regress_reader;
CREATE ROLE regress_stranger;
GRANT USAGE ON SCHEMA acme TO regress_reader, regress_stranger;
GRANT SELECT ON tickets TO regress_reader;
SET ROLE regress_reader;
SELECT aggregate_phase_context(:'mine') ->> 'summary' AS aggregated;
SELECT get_context_for_phase(:'mine'), context_summary(:'mine'), ticket_context(:'mine') -> 'full_context' AS whole;
SELECT aggregate_phase_context(:'hidden');
SELECT get_context_for_phase(:'hidden');
SELECT context_summary(:'hidden');
SELECT ticket_context(:'hidden');
SELECT update_ticket_context(:'mine');
SELECT aggregate_phase_context(:'mine', 'PHASE_NONE');
SELECT get_context_for_phase(NULL);
SELECT context_summary(:'mine', -1);
RESET ROLE;
GRANT UPDATE (context, context_summary) ON tickets TO regress_reader;
SET ROLE regress_reader;
SELECT update_ticket_context(:'mine');
SELECT update_ticket_context(:'hidden');
SET ROLE regress_stranger;
SELECT ticket_context(:'mine');
SELECT summarize_context('{"decisions": ["anybody may summarize"]}');
RESET ROLE;
SELECT title, context_summary FROM tickets ORDER BY title;
DROP OWNED BY regress_reader, regress_stranger;
DROP ROLE regress_reader, regress_stranger;
