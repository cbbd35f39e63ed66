-- Workspaces live side by side: more of them than a session keeps in its cache, each with its own rules.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DO $$ BEGIN FOR n IN 1 .. 70 LOOP PERFORM phasegate.create_workspace(format('w%s', n)); END LOOP; END $$;
SELECT count(*), count(DISTINCT owner) FROM phasegate.workspaces;
DO $$
DECLARE ws text;
BEGIN
    FOR n IN 1 .. 70 LOOP
        EXECUTE format('UPDATE w%s.task_templates SET is_active = false', n);
        EXECUTE format('INSERT INTO w%1$s.tickets (id, title) VALUES (''00000000-0000-7000-8000-000000000001'', ''w%1$s'')', n);
        IF n % 2 = 0 THEN
            EXECUTE format('INSERT INTO w%s.phase_transitions VALUES (''PHASE_BACKLOG'', ''PHASE_DONE'')', n);
        END IF;
    END LOOP;
END $$;
-- The same ticket id in all; only in every second one the added edge. Twice around, so that all are forgotten and found again.
CREATE TABLE public.outcomes (round int, n int, outcome text);
DO $$
BEGIN
    FOR round IN 1 .. 2 LOOP
        FOR n IN 1 .. 70 LOOP
            PERFORM set_config('search_path', 'w' || n, true);
            INSERT INTO public.outcomes SELECT round, n, coalesce(error_code, CASE WHEN transitioned THEN 'moved' ELSE 'there' END)
              FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
        END LOOP;
    END LOOP;
END $$;
SELECT round, n % 2 AS odd, outcome, count(*) FROM public.outcomes GROUP BY 1, 2, 3 ORDER BY 1, 2;
-- A label added to one is in no other.
ALTER TYPE w1.phase ADD VALUE 'PHASE_EXTRA';
SET search_path = w2;
SELECT phasegate.can_transition('PHASE_BACKLOG', 'PHASE_EXTRA');
SET search_path = w1;
SELECT phasegate.can_transition('PHASE_BACKLOG', 'PHASE_EXTRA');
DO $$
DECLARE bad bigint;
BEGIN
    FOR n IN 1 .. 70 BY 7 LOOP
        SELECT sum(violations) INTO bad FROM phasegate.check_workspace(format('w%s', n)::name);
        IF bad > 0 THEN RAISE WARNING 'w%: %', n, bad; END IF;
    END LOOP;
END $$;
-- One statement over two workspaces; a trigger of one moves tickets of the other.
RESET search_path;
CREATE FUNCTION public.across() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE w5.tickets SET phase_id = NEW.phase_id::text::w5.phase WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER across AFTER UPDATE ON w3.tickets FOR EACH ROW EXECUTE FUNCTION public.across();
WITH one AS (UPDATE w3.tickets SET phase_id = 'PHASE_REQUIREMENTS' RETURNING id)
UPDATE w7.tickets SET phase_id = 'PHASE_REQUIREMENTS';
SELECT 'w3', to_phase::text FROM w3.phase_history UNION ALL SELECT 'w5', to_phase::text FROM w5.phase_history UNION ALL SELECT 'w7', to_phase::text FROM w7.phase_history ORDER BY 1, 2;
-- A workspace whose schema is renamed, moved to another owner, or dropped.
ALTER SCHEMA w9 RENAME TO renamed;
UPDATE renamed.tickets SET phase_id = 'PHASE_REQUIREMENTS';
SET search_path = renamed;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT sum(violations) FROM phasegate.check_workspace('renamed');
SELECT sum(violations) FROM phasegate.check_workspace('w9');
DROP SCHEMA renamed CASCADE;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT phasegate.create_workspace('renamed');
INSERT INTO tickets (title) VALUES ('new');
SELECT count(*) FROM phase_history;
