-- Tickets in a schema of somebody who means ill: what they may do there, and what roles may do who can refer to the table or put
-- triggers on it, steers nobody's rights but their own, and never leads a workspace to another table.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_host;
CREATE ROLE regress_other;
CREATE ROLE regress_manager;
CREATE SCHEMA flow AUTHORIZATION regress_owner;
CREATE SCHEMA app AUTHORIZATION regress_host;
CREATE SCHEMA theirs AUTHORIZATION regress_other;
GRANT ALL ON SCHEMA app TO regress_owner WITH GRANT OPTION;
GRANT USAGE ON SCHEMA app, theirs TO PUBLIC;
SET ROLE regress_owner;
CREATE TABLE app.issues (id uuid PRIMARY KEY, title text NOT NULL);
INSERT INTO app.issues VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
SELECT phasegate.create_workspace('flow', tickets => 'app.issues');
SELECT phasegate.grant_access('flow', 'regress_manager', 'manager');
GRANT USAGE ON SCHEMA flow TO PUBLIC;
RESET ROLE;
-- Everything that writes with the owner's rights, tried by a manager.
CREATE FUNCTION public.tried() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    call text;
    message text;
BEGIN
    SET LOCAL ROLE regress_manager;
    SET LOCAL search_path = flow, phasegate;
    FOREACH call IN ARRAY ARRAY[
        'SELECT get_current_phase(''00000000-0000-7000-8000-00000000000a'')',
        'SELECT transition_ticket(''00000000-0000-7000-8000-00000000000a'', ''PHASE_REQUIREMENTS'')',
        'SELECT generate_phase_tasks(''00000000-0000-7000-8000-00000000000a'', ''PHASE_DESIGN'')',
        'UPDATE app.issues SET phase_id = ''PHASE_REQUIREMENTS''',
        'INSERT INTO app.issues (id, title) VALUES (gen_random_uuid(), ''b'')',
        'SELECT check_workspace(''flow'')',
        'SELECT claim_task(''me'')'] LOOP
        BEGIN
            EXECUTE call;
            RETURN NEXT 'done: ' || call;
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT SQLSTATE || ' ' || SQLERRM;
        END;
    END LOOP;
END $$;

-- The schema's owner drops the table, which is their right, and puts one of theirs in its place, with phasegate's triggers and one
-- of their own.
BEGIN;
CREATE TABLE public.like_it (LIKE app.issues INCLUDING ALL);
ALTER TABLE public.like_it OWNER TO regress_host;
SET LOCAL ROLE regress_host;
DROP TABLE app.issues CASCADE;
RESET ROLE;
ALTER TABLE public.like_it SET SCHEMA app;
SET LOCAL ROLE regress_host;
ALTER TABLE app.like_it RENAME TO issues;
GRANT ALL ON app.issues TO PUBLIC;
CREATE FUNCTION app.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'running as %', current_user; RETURN NEW; END $$;
INSERT INTO app.issues (id, title) VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
CREATE TRIGGER evil BEFORE INSERT OR UPDATE ON app.issues FOR EACH ROW EXECUTE FUNCTION app.evil();
CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON app.issues FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('3', '3');
CREATE TRIGGER aa_phasegate_write AFTER INSERT OR UPDATE ON app.issues FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_write();
SELECT DISTINCT tried FROM public.tried() ORDER BY 1;
-- Nor does the owner take that table for theirs by mistake.
SET LOCAL ROLE regress_owner;
SAVEPOINT now;
SELECT phasegate.create_workspace('flow', tickets => 'app.issues');
ROLLBACK TO now;
SELECT phasegate.create_workspace('flow');
ROLLBACK;

-- The schema's owner renames their schema and puts another of the name beside it: the table is known by its OID.
BEGIN;
GRANT CREATE ON DATABASE phasegate_regress TO regress_host;
SELECT tried FROM public.tried() OFFSET 5;
SET LOCAL ROLE regress_host;
ALTER SCHEMA app RENAME TO former;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE TABLE app.issues (id uuid PRIMARY KEY, ticket_uuid uuid, title text, description text, phase_id flow.phase, previous_phase_id flow.phase, priority text, context jsonb,
                         context_summary text, phase_entered_at timestamptz, created_at timestamptz, updated_at timestamptz);
GRANT ALL ON app.issues TO PUBLIC;
CREATE FUNCTION app.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'running as %', current_user; RETURN NEW; END $$;
CREATE TRIGGER evil BEFORE INSERT OR UPDATE ON app.issues FOR EACH ROW EXECUTE FUNCTION app.evil();
INSERT INTO app.issues (id, title) VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
RESET ROLE;
SET LOCAL ROLE regress_manager;
SET LOCAL search_path = flow, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
SELECT current_phase FROM transition_ticket('00000000-0000-7000-8000-00000000000a', 'PHASE_BLOCKED');
SELECT phase, tickets FROM phase_board WHERE tickets > 0;
RESET ROLE;
SELECT title, phase_id FROM former.issues;
SELECT ticket_table FROM phasegate.workspaces;
ROLLBACK;

-- The owner of the workspace's schema replaces its history by one that refers to a table of theirs, or to none.
BEGIN;
ALTER SCHEMA flow OWNER TO regress_other;
CREATE TABLE theirs.tickets (LIKE app.issues INCLUDING ALL);
ALTER TABLE theirs.tickets OWNER TO regress_other;
SET LOCAL ROLE regress_other;
DROP TABLE flow.phase_history CASCADE;
CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON theirs.tickets FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('3', '3');
CREATE TABLE flow.phase_history (id uuid, ticket_id uuid REFERENCES theirs.tickets, from_phase flow.phase, to_phase flow.phase, created_at timestamptz);
CREATE TRIGGER phasegate_append_only BEFORE UPDATE OR DELETE ON flow.phase_history FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
SELECT DISTINCT tried FROM public.tried() ORDER BY 1;
ROLLBACK;

