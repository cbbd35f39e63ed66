-- A phase is shown what the phases before it left: none of its own, none of later ones, all of them when blocked.
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
ALTER TYPE phase ADD VALUE 'PHASE_SECURITY' AFTER 'PHASE_DESIGN';
INSERT INTO phase_transitions VALUES ('PHASE_DESIGN', 'PHASE_SECURITY'), ('PHASE_SECURITY', 'PHASE_IMPLEMENTATION');
INSERT INTO tickets (title, phase_id) VALUES ('one', 'PHASE_REQUIREMENTS') RETURNING id AS t \gset
CALL done(:'t', 'PHASE_REQUIREMENTS', 'a', '{"summary": "requirements", "context": {"decisions": ["r"]}}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_DESIGN');
CALL done(:'t', 'PHASE_DESIGN', 'a', '{"summary": "design", "context": {"decisions": ["d"]}}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_SECURITY');
CALL done(:'t', 'PHASE_SECURITY', 'a', '{"summary": "security", "context": {"decisions": ["s"]}}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_IMPLEMENTATION');
UPDATE tickets SET context = context || '{"house_rule": "be brief"}';
SELECT p AS target, ARRAY(SELECT k FROM jsonb_object_keys(get_context_for_phase(:'t', p::text)) k ORDER BY k) AS keys
  FROM unnest(enum_range(NULL::phase)) p;
SELECT get_context_for_phase(:'t') = get_context_for_phase(:'t', 'PHASE_IMPLEMENTATION') AS default_is_present;
SELECT get_context_for_phase(:'t', 'PHASE_SECURITY') ->> 'summary' AS summary;
SELECT context_summary(:'t') = (get_context_for_phase(:'t') ->> 'summary') AS same;
-- The newest phase comes first within a rank: here the order is the workspace's.
SELECT context_summary(:'t') AS summary;
-- The claimed task carries the context of the phases before its own.
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (:'t', 'PHASE_SECURITY', 'again'), (:'t', 'PHASE_REQUIREMENTS', 'early');
SELECT task_type, ARRAY(SELECT k FROM jsonb_object_keys(context) k ORDER BY k) AS keys, context_summary ~ '- d' AS tells_of_design
  FROM claim_tasks('agent', 5) ORDER BY 1;
