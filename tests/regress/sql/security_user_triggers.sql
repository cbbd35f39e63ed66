-- A user's own triggers, and every kind of statement that can change a phase.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
CREATE FUNCTION public.moves() RETURNS TABLE (title text, move text, by text, reason text) LANGUAGE sql AS $$
    SELECT t.title, format('%s > %s', replace(from_phase::text, 'PHASE_', ''), replace(to_phase::text, 'PHASE_', '')), nullif(transitioned_by, session_user), transition_reason
      FROM phase_history h JOIN tickets t ON t.id = h.ticket_id ORDER BY t.title, h.created_at, h.id $$;

-- A BEFORE trigger that sends the ticket elsewhere: what counts is where it goes.
CREATE FUNCTION public.redirect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.phase_id = 'PHASE_DESIGN' AND OLD.phase_id = 'PHASE_REQUIREMENTS' THEN NEW.phase_id := 'PHASE_BLOCKED'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER redirect BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.redirect();
INSERT INTO tickets (title, phase_id) SELECT n, 'PHASE_REQUIREMENTS' FROM unnest(ARRAY['direct', 'one', 'many', 'try']) n;
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'direct';
SELECT (t).previous_phase, (t).current_phase, (t).transitioned_by
  FROM (SELECT phasegate.transition_ticket(id, 'PHASE_DESIGN', 'asked', 'agent-7') AS t FROM tickets WHERE title = 'one') x;
SELECT (t).transitioned, (t).previous_phase, (t).current_phase, (t).transitioned_by, (t).error_code
  FROM (SELECT phasegate.try_transition_ticket(id, 'PHASE_DESIGN', 'asked', 'agent-7') AS t FROM tickets WHERE title = 'try') x;
SELECT transitioned, previous_phase, current_phase, transitioned_by, error_code
  FROM phasegate.transition_tickets(ARRAY(SELECT id FROM tickets WHERE title = 'many'), 'PHASE_DESIGN', 'asked', 'agent-7');
SELECT * FROM public.moves();
DROP TRIGGER redirect ON tickets;

-- A BEFORE trigger that is named to come after the decision cannot change what was decided.
CREATE FUNCTION public.sneak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.phase_id := 'PHASE_DONE'; RETURN NEW; END $$;
CREATE TRIGGER zzz_sneak BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.sneak();
DELETE FROM tickets WHERE title <> 'one';
DO $$
BEGIN
    UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'one';
EXCEPTION WHEN check_violation THEN RAISE NOTICE '%', SQLERRM;
END $$;
DO $$
BEGIN
    UPDATE tickets SET title = 'one' WHERE title = 'one';
EXCEPTION WHEN check_violation THEN RAISE NOTICE '%', SQLERRM;
END $$;
SELECT title, phase_id FROM tickets;
DROP TRIGGER zzz_sneak ON tickets;

-- A BEFORE trigger that leaves the row out, before or after the decision: nothing moves, nothing is left,
-- and nothing of it sticks to a later move.
CREATE FUNCTION public.leave_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RETURN CASE WHEN current_setting('phasegate.actor', true) = 'unwanted' THEN NULL ELSE NEW END; END $$;
CREATE TRIGGER aaa_leave_out BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.leave_out();
BEGIN;
SET LOCAL phasegate.actor = 'unwanted';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT phase_id FROM tickets;
COMMIT;
DROP TRIGGER aaa_leave_out ON tickets;
CREATE TRIGGER zzz_leave_out BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.leave_out();
BEGIN;
SET LOCAL phasegate.actor = 'unwanted';
SET LOCAL phasegate.reason = 'unwanted';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT phase_id FROM tickets;
SET LOCAL phasegate.actor = 'wanted';
SET LOCAL phasegate.reason = 'wanted';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT phase_id FROM tickets;
COMMIT;
SELECT * FROM public.moves();
-- A function says so.
SET phasegate.actor = 'unwanted';
DO $$
BEGIN
    PERFORM phasegate.transition_ticket(id, 'PHASE_IMPLEMENTATION', transitioned_by => 'agent-7') FROM tickets;
EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', SQLSTATE, SQLERRM;
END $$;
RESET phasegate.actor;
DROP TRIGGER zzz_leave_out ON tickets;
SELECT sum(violations) FROM phasegate.check_workspace();
DELETE FROM tickets;

-- An AFTER trigger that moves other tickets along, and one that moves the same ticket on.
ALTER TABLE tickets ADD COLUMN parent uuid REFERENCES tickets;
CREATE FUNCTION public.follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets SET phase_id = NEW.phase_id WHERE parent = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER follow AFTER UPDATE OF phase_id ON tickets FOR EACH ROW WHEN (OLD.phase_id <> NEW.phase_id) EXECUTE FUNCTION public.follow();
INSERT INTO tickets (id, title, phase_id, parent) VALUES
    ('00000000-0000-7000-8000-000000000001', 'parent',     'PHASE_DESIGN', NULL),
    ('00000000-0000-7000-8000-000000000002', 'child',      'PHASE_DESIGN', '00000000-0000-7000-8000-000000000001'),
    ('00000000-0000-7000-8000-000000000003', 'grandchild', 'PHASE_DESIGN', '00000000-0000-7000-8000-000000000002'),
    ('00000000-0000-7000-8000-000000000004', 'stranger',   'PHASE_DESIGN', NULL);
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'asked', 'agent-7')).current_phase;
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title IN ('parent', 'stranger') AND phase_id = 'PHASE_IMPLEMENTATION';
-- A child that may not go along takes all back.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'grandchild';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 'parent';
SELECT * FROM public.moves();
SELECT title, phase_id FROM tickets ORDER BY id;
DROP TRIGGER follow ON tickets;
CREATE FUNCTION public.go_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = NEW.id AND phase_id = 'PHASE_REQUIREMENTS';
    RETURN NULL;
