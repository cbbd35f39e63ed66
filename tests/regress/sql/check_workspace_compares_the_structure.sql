-- check_workspace compares a workspace with what create_workspace makes: each thing of it, gone or changed in turn, is found,
-- and create_workspace puts back what is gone.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SELECT check_name, example FROM phasegate.check_workspace('acme') WHERE violations > 0;
CREATE FUNCTION public.found(change text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    BEGIN
        EXECUTE change;
        SELECT sum(violations) INTO found FROM phasegate.check_workspace('acme') WHERE check_name = 'structure_is_whole';
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN found;
    WHEN undefined_table OR undefined_column OR object_not_in_prerequisite_state OR datatype_mismatch OR invalid_schema_name THEN
        -- A function of phasegate itself cannot do without it, and says so.
        RETURN -1;
    END;
END $$;
CREATE VIEW public.changes AS
SELECT 'trigger' AS kind, format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS change FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'acme.%'
UNION ALL SELECT 'disabled', format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'acme.%'
UNION ALL SELECT 'index', format('DROP INDEX %s', indexrelid::regclass) FROM pg_index i
           WHERE indexrelid::regclass::text LIKE 'acme.%' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
UNION ALL SELECT 'constraint', format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'acme.%' AND contype <> 'n'
UNION ALL SELECT 'column', format('ALTER TABLE %s DROP COLUMN %I CASCADE', attrelid::regclass, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'default', format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', attrelid::regclass, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND atthasdef AND relname NOT IN ('tickets', 'tasks')
UNION ALL SELECT 'not null', format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', attrelid::regclass, attname) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull
             AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'p' AND conrelid = attrelid AND attnum = ANY (conkey))
UNION ALL SELECT 'cast', format('DROP CAST (%s AS acme.phase)', castsource::regtype) FROM pg_cast WHERE casttarget = 'acme.phase'::regtype;
SELECT kind, count(*) > 0 AS any, count(*) FILTER (WHERE public.found(change) = 0) AS unseen FROM public.changes GROUP BY kind ORDER BY kind;
-- Of the same name, and another.
SELECT public.found('DROP INDEX acme.tasks_due; CREATE INDEX tasks_due ON acme.tasks (lease_expires_at)'),
       public.found('ALTER TABLE acme.tasks DROP CONSTRAINT tasks_kind_check; ALTER TABLE acme.tasks ADD CONSTRAINT tasks_kind_check CHECK (kind <> ''x'')');
-- Whose the parts are, and who else may have code called on rows.
CREATE ROLE regress_other;
GRANT TRIGGER ON acme.tasks TO regress_other;
ALTER VIEW acme.phase_board OWNER TO regress_other;
SELECT check_name, violations, example FROM phasegate.check_workspace('acme') WHERE violations > 0;
DROP OWNED BY regress_other;
DROP ROLE regress_other;
-- Settings of autovacuum: gone, and made again by a repair, which leaves those that the owner chose.
ALTER TABLE acme.tasks RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
SELECT check_name, violations, example FROM phasegate.check_workspace('acme') WHERE check_name = 'tasks_are_vacuumed_often';
SELECT phasegate.create_workspace('acme');
SELECT reloptions FROM pg_class WHERE oid = 'acme.tasks'::regclass;
ALTER TABLE acme.tasks RESET (autovacuum_vacuum_scale_factor), SET (autovacuum_vacuum_threshold = 500);
SELECT phasegate.create_workspace('acme');
SELECT reloptions FROM pg_class WHERE oid = 'acme.tasks'::regclass;
SELECT sum(violations) FROM phasegate.check_workspace('acme');
