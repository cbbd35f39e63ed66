-- A workspace whose tickets are in an application's table of another name, in another schema: all works as where the table is
-- called tickets, and of phasegate's nothing stands there but triggers and columns, constraints and indexes on that table.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA app;
CREATE TABLE app.issues (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL, phase_id varchar(50) NOT NULL DEFAULT 'PHASE_BACKLOG', assignee text);
CREATE TABLE app.comments (id int PRIMARY KEY, issue_id uuid REFERENCES app.issues ON DELETE CASCADE, body text);
-- A table of a name of ours that is the application's own.
CREATE TABLE app.phase_history (ticket_id uuid REFERENCES app.issues ON DELETE CASCADE, note text);
INSERT INTO app.issues (id, title, phase_id, assignee) VALUES
    ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_DESIGN', 'ann'), ('00000000-0000-7000-8000-000000000002', 'two', 'PHASE_BACKLOG', NULL),
    ('00000000-0000-7000-8000-000000000003', 'three', 'PHASE_DONE', 'bob');
INSERT INTO app.comments VALUES (1, '00000000-0000-7000-8000-000000000001', 'hi');
CREATE TABLE public.before AS SELECT relname::text, relkind FROM pg_class WHERE relnamespace = 'app'::regnamespace;

SELECT phasegate.create_workspace('flow', tickets => 'app.issues');
SELECT c.relname, c.relkind FROM pg_class c WHERE relnamespace = 'app'::regnamespace EXCEPT SELECT * FROM public.before;
SELECT typname FROM pg_type WHERE typnamespace = 'app'::regnamespace AND typtype NOT IN ('c', 'b');
SELECT count(*) AS functions FROM pg_proc WHERE pronamespace = 'app'::regnamespace;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'app.issues'::regclass AND NOT tgisinternal ORDER BY 1;
SELECT relname FROM pg_class WHERE relnamespace = 'flow'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
SELECT schema, owner = current_user AS mine, tickets, ticket_table FROM phasegate.workspaces;
SELECT check_name, violations, example FROM phasegate.check_workspace('flow') WHERE violations <> 0;
-- Again, with the table named or not: nothing changes.
CREATE TABLE public.things AS SELECT oid, relname FROM pg_class WHERE relnamespace IN ('flow'::regnamespace, 'app'::regnamespace);
SELECT phasegate.create_workspace('flow'), phasegate.create_workspace('flow', tickets => 'app.issues');
SELECT oid, relname FROM pg_class WHERE relnamespace IN ('flow'::regnamespace, 'app'::regnamespace) AND relkind <> 'v' EXCEPT SELECT * FROM public.things;

-- The application goes on, with no word of phasegate on its search_path.
SET search_path = app;
UPDATE issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'two';
UPDATE issues SET phase_id = 'PHASE_DONE' WHERE title = 'two';
UPDATE issues SET assignee = 'cy' WHERE title = 'two';
INSERT INTO issues (id, title) VALUES ('00000000-0000-7000-8000-000000000004', 'four');
INSERT INTO issues VALUES ('00000000-0000-7000-8000-000000000005', 'five', 'PHASE_BLOCKED');
DELETE FROM issues WHERE title = 'three';
MERGE INTO issues i USING (VALUES ('four')) v (title) ON i.title = v.title WHEN MATCHED THEN UPDATE SET phase_id = 'PHASE_BLOCKED';

