-- A role with the TRIGGER privilege does not get to run its code with the owner's rights.
\set SHOW_CONTEXT never
-- As where a superuser has taken the event trigger out, or triggers were restored: this is about the look at run time.
ALTER EVENT TRIGGER phasegate_triggers DISABLE;
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
CREATE ROLE regress_plain;
CREATE ROLE regress_manager;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner, regress_plain', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_manager', 'manager');
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_BACKLOG'), ('00000000-0000-7000-8000-00000000000b', 'b', 'PHASE_DESIGN');
GRANT USAGE, CREATE ON SCHEMA acme TO regress_plain, regress_member;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_plain;
SET ROLE regress_plain;
CREATE FUNCTION acme.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE INFO '% running as %', TG_TABLE_NAME, current_user; RETURN NEW; END $$;
CREATE FUNCTION acme.evil(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'condition running as %', current_user; RETURN true; END $$;
CREATE TRIGGER evil BEFORE INSERT ON acme.phase_history FOR EACH ROW EXECUTE FUNCTION acme.evil();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'b';
-- A disabled one runs nothing.
SET ROLE regress_owner;
ALTER TABLE acme.phase_history DISABLE TRIGGER evil;
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
-- What a condition calls runs as well, by a function or by an operator, whoever's the trigger's own function is.
SET ROLE regress_plain;
DROP TRIGGER IF EXISTS evil ON acme.phase_history;
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (acme.evil(NEW.transition_reason)) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
SET ROLE regress_plain;
CREATE FUNCTION acme.evil(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'operator running as %', current_user; RETURN true; END $$;
CREATE OPERATOR acme.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = acme.evil);
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (NEW.transition_reason OPERATOR(acme.===) 'x') EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
SET ROLE regress_plain;
CREATE DOMAIN acme.evil AS text CHECK (acme.evil(VALUE));
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (NEW.transition_reason::acme.evil IS NULL) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
-- Nor do functions of the server's own that run what they are told, or that change something, whoever told it them.
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (pg_catalog.query_to_xml('SELECT acme.evil(''x'')', false, false, '') IS NULL) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (pg_catalog.table_to_xml('acme.phase_board', false, false, '') IS NULL) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (pg_catalog.set_config('session_replication_role', 'replica', false) IS NULL) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
-- What only looks is as good as ever.
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON acme.phase_history FOR EACH ROW WHEN (pg_catalog.pg_trigger_depth() > 5 AND NEW.created_at > pg_catalog.now() AND pg_catalog.current_setting('search_path') <> '') EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
SET ROLE regress_manager;
BEGIN;
INSERT INTO acme.tickets (title) VALUES ('x');
ROLLBACK;
-- Nor does it help to make the function a member of an extension of one's own.
SET ROLE regress_plain;
CREATE OR REPLACE TRIGGER evil BEFORE INSERT ON acme.phase_history FOR EACH ROW EXECUTE FUNCTION acme.evil();
SELECT count(*) > 0 AS has_trusted FROM pg_available_extension_versions WHERE name = 'tcn' AND trusted \gset
\if :has_trusted
\o /dev/null
CREATE EXTENSION tcn SCHEMA acme;
ALTER EXTENSION tcn ADD FUNCTION acme.evil();
\o
\endif
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('x');
-- On each table that a side effect writes.
SET ROLE regress_owner;
DROP TRIGGER evil ON acme.phase_history;
SET ROLE regress_plain;
CREATE TRIGGER evil BEFORE INSERT OR UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION acme.evil();
SET ROLE regress_manager;
UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = '00000000-0000-7000-8000-00000000000a';
-- What the manager's own statement fires is the manager's, as everywhere.
INSERT INTO acme.tasks (ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'PHASE_BACKLOG');
-- Once its function's owner has the owner's rights it is trusted, and no longer when these are revoked.
RESET ROLE;
\if :has_trusted
SET client_min_messages = warning;
DROP EXTENSION tcn CASCADE;
RESET client_min_messages;
SET ROLE regress_plain;
CREATE OR REPLACE FUNCTION acme.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE INFO '% running as %', TG_TABLE_NAME, current_user; RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER evil BEFORE INSERT OR UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION acme.evil();
RESET ROLE;
\endif
ALTER FUNCTION acme.evil() OWNER TO regress_member;
ALTER FUNCTION acme.evil() SET search_path = pg_catalog, pg_temp;
SET ROLE regress_manager;
UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = '00000000-0000-7000-8000-00000000000a';
RESET ROLE;
REVOKE regress_owner FROM regress_member;
SET ROLE regress_manager;
SET search_path = acme;
SELECT phasegate.generate_phase_tasks('00000000-0000-7000-8000-00000000000a', 'PHASE_DESIGN');
RESET search_path;
-- A partition that was given away.
RESET ROLE;
DROP FUNCTION acme.evil() CASCADE;
SET ROLE regress_owner;
ALTER TABLE acme.phase_history RENAME TO former;
CREATE TABLE acme.phase_history (LIKE acme.former INCLUDING DEFAULTS) PARTITION BY RANGE (id);
CREATE TABLE acme.history PARTITION OF acme.phase_history DEFAULT;
INSERT INTO acme.history SELECT * FROM acme.former;
SET client_min_messages = warning;
DROP TABLE acme.former CASCADE;
RESET client_min_messages;
RESET ROLE;
ALTER TABLE acme.history OWNER TO regress_plain;
SET ROLE regress_manager;
INSERT INTO acme.tickets (title) VALUES ('y');
RESET ROLE;
SET client_min_messages = warning;
ALTER EVENT TRIGGER phasegate_triggers ENABLE;
DROP OWNED BY regress_owner, regress_member, regress_plain, regress_manager CASCADE;
DROP ROLE regress_owner, regress_member, regress_plain, regress_manager;
