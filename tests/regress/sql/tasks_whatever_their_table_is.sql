-- Claims and what holders say are an UPDATE of the table of tasks. Whatever its owner made of that holds for it.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 't');
CREATE TABLE public.seen (number serial, what text);
CREATE FUNCTION public.saw() RETURNS setof text LANGUAGE sql AS 'WITH gone AS (DELETE FROM public.seen RETURNING number, what) SELECT what FROM gone ORDER BY number';
-- A task's way by functions: claimed, started, its lease extended, failed; claimed again, completed.
CREATE FUNCTION public.way() RETURNS TABLE (attempt int, after_failure text, error text, finally text, agent text, result jsonb, broken numeric)
LANGUAGE plpgsql AS $$
DECLARE
    task uuid;
BEGIN
    DELETE FROM tasks;
    INSERT INTO tasks (ticket_id, phase_id, task_type, description)
    VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'to be done') RETURNING id INTO task;
    PERFORM claim_task('ada');
    PERFORM start_task(task, 'ada');
    PERFORM heartbeat_task(task, 'ada', '1 hour');
    SELECT f.status, f.error_message INTO after_failure, error FROM fail_task(task, 'ada', 'did not work') f;
    UPDATE tasks SET scheduled_at = NULL WHERE id = task;
    PERFORM claim_task('bob');
    SELECT c.attempts, c.status, c.assigned_agent_id, c.result INTO attempt, finally, agent, result
      FROM complete_task(task, 'bob', '{"summary": "done"}') c;
    broken := (SELECT sum(violations) FROM check_workspace('acme'));
    RETURN NEXT;
END $$;
SELECT * FROM public.way();
-- Triggers of the user's: before each row, changing it or leaving it out.
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.seen (what) VALUES (concat_ws(' ', TG_WHEN, TG_LEVEL, CASE WHEN TG_LEVEL = 'ROW' THEN OLD.status || ' to ' || NEW.status END));
    RETURN NEW;
END $$;
CREATE FUNCTION public.sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.error_message := concat_ws(', ', NEW.error_message, 'signed'); RETURN NEW; END $$;
CREATE FUNCTION public.leave_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RETURN NULL; END $$;
CREATE TRIGGER sign BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION public.sign();
SELECT * FROM public.way();
DROP TRIGGER sign ON tasks;
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'left');
CREATE TRIGGER leave_out BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION public.leave_out();
SELECT count(*) FROM claim_task('ada');
DROP TRIGGER leave_out ON tasks;
SELECT count(*) FROM claim_task('ada');
CREATE TRIGGER leave_out BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION public.leave_out();
SELECT complete_task(id, 'ada') FROM tasks WHERE status = 'assigned';
DROP TRIGGER leave_out ON tasks;
-- After each row, of some columns; before and after the statement; with the statement's rows.
CREATE TRIGGER a_status AFTER UPDATE OF status ON tasks FOR EACH ROW EXECUTE FUNCTION public.note();
CREATE TRIGGER a_priority AFTER UPDATE OF priority ON tasks FOR EACH ROW EXECUTE FUNCTION public.note();
SELECT * FROM public.way();
SELECT public.saw();
DROP TRIGGER a_status ON tasks;
DROP TRIGGER a_priority ON tasks;
CREATE TRIGGER before_all BEFORE UPDATE OF lease_expires_at ON tasks FOR EACH STATEMENT EXECUTE FUNCTION public.note();
CREATE TRIGGER after_all AFTER UPDATE OF result ON tasks FOR EACH STATEMENT EXECUTE FUNCTION public.note();
SELECT * FROM public.way();
SELECT public.saw();
DROP TRIGGER before_all ON tasks;
DROP TRIGGER after_all ON tasks;
CREATE FUNCTION public.count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.seen (what) SELECT o.status || ' to ' || n.status FROM before o JOIN after n USING (id);
    RETURN NULL;