-- Functions find the workspace by its own schema; the application's alone is none, though it has the table and a phase_history.
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000002');
SELECT phasegate.check_workspace('app');
SET search_path = app, flow, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
SET search_path = flow, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
SELECT from_phase, to_phase, transition_reason FROM get_phase_history('00000000-0000-7000-8000-000000000004');
SELECT current_phase FROM unblock_ticket('00000000-0000-7000-8000-000000000004');
SELECT ticket_id, error_code FROM transition_tickets(ARRAY(SELECT id FROM app.issues ORDER BY id), 'PHASE_BLOCKED');
DELETE FROM phases WHERE phase_id = 'PHASE_BLOCKED';
SELECT current_phase FROM app.issues, unblock_ticket(id) WHERE issues.phase_id = 'PHASE_BLOCKED' ORDER BY id;
SELECT kind, task_type, ticket_title FROM claim_task('ann', '{analysis}');
SELECT can_transition('PHASE_BACKLOG', 'PHASE_REQUIREMENTS'), (can_transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN')).can_transition,
       count(*) FROM get_valid_transitions('PHASE_DESIGN');
SELECT task_type FROM generate_phase_tasks('00000000-0000-7000-8000-000000000001') ORDER BY 1;
SELECT kind FROM validate_phase_completion('00000000-0000-7000-8000-000000000001');
SELECT artifact_type FROM add_artifact('00000000-0000-7000-8000-000000000001', 'design_document', 'd.md');
SELECT gate_status FROM validate_gate('00000000-0000-7000-8000-000000000001');
SELECT kind FROM summarize_using_llm('00000000-0000-7000-8000-000000000001');
SELECT (ticket_context('00000000-0000-7000-8000-000000000001')) ->> 'ticket_id' AS ticket;
SELECT update_ticket_context('00000000-0000-7000-8000-000000000001');
SELECT phase, tickets, open_tasks, failed_gates FROM phase_board WHERE tickets > 0;
SELECT phase, sum(tasks) AS tasks FROM task_queue GROUP BY 1 ORDER BY 1;
SELECT count(*) AS visits FROM phase_durations;
UPDATE phases SET due_after = '1 microsecond' WHERE phase_id = 'PHASE_DESIGN';
SELECT title, phase FROM overdue_tickets;
SELECT title, deleted, jsonb_array_length(document -> 'history') AS history FROM ticket_archive;
SELECT sum(violations) FROM check_workspace();

-- What keeps the rules of a table called tickets keeps them here.
DELETE FROM phase_history;
TRUNCATE phase_history;
UPDATE app.issues SET phase_entered_at = 'epoch', previous_phase_id = NULL WHERE title = 'one' RETURNING phase_entered_at > 'yesterday' AS kept;
SELECT length(repeat('x', 3000000)) > 0 AS long, set_config('phasegate.max_result_bytes', '1MB', false);
UPDATE app.issues SET context = jsonb_build_object('x', repeat('x', 90000000)) WHERE title = 'one';
ALTER TABLE app.issues INHERIT app.comments;
CREATE TABLE app.heirs () INHERITS (app.issues);
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
DROP TABLE app.heirs;

-- A table serves one workspace, and a workspace has one table.
SELECT phasegate.create_workspace('other', tickets => 'app.issues');
CREATE TABLE app.more (id uuid PRIMARY KEY, title text);
SELECT phasegate.create_workspace('flow', tickets => 'app.more');
SELECT phasegate.create_workspace('app');
-- What is no table of one's own.
CREATE VIEW app.seen AS SELECT * FROM app.more;
SELECT phasegate.create_workspace('other', tickets => 'app.seen');
CREATE TEMP TABLE passing (id uuid PRIMARY KEY, title text);
\set VERBOSITY terse
SELECT phasegate.create_workspace('other', tickets => 'passing');
\set VERBOSITY default
SELECT phasegate.create_workspace('other', tickets => 'pg_class');
SELECT phasegate.create_workspace('other', tickets => 0::regclass);
-- Nor what is, or would be, another table of a workspace.
CREATE SCHEMA shop;
CREATE TABLE shop.tasks (id uuid PRIMARY KEY, title text);
SELECT phasegate.create_workspace('shop', tickets => 'shop.tasks');
SELECT phasegate.create_workspace('other', tickets => 'flow.tasks');
SELECT phasegate.create_workspace('other', tickets => 'shop.tasks');
SELECT phasegate.create_workspace('shop');
SELECT phasegate.detach_workspace('other');
DROP SCHEMA shop, other CASCADE;
-- A view named tickets beside the table that is.
CREATE SCHEMA named;
CREATE TABLE named.issues (id uuid PRIMARY KEY, title text);
CREATE VIEW named.tickets AS SELECT * FROM named.issues;
SELECT phasegate.create_workspace('named', tickets => 'named.issues');
INSERT INTO named.tickets VALUES ('00000000-0000-7000-8000-000000000009', 'x');
SELECT count(*) FROM named.phase_history;
SELECT sum(violations) FROM phasegate.check_workspace('named');
SELECT phasegate.create_workspace('named');
DROP SCHEMA named CASCADE;
-- Two in one schema beside a workspace of that schema.
CREATE SCHEMA pair;
CREATE TABLE pair.issues (id uuid PRIMARY KEY, title text);
SELECT phasegate.create_workspace('pair'), phasegate.create_workspace('theirs', tickets => 'pair.issues');
INSERT INTO pair.issues VALUES ('00000000-0000-7000-8000-000000000009', 'x');
INSERT INTO pair.tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000009', 'y');
SELECT schema, ticket_table FROM phasegate.workspaces ORDER BY 1;
SELECT phasegate.detach_workspace('pair');
SELECT schema, ticket_table FROM phasegate.workspaces ORDER BY 1;
UPDATE pair.issues SET phase_id = 'PHASE_REQUIREMENTS';
SELECT count(*) FROM theirs.phase_history;
-- And one of the workspace's schema under another name.
CREATE SCHEMA own;
CREATE TABLE own.issues (id uuid PRIMARY KEY, title text);
INSERT INTO own.issues VALUES ('00000000-0000-7000-8000-000000000009', 'x');
SELECT phasegate.create_workspace('own', tickets => 'own.issues');
UPDATE own.issues SET phase_id = 'PHASE_REQUIREMENTS';
SELECT ticket_table FROM phasegate.workspaces WHERE schema = 'own';
SELECT sum(violations) FROM phasegate.check_workspace('own');

-- Renaming the table, its schema and the workspace's schema changes nothing for those who know it by the workspace.
SET search_path = flow, phasegate;
ALTER TABLE app.issues RENAME TO "The ""issues"" {ws}";
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
SELECT current_phase FROM block_ticket('00000000-0000-7000-8000-000000000002', 'why');
CREATE SCHEMA "Else {tickets}";
ALTER TABLE app."The ""issues"" {ws}" SET SCHEMA "Else {tickets}";
SELECT current_phase FROM unblock_ticket('00000000-0000-7000-8000-000000000002');
UPDATE "Else {tickets}"."The ""issues"" {ws}" SET phase_id = 'PHASE_BLOCKED' WHERE title = 'two';
ALTER SCHEMA "Else {tickets}" RENAME TO elsewhere;
SELECT current_phase FROM unblock_ticket('00000000-0000-7000-8000-000000000002');
ALTER SCHEMA flow RENAME TO river;
SET search_path = river, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
SELECT phase, tickets FROM phase_board WHERE tickets > 0;
SELECT sum(violations) FROM check_workspace();
SELECT schema, ticket_table FROM phasegate.workspaces WHERE schema = 'river';
ALTER TABLE elsewhere."The ""issues"" {ws}" RENAME TO issues;

-- A column renamed is missed by its name; given its name again all goes on.
ALTER TABLE elsewhere.issues RENAME COLUMN context TO other;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
ALTER TABLE elsewhere.issues RENAME COLUMN other TO context;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');

-- Leaving and coming back. Which table it was is known by the foreign keys.
SELECT detach_workspace('river');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'elsewhere.issues'::regclass AND NOT tgisinternal;
UPDATE elsewhere.issues SET phase_id = 'PHASE_DONE' WHERE title = 'two';
SELECT phasegate.create_workspace('river');
SELECT from_phase, to_phase, transition_reason FROM get_phase_history('00000000-0000-7000-8000-000000000002') OFFSET 7;
SELECT sum(violations) FROM check_workspace();

-- Where the key that says which table it is is gone, all that asks for it says how to make it anew.
ALTER TABLE phase_history DROP CONSTRAINT phase_history_ticket_id_fkey;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
SELECT check_workspace('river');
UPDATE elsewhere.issues SET phase_id = 'PHASE_BLOCKED';
SELECT phasegate.create_workspace('river');
SELECT phasegate.create_workspace('river', tickets => 'elsewhere.issues');
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
SELECT sum(violations) FROM check_workspace();
-- Another of the keys is missed by name, and made anew.
ALTER TABLE tasks DROP CONSTRAINT tasks_ticket_id_fkey;
SELECT check_name, violations, example FROM check_workspace() WHERE violations <> 0;
SELECT phasegate.create_workspace('river');
SELECT sum(violations) FROM check_workspace();

-- Moving on what is done, by force, and into the archive: the application's rows stay there unless they are to go.
DELETE FROM phase_gate_requirements;
INSERT INTO phase_gate_requirements (phase_id, required_tasks_completed) VALUES ('PHASE_REQUIREMENTS', true);
UPDATE tasks SET status = 'cancelled' WHERE status = 'pending';
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_REQUIREMENTS', 'only_one', 'x');
UPDATE elsewhere.issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'four';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'ann' WHERE status = 'pending';
SELECT ticket_id, current_phase FROM advance_tickets(phases => '{PHASE_REQUIREMENTS}');
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', 'it is over');
CREATE TABLE elsewhere.invoices (id int PRIMARY KEY, issue uuid REFERENCES elsewhere.issues);
INSERT INTO elsewhere.invoices VALUES (1, '00000000-0000-7000-8000-000000000001');
SET client_min_messages = notice;
SELECT archive_tickets('infinity', delete => true);
SELECT archive_tickets('infinity');
SELECT archive_tickets('infinity');
SET client_min_messages = warning;
SELECT title, deleted, document ->> 'format' AS format, jsonb_array_length(document -> 'history') > 3 AS whole FROM ticket_archive WHERE NOT deleted;
SELECT count(*) AS moves FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT title FROM elsewhere.issues ORDER BY 1;
DELETE FROM app.comments;
DROP TABLE elsewhere.invoices;
SELECT archive_tickets('infinity', delete => true);
SELECT title FROM elsewhere.issues ORDER BY 1;
SELECT sum(violations) FROM check_workspace();

-- Everything emptied, as test suites do.
TRUNCATE elsewhere.issues CASCADE;
SELECT count(*) FROM phase_history;
-- The table dropped: the workspace says so.
DROP TABLE elsewhere.issues CASCADE;
SELECT get_current_phase('00000000-0000-7000-8000-000000000002');
DROP EXTENSION phasegate CASCADE;
DROP SCHEMA app, elsewhere, river, pair, theirs, own CASCADE;
DROP TABLE public.before, public.things;
