-- Every change of the configuration, by whom and however it is made, has its row in configuration_history: each way to write, on each
-- table that has the trigger which says so.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_mia;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_mia', 'manager');
SET search_path = acme, phasegate;
RESET ROLE;
CREATE TABLE public.configured AS
    SELECT c.relname, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
           (SELECT string_agg(format('s.%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS saved,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum DESC LIMIT 1) AS last,
           (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary) AS key
      FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'zz_phasegate_configured' WHERE c.relnamespace = 'acme'::regnamespace;
SELECT relname, last, key FROM public.configured ORDER BY 1;
SELECT format('CREATE TABLE public.saved_%s AS SELECT * FROM acme.%1$s; GRANT SELECT ON public.saved_%1$s TO PUBLIC; CREATE VIEW public.of_%1$s AS SELECT * FROM acme.%1$s; GRANT ALL ON public.of_%1$s TO PUBLIC; ALTER VIEW public.of_%1$s OWNER TO regress_owner', relname)
  FROM public.configured \gexec
CREATE TABLE public.ways (place int, way text, statement text, recorded text);
INSERT INTO public.ways VALUES
    (1, 'UPDATE', 'UPDATE acme.%1$I SET %4$I = %4$I', 'UPDATE'),
    (2, 'UPDATE of a view', 'UPDATE public.of_%1$s SET %4$I = %4$I', 'UPDATE'),
    (3, 'MERGE, UPDATE', 'MERGE INTO acme.%1$I t USING (SELECT 1) one ON true WHEN MATCHED THEN UPDATE SET %4$I = t.%4$I', 'UPDATE'),
    (4, 'DELETE', 'DELETE FROM acme.%1$I', 'DELETE'),
    (5, 'INSERT', 'INSERT INTO acme.%1$I SELECT * FROM public.saved_%1$s', 'INSERT'),
    (6, 'ON CONFLICT', 'INSERT INTO acme.%1$I SELECT * FROM public.saved_%1$s ON CONFLICT (%5$s) DO UPDATE SET %4$I = EXCLUDED.%4$I', 'UPDATE'),
    (7, 'MERGE, DELETE', 'MERGE INTO acme.%1$I t USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE', 'DELETE'),
    (8, 'MERGE, INSERT', 'MERGE INTO acme.%1$I t USING public.saved_%1$s s ON false WHEN NOT MATCHED THEN INSERT (%2$s) VALUES (%3$s)', 'INSERT'),
    (9, 'in a CTE', 'WITH one AS (UPDATE acme.%1$I SET %4$I = %4$I RETURNING 1) SELECT count(*) FROM one', 'UPDATE'),
    (10, 'in a subtransaction', 'DO %6$L', 'UPDATE');
-- One row a changed row, with the row before and after, and who did it. What is rolled back leaves none.
CREATE FUNCTION public.changes(statement text, recorded text, relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before bigint := (SELECT count(*) FROM acme.configuration_history);
    changed bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM public.saved_%s', relation) INTO changed;
    EXECUTE statement;
    RETURN (SELECT CASE WHEN count(*) = changed AND bool_and(h.table_name = relation AND h.operation = recorded AND (h.old IS NULL) = (recorded = 'INSERT')
                             AND (h.new IS NULL) = (recorded = 'DELETE') AND h.actor = current_user AND h.acting_role = current_user AND h.db_role = session_user)
                        THEN 'all' ELSE format('%s of %s: %s', count(*), changed, json_agg(h)) END
              FROM (SELECT * FROM acme.configuration_history ORDER BY at, id OFFSET before) h);
END $$;
CREATE FUNCTION public.all_changes() RETURNS TABLE (relation name, recorded text) LANGUAGE plpgsql AS $$
DECLARE
    c public.configured;
    w public.ways;
BEGIN
    FOR c IN SELECT * FROM public.configured ORDER BY relname LOOP
        relation := c.relname;
        recorded := '';
        FOR w IN SELECT * FROM public.ways ORDER BY place LOOP
            recorded := recorded || w.way || ': ' || public.changes(
                format(w.statement, c.relname, c.columns, c.saved, c.last, c.key,
                       format('BEGIN UPDATE acme.%1$I SET %2$I = %2$I; BEGIN DELETE FROM acme.%1$I; RAISE ''x''; EXCEPTION WHEN raise_exception THEN NULL; END; END', c.relname, c.last)),
                w.recorded, c.relname) || ', ';
        END LOOP;
        RETURN NEXT;
    END LOOP;
END $$;
GRANT SELECT ON public.configured, public.ways TO PUBLIC;
-- By a superuser, the owner, and a manager.
SELECT * FROM public.all_changes();
SET ROLE regress_owner;
SELECT relation, recorded ~ '^([^:]+: all(, )?){10}$' AS the_same FROM public.all_changes();
SET ROLE regress_mia;
SELECT relation, recorded ~ '^([^:]+: all(, )?){10}$' AS the_same FROM public.all_changes();
-- COPY.
COPY acme.phases (phase_id, kind) FROM stdin;
\.
DELETE FROM phases WHERE kind = 'blocked';
COPY phases (phase_id, kind) FROM stdin;
PHASE_BLOCKED	blocked
\.
COPY phase_transitions FROM stdin;
PHASE_TESTING	PHASE_DESIGN	f
\.
COPY task_templates (phase_id, task_type, template_description) FROM stdin;
PHASE_DESIGN	sketch	Sketch it
\.
COPY phase_gate_requirements (phase_id, requires_review) FROM stdin;
PHASE_DESIGN	t
\.
SELECT table_name, operation, coalesce(new, old) ->> CASE table_name WHEN 'phase_transitions' THEN 'from_phase' ELSE 'phase_id' END AS phase, actor
  FROM configuration_history ORDER BY at DESC, id DESC LIMIT 5;
-- TRUNCATE is the owner's.
SET ROLE regress_owner;
SET client_min_messages = warning;
SELECT format('TRUNCATE acme.%I', relname) FROM public.configured ORDER BY 1 \gexec
RESET client_min_messages;
SELECT table_name, operation, old, new, actor FROM configuration_history WHERE operation = 'TRUNCATE' ORDER BY table_name;
-- Nobody takes a row back.
DELETE FROM configuration_history;
UPDATE configuration_history SET actor = 'eve';
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_mia, regress_owner CASCADE;
DROP ROLE regress_mia, regress_owner;
