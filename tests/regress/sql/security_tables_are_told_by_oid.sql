-- A workspace's tables are told by what they are, not by their names.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_plain;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title) VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
CREATE FUNCTION acme.start(ticket uuid) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = acme, phasegate AS $$ SELECT current_phase FROM transition_ticket(ticket, 'PHASE_REQUIREMENTS') $$;
GRANT USAGE ON SCHEMA acme TO regress_plain;

-- Temporary tables are no workspace's, in front of one or by themselves.
SET ROLE regress_plain;
CREATE TYPE pg_temp.phase AS ENUM ('PHASE_BACKLOG', 'PHASE_REQUIREMENTS');
CREATE TEMP TABLE tickets (id uuid PRIMARY KEY, title text, phase_id pg_temp.phase, previous_phase_id pg_temp.phase, phase_entered_at timestamptz, updated_at timestamptz, context jsonb, context_summary text);
CREATE TEMP TABLE phase_transitions (from_phase pg_temp.phase, to_phase pg_temp.phase, requires_gate boolean);
CREATE TRIGGER decide BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('1', '2');
CREATE FUNCTION pg_temp.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'running as %', current_user; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION pg_temp.evil();
INSERT INTO tickets VALUES ('00000000-0000-7000-8000-00000000000a', 'mine', 'PHASE_BACKLOG');
GRANT ALL ON tickets, phase_transitions TO PUBLIC;
SELECT acme.start('00000000-0000-7000-8000-00000000000a');
SELECT title, phase_id FROM pg_temp.tickets;
SET search_path = pg_temp, phasegate;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-00000000000a');
SELECT count(*) FROM phasegate.check_workspace('pg_temp');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
RESET search_path;

-- A trigger function on a table that is no workspace's does nothing but refuse, whatever the table is like. _adopting is for
-- tables before they are a workspace's: where no column is on its way to be a phase it does nothing at all.
CREATE TEMP TABLE bait (required_artifacts int, validation_criteria int, required_tasks_completed int, requires_review int,
                        id int, ticket_id int, phase_id int, kind int, status int, result int, artifact_content bytea, template_description int);
CREATE FUNCTION pg_temp.try(function text, timing text, event text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER x %s %s ON bait FOR EACH ROW EXECUTE FUNCTION %s()', timing, event, function);
    INSERT INTO bait DEFAULT VALUES;
    UPDATE bait SET id = 1;
    DELETE FROM bait;
    RAISE EXCEPTION USING MESSAGE = 'not refused', ERRCODE = 'ZZ000';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'ZZ000' THEN concat_ws(' ', function, timing, event, SQLERRM) ELSE SQLSTATE || ' ' || SQLERRM END;
END $$;
SELECT pg_temp.try(p.oid::regproc::text, timing, event) AS error, count(*) > 0 AS some
  FROM pg_proc p, unnest('{BEFORE,AFTER}'::text[]) timing, unnest('{INSERT,UPDATE,DELETE}'::text[]) event
 WHERE p.pronamespace = 'phasegate'::regnamespace AND p.prorettype = 'trigger'::regtype
 GROUP BY 1 ORDER BY 1;

-- On another table of the workspace than the function is for.
SET ROLE regress_owner;
CREATE TRIGGER x BEFORE INSERT ON acme.phase_context FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_start();
INSERT INTO acme.phase_context (ticket_id, phase_id, context_data) SELECT id, phase_id, '{}' FROM acme.tickets;
DROP TRIGGER x ON acme.phase_context;

-- A partition is its table's, in whatever schema; what was one is not.
CREATE SCHEMA elsewhere AUTHORIZATION regress_owner;
ALTER TABLE acme.phase_history RENAME TO former;
CREATE TABLE acme.phase_history (LIKE acme.former INCLUDING DEFAULTS) PARTITION BY RANGE (id);
CREATE TABLE elsewhere.history PARTITION OF acme.phase_history DEFAULT;
INSERT INTO elsewhere.history SELECT * FROM acme.former;
DROP TABLE acme.former CASCADE;
CREATE TRIGGER phasegate_append_only BEFORE DELETE ON acme.phase_history FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
INSERT INTO acme.tickets (title) VALUES ('b');
SELECT count(*) FROM elsewhere.history;
DELETE FROM elsewhere.history;
ALTER TABLE acme.phase_history DETACH PARTITION elsewhere.history;
CREATE TRIGGER x BEFORE DELETE ON elsewhere.history FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
DELETE FROM elsewhere.history;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_plain CASCADE;
DROP ROLE regress_owner, regress_plain;
