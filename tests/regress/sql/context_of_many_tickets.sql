-- A statement that moves many tickets does not look up each of those that have nothing to hand on, and folds in all that is there.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE PROCEDURE fill() LANGUAGE sql AS $$
    DELETE FROM tickets;
    INSERT INTO tickets (id, title) SELECT id(n), n::text FROM generate_series(1, 1000) n;
$$;
CREATE PROCEDURE done(first integer, last integer, step integer) LANGUAGE sql AS $$
    INSERT INTO tasks (ticket_id, phase_id, status, result) SELECT id(n), 'PHASE_BACKLOG', 'completed', '{"context": {"key_decisions": ["Done"]}}' FROM generate_series(first, last, step) n;
$$;
CREATE VIEW folded AS SELECT count(*) AS moved, count(*) FILTER (WHERE context #>> '{backlog_phase,key_decisions,0}' = 'Done') AS tasks,
    count(*) FILTER (WHERE context #>> '{backlog_phase,artifacts,0,type}' = 'note') AS artifacts FROM tickets WHERE phase_id = 'PHASE_REQUIREMENTS';
-- The scans of tasks by which a statement looks for evidence.
CREATE FUNCTION scans() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT idx_scan FROM pg_stat_xact_user_tables WHERE schemaname = 'acme' AND relname = 'tasks' $$;
CREATE FUNCTION scans_of(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE before bigint := scans(); BEGIN EXECUTE statement; RETURN scans() - before; END $$;
-- Nothing to hand on: a few look-ups, and then none; the same through the function.
CALL fill();
SELECT scans_of($$UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'$$) < 300 AS few_scans;
TABLE folded;
CALL fill();
SELECT scans_of($$SELECT transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_REQUIREMENTS')$$) < 300 AS few_scans;
TABLE folded;
-- A few that have, early, late and in the middle; some by artifacts alone; work of other phases, and open work, is none.
CALL fill();
CALL done(1, 1000, 100);
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id(n), 'PHASE_BACKLOG', 'note' FROM generate_series(50, 1000, 100) n;
INSERT INTO tasks (ticket_id, phase_id, status) SELECT id(n), p, s FROM generate_series(1, 1000, 10) n, (VALUES ('PHASE_DESIGN'::phase, 'completed'), ('PHASE_BACKLOG', 'pending')) v (p, s);
SELECT scans_of($$UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'$$) < 400 AS few_scans;
TABLE folded;
-- Tickets that leave different phases, by turns.
CALL fill();
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title::integer % 2 = 0;
CALL done(1, 1000, 3);
INSERT INTO tasks (ticket_id, phase_id, status, result) SELECT id(n), 'PHASE_REQUIREMENTS', 'completed', '{"context": {"key_decisions": ["Done"]}}' FROM generate_series(2, 1000, 4) n;
UPDATE tickets SET phase_id = CASE phase_id WHEN 'PHASE_BACKLOG' THEN 'PHASE_REQUIREMENTS' ELSE 'PHASE_DESIGN' END::phase;
SELECT phase_id, count(*), count(*) FILTER (WHERE context ? 'backlog_phase') AS of_backlog, count(*) FILTER (WHERE context ? 'requirements_phase') AS of_requirements FROM tickets GROUP BY 1 ORDER BY 1;
-- All have: one look-up each, for there is something to be read.
CALL fill();
CALL done(1, 1000, 1);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
TABLE folded;
-- What is done while the statement runs counts: by the statement itself, row by row,
CALL fill();
INSERT INTO tasks (ticket_id, phase_id, result) SELECT id(n), 'PHASE_BACKLOG', '{"context": {"key_decisions": ["Done"]}}' FROM generate_series(1, 1000) n;
SET enable_hashjoin = off; SET enable_mergejoin = off;
WITH done AS (UPDATE tasks SET status = CASE WHEN ticket_id < id(900) THEN 'cancelled' ELSE 'completed' END, assigned_agent_id = 'ada' RETURNING ticket_id)
UPDATE tickets t SET phase_id = 'PHASE_REQUIREMENTS' FROM done d WHERE d.ticket_id = t.id;
RESET enable_hashjoin; RESET enable_mergejoin;
TABLE folded;
CALL fill();
SET enable_hashjoin = off; SET enable_mergejoin = off;
WITH noted AS (INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id(n), CASE WHEN n < 900 THEN 'PHASE_DONE' ELSE 'PHASE_BACKLOG' END::phase, 'note' FROM generate_series(1, 1000) n RETURNING ticket_id)
UPDATE tickets t SET phase_id = 'PHASE_REQUIREMENTS' FROM noted n WHERE n.ticket_id = t.id;
RESET enable_hashjoin; RESET enable_mergejoin;
TABLE folded;
-- and by a user's trigger, for the ticket itself and for those that come later.
CREATE FUNCTION work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN CALL done(NEW.title::integer, NEW.title::integer + 3, 3); RETURN NEW; END $$;
CREATE TRIGGER aa_work BEFORE UPDATE ON tickets FOR EACH ROW WHEN (OLD.title IN ('700', '801')) EXECUTE FUNCTION work();
CALL fill();
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
TABLE folded;
DROP TRIGGER aa_work ON tickets;
-- What is known of one statement is not believed in the next, nor after a rollback.
CALL fill();
BEGIN;
CALL done(1, 1000, 2);
SAVEPOINT s;
DELETE FROM tasks;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title::integer <= 500;
TABLE folded;
ROLLBACK TO s;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title::integer <= 500;
TABLE folded;
CALL done(502, 1000, 2);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title::integer > 500;
TABLE folded;
COMMIT;
-- A statement's error, caught: the next one finds what there is.
CALL fill();
DO $$
BEGIN
    BEGIN
        UPDATE tickets SET phase_id = CASE WHEN title = '900' THEN 'PHASE_DONE' ELSE 'PHASE_REQUIREMENTS' END::phase;
    EXCEPTION WHEN check_violation THEN
        CALL done(1, 1000, 4);
    END;
    UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
END $$;
TABLE folded;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
-- A plan that was made and kept while there was little is not one that reads whole tables.
\c
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT phasegate.create_workspace('small');
SET search_path = small, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (title) SELECT n::text FROM generate_series(1, 8) n;
INSERT INTO tasks (ticket_id, phase_id, status) SELECT id, phase_id, 'completed' FROM tickets;
ANALYZE tickets, tasks, phase_gate_artifacts;
DO $$ DECLARE t uuid; BEGIN FOR t IN SELECT id FROM tickets LOOP UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = t; END LOOP; END $$;
INSERT INTO tickets (title) SELECT n::text FROM generate_series(9, 1000) n;
INSERT INTO tasks (ticket_id, phase_id, status) SELECT id, phase_id, 'completed' FROM tickets WHERE phase_id = 'PHASE_BACKLOG';
BEGIN;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG';
SELECT seq_scan < 20 AS by_index FROM pg_stat_xact_user_tables WHERE schemaname = 'small' AND relname = 'tasks';
COMMIT;
SELECT count(*) FILTER (WHERE context ? 'backlog_phase') AS folded FROM tickets;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
