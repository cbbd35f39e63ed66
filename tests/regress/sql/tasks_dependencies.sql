-- A task is not offered before all that it waits for is completed, however that comes about.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION ids(VARIADIC n integer[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT jsonb_build_object('depends_on', jsonb_agg(id(i))) FROM unnest(n) i $$;
CREATE PROCEDURE add(n integer, waits_for jsonb DEFAULT NULL, ticket integer DEFAULT 1) LANGUAGE sql AS $$
    INSERT INTO tasks (id, ticket_id, phase_id, task_type, dependencies) VALUES (id(n), id(ticket), 'PHASE_BACKLOG', 't' || n, waits_for) $$;
CREATE VIEW look AS SELECT task_type, status, pending_dependencies AS pending, dependencies FROM tasks ORDER BY id;
INSERT INTO tickets (id, title) VALUES (id(1), 'Refunds'), (id(2), 'Invoices');
CALL add(10);
CALL add(11);
CALL add(12, ids(10, 11));
CALL add(13, ids(12));
SELECT * FROM look;
SELECT task_type FROM claim_tasks('ada', 9);
-- Completing the first of two is not enough; the second lets it go, in the same commit.
SELECT (complete_task(id(10), 'ada')).status;
SELECT task_type FROM claim_tasks('ada', 9);
BEGIN;
SELECT (complete_task(id(11), 'ada')).status;
SELECT task_type, pending_dependencies FROM tasks WHERE id = id(12);
ROLLBACK;
SELECT task_type, pending_dependencies FROM tasks WHERE id = id(12);
UPDATE tasks SET status = 'completed' WHERE id = id(11);
SELECT task_type FROM claim_tasks('ada', 9);
UPDATE tasks SET status = 'completed' WHERE id = id(12);
SELECT * FROM look;
-- Any form is read, one is kept: upper case, a bare array, an id twice, JSON null, an empty list.
CALL add(20);
CALL add(21, jsonb_build_array(upper(id(20)::text), id(20), '{00000000-0000-0000-0000-000000000020}'));
CALL add(22, 'null');
CALL add(23, '{"depends_on": []}');
-- On what is completed already nobody waits.
CALL add(24, ids(10, 20));
SELECT * FROM look WHERE task_type LIKE 't2%';
-- A failed or cancelled dependency is not completed: who waits for it keeps waiting, until it is done after all ...
UPDATE tasks SET status = 'failed' WHERE id = id(20);
SELECT task_type, pending FROM look WHERE pending > 0;
UPDATE tasks SET status = 'pending' WHERE id = id(20);
UPDATE tasks SET status = 'completed' WHERE id = id(20);
SELECT task_type, pending FROM look WHERE pending > 0;
-- ... or the dependencies are edited ...
CALL add(30);
CALL add(31);
CALL add(32, ids(30, 31));
UPDATE tasks SET status = 'cancelled' WHERE id = id(30);
UPDATE tasks SET dependencies = ids(31) WHERE id = id(32);
SELECT * FROM look WHERE task_type LIKE 't3%';
UPDATE tasks SET dependencies = ids(30, 31) WHERE id = id(32);
SELECT task_type, pending FROM look WHERE task_type = 't32';
-- ... or it is deleted.
DELETE FROM tasks WHERE id IN (id(30), id(31));
SELECT task_type, pending FROM look WHERE task_type = 't32';
-- What is gone may stay in the list, but cannot be put into another.
CALL add(33);
UPDATE tasks SET dependencies = ids(30, 31, 33) WHERE id = id(32);
SELECT task_type, pending FROM look WHERE task_type = 't32';
CALL add(34, ids(30));
-- Only tasks of the same ticket, only ids, no cycle.
CALL add(40, ids(10), 2);
CALL add(40, ids(99));
CALL add(40, '["t10"]');
CALL add(40, '{"waits_for": []}');
CALL add(40, '7');
CALL add(40, ids(40));
CALL add(41);
CALL add(42, ids(41));
CALL add(43, ids(42));
UPDATE tasks SET dependencies = ids(43) WHERE id = id(41);
UPDATE tasks SET dependencies = ids(41) WHERE id = id(41);
SELECT * FROM look WHERE task_type LIKE 't4%';
-- The counter is not the caller's.
UPDATE tasks SET pending_dependencies = 0 WHERE id = id(42) RETURNING pending_dependencies;
INSERT INTO tasks (id, ticket_id, phase_id, task_type, pending_dependencies) VALUES (id(44), id(1), 'PHASE_BACKLOG', 't44', 5) RETURNING pending_dependencies;
-- Rows of one statement may wait for each other in any order, by COPY as well.
COPY tasks (id, ticket_id, phase_id, task_type, dependencies) FROM stdin;
00000000-0000-0000-0000-000000000050	00000000-0000-0000-0000-000000000002	PHASE_BACKLOG	t50	["00000000-0000-0000-0000-000000000051"]
00000000-0000-0000-0000-000000000051	00000000-0000-0000-0000-000000000002	PHASE_BACKLOG	t51	\N
\.
COPY tasks (id, ticket_id, phase_id, task_type, dependencies) FROM stdin;
00000000-0000-0000-0000-000000000052	00000000-0000-0000-0000-000000000002	PHASE_BACKLOG	t52	["00000000-0000-0000-0000-000000000053"]
00000000-0000-0000-0000-000000000053	00000000-0000-0000-0000-000000000002	PHASE_BACKLOG	t53	["00000000-0000-0000-0000-000000000052"]
\.
SELECT * FROM look WHERE task_type LIKE 't5%';
-- Many at once: a thousand chains of three, completed link by link.
INSERT INTO tickets (id, title) SELECT id(1000 + i), 'Bulk' FROM generate_series(1, 1000) i;
INSERT INTO tasks (id, ticket_id, phase_id, task_type, dependencies)
    SELECT id(10000 + 10 * i + n), id(1000 + i), 'PHASE_BACKLOG', 'link' || n, CASE WHEN n > 1 THEN ids(10000 + 10 * i + n - 1) END
      FROM generate_series(1, 1000) i, generate_series(1, 3) n;
UPDATE tasks SET status = 'completed' WHERE task_type = 'link1';
SELECT task_type, pending, count(*) FROM look WHERE task_type LIKE 'link%' GROUP BY 1, 2 ORDER BY 1;
UPDATE tasks SET status = 'completed' WHERE task_type IN ('link2', 'link3');
SELECT task_type, pending, count(*) FROM look WHERE task_type LIKE 'link%' GROUP BY 1, 2 ORDER BY 1;
-- A statement that is rolled back to a savepoint leaves nothing to settle.
BEGIN;
SAVEPOINT s;
UPDATE tasks SET status = 'completed' WHERE id = id(41);
ROLLBACK TO s;
UPDATE tasks SET description = 'x' WHERE id = id(44);
COMMIT;
SELECT task_type, status, pending FROM look WHERE task_type IN ('t41', 't42');
-- Nor does a function in the statement, whose own completion of a task is rolled back, take anything of the statement's along.
CREATE FUNCTION public.attempt() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tasks SET status = 'completed' WHERE task_type = 'link6';
    RAISE EXCEPTION 'never mind';
EXCEPTION WHEN raise_exception THEN
    RETURN 'attempted';
END $$;
INSERT INTO tasks (id, ticket_id, phase_id, task_type, dependencies)
    SELECT id(100000 + 10 * i + n), id(1000 + i), 'PHASE_BACKLOG', 'link' || n, CASE WHEN n > 6 THEN ids(100000 + 10 * i + n - 1) END
      FROM generate_series(1, 3) i, generate_series(5, 8) n;
UPDATE tasks SET status = 'completed', description = public.attempt() WHERE task_type = 'link7';
SELECT task_type, status, pending, count(*) FROM look WHERE task_type IN ('link5', 'link6', 'link7', 'link8') GROUP BY 1, 2, 3 ORDER BY 1;
-- Deleting a ticket takes its tasks.
DELETE FROM tickets WHERE id = id(2);
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
