-- A failing gate refuses a direct UPDATE exactly as it refuses transition_ticket.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false;
INSERT INTO tickets (id, title, phase_id) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n, 'PHASE_TESTING' FROM generate_series(1, 6) n;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
SELECT id, 'PHASE_TESTING', type, content FROM tickets, (VALUES ('test_results', '{"all_passed": true}'::jsonb), ('test_evidence', NULL)) a (type, content)
 WHERE title NOT IN ('t2', 't5');
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
SELECT id, 'PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": 2}' FROM tickets WHERE title = 't5';

-- One refused ticket, by each way that raises: the same SQLSTATE, message and DETAIL.
CREATE FUNCTION public.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, message, detail, hint);
END $$;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't5';
\echo :LAST_ERROR_SQLSTATE
SELECT count(DISTINCT public.refusal(statement)) AS different, min(public.refusal(statement)) LIKE '55000 | phase gate not passed | %' AS as_documented
  FROM unnest(ARRAY[
      $$UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't5'$$,
      $$UPDATE tickets t SET phase_id = x.p::phase FROM (VALUES ('t5', 'PHASE_DEPLOYMENT')) x (title, p) WHERE x.title = t.title$$,
      $$INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000005', 't5') ON CONFLICT (id) DO UPDATE SET phase_id = 'PHASE_DEPLOYMENT'$$,
      $$MERGE INTO tickets t USING (VALUES ('t5')) x (title) ON x.title = t.title WHEN MATCHED THEN UPDATE SET phase_id = 'PHASE_DEPLOYMENT'$$,
      $$SELECT phasegate.transition_ticket('00000000-0000-7000-8000-000000000005', 'PHASE_DEPLOYMENT')$$]) statement;
-- A bulk UPDATE: one failing ticket refuses the statement, whichever it is, and nothing of it remains.
SELECT split_part(public.refusal($$UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT'$$), ' | ', 2);
SELECT split_part(public.refusal($$UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title IN ('t1', 't2', 't3')$$), ' | ', 3);
SELECT phase_id, count(*) FROM tickets GROUP BY 1;
SELECT (SELECT count(*) FROM phase_history WHERE from_phase IS NOT NULL) AS moves, (SELECT count(*) FROM phase_gate_results) AS results;
-- transition_tickets moves those that pass and reports the others with their reasons, which stay on record.
SELECT substr(ticket_id::text, 36) AS id, transitioned, current_phase, error_code, blocking_reasons
  FROM phasegate.transition_tickets(ARRAY(SELECT id FROM tickets WHERE title <> 't6' ORDER BY id DESC), 'PHASE_DEPLOYMENT');
SELECT title, t.phase_id, gate_status, blocking_reasons, h.gate_result_id = r.id AS named_by_history
  FROM tickets t LEFT JOIN phase_gate_results r ON r.ticket_id = t.id LEFT JOIN phase_history h ON h.ticket_id = t.id AND h.from_phase IS NOT NULL ORDER BY title;
-- A passing bulk UPDATE leaves a result row for each ticket.
UPDATE phase_gate_artifacts SET artifact_content = '{"all_passed": true}' WHERE artifact_type = 'test_results';
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
SELECT id, 'PHASE_TESTING', type, content FROM tickets, (VALUES ('test_results', '{"all_passed": true}'::jsonb), ('test_evidence', NULL)) a (type, content)
 WHERE phase_id = 'PHASE_TESTING' AND title <> 't6';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE phase_id = 'PHASE_TESTING';
SELECT t.title, r.gate_status, r.validated_at = h.created_at AS same_time, r.validated_by = h.transitioned_by AS same_actor, r.blocking_reasons
  FROM tickets t JOIN phase_history h ON h.ticket_id = t.id AND h.from_phase IS NOT NULL JOIN phase_gate_results r ON r.id = h.gate_result_id ORDER BY title;
-- The gate of the phase left is asked, and only on edges that require it.
UPDATE phase_transitions SET requires_gate = false WHERE from_phase = 'PHASE_TESTING';
INSERT INTO tickets (title, phase_id) VALUES ('ungated', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 'ungated';
SELECT gate_result_id IS NULL AS no_gate FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE title = 'ungated' AND from_phase IS NOT NULL;
SELECT sum(violations) FROM phasegate.check_workspace();