END $$;
CREATE TRIGGER counted AFTER UPDATE ON tasks REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION public.count_rows();
SELECT * FROM public.way();
SELECT public.saw();
DROP TRIGGER counted ON tasks;
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note();
BEGIN;
SELECT * FROM public.way();
SELECT public.saw();
COMMIT;
SELECT public.saw();
DROP TRIGGER late ON tasks;
-- A rule on UPDATE, which the server does not take together with a claim; columns, constraints, indexes.
CREATE RULE also AS ON UPDATE TO tasks DO ALSO INSERT INTO public.seen (what) VALUES ('by rule to ' || NEW.status);
SELECT * FROM public.way();
SELECT public.saw();
DROP RULE also ON tasks;
ALTER TABLE tasks ADD COLUMN gone int, ADD COLUMN words text GENERATED ALWAYS AS (status || ' by ' || assigned_agent_id) STORED, ADD COLUMN note text DEFAULT 'kept';
ALTER TABLE tasks DROP COLUMN gone;
SELECT * FROM public.way();
SELECT words, note FROM tasks;
CREATE UNIQUE INDEX one_each ON tasks (lower(assigned_agent_id)) WHERE status = 'completed';
SELECT * FROM public.way();
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'another');
SELECT count(*) FROM claim_task('BOB');
SELECT complete_task(id, 'BOB') FROM tasks WHERE assigned_agent_id = 'BOB';
SET enable_seqscan = off;
SELECT lower(assigned_agent_id), status FROM tasks WHERE status = 'completed' ORDER BY 1;
RESET enable_seqscan;
ALTER TABLE tasks ADD CHECK (status <> 'running');
SELECT start_task(id, 'BOB') FROM tasks WHERE assigned_agent_id = 'BOB';
SELECT status FROM tasks WHERE assigned_agent_id = 'BOB';
ALTER TABLE tasks DROP CONSTRAINT tasks_status_check1;
DROP INDEX one_each;
ALTER TABLE tasks DROP COLUMN words, DROP COLUMN note;
-- What the transaction takes back, and one that may not write.
DELETE FROM tasks;
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'taken back');
BEGIN;
SAVEPOINT before;
SELECT count(*) FROM claim_task('ada');
SELECT status FROM complete_task((SELECT id FROM tasks), 'ada');
ROLLBACK TO before;
SELECT status, attempts FROM tasks;
SELECT count(*) FROM claim_task('ada');
COMMIT;
SELECT status, attempts FROM tasks;
BEGIN READ ONLY;
SELECT complete_task(id, 'ada') FROM tasks;
ROLLBACK;
BEGIN READ ONLY;
SELECT claim_task('ada');
ROLLBACK;
-- An agent's name that is too long for its column, and the longest.
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'long');
SELECT claim_task(repeat('x', 256));
SELECT length(assigned_agent_id) FROM claim_task(repeat('x', 255));
SELECT length(assigned_agent_id), status FROM complete_task((SELECT id FROM tasks WHERE description = 'long'), repeat('x', 255));
DELETE FROM tasks WHERE description = 'long';
-- A result that was large before, kept when the task is completed without one.
UPDATE tasks SET result = jsonb_build_object('summary', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 3000) n));
SELECT status, length(result ->> 'summary') FROM complete_task((SELECT id FROM tasks), 'ada');
SELECT status, length(result ->> 'summary'), md5(result ->> 'summary') = md5((SELECT string_agg(md5(n::text), '') FROM generate_series(1, 3000) n)) AS same FROM tasks;
-- Policies, and columns that a role may not write.
CREATE ROLE regress_worker;
SELECT phasegate.grant_access('acme', 'regress_worker', 'agent');
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'for the worker');
SET ROLE regress_worker;
SELECT status FROM claim_task('eve');
SELECT status FROM complete_task((SELECT id FROM tasks WHERE assigned_agent_id = 'eve'), 'eve');
RESET ROLE;
REVOKE UPDATE (result) ON tasks FROM regress_worker;
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'again');
SET ROLE regress_worker;
SELECT status FROM claim_task('eve');
SELECT status FROM complete_task((SELECT id FROM tasks WHERE status = 'assigned'), 'eve', '{}');
SELECT status FROM complete_task((SELECT id FROM tasks WHERE status = 'assigned'), 'eve');
RESET ROLE;
GRANT UPDATE (result) ON tasks TO regress_worker;
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tasks TO regress_worker USING (description <> 'hidden') WITH CHECK (assigned_agent_id IS DISTINCT FROM 'mallory');
INSERT INTO tasks (ticket_id, phase_id, task_type, description) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'work', 'hidden');
SET ROLE regress_worker;
SELECT status FROM claim_task('eve');
RESET ROLE;
UPDATE tasks SET description = 'shown' WHERE description = 'hidden';
SET ROLE regress_worker;
SELECT status FROM claim_task('mallory');
SELECT status FROM claim_task('eve');
RESET ROLE;
ALTER POLICY own ON tasks WITH CHECK (status <> 'completed');
SET ROLE regress_worker;
SELECT status FROM complete_task((SELECT id FROM tasks WHERE status = 'assigned'), 'eve');
SELECT status FROM fail_task((SELECT id FROM tasks WHERE status = 'assigned'), 'eve', 'no', false);
RESET ROLE;
SELECT sum(violations) FROM check_workspace('acme');
ALTER TABLE tasks DISABLE ROW LEVEL SECURITY;
-- A table that inherits is refused for as long as there is one.
CREATE TABLE public.more () INHERITS (acme.tasks);
SELECT * FROM public.way();
DROP TABLE public.more;
SELECT * FROM public.way();
ANALYZE tasks;
SELECT * FROM public.way();
DROP OWNED BY regress_worker;
DROP ROLE regress_worker;
