-- The functions of triggers, out of sight of who looks for what to call.

CREATE OR REPLACE FUNCTION _configuration_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_configuration_changed';
COMMENT ON FUNCTION _configuration_changed() IS
    'Trigger on configuration tables: with the commit, every session reads the configuration anew; who changed what goes into configuration_history.';

CREATE OR REPLACE FUNCTION _owner_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_owner_only';
COMMENT ON FUNCTION _owner_only() IS
    'Trigger on tables that only phasegate and the workspace''s owner write; for verdicts also: keeps to the name of the session''s agent.';

CREATE OR REPLACE FUNCTION _adopting() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_adopting';
COMMENT ON FUNCTION _adopting() IS
    'Trigger on tables that adopt_workspace is adopting: marks them, and keeps the phases beside the texts that they come from.';

CREATE OR REPLACE FUNCTION _trigger_made() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_made';
COMMENT ON FUNCTION _trigger_made() IS
    'Event trigger: lets only roles with the rights of the table''s owner make a trigger that replaces one of phasegate''s or fires after them.';

CREATE OR REPLACE FUNCTION _append_only() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_append_only';
COMMENT ON FUNCTION _append_only() IS
    'Trigger on tables that are only appended to: refuses UPDATE and DELETE, and TRUNCATE except together with tickets.';

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

CREATE OR REPLACE FUNCTION _task_completed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_task_completed';
COMMENT ON FUNCTION _task_completed() IS 'Trigger on tasks: collects the artifacts of a new task that is completed already.';

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
    'Trigger on tasks: refuses illegal moves, ill-shaped columns, results and verdicts, keeps the columns that follow from the status, applies summaries.';

CREATE OR REPLACE FUNCTION _tasks_note() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tasks_note';
COMMENT ON FUNCTION _tasks_note() IS 'Trigger on tasks: notes completions and dependencies for _tasks_settle.';

CREATE OR REPLACE FUNCTION _tasks_settle() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_tasks_settle';
COMMENT ON FUNCTION _tasks_settle() IS
    'Trigger on tasks: checks and counts dependencies, lets go the tasks that waited, collects the artifacts of completed tasks.';

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
