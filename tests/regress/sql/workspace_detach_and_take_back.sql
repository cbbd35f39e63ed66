-- Detached, a workspace is plain tables; taken back, it knows what happened meanwhile.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'stays', 'PHASE_DESIGN'), ('00000000-0000-7000-8000-000000000002', 'moves', 'PHASE_DESIGN'),
    ('00000000-0000-7000-8000-000000000003', 'goes', 'PHASE_DESIGN');
CREATE FUNCTION public.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.mine();
SELECT schema, version FROM phasegate.workspaces;
CREATE TABLE public.tables AS SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'i');
SELECT phasegate.detach_workspace('acme');
SELECT schema, version FROM phasegate.workspaces;
SELECT relname FROM public.tables EXCEPT SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace;
SELECT tgrelid::regclass, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'acme'::regnamespace AND NOT tgisinternal;
SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'v';
SELECT count(*) FROM tickets;
SELECT count(*) FROM phase_history;
-- No rules any more, no functions.
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 'moves';
DELETE FROM tickets WHERE title = 'goes';
INSERT INTO tickets (title) VALUES ('comes');
SELECT phasegate.transition_ticket(id, 'PHASE_BLOCKED') FROM tickets LIMIT 1;
SELECT phasegate.detach_workspace('acme');
SELECT * FROM phasegate.check_workspace('acme');
-- Taken back.
SELECT phasegate.create_workspace('acme');
SELECT title, from_phase, to_phase, transition_reason FROM phase_history JOIN tickets t ON t.id = ticket_id ORDER BY title, phase_history.created_at;
SELECT sum(violations) FROM phasegate.check_workspace();
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'moves';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'stays';
SELECT sum(violations) FROM phasegate.check_workspace();
