-- All of a workspace belongs to one role, whoever the schema belongs to: side effects run with that role's rights.
\set SHOW_CONTEXT never
CREATE ROLE regress_dba SUPERUSER;
CREATE ROLE regress_other;
CREATE ROLE regress_heir;
CREATE ROLE regress_manager;
CREATE SCHEMA acme AUTHORIZATION regress_other;
SET ROLE regress_dba;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_manager', 'manager');
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_DESIGN');

-- The schema's owner drops a table, which is their right, and puts one of theirs in its place.
CREATE FUNCTION public.replaced(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'other''s %', name;
    SET LOCAL client_min_messages = warning;
    EXECUTE format('CREATE TABLE acme.theirs (LIKE acme.%I INCLUDING ALL)', name);
    ALTER TABLE acme.theirs OWNER TO regress_other;
    SET LOCAL ROLE regress_other;
    EXECUTE format('DROP TABLE acme.%I CASCADE', name);
    EXECUTE format('ALTER TABLE acme.theirs RENAME TO %I', name);
    EXECUTE 'CREATE FUNCTION acme.evil() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RAISE INFO $i$running as %$i$, current_user; RETURN NEW; END''';
    EXECUTE format('CREATE TRIGGER evil BEFORE INSERT OR UPDATE OR DELETE ON acme.%I FOR EACH ROW EXECUTE FUNCTION acme.evil()', name);
    EXECUTE format('GRANT ALL ON acme.%I TO PUBLIC', name);
    SET LOCAL client_min_messages = notice;
    SET LOCAL ROLE regress_manager;
    SET LOCAL search_path = acme, phasegate;
    DECLARE call text; message text; detail text;
    BEGIN
        FOREACH call IN ARRAY ARRAY[
            'INSERT INTO acme.tickets (title) VALUES (''b'')',
            'SELECT transition_ticket(''00000000-0000-7000-8000-00000000000a'', ''PHASE_BLOCKED'')',
            'SELECT transition_ticket(''00000000-0000-7000-8000-00000000000a'', ''PHASE_IMPLEMENTATION'')',
            'SELECT generate_phase_tasks(''00000000-0000-7000-8000-00000000000a'', ''PHASE_DESIGN'')',
            'SELECT check_gate_requirements(''00000000-0000-7000-8000-00000000000a'')',
            'SELECT update_ticket_context(''00000000-0000-7000-8000-00000000000a'', ''PHASE_DESIGN'')',
            'UPDATE acme.tasks SET status = ''completed''',
            'SELECT claim_task(''me'')'] LOOP
            BEGIN
                EXECUTE call;
                RETURN NEXT 'nothing of it was needed';
            EXCEPTION WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
                RETURN NEXT SQLSTATE || ' ' || message || coalesce(': ' || nullif(detail, ''), '');
            END;
        END LOOP;
    END;
END $$;
RESET ROLE;
CREATE TABLE public.names AS SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'acme'::regnamespace AND c.relkind = 'r' AND c.relname <> 'tickets';
GRANT SELECT ON public.names TO PUBLIC;
SELECT format('BEGIN; SELECT DISTINCT e.e AS %I FROM public.replaced(%L) e ORDER BY 1; ROLLBACK;', name, name) FROM public.names ORDER BY name \gexec

-- So are what is no table, and a table, a partition or the type that is given to somebody else later.
SET ROLE regress_dba;
BEGIN;
ALTER TABLE acme.phase_history RENAME TO kept;
CREATE VIEW acme.phase_history AS SELECT * FROM acme.kept;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED';
ROLLBACK;
BEGIN;
ALTER TABLE acme.phase_context OWNER TO regress_heir;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED';
ROLLBACK;
BEGIN;
ALTER TYPE acme.phase OWNER TO regress_heir;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED';
ROLLBACK;
BEGIN;
ALTER TABLE acme.tickets OWNER TO regress_heir;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED';
ROLLBACK;
-- create_workspace refuses it too.
BEGIN;
ALTER TABLE acme.phase_context OWNER TO regress_heir;
SELECT phasegate.create_workspace('acme');
ROLLBACK;
-- Everything given to one other role is that role's workspace.
GRANT USAGE ON SCHEMA acme TO regress_heir;
REASSIGN OWNED BY regress_dba TO regress_heir;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED';
SELECT owner FROM phasegate.workspaces;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_dba, regress_other, regress_heir, regress_manager CASCADE;
DROP SCHEMA IF EXISTS acme CASCADE;
DROP ROLE regress_dba, regress_other, regress_heir, regress_manager;
