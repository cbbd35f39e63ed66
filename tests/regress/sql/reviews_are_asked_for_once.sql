-- When a review was asked for says which rejections its verdict outweighs: nobody but the owner, who brings in what was, makes it later.
\set SHOW_CONTEXT never
CREATE ROLE regress_manager;
CREATE ROLE regress_reviewer;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_manager', 'manager'), phasegate.grant_access('acme', 'regress_reviewer', 'reviewer');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
INSERT INTO phase_gate_requirements (phase_id, requires_review) VALUES ('PHASE_DESIGN', true);
INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_DESIGN') RETURNING id AS ticket \gset
SET ROLE regress_manager;
INSERT INTO tasks (ticket_id, phase_id, kind, created_at) VALUES (:'ticket', 'PHASE_DESIGN', 'review', '2999-01-01'), (:'ticket', 'PHASE_DESIGN', 'review', now());
INSERT INTO tasks (ticket_id, phase_id, kind, created_at) VALUES (:'ticket', 'PHASE_DESIGN', 'work', '2999-01-01') RETURNING id AS late \gset
UPDATE tasks SET kind = 'review' WHERE id = :'late';
SELECT kind, created_at < clock_timestamp() AS is_past FROM tasks;
SET ROLE regress_reviewer;
SELECT id AS first FROM claim_task('ada', kinds => '{review}') \gset
SELECT id AS second FROM claim_task('vera', kinds => '{review}') \gset
SELECT status FROM complete_task(:'first', 'ada', '{"approved": false, "feedback": "no"}');
SELECT status FROM complete_task(:'second', 'vera', '{"approved": true}');
SELECT check_gate_requirements(:'ticket') ->> 'review' AS review;
-- Whatever else of it is changed.
SET ROLE regress_manager;
UPDATE tasks SET created_at = clock_timestamp(), priority = 'HIGH' WHERE kind = 'review';
UPDATE tasks SET created_at = '2999-01-01' WHERE kind = 'review';
SELECT check_gate_requirements(:'ticket') ->> 'review' AS review;
SELECT count(*) FROM tasks WHERE created_at > clock_timestamp();
-- A review is not made another task and then one again.
\set VERBOSITY terse
INSERT INTO tasks (ticket_id, phase_id, kind) VALUES (:'ticket', 'PHASE_DESIGN', 'review') RETURNING id AS third \gset
UPDATE tasks SET kind = 'work' WHERE id = :'third';
\echo :LAST_ERROR_SQLSTATE
-- Of other tasks it is where they stand in the queue.
UPDATE tasks SET created_at = '2999-01-01' WHERE kind = 'work';
RESET ROLE;
SELECT sum(violations) FROM check_workspace();
DROP OWNED BY regress_manager, regress_reviewer;
DROP ROLE regress_manager, regress_reviewer;
