-- create_workspace on a workspace changes nothing, and repairs what is missing.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
-- An owner has the privilege MAINTAIN, "m", from PostgreSQL 17 on.
CREATE FUNCTION public.catalog() RETURNS TABLE (kind text, item text) LANGUAGE sql SET search_path = pg_catalog AS $$
    SELECT 'relation', format('%s %s %s', c.relname, c.relkind, replace(c.relacl::text, 'xtm/', 'xt/'))
      FROM pg_class c WHERE relnamespace = 'acme'::regnamespace
    UNION ALL SELECT 'column', format('%s.%s %s %s %s', a.attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
      FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
     WHERE relnamespace = 'acme'::regnamespace AND attnum > 0
    UNION ALL SELECT 'constraint', format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'acme'::regnamespace
    UNION ALL SELECT 'index', pg_get_indexdef(c.oid) FROM pg_class c WHERE relnamespace = 'acme'::regnamespace AND relkind = 'i'
    UNION ALL SELECT 'trigger', format('%s %s', tgenabled, pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
     WHERE relnamespace = 'acme'::regnamespace AND NOT tgisinternal
    UNION ALL SELECT 'view', pg_get_viewdef(c.oid) FROM pg_class c WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v'
    UNION ALL SELECT 'label', enumlabel FROM pg_enum WHERE enumtypid = 'acme.phase'::regtype
    UNION ALL SELECT 'cast', format('%s %s %s', castsource::regtype, castcontext, castmethod) FROM pg_cast WHERE casttarget = 'acme.phase'::regtype $$;
CREATE FUNCTION public.rows() RETURNS TABLE (tab text, content text) LANGUAGE plpgsql AS $$
BEGIN
    FOR tab IN SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' LOOP
        RETURN QUERY EXECUTE format('SELECT %L::text, t::text || t.ctid || t.xmin FROM %s t', tab, tab);
    END LOOP;
END $$;
SET search_path = acme;
INSERT INTO tickets (title, phase_id) SELECT 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 5) n;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title < 't3';
-- Edited configuration: edges and templates added, changed, deleted.
INSERT INTO phase_transitions VALUES ('PHASE_DONE', 'PHASE_BACKLOG', false);
DELETE FROM phase_transitions WHERE from_phase = 'PHASE_BACKLOG';
UPDATE phase_transitions SET requires_gate = false;
DELETE FROM task_templates;
UPDATE phase_gate_requirements SET required_artifacts = '{other}';
GRANT SELECT ON phase_board TO PUBLIC;
ALTER TABLE tickets ADD COLUMN extra int;
ALTER TABLE tickets ENABLE ALWAYS TRIGGER aa_phasegate_started;
CREATE TABLE public.catalog_before AS SELECT * FROM public.catalog();
CREATE TABLE public.rows_before AS SELECT * FROM public.rows();
CREATE FUNCTION public.changed() RETURNS TABLE (what text, item text) LANGUAGE sql AS $$
    (SELECT 'lost', kind || ' ' || item FROM public.catalog_before EXCEPT SELECT 'lost', kind || ' ' || item FROM public.catalog())
    UNION ALL (SELECT 'new', kind || ' ' || item FROM public.catalog() EXCEPT SELECT 'new', kind || ' ' || item FROM public.catalog_before)
    UNION ALL (SELECT 'row lost', tab || content FROM public.rows_before EXCEPT SELECT 'row lost', tab || content FROM public.rows())
    UNION ALL (SELECT 'row new', tab || content FROM public.rows() EXCEPT SELECT 'row new', tab || content FROM public.rows_before) $$;
SELECT phasegate.create_workspace();
SELECT phasegate.create_workspace('acme');
SELECT * FROM public.changed();
-- Repairs.
DROP TRIGGER zz_phasegate_decide ON tickets;
DROP TRIGGER phasegate_append_only ON phase_history;
DROP VIEW phase_board, phase_durations;
DROP INDEX phase_history_ticket, phase_history_created;
ALTER TABLE tickets DROP CONSTRAINT tickets_priority_check, ALTER COLUMN id DROP DEFAULT, ALTER COLUMN priority DROP DEFAULT;
ALTER TABLE tickets DISABLE TRIGGER aa_phasegate_write;
ALTER TABLE phase_history ALTER COLUMN id DROP DEFAULT;
DROP CAST (varchar AS phase);
SELECT phasegate.create_workspace('acme');
SELECT * FROM public.changed();
-- A dropped table comes back empty, a configuration table with its default rows.
DROP VIEW phase_board;
DROP TABLE phase_context, phase_gate_requirements;
SELECT phasegate.create_workspace('acme');
SELECT phase_id, required_artifacts FROM phase_gate_requirements ORDER BY 1;
SELECT * FROM public.changed() WHERE what IN ('lost', 'new');
SELECT sum(violations) FROM phasegate.check_workspace();
-- A column that is gone.
ALTER TABLE tickets DROP COLUMN context_summary;
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT phasegate.create_workspace('acme');
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE phase_id = 'PHASE_BLOCKED';
SELECT sum(violations) FROM phasegate.check_workspace();
-- Somebody else cannot.
CREATE ROLE regress_other;
GRANT ALL ON SCHEMA acme TO regress_other;
SET ROLE regress_other;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.detach_workspace('acme');
SELECT phasegate.create_workspace('elsewhere');
RESET ROLE;
DROP OWNED BY regress_other;
DROP ROLE regress_other;
-- A table put in the place of the tickets', which no trigger guards, is named; and taken where the old one is gone.
\set VERBOSITY default
SELECT phasegate.create_workspace('swapped');
INSERT INTO swapped.tickets (title) VALUES ('a');
CREATE TABLE swapped.new (LIKE swapped.tickets INCLUDING ALL);
INSERT INTO swapped.new SELECT * FROM swapped.tickets;
ALTER TABLE swapped.tickets RENAME TO old;
ALTER TABLE swapped.new RENAME TO tickets;
SELECT check_name, example FROM phasegate.check_workspace('swapped') WHERE violations > 0;
SELECT phasegate.create_workspace('swapped');
DROP TABLE swapped.old CASCADE;
SELECT check_name, example FROM phasegate.check_workspace('swapped') WHERE violations > 0;
SELECT phasegate.create_workspace('swapped');
\set VERBOSITY terse
UPDATE swapped.tickets SET phase_id = 'PHASE_DONE';
\set VERBOSITY default
INSERT INTO swapped.tickets (title) VALUES ('b');
SELECT check_name, example FROM phasegate.check_workspace('swapped') WHERE violations > 0;
