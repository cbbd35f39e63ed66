-- Nothing waits for a lock that takes no right to take: everybody can hold any advisory lock for as long as they like.
BEGIN;
SELECT phasegate.create_workspace('acme');
UPDATE acme.task_templates SET is_active = is_active;
UPDATE acme.phase_transitions SET requires_gate = requires_gate;
UPDATE acme.phase_gate_requirements SET requires_review = requires_review;
SELECT locktype, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'acme.task_templates'::regclass AND mode = 'ShareUpdateExclusiveLock';
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'object' AND classid = 'pg_database'::regclass AND mode = 'ExclusiveLock';
COMMIT;
-- Who may not make a workspace does not take it.
CREATE ROLE regress_plain;
SET ROLE regress_plain;
BEGIN;
SAVEPOINT one;
SELECT phasegate.create_workspace('other');
ROLLBACK TO one;
SELECT phasegate.create_workspace('acme');
ROLLBACK;
-- Nor do they hold a schema, which its owner could not drop meanwhile.
RESET ROLE;
CREATE SCHEMA theirs;
CREATE SCHEMA own AUTHORIZATION regress_plain;
SET ROLE regress_plain;
CREATE TABLE own.tickets (id uuid PRIMARY KEY);
BEGIN;
SAVEPOINT one;
SELECT phasegate.adoption_report('theirs');
ROLLBACK TO one;
SELECT phasegate.adoption_report('theirs', tickets => 'own.tickets');
ROLLBACK TO one;
SELECT phasegate.create_workspace('theirs', tickets => 'own.tickets');
ROLLBACK TO one;
SELECT count(*) FROM phasegate.adoption_report('own') WHERE blocks;
SELECT objid::regnamespace, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'object' AND classid = 'pg_namespace'::regclass;
ROLLBACK;
RESET ROLE;
DROP SCHEMA theirs, own CASCADE;
DROP ROLE regress_plain;
