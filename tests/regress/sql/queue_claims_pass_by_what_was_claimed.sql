-- What was claimed leaves entries behind at the beginning of the queue's index until VACUUM comes. Whatever comes to stand
-- among them is found.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET timezone = 'UTC';
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 't');
CREATE FUNCTION public.add(first int, last int, priority text DEFAULT 'MEDIUM') RETURNS bigint LANGUAGE sql AS $$
    WITH added AS (
        INSERT INTO acme.tasks (ticket_id, phase_id, task_type, description, priority, created_at)
        SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', n, priority, '2026-01-01'::timestamptz + n * interval '1 ms'
          FROM generate_series(first, last) n
        RETURNING 1)
    SELECT count(*) FROM added $$;
-- Claims these one after the other, each in a transaction of its own, and tells what came instead.
CREATE PROCEDURE public.claim(first int, last int) LANGUAGE plpgsql AS $$
DECLARE
    claimed text;
BEGIN
    FOR n IN first .. last LOOP
        SELECT description INTO claimed FROM claim_task('ada', lease => '1 hour');
        IF claimed IS DISTINCT FROM n::text THEN
            RAISE NOTICE 'claimed % and not %', claimed, n;
        END IF;
        COMMIT;
    END LOOP;
END $$;
SELECT public.add(1, 6000);
CALL public.claim(1, 3000);
-- From here on by what is left.
CREATE PROCEDURE public.go_on(count int) LANGUAGE plpgsql AS $$
DECLARE
    first int := (SELECT min(description::int) FROM tasks WHERE status = 'pending' AND description::int > 0);
BEGIN
    CALL public.claim(first, first + count - 1);
END $$;
-- What goes before all, and between what was claimed: new, come back, and with no trigger firing.
SELECT public.add(-1, -1, 'CRITICAL');
CALL public.claim(-1, -1);
CALL public.go_on(3);
SELECT public.add(-2, -2);
CALL public.claim(-2, -2);
UPDATE tasks SET status = 'pending', assigned_agent_id = NULL, lease_expires_at = NULL WHERE description IN ('1500', '700');
CALL public.claim(700, 700);
CALL public.claim(1500, 1500);
SET session_replication_role = replica;
UPDATE tasks SET status = 'pending', assigned_agent_id = NULL, lease_expires_at = NULL WHERE description = '2';
RESET session_replication_role;
CALL public.claim(2, 2);
CALL public.go_on(3);
-- In the same transaction, in one that was rolled back, and in a part of one.
BEGIN;
SELECT public.add(-3, -3);
SELECT description FROM claim_task('ada');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT public.add(-4, -4);
ROLLBACK TO s;
SELECT public.add(-5, -5);
SELECT description FROM claim_task('ada');
COMMIT;
CALL public.go_on(3);
-- Among the dead entries of pages that are full, so that the server clears them away or splits one.
INSERT INTO tasks (ticket_id, phase_id, task_type, description, created_at)
SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', -n, '2026-01-01 00:00:01'::timestamptz + n * interval '1 us'
  FROM generate_series(1001, 1600) n;
SELECT string_agg(description, ' ' ORDER BY n) FROM (SELECT n, (claim_task('ada')).description FROM generate_series(1, 5) n) c;
SELECT count(*) FROM claim_tasks('ada', 590);
SELECT string_agg(description, ' ' ORDER BY n) FROM (SELECT n, (claim_task('ada')).description FROM generate_series(1, 5) n) c;
CALL public.go_on(3);
-- In other isolation levels.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT public.add(-6, -6);
SELECT description FROM claim_task('ada');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT public.add(-7, -7);
SELECT description FROM claim_task('ada');
COMMIT;
CALL public.go_on(3);
-- Pages go, and others get their numbers.
VACUUM tasks;
CALL public.go_on(3);
SELECT public.add(-8, -8);
CALL public.claim(-8, -8);
SELECT public.add(10001, 12000);
UPDATE tasks SET status = 'pending', assigned_agent_id = NULL, lease_expires_at = NULL WHERE description::int BETWEEN 1 AND 1000;
CALL public.claim(1, 1000);
CALL public.go_on(300);
-- The file is another one.
REINDEX INDEX tasks_claimable;
CALL public.go_on(3);
SELECT public.add(-9, -9);
CALL public.claim(-9, -9);
VACUUM FULL tasks;
CALL public.go_on(3);
SELECT public.add(-10, -10);
CALL public.claim(-10, -10);
BEGIN;
TRUNCATE tasks CASCADE;
SELECT public.add(1, 2);
SELECT description FROM claim_task('ada');
ROLLBACK;
CALL public.go_on(3);
-- Nothing in it tells of changes.
ALTER TABLE tasks SET UNLOGGED;
CALL public.go_on(300);
SELECT public.add(-11, -11);
CALL public.claim(-11, -11);
ALTER TABLE tasks SET LOGGED;
CALL public.go_on(3);
-- Nothing is left, and something comes again.
SELECT sum(claimed.n) > 2000 FROM generate_series(1, 20) call, LATERAL (SELECT count(*) AS n FROM claim_tasks('ada', 1000 - call + call)) claimed;
SELECT count(*) FROM claim_task('ada');
SELECT public.add(20001, 20001), public.add(-12, -12);
CALL public.claim(-12, -12);
CALL public.claim(20001, 20001);
SELECT count(*) FROM claim_task('ada');
-- Leases that were kept until their end, and one that was not.
TRUNCATE tasks CASCADE;
SELECT public.add(1, 4000);
CREATE PROCEDURE public.work(first int, last int) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN first .. last LOOP
        PERFORM set_config('phasegate.now', ('2026-01-02'::timestamptz + n * interval '1 ms')::text, false);
        PERFORM complete_task(c.id, 'ada', '{"summary": "done"}', c.attempt) FROM claim_task('ada', lease => '1 hour') c WHERE description <> '1000';
        COMMIT;
    END LOOP;
END $$;
CALL public.work(1, 3000);
SELECT status, count(*) FROM tasks GROUP BY status ORDER BY status;
SET phasegate.now = '2026-01-02 01:00:00.9+00';
CALL public.claim(3001, 3003);
SET phasegate.now = '2026-01-02 01:00:04+00';
CALL public.claim(1000, 1000);
CALL public.go_on(3);
SELECT sum(violations) FROM check_workspace('acme');
