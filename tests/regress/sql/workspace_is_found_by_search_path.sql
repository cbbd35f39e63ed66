-- Functions act on the first workspace of the search_path, triggers on that of their table.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('one');
SELECT phasegate.create_workspace('two');
UPDATE one.task_templates SET is_active = false;
UPDATE two.task_templates SET is_active = false;
INSERT INTO one.tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'in one');
INSERT INTO two.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'in two', 'PHASE_DESIGN');
SET search_path = one, two;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SET search_path = two, one;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SET search_path = nowhere, pg_catalog, one;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
-- Direct SQL needs no search_path, and is not misled by one.
SET search_path = two;
UPDATE one.tickets SET phase_id = 'PHASE_REQUIREMENTS';
INSERT INTO one.tickets (title) VALUES ('another');
SET search_path = '';
UPDATE two.tickets SET phase_id = 'PHASE_BLOCKED'::two.phase;
SELECT count(*) FROM one.phase_history;
SELECT count(*) FROM two.phase_history;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
-- A table tickets that is no workspace's, or is temporary, is passed by.
CREATE SCHEMA plain;
CREATE TABLE plain.tickets (id int);
SET search_path = plain, one;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SET search_path = one;
CREATE TEMP TABLE tickets (id int);
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
DROP TABLE pg_temp.tickets;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
-- A function with its own search_path.
CREATE FUNCTION public.two() RETURNS text LANGUAGE sql SET search_path = two AS $$ SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001') $$;
SELECT public.two(), phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
-- Without USAGE on the schema it is not found.
CREATE ROLE regress_stranger;
SET ROLE regress_stranger;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
RESET ROLE;
DROP ROLE regress_stranger;
-- The workspace that is named, wherever the search_path leads.
SET search_path = plain;
SELECT sum(violations) FROM phasegate.check_workspace('one');
SELECT phasegate.create_workspace();
SELECT schema, tickets FROM phasegate.workspaces;
