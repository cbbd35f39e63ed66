-- Adopting a table of 100,000 rows and checking a workspace of a million moves announce their steps; small ones are
-- silent. The planner's estimate of the rows decides, so it is set to what a large table has.
CREATE SCHEMA large;
CREATE TABLE large.tickets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text, phase_id text);
CREATE TABLE large.tasks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid REFERENCES large.tickets, phase_id text);
INSERT INTO large.tickets (title, phase_id) SELECT 'Ticket ' || n, 'PHASE_DESIGN' FROM generate_series(1, 10) n;
INSERT INTO large.tasks (ticket_id, phase_id) SELECT id, phase_id FROM large.tickets;
CREATE SCHEMA small;
CREATE TABLE small.tickets (LIKE large.tickets INCLUDING ALL);
INSERT INTO small.tickets SELECT * FROM large.tickets;
ANALYZE large.tickets, large.tasks, small.tickets;

-- A row less.
UPDATE pg_class SET reltuples = 99999 WHERE oid = 'small.tickets'::regclass;
SELECT phasegate.create_workspace('small');

UPDATE pg_class SET reltuples = 100000 WHERE oid IN ('large.tickets'::regclass, 'large.tasks'::regclass);
SELECT phasegate.create_workspace('large');

-- A caller who wants no NOTICE gets none, and what is a workspace already is not adopted again.
SELECT phasegate.detach_workspace('large');
SET client_min_messages = warning;
SELECT phasegate.create_workspace('large');
RESET client_min_messages;
SELECT phasegate.create_workspace('large');

-- A table that was never analyzed is judged by its size.
CREATE SCHEMA fresh;
CREATE TABLE fresh.tickets (id uuid PRIMARY KEY, title text) WITH (autovacuum_enabled = off);
ALTER TABLE fresh.tickets ALTER COLUMN title SET STORAGE PLAIN;
INSERT INTO fresh.tickets SELECT gen_random_uuid(), repeat('x', 490) || n FROM generate_series(1, 26000) n;
SELECT phasegate.create_workspace('fresh');

SET search_path = large, phasegate;
ANALYZE phase_history;
UPDATE pg_class SET reltuples = 999999 WHERE oid = 'phase_history'::regclass;
SELECT sum(violations) FROM check_workspace();
UPDATE pg_class SET reltuples = 1000000 WHERE oid = 'phase_history'::regclass;
SELECT sum(violations) FROM check_workspace();
