-- What goes with a deleted ticket the server deletes with the owner's rights: whoever may make triggers and delete tickets has no
-- code of theirs run so. Nor do they give functions of others what to do, nor make a trigger of ours fire twice.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
CREATE ROLE regress_plain;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
CREATE SCHEMA theirs AUTHORIZATION regress_plain;
GRANT USAGE ON SCHEMA theirs TO PUBLIC;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_DESIGN');
INSERT INTO acme.tasks (ticket_id, phase_id) SELECT id, phase_id FROM acme.tickets;
CREATE FUNCTION acme.told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0]; RETURN NEW; END $$;
CREATE FUNCTION acme.owns() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
GRANT USAGE ON SCHEMA acme TO regress_plain;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_plain;
RESET ROLE;
SET ROLE regress_plain;
CREATE FUNCTION theirs.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'running as %', current_user; RETURN coalesce(NEW, OLD); END $$;

-- Such a trigger only a role with the owner's rights makes, on whatever goes with a ticket.
CREATE FUNCTION theirs.tried(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    word text;
BEGIN
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
SELECT way, each, theirs.tried(format('CREATE TRIGGER a %s ON %s FOR EACH %s EXECUTE FUNCTION theirs.spy()', way, c.conrelid::regclass, each)) AS tried,
       string_agg(c.conrelid::regclass::text, ' ' ORDER BY c.conrelid::regclass::text)
  FROM pg_constraint c, unnest('{BEFORE DELETE,BEFORE UPDATE OR DELETE,AFTER DELETE,BEFORE UPDATE}'::text[]) way, unnest('{ROW,STATEMENT}'::text[]) each
 WHERE c.connamespace = 'acme'::regnamespace AND c.contype = 'f' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
CREATE TRIGGER a BEFORE DELETE ON acme.phase_context FOR EACH STATEMENT EXECUTE FUNCTION theirs.spy();
RESET ROLE;
SELECT role, theirs.tried(format('SET LOCAL ROLE %I', role), 'CREATE TRIGGER a BEFORE DELETE ON acme.phase_context FOR EACH ROW EXECUTE FUNCTION acme.owns()') AS tried
  FROM unnest('{regress_member,regress_owner}'::text[]) role;

-- Also not while the ticket is being deleted.
SET ROLE regress_plain;
CREATE FUNCTION theirs.makes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    CREATE TRIGGER a BEFORE DELETE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION theirs.spy(); RETURN OLD; END $$;
SELECT theirs.tried('CREATE TRIGGER "AB" AFTER DELETE ON acme.tickets FOR EACH ROW EXECUTE FUNCTION theirs.makes()', 'DELETE FROM acme.tickets');

-- One that was there before is found when a ticket is deleted, by whomever.
RESET ROLE;
CREATE TRIGGER a BEFORE DELETE ON acme.phase_context FOR EACH STATEMENT EXECUTE FUNCTION theirs.spy();
SELECT count(*), theirs.tried(format('SET LOCAL ROLE %I', role), 'DELETE FROM acme.tickets') AS tried
  FROM unnest(ARRAY['regress_plain', 'regress_owner', current_user]) role GROUP BY 2;
SET ROLE regress_plain;
DELETE FROM acme.tickets;
RESET ROLE;
DROP TRIGGER a ON acme.phase_context;

-- A function of others that does what its arguments say, and one of ours under a name that tells nothing.
SET ROLE regress_plain;
CREATE TRIGGER a BEFORE INSERT ON acme.phase_history FOR EACH ROW EXECUTE FUNCTION acme.told('GRANT ALL ON acme.phase_history TO regress_plain');
SELECT function, relname, theirs.tried(format('CREATE TRIGGER a AFTER INSERT ON acme.%I FOR EACH ROW EXECUTE FUNCTION %s', relname, function)) AS tried
  FROM unnest('{acme.told(1),acme.owns(),theirs.spy(1),phasegate._tickets_deleted(),phasegate._tasks_note()}'::text[]) function, unnest('{tickets,phase_context}'::text[]) relname
 ORDER BY 1, 2;

-- The history of a ticket does not go before it is kept, also not where one statement deletes both.
SET ROLE regress_owner;
WITH d AS (DELETE FROM acme.tickets RETURNING id) DELETE FROM acme.phase_history h USING d WHERE h.ticket_id = d.id;
SELECT count(*) FROM acme.ticket_archive;

-- The owner's own triggers fire as ever, and tickets go.
SET ROLE regress_owner;
CREATE TRIGGER a BEFORE DELETE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION acme.owns();
SET ROLE regress_plain;
DELETE FROM acme.tickets;
RESET ROLE;
SET client_min_messages = warning;
SELECT (SELECT count(*) FROM acme.tasks) AS tasks, (SELECT count(*) FROM acme.phase_history) AS history, (SELECT jsonb_agg(jsonb_array_length(document -> 'history')) FROM acme.ticket_archive) AS archive;
DROP SCHEMA acme, theirs CASCADE;
DROP OWNED BY regress_owner, regress_member, regress_plain CASCADE;
DROP ROLE regress_owner, regress_member, regress_plain;
