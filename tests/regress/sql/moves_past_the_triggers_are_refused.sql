-- What no trigger writes down is refused, at the latest at the end of the transaction; what a trigger of the user's took back
-- is none.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
DELETE FROM task_templates;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'a'), ('00000000-0000-7000-8000-000000000002', 'b');
-- A table that became a partition later lacks the trigger that writes what statements on the table above leave.
CREATE TABLE public.things (LIKE tickets) PARTITION BY HASH (id);
ALTER TABLE public.things ATTACH PARTITION tickets FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT check_name, violations, example FROM check_workspace() WHERE violations > 0;
UPDATE public.things SET phase_id = 'PHASE_REQUIREMENTS';
BEGIN;
UPDATE public.things SET phase_id = 'PHASE_REQUIREMENTS';
SELECT count(*) FROM tickets WHERE phase_id = 'PHASE_REQUIREMENTS';
COMMIT;
BEGIN;
UPDATE public.things SET phase_id = 'PHASE_REQUIREMENTS';
PREPARE TRANSACTION 'refused';
BEGIN;
SAVEPOINT s;
UPDATE public.things SET phase_id = 'PHASE_REQUIREMENTS';
ROLLBACK TO s;
COMMIT;
-- A later statement on the table itself writes down what was left.
BEGIN;
UPDATE public.things SET phase_id = 'PHASE_REQUIREMENTS';
UPDATE tickets SET title = title;
COMMIT;
SELECT phase_id, count(*) FROM tickets GROUP BY phase_id;
SELECT create_workspace('acme');
UPDATE public.things SET phase_id = 'PHASE_DESIGN';
SELECT to_phase, count(*) FROM phase_history GROUP BY to_phase ORDER BY to_phase;
-- A trigger of the user's that fires after the decision leaves rows out, or takes their move back: nothing is left of it.
CREATE FUNCTION public.undo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.title = 'a' THEN RETURN NULL; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER zzz_undo BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.undo();
UPDATE public.things SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'a';
UPDATE public.things SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT title, to_phase FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE to_phase = 'PHASE_IMPLEMENTATION';
BEGIN;
UPDATE public.things SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'a';
DROP TRIGGER zzz_undo ON tickets;
UPDATE tickets SET title = 'A' WHERE title = 'a';
COMMIT;
SELECT title, phase_id FROM tickets ORDER BY title;
SELECT sum(violations) FROM check_workspace();
ALTER TABLE public.things DETACH PARTITION tickets;
-- The trigger that writes is disabled.
ALTER TABLE tickets DISABLE TRIGGER aa_phasegate_write;
ALTER TABLE tickets DISABLE TRIGGER aa_phasegate_written;
INSERT INTO tickets (title) VALUES ('c');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'A';
ALTER TABLE tickets ENABLE TRIGGER aa_phasegate_write;
-- What completed tasks let go.
INSERT INTO tasks (id, ticket_id, phase_id, task_type)
SELECT '00000000-0000-7000-8000-00000000000a', id, phase_id, 'first' FROM tickets WHERE title = 'A';
INSERT INTO tasks (id, ticket_id, phase_id, task_type, dependencies)
SELECT '00000000-0000-7000-8000-00000000000b', id, phase_id, 'second', '{"depends_on": ["00000000-0000-7000-8000-00000000000a"]}' FROM tickets WHERE title = 'A';
CREATE TABLE public.jobs (LIKE tasks) PARTITION BY HASH (id);
ALTER TABLE public.jobs ATTACH PARTITION tasks FOR VALUES WITH (MODULUS 1, REMAINDER 0);
UPDATE public.jobs SET status = 'completed' WHERE task_type = 'first';
SELECT create_workspace('acme');
UPDATE public.jobs SET status = 'completed' WHERE task_type = 'first';
SELECT task_type, status, pending_dependencies FROM tasks ORDER BY task_type;
SELECT sum(violations) FROM check_workspace();
-- INHERITS is refused, in both directions, when the workspace is made and later.
CREATE TABLE public.bugs () INHERITS (tickets);
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'b';
SELECT transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION');
DROP TABLE public.bugs;
CREATE SCHEMA heir;
CREATE TABLE public.base (id uuid, title text);
CREATE TABLE heir.tickets (PRIMARY KEY (id)) INHERITS (public.base);
SELECT create_workspace('heir');
ALTER TABLE heir.tickets NO INHERIT public.base;
SELECT create_workspace('heir');
INSERT INTO heir.tickets (title) VALUES ('there');
ALTER TABLE heir.tickets INHERIT public.base;
UPDATE public.base SET title = 'elsewhere';
ALTER TABLE heir.tickets NO INHERIT public.base;
CREATE TABLE heir.chores () INHERITS (heir.tasks);
INSERT INTO heir.tickets (title) VALUES ('not there');
DROP TABLE heir.chores;
INSERT INTO heir.tickets (title) VALUES ('there again');
SELECT count(*) FROM heir.phase_history;
-- Where no trigger fires nobody decides.
SET session_replication_role = replica;
SELECT transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION');
SELECT try_transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION');
SELECT * FROM transition_tickets('{00000000-0000-7000-8000-000000000002}', 'PHASE_IMPLEMENTATION');
SELECT block_ticket('00000000-0000-7000-8000-000000000002', 'why');
RESET session_replication_role;
ALTER TABLE tickets ENABLE ALWAYS TRIGGER zz_phasegate_decide, ENABLE ALWAYS TRIGGER aa_phasegate_write;
SET session_replication_role = replica;
SELECT transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_TESTING') IS NOT NULL AS moved;
RESET session_replication_role;
SELECT sum(violations) FROM check_workspace();
