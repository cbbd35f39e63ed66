-- A superuser who only reads runs nothing of the owner's with a superuser's rights.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_DESIGN');
UPDATE acme.tasks SET status = 'cancelled';
CREATE FUNCTION acme.spy(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    RAISE INFO '%, superuser %', $1, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user); RETURN true; END $$;

-- A view in a table's place.
BEGIN;
ALTER TABLE acme.phase_history RENAME TO kept;
CREATE VIEW acme.phase_history AS SELECT * FROM acme.kept WHERE acme.spy('view');
RESET ROLE;
SELECT sum(violations) FROM phasegate.check_workspace('acme');
ROLLBACK;

-- A cast from the phase type.
SET ROLE regress_owner;
CREATE FUNCTION acme.label(acme.phase) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM acme.spy('cast'); RETURN enum_out($1); END $$;
CREATE CAST (acme.phase AS text) WITH FUNCTION acme.label(acme.phase);
INSERT INTO acme.tasks (id, ticket_id, phase_id) SELECT '00000000-0000-7000-8000-00000000000b', id, phase_id FROM acme.tickets;
-- Policies, which do not hold for a superuser.
ALTER TABLE acme.tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE acme.tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY planted ON acme.tickets USING (acme.spy('policy'));
RESET ROLE;
SET search_path = acme, phasegate;
SELECT to_phase FROM get_phase_history('00000000-0000-7000-8000-00000000000a');
SELECT sum(violations) FROM check_workspace();
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
SELECT phase_id FROM claim_task('me');
SELECT phase_id FROM complete_task('00000000-0000-7000-8000-00000000000b', 'me');
SELECT phase_id FROM add_artifact('00000000-0000-7000-8000-00000000000a', 'log');
SELECT to_phase FROM phase_history;

-- What is put off to the commit would run when the owner's rights are gone.
SET ROLE regress_owner;
ALTER TABLE phase_history ALTER CONSTRAINT phase_history_ticket_id_fkey DEFERRABLE INITIALLY DEFERRED;
RESET ROLE;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SET ROLE regress_owner;
ALTER TABLE phase_history ALTER CONSTRAINT phase_history_ticket_id_fkey DEFERRABLE INITIALLY IMMEDIATE;
RESET ROLE;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
RESET search_path;
SET client_min_messages = warning;
DROP OWNED BY regress_owner CASCADE;
DROP ROLE regress_owner;
