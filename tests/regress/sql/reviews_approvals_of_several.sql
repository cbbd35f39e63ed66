-- A gate that asks for two approvals: by two reviewers, neither of whom took part; one rejection rejects.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO phase_gate_requirements (phase_id, requires_review, required_approvals) VALUES ('PHASE_DESIGN', true, 2);
INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_DESIGN') RETURNING id AS ticket \gset
CREATE FUNCTION gate() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', c ->> 'review', c ->> 'validation_status', (SELECT string_agg(r ->> 'code' || ': ' || (r ->> 'message'), ' ') FROM jsonb_array_elements(c -> 'reasons') r))
      FROM (SELECT check_gate_requirements(id, 'PHASE_DESIGN') AS c FROM tickets) x $$;
CREATE VIEW reviews AS SELECT status, assigned_agent_id, error_message, count(*) FROM tasks WHERE kind = 'review' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) VALUES (:'ticket', 'PHASE_DESIGN', 'completed', 'worker');
SELECT gate();
-- As many wait as are missing, however often they are asked for; one of them is what is given.
SELECT gate_status FROM validate_gate(:'ticket');
SELECT count(DISTINCT id) FROM (SELECT (validate_phase_completion(:'ticket')).id FROM generate_series(1, 3)) x;
SELECT * FROM reviews;
SELECT gate();
-- Who approved is not offered another, though one waits; nor is who took part.
SELECT (complete_task(c.id, 'vera', '{"approved": true}')).status FROM claim_task('vera', '{validation}') c;
SELECT gate();
SELECT count(*) FROM claim_tasks('vera', 5, '{validation}');
SELECT count(*) FROM claim_task('worker', '{validation}');
\set VERBOSITY terse
-- Nor does one that is taken anyway count: it is refused, and stays open.
UPDATE tasks SET status = 'completed', assigned_agent_id = 'vera', result = '{"approved": true}' WHERE kind = 'review' AND status = 'pending';
\set VERBOSITY default
SELECT gate();
SELECT error_code FROM try_transition_ticket(:'ticket', 'PHASE_IMPLEMENTATION');
SELECT * FROM reviews;
-- A second reviewer.
SELECT (complete_task(c.id, 'rick', '{"approved": true}')).status FROM claim_task('rick', '{validation}') c;
SELECT gate();
-- Until one of them takes part: then that approval counts no more.
BEGIN;
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) VALUES (:'ticket', 'PHASE_DESIGN', 'completed', 'rick');
SELECT gate();
ROLLBACK;
-- New evidence takes both away, and who approved before may again.
SELECT artifact_type FROM add_artifact(:'ticket', 'note', collected_by => 'worker');
SELECT gate();
SELECT gate_status FROM validate_gate(:'ticket');
SELECT (complete_task(c.id, 'vera', '{"approved": true}')).status FROM claim_task('vera', '{validation}') c;
SELECT gate();
-- One rejection rejects; what nobody has begun is dropped, and an approval that was on its way does not outweigh it.
SELECT phase_id FROM validate_phase_completion(:'ticket');
INSERT INTO tasks (ticket_id, phase_id, kind, task_type, required_capabilities) SELECT :'ticket', 'PHASE_DESIGN', 'review', 'review', '["validation"]' FROM generate_series(1, 2);
SELECT id AS held FROM claim_task('late', '{validation}') \gset
SELECT (complete_task(c.id, 'rick', '{"approved": false, "feedback": "no"}')).status FROM claim_task('rick', '{validation}') c;
SELECT status FROM complete_task(:'held', 'late', '{"approved": true}');
SELECT gate();
SELECT * FROM reviews;
SELECT task_type, status FROM tasks WHERE task_type = 'rework';
-- Reviews that were asked for afterwards do.
UPDATE tasks SET status = 'cancelled' WHERE task_type = 'rework';
SELECT phase_id FROM validate_phase_completion(:'ticket');
SELECT count(*) FROM tasks WHERE kind = 'review' AND status = 'pending';
SELECT (complete_task(c.id, agent, '{"approved": true}')).status FROM unnest('{vera,late}'::text[]) agent, claim_task(agent, '{validation}') c;
SELECT gate();
SELECT current_phase FROM advance_tickets();
-- None at all is no number of approvals.
UPDATE phase_gate_requirements SET required_approvals = 0;
SELECT * FROM check_workspace() WHERE violations > 0;
