-- Of one type the newest counts for the gate; all that are current are handed on.
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO phase_gate_requirements (phase_id, required_artifacts, validation_criteria, requires_review) VALUES ('PHASE_DESIGN', '{diagram}', '{"diagram": {"must_have_tests": true}}', true);
INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_DESIGN') RETURNING id AS ticket \gset
SELECT artifact_path FROM add_artifact(:'ticket', 'diagram', 'overview.svg', '{"has_tests": false}', collected_by => 'ada');
SELECT artifact_path FROM add_artifact(:'ticket', 'diagram', 'detail.svg', '{"has_tests": true}', collected_by => 'ada');
SELECT artifact_path FROM add_artifact(:'ticket', 'decision', 'adr-1.md', collected_by => 'ada');
SELECT artifact_path FROM add_artifact(:'ticket', 'decision', 'adr-1.md', collected_by => 'ada');
SELECT check_gate_requirements(:'ticket') ->> 'validation_status' AS status;
SELECT gate_status FROM validate_gate(:'ticket');
-- The reviewer sees them,
SELECT id AS review, jsonb_path_query_array(context, '$.review.artifacts[*].path') AS artifacts FROM claim_task('vera', '{validation}') \gset
SELECT :'artifacts' AS artifacts;
SELECT status FROM complete_task(:'review', 'vera', '{"approved": true}');
SELECT aggregate_phase_context(:'ticket') -> 'artifacts' AS artifacts;
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_IMPLEMENTATION');
-- and so do the phases after, and the record.
SELECT context #> '{design_phase,artifacts}' AS artifacts, context_summary FROM tickets;
SELECT context_data -> 'artifacts' AS artifacts FROM phase_context;
SELECT jsonb_path_query_array(artifacts, '$[*].path') AS artifacts FROM phase_history WHERE to_phase = 'PHASE_IMPLEMENTATION';
-- The same where the context is not folded, by a move to the side.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT artifact_path FROM add_artifact(:'ticket', 'diagram', 'again.svg', collected_by => 'ada');
SELECT artifact_path FROM add_artifact(:'ticket', 'diagram', 'and again.svg', collected_by => 'ada');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SELECT jsonb_path_query_array(artifacts, '$[*].path') AS artifacts FROM phase_history ORDER BY created_at DESC LIMIT 1;
SELECT * FROM check_workspace() WHERE violations > 0;
