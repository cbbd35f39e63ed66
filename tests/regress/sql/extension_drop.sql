-- DROP EXTENSION is refused while a workspace uses it; with CASCADE only triggers and id defaults go.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (title, phase_id) SELECT 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 5) n;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title < 't3';
CREATE FUNCTION public.content() RETURNS TABLE (item text) LANGUAGE plpgsql AS $$
DECLARE tab text;
BEGIN
    RETURN QUERY SELECT format('%s.%s %s %s', c.relname, attname, format_type(atttypid, atttypmod),
                               CASE WHEN pg_get_expr(adbin, adrelid) <> 'phasegate.uuid_v7()' THEN pg_get_expr(adbin, adrelid) END)
      FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
     WHERE relnamespace = 'acme'::regnamespace AND attnum > 0;
    RETURN QUERY SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'acme'::regnamespace;
    RETURN QUERY SELECT relname::text FROM pg_class WHERE relnamespace = 'acme'::regnamespace;
    FOR tab IN SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' LOOP
        RETURN QUERY EXECUTE format('SELECT t::text FROM %s t', tab);
    END LOOP;
END $$;
CREATE FUNCTION public.uses() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'acme'::regnamespace AND NOT tgisinternal $$;
CREATE TABLE public.content_before AS SELECT * FROM public.content();
CREATE TABLE public.uses_before AS SELECT public.uses();
\set VERBOSITY sqlstate
DROP EXTENSION phasegate;
\set VERBOSITY default
SET client_min_messages = warning;
DROP EXTENSION phasegate CASCADE;
SELECT * FROM public.content_before EXCEPT ALL SELECT * FROM public.content();
SELECT * FROM public.content() EXCEPT ALL SELECT * FROM public.content_before;
SELECT public.uses();
SELECT attrelid::regclass FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = adrelid AND attnum = adnum JOIN pg_class c ON c.oid = attrelid
 WHERE relnamespace = 'acme'::regnamespace AND attname = 'id';
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 't5';
SELECT phase, tickets FROM phase_board WHERE tickets > 0;
-- Created again, and taken back.
CREATE EXTENSION phasegate;
SELECT phasegate.create_workspace('acme');
SELECT public.uses() = uses AS all_triggers_are_back FROM public.uses_before;
SELECT sum(violations) FROM phasegate.check_workspace();
INSERT INTO tickets (title) VALUES ('t6');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 't6';
SELECT title, from_phase, to_phase, transition_reason FROM phase_history JOIN tickets t ON t.id = ticket_id
 ORDER BY title, phase_history.created_at;
-- After a workspace's schema is dropped nothing holds the extension.
DROP SCHEMA acme CASCADE;
DROP EXTENSION phasegate;
SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'phasegate') AS schemas, (SELECT count(*) FROM pg_proc WHERE prosrc LIKE 'phasegate\_%') AS functions;
