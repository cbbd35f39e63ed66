-- What an application changes between the steps of adopt_workspace counts: what triggers after ours write, what is written past
-- triggers, indexes and keys that come.
CREATE EXTENSION IF NOT EXISTS phasegate;
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE SCHEMA z;
SET search_path = z;
CREATE TABLE tickets (id int PRIMARY KEY, title text NOT NULL, phase_id text NOT NULL DEFAULT 'PHASE_BACKLOG');
CREATE FUNCTION norm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.phase_id := upper(NEW.phase_id);
    IF NEW.title LIKE 'done%' THEN NEW.phase_id := 'PHASE_DONE'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER zzz_norm BEFORE INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION norm();
-- Behind all names of ASCII.
CREATE FUNCTION last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title LIKE 'test%' THEN NEW.phase_id := 'PHASE_TESTING'; END IF;
    RETURN NEW;
END $$;
INSERT INTO tickets VALUES (1, 'a', 'phase_design'), (2, 'b', 'phase_backlog');

-- Steps as the procedure makes them, to the first that is told to be this one.
CREATE TABLE public.state (at text);
INSERT INTO public.state VALUES (NULL);
CREATE PROCEDURE public.go(upto text) LANGUAGE plpgsql AS $$
DECLARE
    next text := (SELECT at FROM public.state);
BEGIN
    LOOP
        next := phasegate._adopt_step('z', NULL, NULL, true, next);
        UPDATE public.state SET at = next;
        COMMIT;
        EXIT WHEN next IS NULL OR split_part(next, ' ', 1) = upto;
    END LOOP;
END $$;

CALL public.go('fill');
INSERT INTO tickets VALUES (3, 'done at once', 'phase_backlog');
UPDATE tickets SET title = 'done since' WHERE id = 1;
CALL public.go('swap');
-- Past the trigger: refused, since it would be lost.
ALTER TABLE tickets DISABLE TRIGGER "~phasegate_adopting";
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = 2;
ALTER TABLE tickets ENABLE TRIGGER "~phasegate_adopting";
-- After it, too.
CREATE TRIGGER "éé" BEFORE INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION last();
INSERT INTO tickets VALUES (4, 'test', 'phase_backlog');
DROP TRIGGER "éé" ON tickets;
-- What comes to use the column is told of.
CREATE INDEX lowered ON tickets (lower(phase_id));
CALL public.go(NULL);
DROP INDEX lowered;
-- A key is none in the way.
ALTER TABLE tickets ADD CONSTRAINT both_once UNIQUE (title, phase_id);
CALL public.go(NULL);
SELECT id, title, phase_id FROM tickets ORDER BY id;
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'tickets'::regclass AND contype = 'u' ORDER BY 1;
SELECT check_name, example FROM phasegate.check_workspace('z') WHERE violations > 0;

-- What was written past the trigger before anything could refuse it is put right by the next call.
DROP SCHEMA z CASCADE;
CREATE SCHEMA z;
CREATE TABLE z.tickets (id int PRIMARY KEY, title text NOT NULL, phase_id text NOT NULL DEFAULT 'PHASE_BACKLOG');
INSERT INTO z.tickets VALUES (1, 'a', 'PHASE_DESIGN');
UPDATE public.state SET at = NULL;
CALL public.go('promise');
ALTER TABLE z.tickets DISABLE TRIGGER USER;
UPDATE z.tickets SET phase_id = 'PHASE_TESTING';
ALTER TABLE z.tickets ENABLE TRIGGER USER;
CALL public.go(NULL);
CALL phasegate.adopt_workspace('z');
SELECT id, phase_id FROM z.tickets;
