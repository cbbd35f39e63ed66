-- Gates: evidence handed in, checked, and the verdicts on it.

CREATE OR REPLACE FUNCTION add_artifact(
    ticket_id uuid, artifact_type text, artifact_path text DEFAULT NULL, artifact_content jsonb DEFAULT NULL,
    phase_id text DEFAULT NULL, collected_by text DEFAULT NULL)
    RETURNS artifact
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_add_artifact';
COMMENT ON FUNCTION add_artifact(uuid, text, text, jsonb, text, text) IS
    'Hands in an artifact. NULL phase means the ticket''s; evidence for a later phase may be handed in early. Needs INSERT on phase_gate_artifacts, and to see the ticket.';

CREATE OR REPLACE FUNCTION collect_artifacts(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS SETOF artifact
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 5 AS 'MODULE_PATHNAME', 'phasegate_collect_artifacts';
COMMENT ON FUNCTION collect_artifacts(uuid, text) IS
    'Takes artifacts out of completed tasks'' results, each once, and returns the new ones. Happens by itself when a task completes; one that was deleted since is taken again.';

CREATE OR REPLACE FUNCTION check_gate_requirements(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_check_gate_requirements';
COMMENT ON FUNCTION check_gate_requirements(uuid, text) IS
    'What the gate of a phase would say now, with every reason. Writes nothing.';

CREATE OR REPLACE FUNCTION validate_gate(ticket_id uuid, phase_id text DEFAULT NULL, validated_by text DEFAULT NULL)
    RETURNS gate_result
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_validate_gate';
COMMENT ON FUNCTION validate_gate(uuid, text, text) IS
    'Collects artifacts, checks the gate and stores the result. Where only the review is missing, one is put into the queue. Needs UPDATE of tickets.phase_id.';

CREATE OR REPLACE FUNCTION validate_phase_completion(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_validate_phase_completion';
COMMENT ON FUNCTION validate_phase_completion(uuid, text) IS
    'Asks for a review of the phase now: a task that an agent with capability validation claims. An open review is returned, not doubled. Needs UPDATE of tickets.phase_id.';

CREATE OR REPLACE FUNCTION request_review(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_validate_phase_completion';
COMMENT ON FUNCTION request_review(uuid, text) IS 'The plain name of validate_phase_completion.';

CREATE OR REPLACE FUNCTION gate_status(ticket_id uuid) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_gate_status';
COMMENT ON FUNCTION gate_status(uuid) IS
    'The gate of the ticket''s phase: the configured requirements, the check as of now, the latest stored result.';

-- The columns of the types. One that stands in a table of the workspace has the same comment there.
COMMENT ON COLUMN artifact.id IS 'A UUID version 7.';
COMMENT ON COLUMN artifact.ticket_id IS 'The ticket.';
COMMENT ON COLUMN artifact.phase_id IS 'The phase that it is evidence for.';
COMMENT ON COLUMN artifact.artifact_type IS 'The name by which gates ask for it.';
COMMENT ON COLUMN artifact.artifact_path IS 'Where it is kept.';
COMMENT ON COLUMN artifact.artifact_content IS 'What criteria look at.';
COMMENT ON COLUMN artifact.collected_at IS 'When it was handed in.';
COMMENT ON COLUMN artifact.collected_by IS 'Who handed it in; may not review the phase.';
COMMENT ON COLUMN artifact.task_id IS 'The task whose result brought it, if one did.';
COMMENT ON COLUMN artifact.superseded_at IS 'When a regression made it stale; then it counts no more.';

COMMENT ON COLUMN gate_result.id IS 'A UUID version 7.';
COMMENT ON COLUMN gate_result.ticket_id IS 'The ticket.';
COMMENT ON COLUMN gate_result.phase_id IS 'The phase whose gate it is.';
COMMENT ON COLUMN gate_result.gate_status IS 'passed, failed, or pending where only the review is missing.';
COMMENT ON COLUMN gate_result.validation_result IS 'What the gate looked at and found.';
COMMENT ON COLUMN gate_result.validated_at IS 'When.';
COMMENT ON COLUMN gate_result.validated_by IS 'Who asked for the verdict, or gave it in a review.';
COMMENT ON COLUMN gate_result.blocking_reasons IS 'Why it did not pass, one sentence each.';
