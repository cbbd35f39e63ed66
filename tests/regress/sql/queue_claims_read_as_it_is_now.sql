-- A session that claims again reads the queue by what it knows of its table. What has changed since counts all the same.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 't');
CREATE FUNCTION public.add(description text, priority text DEFAULT 'MEDIUM', kind text DEFAULT 'work', needs jsonb DEFAULT NULL, phase acme.phase DEFAULT 'PHASE_BACKLOG')
RETURNS int LANGUAGE sql AS $$
    INSERT INTO acme.tasks (ticket_id, phase_id, task_type, description, priority, kind, required_capabilities)
    VALUES ('00000000-0000-7000-8000-000000000001', phase, 'work', description, priority, kind, needs) RETURNING 1 $$;
-- One after the other, with other arguments each time; several within one statement.
SELECT count(public.add(p || ' ' || n, p)) FROM generate_series(1, 3) n, unnest('{LOW,CRITICAL,MEDIUM,HIGH}'::text[]) p;
SELECT c.description FROM generate_series(1, 5) n, LATERAL claim_task('agent ' || n) c;
SELECT description FROM claim_task('ada');
SELECT public.add('in Rust', 'HIGH', needs => '["rust", "sql"]');
SELECT public.add('designed', 'CRITICAL', phase => 'PHASE_DESIGN');
SELECT public.add('to be summarized', 'CRITICAL', kind => 'summary');
SELECT description FROM claim_task('ada', '{sql}', kinds => '{work}', phases => '{PHASE_BACKLOG}');
SELECT description FROM claim_task('ada', '{sql,rust,c}', kinds => '{work}', phases => '{PHASE_BACKLOG,PHASE_DONE}');
SELECT description FROM claim_task('ada', kinds => '{summary}');
SELECT description FROM claim_task('ada', phases => '{PHASE_DESIGN}');
SELECT description FROM claim_task('ada', phases => '{PHASE_DESIGN}');
-- Nobody reviews what they worked on.
SELECT (complete_task(id, 'ada')).status FROM tasks WHERE description = 'designed';
SELECT public.add('to be reviewed', 'CRITICAL', kind => 'review', phase => 'PHASE_DESIGN');
SELECT description FROM claim_task('ada', kinds => '{review}');
SELECT description FROM claim_task('eve', kinds => '{review}');
-- What suits stands behind more than a claim looks at.
SELECT count(public.add('in C ' || n, 'CRITICAL', needs => '["c"]')) FROM generate_series(1, 100) n;
SELECT description FROM claim_task('ada');
SELECT description FROM claim_task('ada', '{c}');
DELETE FROM tasks;
-- The index in another order, gone, and back.
SELECT count(public.add(p || ' ' || n, p)) FROM generate_series(1, 6) n, unnest('{LOW,HIGH}'::text[]) p;
SELECT description FROM claim_task('ada');
DROP INDEX tasks_claimable;
SELECT description FROM claim_task('ada');
SELECT description FROM claim_task('ada');
CREATE INDEX tasks_claimable ON tasks (description) WHERE status = 'pending' AND pending_dependencies = 0 AND scheduled_at IS NULL;
SELECT description FROM claim_task('ada');
SELECT description FROM claim_task('ada');
DROP INDEX tasks_claimable;
SELECT create_workspace('acme');
SELECT description FROM claim_task('ada');
SELECT description FROM claim_task('ada');
-- Columns come and go, the table is written anew, the workspace gets another name.
ALTER TABLE tasks ADD COLUMN note text DEFAULT 'noted', DROP COLUMN task_type;
SELECT description FROM claim_task('ada');
SELECT create_workspace('acme');
SELECT description, task_type FROM claim_task('ada');
VACUUM FULL tasks;
SELECT description FROM claim_task('ada');
ALTER SCHEMA acme RENAME TO apex;
SET search_path = apex, phasegate;
SELECT description FROM claim_task('ada');
SELECT description FROM claim_task('ada');
ALTER SCHEMA apex RENAME TO acme;
SET search_path = acme, phasegate;
-- Another role, another way of planning, a transaction that was rolled back.
CREATE ROLE regress_worker;
SELECT grant_access('acme', 'regress_worker', 'agent');
SELECT count(public.add('task ' || n)) FROM generate_series(1, 6) n;
SELECT count(public.add('review ' || n, kind => 'review')) FROM generate_series(1, 3) n;
SET ROLE regress_worker;
SELECT description FROM claim_task('eve', kinds => '{work}');
SELECT description FROM claim_task('eve', kinds => '{work}');
SELECT description FROM claim_task('vera', kinds => '{review}');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION phasegate.took_part FROM PUBLIC;
SET ROLE regress_worker;
SELECT description FROM claim_task('vera', kinds => '{review}');
RESET ROLE;
SELECT description FROM claim_task('vera', kinds => '{review}');
-- What was made ready for one role is not for another.
SET ROLE regress_worker;
SELECT description FROM claim_task('vera', kinds => '{review}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION phasegate.took_part TO PUBLIC;
SET ROLE regress_worker;
SELECT description FROM claim_task('vera', kinds => '{review}');
SET plan_cache_mode = force_custom_plan;
SELECT description FROM claim_task('eve', kinds => '{work}');
SET plan_cache_mode = auto;
BEGIN;
SELECT description FROM claim_task('eve');
SELECT description FROM claim_task('eve');
ROLLBACK;
SELECT description FROM claim_task('eve');
RESET ROLE;
-- What raises an error while the queue is read leaves nothing behind.
SELECT public.add('review', 'CRITICAL', kind => 'review');
ALTER TABLE phase_gate_artifacts RENAME collected_by TO collector;
DO $$
BEGIN
    FOR n IN 1 .. 3 LOOP
        BEGIN
            PERFORM claim_task('joe');
        EXCEPTION WHEN undefined_column THEN
            RAISE NOTICE '%', SQLERRM;
        END;
    END LOOP;
END $$;
SELECT description FROM claim_task('joe', kinds => '{work}');
ALTER TABLE phase_gate_artifacts RENAME collector TO collected_by;
SELECT description FROM claim_task('joe');
SELECT sum(violations) FROM check_workspace('acme');
DROP OWNED BY regress_worker;
DROP ROLE regress_worker;
