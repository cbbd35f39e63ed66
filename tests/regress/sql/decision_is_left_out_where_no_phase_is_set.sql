-- An UPDATE that sets none of the columns that phasegate keeps does not fire the decision, which would lock each row
-- once more. Wherever anything could set one of them it is fired.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
DELETE FROM task_templates;
UPDATE phase_transitions SET requires_gate = false;
INSERT INTO tickets (title) SELECT 'Ticket ' || n FROM generate_series(1, 3) n;
-- How often a statement fires the decision. Nothing where it does not.
CREATE FUNCTION public.decisions(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ' || statement LOOP
        IF line LIKE '%zz_phasegate_decide%' THEN RETURN NEXT regexp_replace(line, ' on \w+', ''); END IF;
    END LOOP;
END $$;
SELECT public.decisions('UPDATE tickets SET description = ''anew''');
SELECT count(*) FROM tickets WHERE description = 'anew';
SELECT public.decisions('UPDATE tickets SET (title, description) = (SELECT title, title)');
SELECT public.decisions('WITH changed AS (UPDATE tickets SET description = NULL RETURNING id) SELECT count(*) FROM changed');
SELECT public.decisions('UPDATE tickets SET context = ''{"a": 1}''');

-- What sets one of the columns, by whatever way.
SELECT public.decisions('UPDATE tickets SET phase_id = phase_id');
SELECT public.decisions('UPDATE tickets SET description = NULL, phase_id = ''PHASE_REQUIREMENTS'' WHERE title = ''Ticket 1''');
SELECT public.decisions('UPDATE tickets SET previous_phase_id = NULL');
SELECT public.decisions('UPDATE tickets SET phase_entered_at = now()');
SELECT public.decisions('UPDATE tickets SET updated_at = now()');
SELECT public.decisions('UPDATE tickets SET (description, phase_id) = (SELECT description, phase_id)');
SELECT public.decisions('WITH changed AS (UPDATE tickets SET phase_id = phase_id RETURNING id) SELECT count(*) FROM changed');
SELECT public.decisions('INSERT INTO tickets (id, title) SELECT id, title FROM tickets ON CONFLICT (id) DO UPDATE SET phase_id = tickets.phase_id');
SELECT public.decisions('INSERT INTO tickets (id, title) SELECT id, title FROM tickets ON CONFLICT (id) DO UPDATE SET title = excluded.title');
SELECT public.decisions('MERGE INTO tickets t USING tickets s ON t.id = s.id WHEN MATCHED AND s.title = ''Ticket 2'' THEN UPDATE SET updated_at = now() WHEN MATCHED THEN UPDATE SET description = ''merged''');
SELECT public.decisions('MERGE INTO tickets t USING tickets s ON t.id = s.id WHEN MATCHED THEN UPDATE SET description = ''merged''');
CREATE VIEW public.board AS SELECT id, title AS phase_id, phase_id AS title, description FROM tickets;
SELECT public.decisions('UPDATE public.board SET title = title');
SELECT public.decisions('UPDATE public.board SET phase_id = phase_id');

-- A trigger of the user's can set any column, wherever it stands and until it is gone.
CREATE FUNCTION public.start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.phase_id := 'PHASE_TESTING'; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE OF description ON tickets FOR EACH ROW EXECUTE FUNCTION public.start();
UPDATE tickets SET description = 'refused' WHERE title = 'Ticket 2';
SELECT public.decisions('UPDATE tickets SET title = title');
ALTER TABLE tickets DISABLE TRIGGER a;
SELECT public.decisions('UPDATE tickets SET description = title');
ALTER TABLE tickets ENABLE REPLICA TRIGGER a;
ALTER TABLE tickets ENABLE ALWAYS TRIGGER a;
UPDATE tickets SET description = 'refused' WHERE title = 'Ticket 2';
DROP TRIGGER a ON tickets;
CREATE TRIGGER zzz BEFORE UPDATE OF description ON tickets FOR EACH ROW EXECUTE FUNCTION public.start();
UPDATE tickets SET description = 'refused' WHERE title = 'Ticket 2';
DROP TRIGGER zzz ON tickets;
CREATE TRIGGER after AFTER UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.start();
SELECT public.decisions('UPDATE tickets SET description = title');
DROP TRIGGER after ON tickets;
SELECT public.decisions('UPDATE tickets SET description = title');
-- Columns that have changed places, and ones that are gone.
ALTER TABLE tickets RENAME COLUMN description TO kept;
ALTER TABLE tickets RENAME COLUMN updated_at TO description;
ALTER TABLE tickets RENAME COLUMN kept TO updated_at;
UPDATE tickets SET description = now();
UPDATE tickets SET updated_at = now();
ALTER TABLE tickets RENAME COLUMN updated_at TO kept;
ALTER TABLE tickets RENAME COLUMN description TO updated_at;
ALTER TABLE tickets RENAME COLUMN kept TO description;
SELECT public.decisions('UPDATE tickets SET description = title');
SELECT public.decisions('UPDATE tickets SET updated_at = now()');
-- In a workspace of the same session without phasegate's triggers nothing changes.
CREATE SCHEMA other;
CREATE TABLE other.tickets (id int, phase_id text);
INSERT INTO other.tickets VALUES (1, 'a');
CREATE FUNCTION other.tickets_decide() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.id := NEW.id + 1; RETURN NEW; END $$;
CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON other.tickets FOR EACH ROW EXECUTE FUNCTION other.tickets_decide();
SELECT public.decisions('UPDATE other.tickets SET id = id');
SELECT id FROM other.tickets;
SELECT phase_id, count(*) FROM tickets GROUP BY phase_id ORDER BY phase_id;
SELECT sum(violations) FROM phasegate.check_workspace();
