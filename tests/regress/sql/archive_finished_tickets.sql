-- archive_tickets: finished tickets go into ticket_archive with all that belongs to them, and come back in get_phase_history.
\set SHOW_CONTEXT never
SET phasegate.now = '2026-01-01 12:00:00+00';
SET timezone = 'UTC';
CREATE ROLE regress_owner;
CREATE ROLE regress_reader;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
GRANT USAGE, CREATE ON SCHEMA public TO regress_owner;
GRANT SET ON PARAMETER phasegate.now TO regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_reader', 'reader');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id)
SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'ticket ' || n, 'PHASE_DEPLOYMENT' FROM generate_series(1, 6) n;
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT', 'completed', 'ada',
    '{"summary": "Rolled out", "context": {"key_decisions": ["At night"]}, "artifacts": [{"type": "log", "content": {"lines": 1.10}}]}');
SELECT (validate_gate('00000000-0000-7000-8000-000000000001')).gate_status;
SET phasegate.now = '2026-01-02 12:00:00+00';
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title < 'ticket 6';
INSERT INTO tasks (id, ticket_id, phase_id, kind, status, assigned_agent_id, lease_expires_at)
    VALUES ('00000000-0000-7000-8000-0000000000b2', '00000000-0000-7000-8000-000000000002', 'PHASE_DONE', 'summary', 'assigned', 'sam', '2026-01-02 13:00:00+00');
CREATE TABLE public.invoices (id int PRIMARY KEY, ticket_id uuid REFERENCES tickets ON DELETE SET NULL, task_id uuid REFERENCES tasks);
INSERT INTO public.invoices VALUES (1, '00000000-0000-7000-8000-000000000003'), (2, NULL);
-- Not finished, finished later, at work on, referred to: all stay.
SET phasegate.now = '2026-02-01 12:00:00+00';
SELECT archive_tickets('2026-01-01');
SELECT array_agg(h.* ORDER BY h.created_at)::text AS history FROM get_phase_history('00000000-0000-7000-8000-000000000001') h \gset
SELECT archive_tickets('2026-02-01', 1);
SELECT archive_tickets('2026-02-01');
SELECT archive_tickets('2026-02-01');
SELECT title, phase_id FROM tickets ORDER BY title;
SELECT title, finished_at, archived_at, deleted FROM ticket_archive ORDER BY title;
SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM phase_history) AS history, (SELECT count(*) FROM phase_context) AS contexts,
       (SELECT count(*) FROM phase_gate_artifacts) AS artifacts, (SELECT count(*) FROM phase_gate_results) AS results;
-- All that belonged to it, in one document.
SELECT key, CASE jsonb_typeof(value) WHEN 'array' THEN jsonb_array_length(value)::text WHEN 'object' THEN 'a row' ELSE value #>> '{}' END AS what
  FROM ticket_archive, jsonb_each(document) WHERE title = 'ticket 1' ORDER BY key;
SELECT document #> '{tasks,0,result}' AS result, document #> '{artifacts,0,artifact_content}' AS artifact, document #> '{ticket,context,deployment_phase,key_decisions}' AS context
  FROM ticket_archive WHERE title = 'ticket 1';
