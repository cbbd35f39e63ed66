-- A ticket's id is fixed, whoever writes: with another's id a ticket would be where the other was, past gates and without history.
\set SHOW_CONTEXT never
CREATE ROLE regress_manager;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_manager', 'manager');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'PHASE_DEPLOYMENT'), ('00000000-0000-7000-8000-00000000000b', 'b', 'PHASE_REQUIREMENTS');
-- Foreign keys may be looked at no sooner than at the commit.
SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'tickets'::regclass ORDER BY 1 \gexec
SET ROLE regress_manager;
DO $$ BEGIN
    UPDATE acme.tickets SET id = '00000000-0000-7000-8000-00000000000c' WHERE title = 'b';
    UPDATE acme.tickets SET id = '00000000-0000-7000-8000-00000000000b' WHERE title = 'a';
    UPDATE acme.tickets SET id = '00000000-0000-7000-8000-00000000000a' WHERE title = 'b';
END $$;
UPDATE tickets SET id = NULL;
UPDATE tickets SET id = gen_random_uuid(), phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET id = id, phase_id = 'PHASE_BLOCKED';
RESET ROLE;
UPDATE tickets SET id = gen_random_uuid() WHERE title = 'a';
SELECT id, title, previous_phase_id FROM tickets ORDER BY id;
SELECT sum(violations) FROM check_workspace();
-- Where the tickets are in a table of an application's own, that which is its key.
CREATE TABLE public.issues (id bigint PRIMARY KEY, title text NOT NULL);
INSERT INTO public.issues VALUES (1, 'one');
SET client_min_messages = warning;
SELECT create_workspace('flow', tickets => 'public.issues');
UPDATE public.issues SET id = 2;
\set VERBOSITY terse
UPDATE public.issues SET ticket_uuid = gen_random_uuid();
DROP OWNED BY regress_manager;
DROP ROLE regress_manager;
