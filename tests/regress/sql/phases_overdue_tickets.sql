-- overdue_tickets: those that are in a phase for longer than it allows, the longest overdue first.
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
SET timezone = 'UTC';
UPDATE task_templates SET is_active = false;
SET phasegate.now = '2020-01-01 12:00:00+00';
INSERT INTO tickets (title, phase_id) VALUES ('late', 'PHASE_DESIGN'), ('finished', 'PHASE_DEPLOYMENT'), ('no limit', 'PHASE_TESTING'), ('blocked', 'PHASE_DESIGN');
SET phasegate.now = '2020-01-02 12:00:00+00';
INSERT INTO tickets (title, phase_id) VALUES ('less late', 'PHASE_DESIGN');
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 'finished';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'blocked';
RESET phasegate.now;
INSERT INTO tickets (title, phase_id) VALUES ('in time', 'PHASE_DESIGN');
SELECT count(*) FROM overdue_tickets;
UPDATE phases SET due_after = '2 days' WHERE phase_id IN ('PHASE_DESIGN', 'PHASE_DONE');
SELECT title, phase, entered_at, due_at FROM overdue_tickets;
UPDATE phases SET due_after = '1 week' WHERE phase_id = 'PHASE_BLOCKED';
SELECT title, phase FROM overdue_tickets;
SELECT phase, count(*) FROM overdue_tickets GROUP BY phase ORDER BY phase;
-- Nothing moves on time alone.
SELECT title, phase_id FROM tickets ORDER BY title;
