-- The TRIGGER privilege is no right to replace the triggers that guard a workspace, nor to write a row otherwise than it was decided.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
CREATE ROLE regress_plain;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_DESIGN');
INSERT INTO acme.tasks (ticket_id, phase_id) SELECT id, phase_id FROM acme.tickets;
CREATE TABLE acme.notes (ticket_id uuid REFERENCES acme.tickets);
CREATE TABLE acme.lists (ticket_id uuid);
GRANT USAGE, CREATE ON SCHEMA acme TO regress_plain, regress_member;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_plain;
RESET ROLE;
-- Does as the role; gives "ok" or the error's code and word. All is undone.
CREATE FUNCTION public.tried(role text, VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    word text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    RAISE 'ok' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN SQLERRM;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS word = CONSTRAINT_NAME;
        RETURN SQLSTATE || ' ' || word;
END $$;
GRANT EXECUTE ON FUNCTION public.tried(text, text[]) TO PUBLIC;

-- Each of ours, made anew as it is, and with a condition that never holds.
CREATE VIEW public.ours AS
SELECT c.relname, t.tgname, replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER') AS again,
       regexp_replace(replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'), '( WHEN \(.*\))? EXECUTE', ' WHEN (false) EXECUTE') AS never
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'acme'::regnamespace AND NOT t.tgisinternal;
SELECT role, public.tried(role, again) AS again, public.tried(role, never) AS never, count(*) > 30 AS many
  FROM public.ours, unnest('{regress_plain,regress_member,regress_owner}'::text[]) role GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER zz_phasegate_decide BEFORE UPDATE ON acme.tickets FOR EACH ROW WHEN (false) EXECUTE FUNCTION phasegate._tickets_decide('3', '3');
RESET ROLE;

-- What fires after ours or before, under whatever name, and on tables that refer to them; what is on other tables is as good as ever.
SET ROLE regress_plain;
CREATE FUNCTION acme.forges() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.status := 'completed'; RETURN NEW; END $$;
RESET ROLE;
SELECT name, public.tried('regress_plain', format('CREATE TRIGGER %I BEFORE INSERT ON acme.%I FOR EACH ROW EXECUTE FUNCTION acme.forges()', name, relname)) AS tried, string_agg(relname, ' ' ORDER BY relname) AS tables
  FROM unnest('{zzz,zz_phasegate,zz_phasegatf,é,~,a_phasegate_x,zz_phasegat,zz,ZZZ,a}'::text[]) WITH ORDINALITY AS n (name, place), unnest('{tickets,tasks,phase_gate_artifacts,phase_gate_results,phases,phase_context,notes,lists}'::text[]) relname
 GROUP BY place, name, 2 ORDER BY place, 2;
SELECT public.tried(role, 'CREATE TRIGGER zzz BEFORE UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION acme.forges()') FROM unnest('{regress_member,regress_owner}'::text[]) role;
SELECT public.tried('regress_plain', 'CREATE CONSTRAINT TRIGGER zzz AFTER UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION acme.forges()');

-- One that is older than the event trigger, or that a superuser restored, is found; the owner's own is the owner's to have.
REVOKE TRIGGER ON ALL TABLES IN SCHEMA acme FROM regress_plain;
CREATE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER zzz BEFORE UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION public.theirs();
CREATE TRIGGER before_ours BEFORE UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION public.theirs();
ALTER FUNCTION public.theirs() OWNER TO regress_plain;
SELECT violations, example FROM phasegate.check_workspace('acme') WHERE check_name = 'no_trigger_privileges';
ALTER FUNCTION public.theirs() OWNER TO regress_member;
SELECT violations, example FROM phasegate.check_workspace('acme') WHERE check_name = 'no_trigger_privileges';
DROP FUNCTION public.theirs() CASCADE;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_plain;

-- A table that one of a workspace's is a partition of gives it its triggers.
SET ROLE regress_owner;
SET client_min_messages = warning;
CREATE TABLE acme.all_tasks (LIKE acme.tasks) PARTITION BY LIST (kind);
SELECT public.tried('regress_owner', 'ALTER TABLE acme.all_tasks ATTACH PARTITION acme.tasks DEFAULT', 'GRANT TRIGGER ON acme.all_tasks TO regress_plain', 'SET LOCAL ROLE regress_plain',
                    'CREATE TRIGGER zzz BEFORE UPDATE ON acme.all_tasks FOR EACH ROW EXECUTE FUNCTION acme.forges()');
-- And who owns that one does not own its partitions.
RESET ROLE;
ALTER TABLE acme.all_tasks OWNER TO regress_plain;
SELECT public.tried(current_user, 'ALTER TABLE acme.all_tasks ATTACH PARTITION acme.tasks DEFAULT', 'SET LOCAL ROLE regress_plain',
                    'CREATE TRIGGER zzz BEFORE UPDATE ON acme.all_tasks FOR EACH ROW EXECUTE FUNCTION acme.forges()');

-- Elsewhere nothing of it is asked, and without the extension nothing at all.
CREATE SCHEMA other AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE other.tasks (status text);
GRANT USAGE ON SCHEMA other TO regress_plain;
GRANT TRIGGER ON other.tasks TO regress_plain;
RESET ROLE;
SELECT public.tried('regress_plain', 'CREATE TRIGGER zz_phasegate_keep BEFORE UPDATE ON other.tasks FOR EACH ROW EXECUTE FUNCTION acme.forges()');
SELECT evtname, evtevent, evttags, evtowner::regrole = 10::regrole AS is_servers, obj_description(oid) <> '' AS is_commented FROM pg_event_trigger;
DROP SCHEMA acme, other CASCADE;
DROP EXTENSION phasegate;
SELECT count(*) FROM pg_event_trigger;
DROP OWNED BY regress_owner, regress_member, regress_plain CASCADE;
DROP ROLE regress_owner, regress_member, regress_plain;
