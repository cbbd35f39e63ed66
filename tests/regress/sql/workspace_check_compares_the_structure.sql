-- check_workspace compares a workspace with what create_workspace makes: each kind of thing in it, gone or changed, is found,
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
UNION ALL SELECT 'cast', format('DROP CAST (%s AS acme.phase)%s', castsource::regtype, made) FROM pg_cast,
           LATERAL (VALUES (''), (format('; CREATE CAST (%s AS acme.phase) WITH INOUT', castsource::regtype)),
                           (format('; CREATE CAST (%s AS acme.phase) WITH INOUT AS IMPLICIT', castsource::regtype))) m (made)
           WHERE casttarget = 'acme.phase'::regtype;
SELECT kind, count(*) > 0 AS any, count(*) FILTER (WHERE public.found(change) = 0) AS unseen
  FROM (SELECT kind, change, row_number() OVER (PARTITION BY kind ORDER BY md5(change)) AS n FROM public.changes) c
 WHERE n <= 12 GROUP BY kind ORDER BY kind;
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
-- Each thing that is gone or changed, or some of each kind, is named, and put right by create_workspace, after which all works; or
-- it says why not: rows of a table whose key or telling column was dropped cannot be told any more.
INSERT INTO acme.tickets (title) VALUES ('a'), ('b');
UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS';
CREATE ROLE regress_other;
CREATE VIEW public.all_changes AS
SELECT 'trigger dropped' AS kind, format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS change FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'acme.%'
UNION ALL SELECT 'trigger disabled', format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'acme.%'
UNION ALL SELECT 'trigger renamed', format('ALTER TRIGGER %I ON %s RENAME TO other', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'acme.%'
UNION ALL SELECT 'index dropped', format('DROP INDEX %s', indexrelid::regclass) FROM pg_index i
           WHERE indexrelid::regclass::text LIKE 'acme.%' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
UNION ALL SELECT 'index of another', format('DROP INDEX %s; CREATE INDEX %I ON %s ((1))', indexrelid::regclass, relname, indrelid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
           WHERE indexrelid::regclass::text LIKE 'acme.%' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
UNION ALL SELECT 'constraint dropped', format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'acme.%' AND contype <> 'n'
UNION ALL SELECT 'check altered', format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I CHECK (true)', conrelid::regclass, conname, conname) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'acme.%' AND contype = 'c'
UNION ALL SELECT 'foreign key altered', format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s', conrelid::regclass, conname, conname, replace(pg_get_constraintdef(oid), ' ON DELETE CASCADE', '')) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'acme.%' AND contype = 'f' AND conrelid <> 'acme.tasks'::regclass
UNION ALL SELECT 'column dropped', format('ALTER TABLE %s DROP COLUMN %I CASCADE', attrelid::regclass, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'default dropped', format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', attrelid::regclass, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND atthasdef
UNION ALL SELECT 'not null dropped', format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', attrelid::regclass, attname) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull
             AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'p' AND conrelid = attrelid AND attnum = ANY (conkey))
UNION ALL SELECT 'view dropped', format('DROP VIEW %s', oid::regclass) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v'
UNION ALL SELECT 'view altered', format('CREATE OR REPLACE VIEW %s WITH (security_invoker = true) AS SELECT * FROM (%s) x WHERE false', oid::regclass, rtrim(pg_get_viewdef(oid), ';')) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v'
UNION ALL SELECT 'view renamed column', format('ALTER VIEW %s RENAME COLUMN %I TO other', attrelid::regclass, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v' AND attnum = 1
UNION ALL SELECT 'view as owner', format('ALTER VIEW %s RESET (security_invoker)', oid::regclass) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v'
UNION ALL SELECT 'cast implicit', format('DROP CAST (%s AS acme.phase); CREATE CAST (%s AS acme.phase) WITH INOUT AS IMPLICIT', castsource::regtype, castsource::regtype) FROM pg_cast WHERE casttarget = 'acme.phase'::regtype
UNION ALL SELECT 'default altered', format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT NULL', attrelid::regclass, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0 AND atthasdef
UNION ALL SELECT 'owner of a table', format('ALTER TABLE %s OWNER TO regress_other', oid::regclass) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND relname <> 'tickets'
UNION ALL SELECT 'owner of a view', format('ALTER VIEW %s OWNER TO regress_other', oid::regclass) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v'
UNION ALL SELECT 'owner of the type', 'ALTER TYPE acme.phase OWNER TO regress_other'
UNION ALL SELECT 'cast dropped', format('DROP CAST (%s AS acme.phase)', castsource::regtype) FROM pg_cast WHERE casttarget = 'acme.phase'::regtype;
CREATE FUNCTION public.tried(change text) RETURNS TABLE (seen text, repaired text) LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    BEGIN
        EXECUTE change;
        BEGIN
            SELECT string_agg(check_name || ': ' || coalesce(example, ''), ' | ') INTO seen FROM phasegate.check_workspace('acme') WHERE violations > 0;
            seen := coalesce(seen, 'UNSEEN');
        EXCEPTION WHEN OTHERS THEN seen := 'refused ' || SQLERRM;
        END;
        BEGIN
            PERFORM phasegate.create_workspace('acme');
            SELECT string_agg(check_name || ': ' || coalesce(example, ''), ' | ') INTO repaired FROM phasegate.check_workspace('acme') WHERE violations > 0;
            IF repaired IS NULL THEN
                INSERT INTO acme.tickets (title) VALUES ('new');
                UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'new';
                repaired := 'yes';
            END IF;
        EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL; repaired := SQLSTATE || ' ' || SQLERRM || ': ' || detail;
        END;
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL; WHEN OTHERS THEN seen := 'CANNOT ' || SQLERRM;
    END;
    RETURN NEXT;
END $$;
CREATE TABLE public.tries AS
SELECT kind, change, t.* FROM (SELECT kind, change, row_number() OVER (PARTITION BY kind ORDER BY md5(change)) AS n FROM public.all_changes) c, public.tried(change) t WHERE n <= 2;
SELECT kind, count(*) > 0 AS any, count(*) FILTER (WHERE seen = 'UNSEEN') AS unseen, count(*) FILTER (WHERE repaired <> 'yes' AND kind <> 'column dropped') AS not_repaired
  FROM public.tries GROUP BY kind ORDER BY kind;
SELECT change, seen, repaired FROM public.tries WHERE seen = 'UNSEEN' OR repaired <> 'yes' AND kind <> 'column dropped' OR repaired ~ '^(XX|42703)' ORDER BY 1;
DROP ROLE regress_other;
