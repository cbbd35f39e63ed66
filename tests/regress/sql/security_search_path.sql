-- What the owner made runs with the owner's rights and without the caller's search_path, so that it finds nothing that the
-- caller has put there.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_manager;
CREATE SCHEMA evil AUTHORIZATION regress_manager;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SELECT format('GRANT CREATE, TEMP ON DATABASE %I TO regress_owner, regress_manager', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_manager', 'manager');
-- As triggers are often written: names without their schemas.
CREATE TABLE acme.audit (line text);
CREATE FUNCTION acme.shout(line text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN upper(line); END $$;
CREATE FUNCTION acme.audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (shout(TG_TABLE_NAME)); RETURN NEW; END $$;
SELECT format('CREATE TRIGGER audited BEFORE INSERT OR UPDATE ON acme.%I FOR EACH ROW EXECUTE FUNCTION acme.audited()', name)
  FROM unnest('{phase_history,phase_gate_results,phase_context}'::text[]) name \gexec
CREATE FUNCTION acme.later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO acme.audit VALUES ('path ' || current_setting('search_path')); RETURN NEW; END $$;
CREATE TRIGGER later AFTER INSERT ON acme.phase_history FOR EACH ROW EXECUTE FUNCTION acme.later();

-- A caller with all of these in earlier schemas.
SET ROLE regress_manager;
CREATE FUNCTION evil.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'function running as %', current_user; RETURN $1; END $$;
CREATE FUNCTION evil.shout(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'function running as %', current_user; RETURN $1; END $$;
CREATE FUNCTION evil.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'trigger running as %', current_user; RETURN NEW; END $$;
CREATE TABLE evil.audit (line text);
CREATE TRIGGER spring BEFORE INSERT ON evil.audit FOR EACH ROW EXECUTE FUNCTION evil.spring();
CREATE TEMP TABLE audit (line text);
CREATE TRIGGER spring BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION evil.spring();
GRANT ALL ON evil.audit, audit TO PUBLIC;
CREATE FUNCTION evil.try() RETURNS void LANGUAGE plpgsql AS $$
DECLARE ticket uuid;
BEGIN
    INSERT INTO acme.tickets (title, phase_id) VALUES ('t', 'PHASE_REQUIREMENTS') RETURNING id INTO ticket;
    PERFORM phasegate.check_gate_requirements(ticket);
    PERFORM phasegate.update_ticket_context(ticket, 'PHASE_REQUIREMENTS');
    PERFORM phasegate.block_ticket(ticket, 'why');
    PERFORM phasegate.unblock_ticket(ticket);
END $$;
SET search_path = evil, pg_temp, pg_catalog, acme;
SELECT evil.try();
SELECT current_setting('search_path');
RESET search_path;
SELECT * FROM evil.audit UNION ALL SELECT * FROM pg_temp.audit;
SET ROLE regress_owner;
SELECT line, count(*) FROM acme.audit GROUP BY line ORDER BY line COLLATE "C";
TRUNCATE acme.audit;

-- Where others may make things in the workspace's schema it is not on the path either, and the owner's triggers have to say
-- where their names are looked up: what is not found would be sought among the caller's temporary tables.
GRANT CREATE ON SCHEMA acme TO regress_manager;
SET ROLE regress_manager;
CREATE FUNCTION acme.upper(varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'function running as %', current_user; RETURN $1; END $$;
SELECT evil.try();
SET ROLE regress_owner;
ALTER FUNCTION acme.audited() SET search_path = acme, pg_temp;
ALTER FUNCTION acme.later() SET search_path FROM CURRENT;
SET ROLE regress_manager;
SET search_path = acme;
SELECT evil.try();
RESET search_path;
SET ROLE regress_owner;
SELECT line, count(*) FROM acme.audit GROUP BY line ORDER BY line COLLATE "C";
-- Revoked, it is there again.
REVOKE CREATE ON SCHEMA acme FROM regress_manager;
ALTER FUNCTION acme.audited() RESET search_path;
ALTER FUNCTION acme.later() RESET search_path;
BEGIN;
INSERT INTO acme.tickets (title) VALUES ('t');
ROLLBACK;
-- PUBLIC counts as others.
GRANT CREATE ON SCHEMA acme TO PUBLIC;
BEGIN;
INSERT INTO acme.tickets (title) VALUES ('t');
ROLLBACK;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_manager CASCADE;
DROP ROLE regress_owner, regress_manager;
