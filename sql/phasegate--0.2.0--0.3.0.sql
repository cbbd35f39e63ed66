-- Written by pgrx-config/upgrade-script.sh: change what it is made of.
\echo Use "ALTER EXTENSION phasegate UPDATE" to run this file. \quit

-- From sql/upgrade/0.2.0--0.3.0.sql
-- What this update does before it replaces all functions and views: new and changed types, dropped functions, grants
-- on what is new.

-- From sql/context/functions.sql
-- Context: what each phase hands to the next, within a token budget.

CREATE OR REPLACE FUNCTION aggregate_phase_context(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_aggregate_phase_context';
COMMENT ON FUNCTION aggregate_phase_context(uuid, text) IS
    'What a phase of the ticket produced, merged from its completed tasks and current artifacts; computed now, stored nowhere. NULL means the present phase.';

CREATE OR REPLACE FUNCTION summarize_context(context jsonb, max_tokens integer DEFAULT 2000) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_context';
COMMENT ON FUNCTION summarize_context(jsonb, integer) IS
    'A context as compact text of at most max_tokens tokens (setting phasegate.tokenizer): decisions first, then risks, summaries, documents and the rest.';

CREATE OR REPLACE FUNCTION summarize_structured(context jsonb) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_structured';
COMMENT ON FUNCTION summarize_structured(jsonb) IS 'A context as compact text, like summarize_context without a budget.';

CREATE OR REPLACE FUNCTION extract_key_points(context jsonb) RETURNS text[]
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_extract_key_points';
COMMENT ON FUNCTION extract_key_points(jsonb) IS 'The points of a context, the most important first.';

CREATE OR REPLACE FUNCTION get_context_for_phase(ticket_id uuid, target_phase text DEFAULT NULL, max_tokens integer DEFAULT 2000)
    RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_get_context_for_phase';
COMMENT ON FUNCTION get_context_for_phase(uuid, text, integer) IS
    'The ticket''s context as the phases before the target left it, with a summary within the budget. NULL means the present phase.';

CREATE OR REPLACE FUNCTION update_ticket_context(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_update_ticket_context';
COMMENT ON FUNCTION update_ticket_context(uuid, text) IS
    'Folds what the phase has produced so far into the ticket''s context. A forward transition does so by itself.';

CREATE OR REPLACE FUNCTION ticket_context(ticket_id uuid) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_ticket_context';
COMMENT ON FUNCTION ticket_context(uuid) IS
    'The ticket''s whole context and summary: ticket_id, full_context, summary, last_updated.';

CREATE OR REPLACE FUNCTION context_summary(ticket_id uuid, max_tokens integer DEFAULT 2000) RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_context_summary';
COMMENT ON FUNCTION context_summary(uuid, integer) IS
    'What the ticket''s present phase needs to know of the phases before it, within the budget.';

CREATE OR REPLACE FUNCTION count_tokens(content text) RETURNS integer
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_count_tokens';
COMMENT ON FUNCTION count_tokens(text) IS 'How many tokens the text has by the tokenizer of the setting phasegate.tokenizer.';

CREATE OR REPLACE FUNCTION summarize_using_llm(ticket_id uuid, max_tokens integer DEFAULT 2000) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_using_llm';
COMMENT ON FUNCTION summarize_using_llm(uuid, integer) IS
    'Asks an outside summarizer (capability summarization) for the summary of what the ticket''s phase is handed; an open request is returned, not doubled. Needs UPDATE of tickets.context_summary.';

-- From sql/gates/functions.sql
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

-- From sql/tasks/functions.sql
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
    'Claims the best task there is for the agent: none or one row. Highest priority first, then oldest. NULL phases or kinds mean all.';

CREATE OR REPLACE FUNCTION claim_tasks(
    agent_id text, count integer, capabilities text[] DEFAULT '{}', phases text[] DEFAULT NULL,
    kinds text[] DEFAULT '{work,review,summary}', lease interval DEFAULT '5 minutes')
    RETURNS SETOF claimed_task
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_claim_tasks';
COMMENT ON FUNCTION claim_tasks(text, integer, text[], text[], text[], interval) IS
    'Claims up to count tasks for the agent, the best first.';

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
COMMENT ON COLUMN claimed_task.completed_at IS 'When the task was completed.';
COMMENT ON COLUMN claimed_task.attempt IS 'Which attempt this claim is; given to heartbeat_task and the others, it tells them from a later claim.';
COMMENT ON COLUMN claimed_task.ticket_title IS 'The ticket''s title.';
COMMENT ON COLUMN claimed_task.context IS 'The ticket''s context, as the phases before left it.';
COMMENT ON COLUMN claimed_task.context_summary IS 'The same as text, within a budget of tokens.';

-- From sql/triggers/functions.sql
-- The functions of triggers, out of sight of who looks for what to call.

CREATE OR REPLACE FUNCTION _configuration_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_configuration_changed';
COMMENT ON FUNCTION _configuration_changed() IS
    'Trigger on configuration tables: with the commit, every session reads the configuration anew; who changed what goes into configuration_history.';

CREATE OR REPLACE FUNCTION _owner_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_owner_only';
COMMENT ON FUNCTION _owner_only() IS 'Trigger on tables that only phasegate and the workspace''s owner write.';

CREATE OR REPLACE FUNCTION _append_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_append_only';
COMMENT ON FUNCTION _append_only() IS
    'Trigger on tables that are only appended to: refuses UPDATE and DELETE, and TRUNCATE but with tickets.';

CREATE OR REPLACE FUNCTION _phases_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_phases_check';
COMMENT ON FUNCTION _phases_check() IS
    'Trigger on phases: sets a phase''s key, and keeps what tickets are finished or blocked in.';

CREATE OR REPLACE FUNCTION _artifact_changes() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_artifact_changes';
COMMENT ON FUNCTION _artifact_changes() IS
    'Trigger on phase_gate_artifacts: holds the ticket while its evidence changes.';

CREATE OR REPLACE FUNCTION _requirements_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_requirements_check';
COMMENT ON FUNCTION _requirements_check() IS
    'Trigger on phase_gate_requirements: refuses what could never be checked.';

CREATE OR REPLACE FUNCTION _tasks_added() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tasks_added';
COMMENT ON FUNCTION _tasks_added() IS 'Trigger on tasks: holds the tickets that get new work.';

CREATE OR REPLACE FUNCTION _task_withdrawn() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_task_withdrawn';
COMMENT ON FUNCTION _task_withdrawn() IS 'Trigger on tasks: holds the ticket that loses a task.';

CREATE OR REPLACE FUNCTION _verdict_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_verdict_check';
COMMENT ON FUNCTION _verdict_check() IS
    'Trigger on tasks: a review''s verdict must be well-formed, given by somebody entitled, and by nobody who worked on the phase.';

CREATE OR REPLACE FUNCTION _task_completed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_task_completed';
COMMENT ON FUNCTION _task_completed() IS 'Trigger on tasks: collects the artifacts of a completed task''s result.';

CREATE OR REPLACE FUNCTION _summary_given() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_summary_given';
COMMENT ON FUNCTION _summary_given() IS
    'Trigger on tasks: applies a summary that was asked for, if it fits its budget and the context has not changed since.';

CREATE OR REPLACE FUNCTION _tickets_start() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tickets_start';
COMMENT ON FUNCTION _tickets_start() IS 'Trigger on tickets: sets the columns of a new ticket that are phasegate''s.';

CREATE OR REPLACE FUNCTION _tickets_decide() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tickets_decide';
COMMENT ON FUNCTION _tickets_decide() IS
    'Trigger on tickets: decides whether a change of phase_id is allowed. Its arguments are the oldest shape whose code can work with the workspace, and the workspace''s own.';

CREATE OR REPLACE FUNCTION _tickets_record() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tickets_record';
COMMENT ON FUNCTION _tickets_record() IS 'Trigger on tickets: notes a start.';

CREATE OR REPLACE FUNCTION _tickets_write() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tickets_write';
COMMENT ON FUNCTION _tickets_write() IS 'Trigger on tickets: writes the history of a statement''s starts and moves.';

CREATE OR REPLACE FUNCTION _tickets_deleted() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tickets_deleted';
COMMENT ON FUNCTION _tickets_deleted() IS
    'Trigger on tickets: keeps what is left of a deleted ticket in ticket_archive.';

CREATE OR REPLACE FUNCTION _tasks_keep() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tasks_keep';
COMMENT ON FUNCTION _tasks_keep() IS
    'Trigger on tasks: refuses illegal moves and ill-shaped columns, keeps the columns that follow from the status.';

CREATE OR REPLACE FUNCTION _tasks_note() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tasks_note';
COMMENT ON FUNCTION _tasks_note() IS 'Trigger on tasks: notes completions and dependencies for tasks_settle.';

CREATE OR REPLACE FUNCTION _tasks_settle() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tasks_settle';
COMMENT ON FUNCTION _tasks_settle() IS
    'Trigger on tasks: checks and counts dependencies, lets go the tasks that waited.';

CREATE OR REPLACE FUNCTION _templates_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_templates_check';
COMMENT ON FUNCTION _templates_check() IS
    'Trigger on task_templates: refuses a template that could not be rendered or read.';

CREATE OR REPLACE FUNCTION _templates_fit() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_templates_fit';
COMMENT ON FUNCTION _templates_fit() IS
    'Trigger on task_templates: refuses dependencies that a phase''s templates cannot meet.';

-- Those of version 0.2.0, which stand on workspaces that were not upgraded and in dumps of them.

CREATE OR REPLACE FUNCTION configuration_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_configuration_changed';
COMMENT ON FUNCTION configuration_changed() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION owner_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_owner_only';
COMMENT ON FUNCTION owner_only() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION artifact_changes() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_artifact_changes';
COMMENT ON FUNCTION artifact_changes() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION requirements_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_requirements_check';
COMMENT ON FUNCTION requirements_check() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tasks_added() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tasks_added';
COMMENT ON FUNCTION tasks_added() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION task_withdrawn() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_task_withdrawn';
COMMENT ON FUNCTION task_withdrawn() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION verdict_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_verdict_check';
COMMENT ON FUNCTION verdict_check() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION task_completed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_task_completed';
COMMENT ON FUNCTION task_completed() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION summary_given() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_summary_given';
COMMENT ON FUNCTION summary_given() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tickets_start() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tickets_start';
COMMENT ON FUNCTION tickets_start() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tickets_decide() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tickets_decide';
COMMENT ON FUNCTION tickets_decide() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tickets_record() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tickets_record';
COMMENT ON FUNCTION tickets_record() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tickets_write() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tickets_write';
COMMENT ON FUNCTION tickets_write() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION history_append_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_history_append_only';
COMMENT ON FUNCTION history_append_only() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tasks_keep() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tasks_keep';
COMMENT ON FUNCTION tasks_keep() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tasks_note() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tasks_note';
COMMENT ON FUNCTION tasks_note() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION tasks_settle() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_tasks_settle';
COMMENT ON FUNCTION tasks_settle() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION templates_check() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_templates_check';
COMMENT ON FUNCTION templates_check() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

CREATE OR REPLACE FUNCTION templates_fit() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_templates_fit';
COMMENT ON FUNCTION templates_fit() IS 'Trigger of version 0.2.0: refuses until upgrade_workspace was run.';

-- From sql/workflow/functions.sql
-- The workflow: moving tickets, and reading where they are and were.

CREATE OR REPLACE FUNCTION transition_ticket(
    ticket_id uuid, to_phase text, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL,
    artifacts jsonb DEFAULT NULL, expected_phase text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_transition_ticket';
COMMENT ON FUNCTION transition_ticket(uuid, text, text, text, jsonb, text) IS
    'Moves a ticket to a phase, or raises and says why it cannot. With expected_phase it moves only from there.';

CREATE OR REPLACE FUNCTION try_transition_ticket(
    ticket_id uuid, to_phase text, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL,
    artifacts jsonb DEFAULT NULL, expected_phase text DEFAULT NULL)
    RETURNS transition_attempt
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_try_transition_ticket';
COMMENT ON FUNCTION try_transition_ticket(uuid, text, text, text, jsonb, text) IS
    'Moves a ticket like transition_ticket, but answers a refusal in error_code and blocking_reasons instead of raising.';

CREATE OR REPLACE FUNCTION transition_tickets(
    ticket_ids uuid[], to_phase text, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL)
    RETURNS SETOF transition_attempt
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'phasegate_transition_tickets';
COMMENT ON FUNCTION transition_tickets(uuid[], text, text, text) IS
    'Moves many tickets in one statement: those that can, do; the others are reported. One row an id, in the order given.';

CREATE OR REPLACE FUNCTION can_transition_ticket(ticket_id uuid, to_phase text)
    RETURNS transition_check
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_can_transition_ticket';
COMMENT ON FUNCTION can_transition_ticket(uuid, text) IS
    'Whether the ticket could move to the phase now, and if not, why. Writes nothing.';

CREATE OR REPLACE FUNCTION block_ticket(ticket_id uuid, reason text, transitioned_by text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_block_ticket';
COMMENT ON FUNCTION block_ticket(uuid, text, text) IS 'Moves a ticket into PHASE_BLOCKED, saying why.';

CREATE OR REPLACE FUNCTION unblock_ticket(ticket_id uuid, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_unblock_ticket';
COMMENT ON FUNCTION unblock_ticket(uuid, text, text) IS 'Moves a blocked ticket back to the phase it was blocked in.';

CREATE OR REPLACE FUNCTION can_transition(from_phase text, to_phase text) RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_can_transition';
COMMENT ON FUNCTION can_transition(text, text) IS 'Whether the workspace has this edge in phase_transitions.';

CREATE OR REPLACE FUNCTION get_valid_transitions(current_phase text) RETURNS SETOF text
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 5 AS 'MODULE_PATHNAME', 'phasegate_get_valid_transitions';
COMMENT ON FUNCTION get_valid_transitions(text) IS
    'The phases that a ticket in this phase can move to, in sequence order, PHASE_BLOCKED last.';

CREATE OR REPLACE FUNCTION get_phase_history(ticket_id uuid) RETURNS SETOF history_entry
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_get_phase_history';
COMMENT ON FUNCTION get_phase_history(uuid) IS 'Where the ticket has been, oldest first.';

CREATE OR REPLACE FUNCTION get_current_phase(ticket_id uuid) RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_get_current_phase';
COMMENT ON FUNCTION get_current_phase(uuid) IS 'The phase that the ticket is in.';

CREATE OR REPLACE FUNCTION phase_diagram(format text DEFAULT 'mermaid') RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_phase_diagram';
COMMENT ON FUNCTION phase_diagram(text) IS
    'The workspace''s phases and edges as text: a Mermaid stateDiagram-v2 (mermaid) or Graphviz (dot); gated edges are marked.';

-- The columns of the types. One that stands in a table of the workspace has the same comment there.
COMMENT ON COLUMN transition.ticket_id IS 'The ticket.';
COMMENT ON COLUMN transition.previous_phase IS 'The phase left.';
COMMENT ON COLUMN transition.current_phase IS 'The phase that the ticket is in now.';
COMMENT ON COLUMN transition.transitioned_at IS 'When it was moved; NULL where it was in that phase already.';
COMMENT ON COLUMN transition.transitioned_by IS 'Who moved it.';

COMMENT ON COLUMN transition_attempt.ticket_id IS 'The ticket.';
COMMENT ON COLUMN transition_attempt.transitioned IS 'Whether it was moved.';
COMMENT ON COLUMN transition_attempt.previous_phase IS 'The phase left; where it was not moved, the phase that it is in.';
COMMENT ON COLUMN transition_attempt.current_phase IS 'The phase that the ticket is in now.';
COMMENT ON COLUMN transition_attempt.transitioned_at IS 'When it was moved.';
COMMENT ON COLUMN transition_attempt.transitioned_by IS 'Who moved it.';
COMMENT ON COLUMN transition_attempt.error_code IS 'Why not: invalid_transition, gate_not_passed, phase_changed or ticket_not_found; else NULL.';
COMMENT ON COLUMN transition_attempt.blocking_reasons IS 'The same in sentences.';

COMMENT ON COLUMN transition_check.can_transition IS 'Whether the ticket could move now.';
COMMENT ON COLUMN transition_check.blocking_reasons IS 'Why not, one sentence each.';

COMMENT ON COLUMN history_entry.id IS 'A UUID version 7; rows of one ticket sort by it in the order of their moves.';
COMMENT ON COLUMN history_entry.ticket_id IS 'The ticket.';
COMMENT ON COLUMN history_entry.from_phase IS 'The phase left; NULL for the ticket''s start.';
COMMENT ON COLUMN history_entry.to_phase IS 'The phase entered.';
COMMENT ON COLUMN history_entry.transition_reason IS 'Why, as the caller or the setting phasegate.reason said.';
COMMENT ON COLUMN history_entry.transitioned_by IS 'Who, as the caller or the setting phasegate.actor said; else the session''s role.';
COMMENT ON COLUMN history_entry.artifacts IS 'What the caller of transition_ticket handed over for the record.';
COMMENT ON COLUMN history_entry.created_at IS 'When the ticket was moved. Strictly increases within a ticket.';
COMMENT ON COLUMN history_entry.db_role IS 'The role that the session was opened as.';
COMMENT ON COLUMN history_entry.gate_result_id IS 'The result of the gate that the move passed, in phase_gate_results.';

-- From sql/workspace/functions.sql
-- Workspaces: making, listing, checking and leaving them.

CREATE OR REPLACE FUNCTION uuid_v7() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_uuid_v7';
COMMENT ON FUNCTION uuid_v7() IS
    'A UUID version 7: starts with the time in milliseconds and increases within a session. Default of every id in a workspace.';

CREATE OR REPLACE FUNCTION create_workspace(workspace name DEFAULT pg_catalog.current_schema()) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_create_workspace';
COMMENT ON FUNCTION create_workspace(name) IS
    'Makes the schema a workspace: creates it where it is missing, adopts tables tickets and tasks that are there, repairs what is missing. Run again it changes nothing. One that an older version made is for upgrade_workspace.';

CREATE OR REPLACE FUNCTION detach_workspace(workspace name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_detach_workspace';
COMMENT ON FUNCTION detach_workspace(name) IS
    'Drops phasegate''s triggers and views from the workspace. All tables and rows stay; create_workspace takes it back.';

CREATE OR REPLACE FUNCTION upgrade_workspace(workspace name)
    RETURNS TABLE (shape integer, change text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'phasegate_upgrade_workspace';
COMMENT ON FUNCTION upgrade_workspace(name) IS
    'Brings a workspace that an older version made to the shape of this one: one row a step, none where it is current. Tables are locked until the transaction ends. Needs the rights of the owner.';

CREATE OR REPLACE FUNCTION check_workspace(workspace name DEFAULT NULL)
    RETURNS TABLE (check_name text, violations bigint, example text)
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_check_workspace';
COMMENT ON FUNCTION check_workspace(name) IS
    'Looks for states that the rules exclude, one row a check; all zero on a healthy workspace. NULL means the workspace on the search_path.';

CREATE OR REPLACE FUNCTION grant_access(workspace name, role name, level text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_grant_access';
COMMENT ON FUNCTION grant_access(name, name, text) IS
    'Grants a role a level of access, with ordinary GRANTs that the caller must be allowed to make: reader, agent, reviewer or manager, each with those before it.';

CREATE OR REPLACE FUNCTION revoke_access(workspace name, role name, level text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_revoke_access';
COMMENT ON FUNCTION revoke_access(name, name, text) IS
    'Revokes a level of access and those above it; those below stay. NULL means all. Rights that no level gives, and columns granted by hand, stay.';

CREATE OR REPLACE VIEW @extschema@.workspaces AS
SELECT n.nspname AS schema,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       pg_catalog.split_part(pg_catalog.encode(t.tgargs, 'escape'), E'\\000',
                             CASE WHEN t.tgnargs OPERATOR(pg_catalog.>) 1 THEN 2 ELSE 1 END) AS version,
       greatest(c.reltuples, 0)::pg_catalog.int8 AS tickets
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) c.oid
 WHERE c.relname OPERATOR(pg_catalog.=) 'tickets'
   AND (t.tgfoid OPERATOR(pg_catalog.=) '@extschema@._tickets_decide'::pg_catalog.regproc
        OR t.tgfoid OPERATOR(pg_catalog.=) '@extschema@.tickets_decide'::pg_catalog.regproc)
 ORDER BY n.nspname;
COMMENT ON VIEW @extschema@.workspaces IS
    'One row a workspace: its schema, owner, the version of its shape, and about how many tickets it holds.';

COMMENT ON COLUMN @extschema@.workspaces.schema IS 'The workspace''s name.';
COMMENT ON COLUMN @extschema@.workspaces.owner IS 'The owner of its tickets.';
COMMENT ON COLUMN @extschema@.workspaces.version IS 'The version of its shape.';
COMMENT ON COLUMN @extschema@.workspaces.tickets IS 'About how many tickets it holds, as of the last ANALYZE.';