-- Its history is as it was; a reader does not see it, until the owner lets them.
SELECT array_agg(h.* ORDER BY h.created_at)::text = :'history' AS as_it_was FROM get_phase_history('00000000-0000-7000-8000-000000000001') h;
RESET ROLE;
SET ROLE regress_reader;
SELECT * FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT archive_tickets('2026-02-01');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET ROLE regress_owner;
GRANT SELECT ON ticket_archive TO regress_reader;
SET ROLE regress_reader;
SELECT from_phase, to_phase, transitioned_by, created_at, forced FROM get_phase_history('00000000-0000-7000-8000-000000000001');
RESET ROLE;
SET ROLE regress_owner;
-- A deleted ticket is no archived one.
DELETE FROM tickets WHERE title = 'ticket 6';
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-000000000006');
SELECT title, deleted, document ->> 'deleted_by' AS by, jsonb_array_length(document -> 'history') AS history FROM ticket_archive WHERE deleted;
SELECT * FROM check_workspace() WHERE violations > 0;
-- What refers to a task of the ticket keeps it too.
UPDATE tasks SET status = 'completed', result = '{"summary": "x"}' WHERE id = '00000000-0000-7000-8000-0000000000b2';
UPDATE public.invoices SET ticket_id = NULL, task_id = '00000000-0000-7000-8000-0000000000b2' WHERE id = 2;
UPDATE public.invoices SET ticket_id = NULL WHERE id = 1;
SELECT archive_tickets('2026-02-01');
UPDATE public.invoices SET task_id = NULL;
SELECT archive_tickets('2026-02-01');
-- Row security: the archive is to be guarded first.
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000007', 'ticket 7', 'PHASE_DONE');
SET phasegate.now = '2026-03-01 12:00:00+00';
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
SELECT archive_tickets('2026-03-01');
\echo :LAST_ERROR_SQLSTATE
CREATE POLICY none ON ticket_archive FOR SELECT TO regress_reader USING (title <> 'ticket 7');
ALTER TABLE ticket_archive ENABLE ROW LEVEL SECURITY;
SELECT archive_tickets('2026-03-01');
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-000000000007');
SET ROLE regress_reader;
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-000000000007');
RESET ROLE;
SET ROLE regress_owner;
-- What a trigger of the owner's keeps back is an error.
ALTER TABLE tickets DISABLE ROW LEVEL SECURITY;
INSERT INTO tickets (title, phase_id) VALUES ('ticket 8', 'PHASE_DONE');
SET phasegate.now = '2026-04-01 12:00:00+00';
CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER kept BEFORE DELETE ON tickets FOR EACH ROW EXECUTE FUNCTION kept();
SELECT archive_tickets('2026-04-01');
DROP TRIGGER kept ON tickets;
SELECT archive_tickets('2026-04-01'), archive_tickets('2026-04-01');
SELECT archive_tickets('2026-04-01', 0);
SELECT archive_tickets(NULL);
RESET ROLE;
SET session_replication_role = replica;
SELECT archive_tickets('2026-04-01');
RESET session_replication_role;
-- An adopted table's rows stay, marked by one row of history; unless they are to go.
CREATE SCHEMA desk AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE desk.tickets (id uuid PRIMARY KEY, customer text, title text NOT NULL, phase_id text NOT NULL DEFAULT 'PHASE_BACKLOG');
INSERT INTO desk.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'Ann', 'mine', 'PHASE_DEPLOYMENT');
SELECT phasegate.create_workspace('desk');
SET search_path = desk, phasegate;
UPDATE task_templates SET is_active = false;
RESET phasegate.now;
UPDATE tickets SET phase_id = 'PHASE_DONE';
CREATE TABLE orders (ticket_id uuid REFERENCES tickets);
INSERT INTO orders SELECT id FROM tickets;
SELECT archive_tickets('infinity'), archive_tickets('infinity');
SELECT customer, phase_id FROM tickets;
SELECT from_phase, to_phase, transition_reason, created_at = (SELECT phase_entered_at FROM tickets) AS since_then FROM phase_history;
SELECT from_phase, to_phase, transition_reason FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT * FROM check_workspace() WHERE violations > 0;
-- Taken up again, and finished again: its history goes on.
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT', 'once more');
SELECT current_phase FROM transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
SELECT from_phase, to_phase, transition_reason FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT archive_tickets('infinity'), archive_tickets('infinity');
SELECT from_phase, to_phase, transition_reason FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT archive_tickets('infinity', delete => true);
DROP TABLE orders;
SELECT archive_tickets('infinity', delete => true);
SELECT count(*) FROM tickets;
SELECT document #>> '{ticket,customer}' AS customer, jsonb_array_length(document -> 'history') AS history FROM ticket_archive ORDER BY archived_at;
SELECT from_phase, to_phase, transition_reason FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT * FROM check_workspace() WHERE violations > 0;
RESET ROLE;
-- Whoever may refer to tickets may not have the owner run anything: a table of theirs is not read, nor a partition; what their
-- foreign key has nothing to say about is archived.
CREATE ROLE regress_stranger;
CREATE SCHEMA lair AUTHORIZATION regress_stranger;
GRANT USAGE, CREATE ON SCHEMA lair TO regress_owner;
CREATE FUNCTION lair.shout(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''% runs this'', current_user; RETURN $1; END';
GRANT USAGE ON SCHEMA desk TO regress_stranger;
SET ROLE regress_owner;
GRANT REFERENCES ON tickets, tasks TO regress_stranger;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000002', 'two', 'PHASE_DEPLOYMENT');
UPDATE tickets SET phase_id = 'PHASE_DONE';
RESET ROLE;
SET ROLE regress_stranger;
CREATE TABLE lair.r (c uuid CONSTRAINT mine REFERENCES tickets, CHECK (lair.shout(1) > 0));
RESET ROLE;
SET ROLE regress_owner;
BEGIN;
SELECT archive_tickets('infinity');
ROLLBACK;
\set VERBOSITY verbose
SELECT archive_tickets('infinity', delete => true);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
RESET ROLE;
DROP TABLE lair.r;
SET ROLE regress_owner;
CREATE TABLE lair.parts (c uuid CONSTRAINT ours REFERENCES tickets) PARTITION BY LIST (c);
CREATE TABLE lair.part PARTITION OF lair.parts DEFAULT;
RESET ROLE;
ALTER TABLE lair.part OWNER TO regress_stranger;
SET ROLE regress_owner;
SELECT archive_tickets('infinity', delete => true);
RESET ROLE;
ALTER TABLE lair.part OWNER TO regress_owner;
-- A type of theirs in a table of the owner's.
SET ROLE regress_stranger;
CREATE TYPE lair.strange AS ENUM ('x');
CREATE FUNCTION lair.as_uuid(lair.strange) RETURNS uuid IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''% runs this'', current_user; RETURN gen_random_uuid(); END';
CREATE CAST (lair.strange AS uuid) WITH FUNCTION lair.as_uuid AS IMPLICIT;
RESET ROLE;
SET ROLE regress_owner;
CREATE TABLE lair.typed (c lair.strange REFERENCES tickets);
SELECT archive_tickets('infinity', delete => true);
DROP TABLE lair.typed;
-- Policies of the owner's own hide nothing from the archive; those of a superuser's table would.
ALTER TABLE lair.part ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE lair.parts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
RESET ROLE;
INSERT INTO lair.parts VALUES ('00000000-0000-7000-8000-000000000002');
SET ROLE regress_owner;
SELECT archive_tickets('infinity', delete => true);
RESET ROLE;
ALTER TABLE lair.parts OWNER TO CURRENT_USER;
GRANT SELECT ON lair.parts TO regress_owner;
SET ROLE regress_owner;
SELECT archive_tickets('infinity', delete => true);
RESET ROLE;
ALTER TABLE lair.parts DISABLE ROW LEVEL SECURITY;
SET ROLE regress_owner;
SELECT archive_tickets('infinity', delete => true);
RESET ROLE;
DROP TABLE lair.parts;
SET ROLE regress_owner;
SELECT archive_tickets('infinity', delete => true);
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_stranger CASCADE;
DROP FUNCTION IF EXISTS lair.shout;
DROP SCHEMA IF EXISTS lair CASCADE;
DROP ROLE regress_stranger;
DROP OWNED BY regress_reader, regress_owner CASCADE;
DROP ROLE regress_reader, regress_owner;
