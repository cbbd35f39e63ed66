-- Each statement of ours and the user's obeys the CHECKs and indexes that a table has now.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
DELETE FROM task_templates;
UPDATE phase_transitions SET requires_gate = false;
INSERT INTO tickets (title) VALUES ('one'), ('two'), ('three');
UPDATE tickets SET description = 'first';
-- A CHECK comes, goes, and comes again as another.
ALTER TABLE tickets ADD CONSTRAINT short CHECK (length(title) < 8);
UPDATE tickets SET title = 'longer than that' WHERE title = 'one';
SELECT count(transition_ticket(id, 'PHASE_REQUIREMENTS')) FROM tickets;
ALTER TABLE tickets DROP CONSTRAINT short;
UPDATE tickets SET title = 'longer than that' WHERE title = 'one';
ALTER TABLE tickets ADD CONSTRAINT short CHECK (length(title) < 8) NOT VALID;
UPDATE tickets SET title = 'again longer' WHERE title = 'two';
SELECT transition_ticket(id, 'PHASE_DESIGN') FROM tickets WHERE title LIKE 'longer%';
ALTER TABLE tickets DROP CONSTRAINT short, ADD CONSTRAINT short CHECK (length(title) > 8) NOT VALID;
UPDATE tickets SET title = 'again longer' WHERE title = 'two';
UPDATE tickets SET title = 'two' WHERE title = 'again longer';
BEGIN;
ALTER TABLE tickets DROP CONSTRAINT short;
UPDATE tickets SET title = 'two' WHERE title = 'again longer';
ROLLBACK;
UPDATE tickets SET title = 'two' WHERE title = 'again longer';
ALTER TABLE tickets DROP CONSTRAINT short;
-- One that calls a function is as that function is now.
CREATE FUNCTION public.fits(title text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length(title) < 20';
ALTER TABLE tickets ADD CONSTRAINT fitting CHECK (public.fits(title));
UPDATE tickets SET title = 'fits' WHERE title = 'three';
CREATE OR REPLACE FUNCTION public.fits(title text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length(title) > 20';
UPDATE tickets SET title = 'three' WHERE title = 'fits';
UPDATE tickets SET title = 'fits where it did not fit before' WHERE title = 'fits';
ALTER TABLE tickets DROP CONSTRAINT fitting;
-- One with so many values that the server might hash them.
ALTER TABLE tickets ADD COLUMN place text CHECK (place IN ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'));
UPDATE tickets SET place = 'l';
UPDATE tickets SET place = 'm';
UPDATE tickets SET place = 'a';
UPDATE tickets SET place = 'n';
ALTER TABLE tickets ALTER COLUMN place TYPE varchar(5);
UPDATE tickets SET place = 'b';
UPDATE tickets SET place = 'm';
ALTER TABLE tickets DROP COLUMN place;
UPDATE tickets SET title = 'two' WHERE title = 'again longer';
-- Indexes with a predicate and with an expression.
CREATE UNIQUE INDEX one_each ON tickets (lower(title)) WHERE description IS NOT NULL;
UPDATE tickets SET title = 'TWO' WHERE title LIKE 'fits%';
UPDATE tickets SET title = 'TWO', description = NULL WHERE title LIKE 'fits%';
UPDATE tickets SET description = 'second' WHERE title = 'TWO';
DROP INDEX one_each;
UPDATE tickets SET description = 'second' WHERE title = 'TWO';
CREATE UNIQUE INDEX one_each ON tickets (upper(description)) WHERE title = 'TWO';
UPDATE tickets SET title = 'TWO' WHERE title = 'two';
UPDATE tickets SET description = 'SECOND' WHERE title = 'TWO' AND description = 'first';
SET enable_seqscan = off;
SELECT title, description FROM tickets WHERE title = 'TWO' ORDER BY upper(description);
RESET enable_seqscan;
DROP INDEX one_each;
-- What a statement uses stays while it runs, though the table changes meanwhile.
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.description = 'meddle' THEN
        GRANT SELECT ON tickets TO PUBLIC;
        UPDATE tickets SET description = 'meddled with' WHERE title = NEW.title || ' (shadow)';
        REVOKE SELECT ON tickets FROM PUBLIC;
        UPDATE tickets SET description = 'meddled with again' WHERE title = NEW.title || ' (shadow)';
    END IF;
    RETURN NEW;
END $$;
INSERT INTO tickets (title) SELECT 'Ticket ' || n || s FROM generate_series(1, 20) n, (VALUES (''), (' (shadow)')) AS s (s);
CREATE TRIGGER meddle BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.meddle();
UPDATE tickets SET description = 'meddle' WHERE title LIKE 'Ticket%' AND title NOT LIKE '%shadow%';
UPDATE tickets SET description = 'meddle', phase_id = 'PHASE_REQUIREMENTS' WHERE title LIKE 'Ticket%' AND title NOT LIKE '%shadow%';
SELECT description, phase_id, count(*) FROM tickets WHERE title LIKE 'Ticket%' GROUP BY 1, 2 ORDER BY 1, 2;
DROP TRIGGER meddle ON tickets;
-- A task's CHECKs, by function and by hand.
INSERT INTO tasks (ticket_id, phase_id, task_type, description)
SELECT id, phase_id, 'check', 'to be checked' FROM tickets WHERE title = 'Ticket 1';
ALTER TABLE tasks ADD CONSTRAINT sober CHECK (assigned_agent_id <> 'ada');
SELECT count(*) FROM claim_task('ada');
SELECT count(*) FROM claim_task('bob');
UPDATE tasks SET assigned_agent_id = 'ada';
SELECT status, assigned_agent_id FROM tasks;
SELECT sum(violations) FROM check_workspace('acme');
