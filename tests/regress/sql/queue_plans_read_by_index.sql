-- What agents do is planned while the tables are empty, and kept: it reads by index when they are full, whichever role asks,
-- whatever changes meanwhile, and whatever indexes the owner added.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
CREATE INDEX ON tasks (status);
CREATE INDEX ON tasks (assigned_agent_id);
CREATE ROLE regress_worker;
SELECT grant_access('acme', 'regress_worker', 'agent');
-- One task's way, and what others would do; then what of the tables was read in this transaction.
CREATE FUNCTION public.way() RETURNS TABLE (claimed int, finally text, read_whole bigint, read_by_index text) LANGUAGE plpgsql AS $$
DECLARE
    task claimed_task;
    whole bigint := (SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE schemaname = 'acme' AND relname IN ('tasks', 'tickets'));
    by_index bigint := (SELECT sum(idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE schemaname = 'acme' AND relname IN ('tasks', 'tickets'));
BEGIN
    claimed := 0;
    SELECT * INTO task FROM claim_task('ada', '{sql}');
    IF task.id IS NOT NULL THEN
        claimed := claimed + 1;
        PERFORM start_task(task.id, 'ada');
        PERFORM heartbeat_task(task.id, 'ada', '1 hour');
        PERFORM fail_task(task.id, 'ada', 'no', false);
    END IF;
    FOR task IN SELECT * FROM claim_tasks('ada', 3, '{sql}') LOOP
        claimed := claimed + 1;
        finally := (complete_task(task.id, 'ada', '{"summary": "done"}', task.attempt)).status;
    END LOOP;
    FOR task IN SELECT * FROM claim_tasks('bob', 2, '{c}') LOOP
        claimed := claimed + 1;
        PERFORM cancel_task(task.id);
    END LOOP;
    PERFORM complete_tasks('cat', coalesce((SELECT jsonb_agg(jsonb_build_object('task_id', c.id, 'attempt', c.attempt)) FROM claim_tasks('cat', 2, '{sql}') c), '[]')
                                  || '[{"task_id": "00000000-0000-0000-0000-000000000001"}]');
    BEGIN
        PERFORM complete_task('00000000-0000-0000-0000-000000000001', 'ada');
    EXCEPTION WHEN no_data_found THEN
        NULL;
    END;
    read_whole := (SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE schemaname = 'acme' AND relname IN ('tasks', 'tickets')) - whole;
    by_index := (SELECT sum(idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE schemaname = 'acme' AND relname IN ('tasks', 'tickets')) - by_index;
    read_by_index := CASE WHEN by_index < 2000 THEN 'little' ELSE by_index::text END;
    RETURN NEXT;
END $$;
-- VACUUM tells the planner that they are empty.
VACUUM tickets, tasks;
SELECT * FROM public.way();
SET session_replication_role = replica;
INSERT INTO tickets (id, title) SELECT lpad(to_hex(n), 32, '0')::uuid, 't' FROM generate_series(1, 5000) n;
INSERT INTO tasks (ticket_id, phase_id, description, required_capabilities, status)
SELECT lpad(to_hex(1 + n % 5000), 32, '0')::uuid, 'PHASE_BACKLOG', n, CASE WHEN n % 4 = 0 THEN '["c"]' ELSE '["sql"]' END::jsonb,
       CASE WHEN n < 10000 THEN 'completed' ELSE 'pending' END
  FROM generate_series(1, 30000) n;
RESET session_replication_role;
SELECT * FROM public.way();
-- One role after the other, also where policies differ.
SET ROLE regress_worker;
SELECT * FROM public.way();
RESET ROLE;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON tickets TO regress_worker USING (id > '00000000-0000-0000-0000-000000000005');
SET ROLE regress_worker;
SELECT * FROM public.way();
RESET ROLE;
SELECT * FROM public.way();
SET ROLE regress_worker;
SELECT * FROM public.way();
RESET ROLE;
-- Other schemas, temporary tables, changed tables and functions.
SET search_path = public, acme, phasegate;
SELECT * FROM public.way();
CREATE TEMPORARY TABLE some ();
SELECT * FROM public.way();
ALTER TABLE tasks ADD COLUMN note text;
SELECT * FROM public.way();
-- As a pool does.
DISCARD PLANS;
SELECT * FROM public.way();
ALTER FUNCTION phasegate.took_part COST 100;
SELECT * FROM public.way();
-- Changed while a statement runs: by its triggers.
CREATE FUNCTION public.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMPORARY TABLE more ();
    DROP TABLE more;
    RETURN NULL;
END $$;
CREATE TRIGGER change AFTER UPDATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION public.change();
SELECT * FROM public.way();
SELECT * FROM public.way();
DROP TRIGGER change ON tasks;
SELECT * FROM public.way();
SET plan_cache_mode = force_custom_plan;
SELECT claimed, finally FROM public.way();
RESET plan_cache_mode;
SELECT * FROM public.way();
DROP OWNED BY regress_worker;
DROP ROLE regress_worker;
