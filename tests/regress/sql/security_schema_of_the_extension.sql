-- Whoever creates the extension, its schema is nobody's who could put functions of theirs among its own.
\set SHOW_CONTEXT never
CREATE ROLE regress_creator;
CREATE ROLE regress_user;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_creator, regress_user', current_database()) \gexec
SET client_min_messages = warning;
DROP EXTENSION phasegate CASCADE;
RESET client_min_messages;

-- A schema of that name, whose owner may have put anything there.
SET ROLE regress_user;
CREATE SCHEMA phasegate;
SET ROLE regress_creator;
CREATE EXTENSION phasegate;
SET ROLE regress_user;
DROP SCHEMA phasegate;

SET ROLE regress_creator;
CREATE EXTENSION phasegate;
SELECT rolsuper AS owned_by_a_superuser, pg_describe_object(d.refclassid, d.refobjid, 0) AS member_of
  FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
  LEFT JOIN pg_depend d ON d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e'
 WHERE nspname = 'phasegate';
CREATE FUNCTION phasegate.create_workspace(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'theirs, as %', current_user; END $$;
DROP FUNCTION phasegate.uuid_v7();
ALTER SCHEMA phasegate RENAME TO theirs;
GRANT CREATE ON SCHEMA phasegate TO regress_creator;
-- All that it made is in there, but for the schema itself.
SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend d, LATERAL pg_identify_object(classid, objid, objsubid) o
 WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'phasegate') AND deptype = 'e' AND o.schema IS DISTINCT FROM 'phasegate';

-- A function in the place of ours that is no member is not taken for one: a trigger of it makes no workspace.
RESET ROLE;
CREATE SCHEMA acme;
CREATE TABLE acme.tickets (id uuid);
CREATE FUNCTION acme.tickets_decide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER decide BEFORE UPDATE ON acme.tickets FOR EACH ROW EXECUTE FUNCTION acme.tickets_decide('3', '3');
SELECT count(*) FROM phasegate.check_workspace('acme');

DROP EXTENSION phasegate;
SELECT count(*) FROM pg_namespace WHERE nspname = 'phasegate';
SET client_min_messages = warning;
DROP OWNED BY regress_creator, regress_user CASCADE;
DROP ROLE regress_creator, regress_user;