-- A role that may refer to the table makes a workspace's tables of their own around it: it stays the owner's.
GRANT REFERENCES, SELECT ON app.issues TO regress_other;
GRANT CREATE ON DATABASE phasegate_regress TO regress_other;
SET ROLE regress_other;
CREATE TABLE theirs.phase_history (id uuid, ticket_id uuid REFERENCES app.issues, from_phase flow.phase, to_phase flow.phase, created_at timestamptz);
CREATE TRIGGER phasegate_append_only BEFORE UPDATE OR DELETE ON theirs.phase_history FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
CREATE TRIGGER phasegate_owner_only BEFORE INSERT ON theirs.phase_history FOR EACH STATEMENT EXECUTE FUNCTION phasegate._owner_only();
INSERT INTO theirs.phase_history (ticket_id) VALUES ('00000000-0000-7000-8000-00000000000a');
SELECT phasegate.create_workspace('theirs');
SELECT phasegate.create_workspace('theirs', tickets => 'app.issues');
SET search_path = theirs, flow, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
RESET ROLE;
RESET search_path;
SELECT schema, ticket_table FROM phasegate.workspaces;
BEGIN;
SELECT tried FROM public.tried();
ROLLBACK;
-- And it does not stop the owner from making the workspace anew.
BEGIN;
SET LOCAL ROLE regress_owner;
SELECT phasegate.detach_workspace('flow');
SELECT phasegate.create_workspace('flow');
ROLLBACK;
DROP TABLE theirs.phase_history;

-- Triggers on the table: of whoever holds the privilege, they run as who writes the table. Where phasegate writes for the owner it looks first.
GRANT TRIGGER ON app.issues TO regress_other;
ALTER EVENT TRIGGER phasegate_triggers DISABLE;
SET ROLE regress_other;
CREATE FUNCTION theirs.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'running as %', current_user; RETURN NEW; END $$;
CREATE TRIGGER evil BEFORE UPDATE ON app.issues FOR EACH ROW EXECUTE FUNCTION theirs.evil();
RESET ROLE;
ALTER EVENT TRIGGER phasegate_triggers ENABLE;
BEGIN;
SELECT tried FROM public.tried() LIMIT 4;
ROLLBACK;
SET ROLE regress_owner;
SELECT check_name, violations, example FROM phasegate.check_workspace('flow') WHERE violations <> 0;
SELECT phasegate.create_workspace('flow');
RESET ROLE;
DROP TRIGGER evil ON app.issues;
REVOKE TRIGGER ON app.issues FROM regress_other;

-- A phasegate trigger of somebody else's on a table that is none of a workspace refuses.
SET ROLE regress_other;
CREATE TABLE theirs.bait (id uuid, title text);
CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON theirs.bait FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('3', '3');
INSERT INTO theirs.bait VALUES (NULL, 'x');
UPDATE theirs.bait SET title = 'y';
RESET ROLE;
-- A table given to somebody else is theirs, and the workspace is refused until it has one owner.
BEGIN;
ALTER TABLE app.issues OWNER TO regress_host;
SELECT DISTINCT tried FROM public.tried() ORDER BY 1;
SELECT check_name, violations, example FROM phasegate.check_workspace('flow') WHERE violations <> 0;
SET LOCAL ROLE regress_host;
SELECT phasegate.create_workspace('flow');
ROLLBACK;
DROP FUNCTION public.tried;

-- A history of somebody else's that refers to a table keeps its owner from nothing.
SET ROLE regress_owner;
CREATE TABLE app.more (id uuid PRIMARY KEY, title text NOT NULL);
GRANT REFERENCES ON app.more TO regress_other;
SET ROLE regress_other;
CREATE TABLE theirs.phase_history (id uuid, ticket_id uuid REFERENCES app.more);
CREATE TRIGGER phasegate_append_only BEFORE UPDATE OR DELETE ON theirs.phase_history FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
RESET ROLE;
CREATE SCHEMA more AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('more', tickets => 'app.more');
SELECT schema, ticket_table FROM phasegate.workspaces WHERE schema = 'more';
-- Their own workspace's does.
RESET ROLE;
CREATE SCHEMA again AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('again', tickets => 'app.more');
RESET ROLE;

-- The name of the schema is part of the definition of an index, and is not taken for more than a name.
CREATE SCHEMA "s USING btree ((theirs.evil(title))) --" AUTHORIZATION regress_other;
GRANT ALL ON SCHEMA "s USING btree ((theirs.evil(title))) --" TO regress_owner;
SET ROLE regress_other;
CREATE FUNCTION theirs.evil(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'running as %', current_user; RETURN $1; END $$;
SET ROLE regress_owner;
CREATE TABLE "s USING btree ((theirs.evil(title))) --".issues (id uuid PRIMARY KEY, title text NOT NULL, phase_id text);
CREATE UNIQUE INDEX " USING x" ON "s USING btree ((theirs.evil(title))) --".issues (phase_id, id);
INSERT INTO "s USING btree ((theirs.evil(title))) --".issues VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_DESIGN');
CALL phasegate.adopt_workspace('again', tickets => '"s USING btree ((theirs.evil(title))) --".issues');
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = '"s USING btree ((theirs.evil(title))) --".issues'::regclass AND indexrelid::regclass::text ~ 'x';
RESET ROLE;
DROP OWNED BY regress_owner, regress_host, regress_other, regress_manager CASCADE;
DROP SCHEMA IF EXISTS app, flow, theirs, more, again, "s USING btree ((theirs.evil(title))) --" CASCADE;
DROP ROLE regress_owner, regress_host, regress_other, regress_manager;