END $$;
CREATE TRIGGER go_on AFTER INSERT OR UPDATE OF phase_id ON tickets FOR EACH ROW EXECUTE FUNCTION public.go_on();
DELETE FROM tickets;
INSERT INTO tickets (title) VALUES ('a'), ('b'), ('c');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title < 'c';
SELECT (phasegate.transition_ticket(id, 'PHASE_REQUIREMENTS', 'asked', 'agent-7')).current_phase FROM tickets WHERE title = 'c';
INSERT INTO tickets (title, phase_id) VALUES ('d', 'PHASE_REQUIREMENTS');
SELECT * FROM public.moves();
SELECT sum(violations) FROM phasegate.check_workspace();
DROP TRIGGER go_on ON tickets;

-- The same where a BEFORE trigger sees the row after the decision, and changes nothing of phasegate's, or takes the move back.
CREATE FUNCTION public.polish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.description := 'polished';
    IF NEW.title = 'stay' THEN NEW.phase_id := OLD.phase_id; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER zzz_polish BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.polish();
CREATE TRIGGER go_on AFTER INSERT OR UPDATE OF phase_id ON tickets FOR EACH ROW EXECUTE FUNCTION public.go_on();
DELETE FROM tickets;
INSERT INTO tickets (title) VALUES ('a'), ('b'), ('c'), ('stay');
BEGIN;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title <> 'c';
UPDATE tickets SET title = 'gone' WHERE title = 'stay';
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'gone';
SELECT (phasegate.transition_ticket(id, 'PHASE_REQUIREMENTS', 'asked', 'agent-7')).current_phase FROM tickets WHERE title = 'c';
WITH first AS (UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'a')
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'b';
COMMIT;
INSERT INTO tickets (title) VALUES ('c') ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title;
SELECT * FROM public.moves();
SELECT DISTINCT description FROM tickets;
DROP TRIGGER go_on ON tickets;
-- A row that it sees may be deleted before the statement is through.
CREATE FUNCTION public.archive() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM tickets WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER archive AFTER UPDATE ON tickets FOR EACH ROW WHEN (NEW.title IN ('b', 'gone')) EXECUTE FUNCTION public.archive();
UPDATE tickets SET description = 'b' WHERE title <> 'gone';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title IN ('a', 'gone');
SELECT title, phase_id FROM tickets ORDER BY title;
SELECT sum(violations) FROM phasegate.check_workspace();
DROP TRIGGER archive ON tickets;
DROP TRIGGER zzz_polish ON tickets;

-- An AFTER trigger whose own move is rolled back: the moves that fired it are on record all the same.
CREATE FUNCTION public.attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'other';
    RAISE EXCEPTION 'never mind';
EXCEPTION WHEN raise_exception THEN
    RETURN NULL;
END $$;
CREATE TRIGGER attempt AFTER INSERT OR UPDATE ON tickets FOR EACH ROW WHEN (NEW.title < 'c') EXECUTE FUNCTION public.attempt();
DELETE FROM tickets;
INSERT INTO tickets (title, phase_id) SELECT n, 'PHASE_DESIGN' FROM unnest('{other,a,b}'::text[]) n;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title < 'c';
SELECT * FROM public.moves();
SELECT sum(violations) FROM phasegate.check_workspace();
DROP TRIGGER attempt ON tickets;

-- A function in the statement itself moves other tickets meanwhile.
CREATE FUNCTION public.meanwhile(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = what; RETURN what; END $$;
DELETE FROM tickets;
INSERT INTO tickets (title, phase_id) SELECT n, 'PHASE_DESIGN' FROM unnest('{a,b,x-a,x-b}'::text[]) n;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION', description = public.meanwhile('x-' || title) WHERE title IN ('a', 'b');
SELECT * FROM public.moves();

-- Other statements: upserts, a CTE, MERGE, COPY, a cursor, a view.
DELETE FROM tickets;
COPY tickets (id, title, phase_id) FROM stdin;
00000000-0000-7000-8000-000000000001	one	PHASE_DESIGN
00000000-0000-7000-8000-000000000002	two	PHASE_DESIGN
\.
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'never') ON CONFLICT DO NOTHING;
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_IMPLEMENTATION'), ('00000000-0000-7000-8000-000000000003', 'three', 'PHASE_IMPLEMENTATION')
    ON CONFLICT (id) DO UPDATE SET phase_id = EXCLUDED.phase_id;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_DONE')
    ON CONFLICT (id) DO UPDATE SET phase_id = EXCLUDED.phase_id;
WITH moved AS (UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'two' RETURNING id),
     added AS (INSERT INTO tickets (title) VALUES ('four') RETURNING id)
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 'three';
MERGE INTO tickets t USING (VALUES ('one', 'PHASE_TESTING'), ('five', 'PHASE_DESIGN')) v (title, phase) ON t.title = v.title
    WHEN MATCHED THEN UPDATE SET phase_id = v.phase::phase
    WHEN NOT MATCHED THEN INSERT (title, phase_id) VALUES (v.title, v.phase::phase);
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM tickets WHERE title = 'two' FOR UPDATE;
MOVE c;
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE CURRENT OF c;
COMMIT;
CREATE VIEW public.backlog AS SELECT id, title, phase_id FROM tickets;
UPDATE public.backlog SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'four';
SELECT title, move FROM public.moves();
SELECT sum(violations) FROM phasegate.check_workspace();
