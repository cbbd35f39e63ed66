-- A workspace can be left for good: nothing of it needs the extension any more.
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (title) VALUES ('a'), ('b');
UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS';
-- TRUNCATE ... CASCADE by the owner, as test suites do, leaves nothing.
TRUNCATE acme.tickets CASCADE;
SELECT (SELECT count(*) FROM acme.tickets) AS tickets, (SELECT count(*) FROM acme.tasks) AS tasks, (SELECT count(*) FROM acme.phase_history) AS history,
       (SELECT count(*) FROM acme.phase_gate_artifacts) AS artifacts, (SELECT count(*) FROM acme.phase_context) AS contexts;
INSERT INTO acme.tickets (title) VALUES ('c');
SELECT check_name, violations FROM phasegate.check_workspace('acme') WHERE violations > 0;
CREATE TABLE acme.notes (id uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(), body text);
-- Detached it still has its ids from the extension.
SELECT phasegate.detach_workspace('acme');
DROP EXTENSION phasegate;
SELECT phasegate.detach_workspace('acme', for_good => true);
SELECT phasegate.detach_workspace('nothing', for_good => true);
SELECT count(*) AS made_by_the_extension FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) ~ 'uuid_v7';
-- Taken back, and left again at once.
SELECT phasegate.create_workspace('acme');
SELECT check_name, violations FROM phasegate.check_workspace('acme') WHERE violations > 0;
SELECT phasegate.detach_workspace('acme', for_good => true);
DROP EXTENSION phasegate;
INSERT INTO acme.tickets (title) VALUES ('d') RETURNING id IS NOT NULL AS has_id, phase_id;
INSERT INTO acme.notes (body) VALUES ('n') RETURNING id IS NOT NULL AS has_id;
UPDATE acme.tickets SET phase_id = 'PHASE_DONE';
SELECT title, phase_id FROM acme.tickets ORDER BY title;
