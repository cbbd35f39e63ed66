-- Failing, trying again, giving up, leases that run out.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'Refunds');
\set task '00000000-0000-0000-0000-00000000000a'
INSERT INTO tasks (id, ticket_id, phase_id, max_attempts) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 12);
-- The wait doubles from one second, with jitter down to half, up to five minutes.
DO $$
DECLARE t timestamptz := '2026-01-01 12:00:00+00'; c claimed_task; f task; longest interval;
BEGIN
    FOR n IN 1 .. 11 LOOP
        SELECT * INTO STRICT c FROM claim_task('ada');
        f := fail_task(c.id, 'ada', 'attempt ' || n, attempt => c.attempt);
        longest := least(interval '1 second' * 2 ^ (n - 1), interval '5 minutes');
        RAISE NOTICE 'attempt % of %: %, %, wait in range: %', f.attempts, f.max_attempts, f.status, f.error_message,
            f.scheduled_at - t BETWEEN longest / 2 AND longest;
        IF EXISTS (SELECT FROM claim_task('ada')) THEN RAISE EXCEPTION 'claimed before its time'; END IF;
        t := f.scheduled_at;
        PERFORM set_config('phasegate.now', t::text, false);
    END LOOP;
END $$;
-- The last attempt fails for good.
SELECT attempt FROM claim_task('ada');
SELECT (f).status, (f).attempts, (f).scheduled_at, (f).lease_expires_at, (f).assigned_agent_id, (f).error_message
  FROM (SELECT fail_task(:'task', 'ada', 'no more') AS f) x;
SELECT count(*) AS claimable FROM claim_task('ada');
-- Put back by hand it has an attempt again, and the count goes on.
UPDATE tasks SET status = 'pending' RETURNING attempts, max_attempts, assigned_agent_id, error_message;
SELECT attempt FROM claim_task('ada');
-- Without retry the first failure is the last.
SELECT (f).status FROM (SELECT fail_task(:'task', 'ada', 'hopeless', false) AS f) x;
-- Given back while it is held, it has the attempts that it had; with a wait, or once the lease ran out, one was used up.
\set task '00000000-0000-0000-0000-00000000000c'
INSERT INTO tasks (id, ticket_id, phase_id, max_attempts) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 2);
SELECT attempt FROM claim_task('ada', lease => '1 minute');
UPDATE tasks SET status = 'pending' WHERE id = :'task' RETURNING attempts, max_attempts, assigned_agent_id, scheduled_at, error_message;
SELECT attempt FROM claim_task('bob', lease => '1 minute');
SELECT (f).status, (f).attempts, (f).max_attempts FROM (SELECT fail_task(:'task', 'bob', 'no luck') AS f) x;
UPDATE tasks SET scheduled_at = NULL WHERE id = :'task';
SELECT attempt FROM claim_task('cyd', lease => '1 minute');
SET phasegate.now = '2026-01-02 11:00:00+00';
SELECT release_expired_tasks();
SELECT status, attempts, max_attempts, error_message FROM tasks WHERE id = :'task';
-- Leases that run out: while attempts remain the task can be claimed at once, without a janitor.
SET phasegate.now = '2026-01-02 12:00:00+00';
\set task '00000000-0000-0000-0000-00000000000b'
INSERT INTO tasks (id, ticket_id, phase_id, max_attempts) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 2);
SELECT attempt FROM claim_task('ada', lease => '1 minute');
SET phasegate.now = '2026-01-02 12:00:59.999999+00';
SELECT count(*) AS claimable FROM claim_task('bob');
SET phasegate.now = '2026-01-02 12:01:00+00';
SELECT attempt, error_message FROM claim_task('bob', lease => '1 minute');
-- With the last attempt used up it fails; the next claim or the janitor sees to it.
SET phasegate.now = '2026-01-02 13:00:00+00';
SELECT count(*) AS claimable FROM claim_task('cyd');
SELECT status, attempts, error_message, lease_expires_at FROM tasks WHERE id = :'task';
-- The janitor, for queues that nobody claims from.
INSERT INTO tasks (ticket_id, phase_id, max_attempts)
    SELECT '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', i FROM generate_series(1, 3) i;
SELECT count(*) FROM claim_tasks('dot', 9, lease => '1 minute');
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 'running', 'a person');
SELECT release_expired_tasks();
SET phasegate.now = '2026-01-02 13:01:00+00';
SELECT release_expired_tasks('acme');
SELECT release_expired_tasks();
-- What a person holds without a lease stays held.
SELECT status, attempts FROM tasks WHERE assigned_agent_id = 'a person';
SELECT status, max_attempts, attempts, assigned_agent_id, error_message FROM tasks
 WHERE status <> 'running' AND id > '00000000-0000-0000-0000-0000000000ff' ORDER BY max_attempts;
-- Cancelling, from anywhere but the end.
SELECT (c).status, (c).error_message FROM (SELECT cancel_task(id, 'not wanted') AS c FROM tasks WHERE status <> 'completed' ORDER BY id) x;
SELECT count(*) AS claimable FROM claim_task('ada');
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
\set VERBOSITY terse
SELECT release_expired_tasks('nowhere');
