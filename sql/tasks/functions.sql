-- Tasks: templates, generation, and the queue in the order of its use: claim, start, heartbeat, complete or fail.

CREATE OR REPLACE FUNCTION get_templates_for_phase(phase_id text) RETURNS SETOF task_template
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 5 AS 'MODULE_PATHNAME', 'phasegate_get_templates_for_phase';
COMMENT ON FUNCTION get_templates_for_phase(text) IS
    'The active templates of a phase, those with the highest priority first.';

CREATE OR REPLACE FUNCTION generate_phase_tasks(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS SETOF task
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 5 AS 'MODULE_PATHNAME', 'phasegate_generate_phase_tasks';
COMMENT ON FUNCTION generate_phase_tasks(uuid, text) IS
    'Generates the tasks of a phase for a ticket and gives those made now; a template with an open task is skipped. Entering a phase does so by itself. NULL means the present phase.';

CREATE OR REPLACE FUNCTION generate_task_from_template(ticket_id uuid, template_id uuid) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_generate_task_from_template';
COMMENT ON FUNCTION generate_task_from_template(uuid, uuid) IS
    'Generates a task from one template, active or not; where the ticket has an open one from it, gives that.';

CREATE OR REPLACE FUNCTION claim_task(
    agent_id text, capabilities text[] DEFAULT '{}', phases text[] DEFAULT NULL,
    kinds text[] DEFAULT '{work,review,summary}', lease interval DEFAULT '5 minutes')
    RETURNS SETOF claimed_task
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'phasegate_claim_task';
COMMENT ON FUNCTION claim_task(text, text[], text[], text[], interval) IS
    'Claims the best task that fits the agent: none or one row. Highest priority first, then oldest. NULL phases or kinds mean all.';

CREATE OR REPLACE FUNCTION claim_tasks(
    agent_id text, count integer, capabilities text[] DEFAULT '{}', phases text[] DEFAULT NULL,
    kinds text[] DEFAULT '{work,review,summary}', lease interval DEFAULT '5 minutes')
    RETURNS SETOF claimed_task
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_claim_tasks';
COMMENT ON FUNCTION claim_tasks(text, integer, text[], text[], text[], interval) IS
    'Claims up to count tasks, at most 1000, for the agent, the best first.';

CREATE OR REPLACE FUNCTION start_task(task_id uuid, agent_id text, attempt integer DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_start_task';
COMMENT ON FUNCTION start_task(uuid, text, integer) IS 'Marks a claimed task as running.';

CREATE OR REPLACE FUNCTION heartbeat_task(
    task_id uuid, agent_id text, lease interval DEFAULT '5 minutes', attempt integer DEFAULT NULL)
    RETURNS timestamptz
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_heartbeat_task';
COMMENT ON FUNCTION heartbeat_task(uuid, text, interval, integer) IS
    'Extends the lease of a task that the agent holds, from now on; gives its new end.';

CREATE OR REPLACE FUNCTION complete_task(
    task_id uuid, agent_id text, result jsonb DEFAULT NULL, attempt integer DEFAULT NULL)
    RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_complete_task';
COMMENT ON FUNCTION complete_task(uuid, text, jsonb, integer) IS
    'Completes a task that the agent holds, with its result; tasks that waited for it alone can then be claimed.';

CREATE OR REPLACE FUNCTION complete_tasks(agent_id text, results jsonb) RETURNS SETOF task_attempt
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_complete_tasks';
COMMENT ON FUNCTION complete_tasks(text, jsonb) IS
    'Completes many tasks that the agent holds: up to 1000 in an array of {"task_id", "attempt", "result"}. Those that can be are completed, the others reported; one row per element, in their order.';

CREATE OR REPLACE FUNCTION fail_task(
    task_id uuid, agent_id text, error_message text, retry boolean DEFAULT true, attempt integer DEFAULT NULL)
    RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_fail_task';
COMMENT ON FUNCTION fail_task(uuid, text, text, boolean, integer) IS
    'Gives up an attempt. With retry, and while attempts remain, the task is pending again after a wait that doubles each time; else it is failed.';

CREATE OR REPLACE FUNCTION cancel_task(task_id uuid, reason text DEFAULT NULL) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_cancel_task';
COMMENT ON FUNCTION cancel_task(uuid, text) IS
    'Cancels a task that is not completed, for good. Tasks that wait for it keep waiting until their dependencies are changed.';

CREATE OR REPLACE FUNCTION release_expired_tasks(workspace name DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_release_expired_tasks';
COMMENT ON FUNCTION release_expired_tasks(name) IS
    'Puts tasks whose lease ran out back to pending, or to failed when no attempt is left; gives how many. Claims do so by themselves. NULL means the workspace on the search_path.';

CREATE OR REPLACE FUNCTION took_part(ticket_id uuid, phase_id text, agent_id text) RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_took_part';
COMMENT ON FUNCTION took_part(uuid, text, text) IS
    'Whether the agent ever held work of the ticket''s phase or collected one of its artifacts: then it may not review it.';

CREATE OR REPLACE FUNCTION _has_approved(ticket_id uuid, phase_id text, agent_id text) RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_has_approved';
COMMENT ON FUNCTION _has_approved(uuid, text, text) IS
    'For claims: whether an approval of the ticket''s phase by the agent counts; then another review of it is for somebody else.';

-- The columns of the types. One that stands in a table of the workspace has the same comment there.
COMMENT ON COLUMN task_template.id IS 'A UUID version 7.';
COMMENT ON COLUMN task_template.phase_id IS 'The phase whose entry generates the task.';
COMMENT ON COLUMN task_template.task_type IS 'What kind of work it is; other templates of the phase depend on it by this name.';
COMMENT ON COLUMN task_template.template_description IS 'The task''s description, with variables such as {ticket_title}.';
COMMENT ON COLUMN task_template.default_priority IS 'LOW, MEDIUM, HIGH or CRITICAL; NULL means MEDIUM.';
COMMENT ON COLUMN task_template.required_capabilities IS 'What an agent must be capable of, an array of strings.';
COMMENT ON COLUMN task_template.dependencies_template IS 'The task types that have to be completed before, an array of strings.';
COMMENT ON COLUMN task_template.is_active IS 'Whether entering the phase generates the task.';
COMMENT ON COLUMN task_template.created_at IS 'When the row was inserted.';

COMMENT ON COLUMN task.id IS 'A UUID; by default one of version 7.';
COMMENT ON COLUMN task.ticket_id IS 'The ticket.';
COMMENT ON COLUMN task.phase_id IS 'The phase of the ticket that the task belongs to.';
COMMENT ON COLUMN task.kind IS 'work, review or summary.';
COMMENT ON COLUMN task.task_type IS 'What kind of work it is, as the template says.';
COMMENT ON COLUMN task.description IS 'What is to be done.';
COMMENT ON COLUMN task.priority IS 'LOW, MEDIUM, HIGH or CRITICAL. Higher ones are claimed first.';
COMMENT ON COLUMN task.status IS 'pending, assigned, running, completed, failed or cancelled.';
COMMENT ON COLUMN task.required_capabilities IS 'What an agent must be capable of to be offered the task, an array of strings.';
COMMENT ON COLUMN task.dependencies IS 'The tasks that have to be completed before: {"depends_on": [ids]}.';
COMMENT ON COLUMN task.pending_dependencies IS 'How many of those are not completed. Set by phasegate.';
COMMENT ON COLUMN task.assigned_agent_id IS 'The agent that holds the task, or that ended it.';
COMMENT ON COLUMN task.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN task.max_attempts IS 'After how many attempts it fails for good.';
COMMENT ON COLUMN task.scheduled_at IS 'Not to be claimed before.';
COMMENT ON COLUMN task.lease_expires_at IS 'Until when the agent holds it; afterwards it can be claimed again.';
COMMENT ON COLUMN task.result IS 'What the agent handed in.';
COMMENT ON COLUMN task.error_message IS 'What the last attempt failed of, or why the task was cancelled.';
COMMENT ON COLUMN task.template_id IS 'The template that it was generated from, in task_templates.';
COMMENT ON COLUMN task.created_at IS 'When the row was inserted. Of one priority, the oldest is claimed first.';
COMMENT ON COLUMN task.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN task.started_at IS 'When the agent started work.';
COMMENT ON COLUMN task.completed_at IS 'When the task was completed, failed or cancelled.';

COMMENT ON COLUMN task_attempt.task_id IS 'The task; NULL where the element does not name one.';
COMMENT ON COLUMN task_attempt.completed IS 'Whether this element completed it.';
COMMENT ON COLUMN task_attempt.error_code IS 'Why not: task_not_held, task_not_found, invalid_result, result_too_large, reviewer_took_part, reviewer_has_approved, invalid_argument for an element that is ill-shaped, ...; else NULL.';

COMMENT ON COLUMN claimed_task.id IS 'A UUID; by default one of version 7.';
COMMENT ON COLUMN claimed_task.ticket_id IS 'The ticket.';
COMMENT ON COLUMN claimed_task.phase_id IS 'The phase of the ticket that the task belongs to.';
COMMENT ON COLUMN claimed_task.kind IS 'work, review or summary.';
COMMENT ON COLUMN claimed_task.task_type IS 'What kind of work it is, as the template says.';
COMMENT ON COLUMN claimed_task.description IS 'What is to be done.';
COMMENT ON COLUMN claimed_task.priority IS 'LOW, MEDIUM, HIGH or CRITICAL. Higher ones are claimed first.';
COMMENT ON COLUMN claimed_task.status IS 'pending, assigned, running, completed, failed or cancelled.';
COMMENT ON COLUMN claimed_task.required_capabilities IS 'What an agent must be capable of to be offered the task, an array of strings.';
COMMENT ON COLUMN claimed_task.dependencies IS 'The tasks that have to be completed before: {"depends_on": [ids]}.';
COMMENT ON COLUMN claimed_task.pending_dependencies IS 'How many of those are not completed. Set by phasegate.';
COMMENT ON COLUMN claimed_task.assigned_agent_id IS 'The agent that holds the task, or that ended it.';
COMMENT ON COLUMN claimed_task.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN claimed_task.max_attempts IS 'After how many attempts it fails for good.';
COMMENT ON COLUMN claimed_task.scheduled_at IS 'Not to be claimed before.';
COMMENT ON COLUMN claimed_task.lease_expires_at IS 'Until when the agent holds it; afterwards it can be claimed again.';
COMMENT ON COLUMN claimed_task.result IS 'What the agent handed in.';
COMMENT ON COLUMN claimed_task.error_message IS 'What the last attempt failed of, or why the task was cancelled.';
COMMENT ON COLUMN claimed_task.template_id IS 'The template that it was generated from, in task_templates.';
COMMENT ON COLUMN claimed_task.created_at IS 'When the row was inserted. Of one priority, the oldest is claimed first.';
COMMENT ON COLUMN claimed_task.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN claimed_task.started_at IS 'When the agent started work.';
COMMENT ON COLUMN claimed_task.completed_at IS 'When the task was completed, failed or cancelled.';
COMMENT ON COLUMN claimed_task.attempt IS 'Which attempt this claim is; given to heartbeat_task and the others, it tells them from a later claim.';
COMMENT ON COLUMN claimed_task.ticket_title IS 'The ticket''s title.';
COMMENT ON COLUMN claimed_task.context IS 'The ticket''s context, as the phases before left it; under review what a reviewer is to judge, or what the reviewer said whose rejection made the task.';
COMMENT ON COLUMN claimed_task.context_summary IS 'The same as text, within a budget of tokens.';
