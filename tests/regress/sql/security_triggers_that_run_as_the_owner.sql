-- What the owner's own triggers and foreign keys write runs with the owner's rights: nothing of a holder of TRIGGER runs with it.
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE ROLE regress_owner;
CREATE ROLE regress_manager;
CREATE ROLE regress_plain;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner, regress_plain', current_database()) \gexec
CREATE SCHEMA theirs AUTHORIZATION regress_plain;
GRANT USAGE ON SCHEMA theirs TO PUBLIC;
SET ROLE regress_plain;
CREATE FUNCTION theirs.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE INFO '% on % as %', TG_OP, TG_TABLE_NAME, current_user;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$;
SET ROLE regress_owner;
CREATE SCHEMA acme;
SET search_path = acme, phasegate;
SELECT create_workspace('acme');
SELECT grant_access('acme', 'regress_manager', 'manager');
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = phase_id = 'PHASE_DESIGN';
GRANT USAGE ON SCHEMA acme TO regress_plain;
GRANT SELECT, TRIGGER ON ALL TABLES IN SCHEMA acme TO regress_plain;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'a', 'PHASE_REQUIREMENTS'), ('00000000-0000-7000-8000-000000000002', 'b', 'PHASE_REQUIREMENTS');

-- Triggers are the owner's to make, on tables that refer to tickets too.
CREATE TABLE notes (ticket_id uuid REFERENCES tickets ON DELETE CASCADE);
CREATE TABLE others (ticket_id uuid);
GRANT TRIGGER ON notes, others TO regress_plain;
RESET ROLE;
CREATE FUNCTION theirs.tried(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    word text;
BEGIN
    EXECUTE statement;
    RAISE 'ok' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN SQLERRM;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS word = CONSTRAINT_NAME;
        RETURN SQLSTATE || ' ' || word;
END $$;
SET ROLE regress_plain;
SELECT event, theirs.tried(format('CREATE TRIGGER a %s ON acme.%I FOR EACH ROW EXECUTE FUNCTION theirs.spy()', event, relname)) AS tried, string_agg(relname, ' ' ORDER BY relname) AS tables
  FROM unnest('{BEFORE INSERT,AFTER INSERT,BEFORE UPDATE,AFTER UPDATE,AFTER UPDATE OF ticket_id,BEFORE DELETE,AFTER DELETE,BEFORE INSERT OR UPDATE,AFTER INSERT OR DELETE}'::text[]) event,
       unnest('{tasks,phase_history,phase_gate_artifacts,phase_context,notes,others}'::text[]) relname
 GROUP BY 1, 2 ORDER BY 1, 2;
-- A function of the owner's would do for them what they have it do, as leave a row out.
SET ROLE regress_owner;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SET ROLE regress_plain;
CREATE TRIGGER a BEFORE INSERT ON configuration_history FOR EACH ROW EXECUTE FUNCTION nothing();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER a BEFORE INSERT ON others FOR EACH ROW EXECUTE FUNCTION theirs.spy();

-- A counter of the owner's: phasegate makes tasks, the counter then writes tickets and another note.
SET ROLE regress_owner;
ALTER TABLE tickets ADD open_tasks int NOT NULL DEFAULT 0;
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql SET search_path = acme, pg_temp AS $$ BEGIN
    UPDATE tickets SET open_tasks = open_tasks + 1 WHERE id = NEW.ticket_id;
    INSERT INTO phase_context (ticket_id, phase_id, context_data) VALUES (NEW.ticket_id, 'PHASE_TESTING', '{}') ON CONFLICT DO NOTHING;
    RETURN NULL; END $$;
CREATE TRIGGER counted AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION counted();
SET ROLE regress_manager;
SELECT current_phase FROM transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN');
-- Nor in the place of a trigger of the owner's.
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER counted AFTER INSERT ON tasks FOR EACH ROW WHEN (false) EXECUTE FUNCTION theirs.spy();
CREATE TRIGGER a BEFORE INSERT ON phase_context FOR EACH ROW EXECUTE FUNCTION theirs.spy();
SET ROLE regress_manager;
SELECT current_phase FROM transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN');
-- One that is older than the event trigger is found, also when the privilege was taken back.
RESET ROLE;
CREATE TRIGGER a BEFORE INSERT ON phase_context FOR EACH ROW EXECUTE FUNCTION theirs.spy();
SET ROLE regress_owner;
REVOKE TRIGGER ON ALL TABLES IN SCHEMA acme FROM regress_plain;
SELECT violations, example FROM check_workspace() WHERE check_name = 'no_trigger_privileges';
RESET ROLE;
DROP TRIGGER a ON phase_context;
-- So is one on a table that came to refer to the workspace's later, which a foreign key writes to.
SET ROLE regress_owner;
SELECT violations, example FROM check_workspace() WHERE check_name = 'no_trigger_privileges';
ALTER TABLE others ADD FOREIGN KEY (ticket_id) REFERENCES phase_context (id) ON DELETE CASCADE;
SELECT violations, example FROM check_workspace() WHERE check_name = 'no_trigger_privileges';
GRANT TRIGGER ON others TO regress_plain;
SET ROLE regress_plain;
CREATE TRIGGER b BEFORE DELETE ON others FOR EACH ROW EXECUTE FUNCTION theirs.spy();
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_owner;

-- A partition that was detached keeps its foreign key, and none of phasegate's triggers.
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA acme CASCADE;
SET ROLE regress_owner;
CREATE SCHEMA acme;
CREATE TABLE tasks (id uuid PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE tasks_old PARTITION OF tasks FOR VALUES FROM (MINVALUE) TO ('10000000-0000-0000-0000-000000000000');
CREATE TABLE tasks_new PARTITION OF tasks DEFAULT;
SELECT create_workspace('acme');
ALTER TABLE tasks DETACH PARTITION tasks_old;
GRANT USAGE ON SCHEMA acme TO regress_plain;
GRANT TRIGGER ON tasks_old, tasks_new TO regress_plain;
SET ROLE regress_plain;
SELECT relname, theirs.tried(format('CREATE TRIGGER a BEFORE DELETE ON acme.%I FOR EACH ROW EXECUTE FUNCTION theirs.spy()', relname)) AS tried
  FROM unnest('{tasks_old,tasks_new}'::text[]) relname;
RESET ROLE;
DROP OWNED BY regress_owner, regress_manager, regress_plain CASCADE;
DROP ROLE regress_owner, regress_manager, regress_plain;
