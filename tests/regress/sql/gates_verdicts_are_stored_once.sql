-- A verdict that did not pass, and says what the ticket's latest for the phase says, is not stored again; the stored one is given.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO phase_gate_requirements (phase_id, required_artifacts, requires_review) VALUES ('PHASE_DESIGN', '{sketch}', true);
INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_DESIGN') RETURNING id AS ticket \gset
SELECT id AS first FROM validate_gate(:'ticket', validated_by => 'one') \gset
SELECT count(*), count(DISTINCT v.id), min(v.validated_by), min(v.validated_at) = (SELECT validated_at FROM phase_gate_results) AS unchanged
  FROM generate_series(1, 500) n, validate_gate(CASE WHEN n > 0 THEN :'ticket'::uuid END, validated_by => 'another') v;
SELECT count(*) FROM generate_series(1, 250) n, try_transition_ticket(CASE WHEN n > 0 THEN :'ticket'::uuid END, 'PHASE_IMPLEMENTATION') WHERE error_code = 'gate_not_passed';
SELECT count(*) FROM generate_series(1, 250) n, transition_tickets(CASE WHEN n > 0 THEN ARRAY[:'ticket'::uuid] END, 'PHASE_IMPLEMENTATION') WHERE error_code = 'gate_not_passed';
SELECT count(*) FROM phase_gate_results;
-- Another verdict is news, and so is the first one when it comes again.
SELECT artifact_type FROM add_artifact(:'ticket', 'sketch');
SELECT gate_status FROM validate_gate(:'ticket');
SELECT gate_status FROM validate_gate(:'ticket');
SELECT error_code FROM try_transition_ticket(:'ticket', 'PHASE_IMPLEMENTATION');
DELETE FROM phase_gate_artifacts;
SELECT gate_status FROM validate_gate(:'ticket');
SELECT gate_status, blocking_reasons FROM phase_gate_results ORDER BY validated_at, id;
SELECT count(*) FROM tasks WHERE kind = 'review';
-- Many tickets at once: each by its own latest.
INSERT INTO tickets (title, phase_id) SELECT 'more', 'PHASE_DESIGN' FROM generate_series(1, 3);
SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_IMPLEMENTATION') WHERE error_code = 'gate_not_passed';
SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_IMPLEMENTATION') WHERE error_code = 'gate_not_passed';
SELECT gate_status, count(*) FROM phase_gate_results GROUP BY 1 ORDER BY 1;
-- One that passed is on record each time.
UPDATE phase_gate_requirements SET required_artifacts = '{}', requires_review = false WHERE phase_id = 'PHASE_DESIGN';
SELECT count(DISTINCT v.id) FROM generate_series(1, 2) n, validate_gate(CASE WHEN n > 0 THEN :'ticket'::uuid END) v WHERE gate_status = 'passed';
SELECT * FROM check_workspace() WHERE violations > 0;
