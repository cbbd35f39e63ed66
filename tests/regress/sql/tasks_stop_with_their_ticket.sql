-- Tasks of a blocked ticket wait, those of a finished one are cancelled; summaries, and what is to be done in that very phase, go on.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
INSERT INTO phase_transitions VALUES ('PHASE_DONE', 'PHASE_TESTING', false);
INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_TESTING') RETURNING id AS ticket \gset
INSERT INTO tickets (title, phase_id) VALUES ('u', 'PHASE_TESTING') RETURNING id AS other \gset
INSERT INTO tasks (ticket_id, phase_id, task_type, kind, status, assigned_agent_id, lease_expires_at, scheduled_at) VALUES
    (:'ticket', 'PHASE_TESTING', 'pending', 'work', 'pending', NULL, NULL, NULL), (:'ticket', 'PHASE_TESTING', 'later', 'work', 'pending', NULL, NULL, now() + '1 hour'),
    (:'ticket', 'PHASE_TESTING', 'held', 'work', 'assigned', 'ada', now() + '1 minute', NULL), (:'ticket', 'PHASE_DESIGN', 'of another phase', 'work', 'pending', NULL, NULL, NULL),
    (:'ticket', 'PHASE_TESTING', 'review', 'review', 'pending', NULL, NULL, NULL), (:'ticket', 'PHASE_TESTING', 'summary', 'summary', 'pending', NULL, NULL, NULL),
    (:'ticket', 'PHASE_TESTING', 'completed', 'work', 'completed', 'ada', NULL, NULL), (:'ticket', 'PHASE_TESTING', 'failed', 'work', 'failed', NULL, NULL, NULL),
    (:'ticket', 'PHASE_BLOCKED', 'find out why', 'work', 'pending', NULL, NULL, NULL), (:'other', 'PHASE_TESTING', 'of another ticket', 'work', 'pending', NULL, NULL, NULL);
CREATE VIEW all_tasks AS SELECT task_type, status, on_hold, error_message FROM tasks ORDER BY id;

SELECT current_phase FROM block_ticket(:'ticket', 'why');
SELECT * FROM all_tasks;
SELECT task_type, claimable FROM tasks k JOIN task_queue q ON q.phase = k.phase_id AND q.status = k.status AND k.task_type = 'pending';
BEGIN;
SELECT task_type FROM claim_tasks('bob', 20);
ROLLBACK;
-- Nobody but phasegate says so. What comes meanwhile waits too: new tasks, one that is given back, one that is put back.
INSERT INTO tasks (ticket_id, phase_id, task_type, on_hold) VALUES (:'ticket', 'PHASE_TESTING', 'new', false), (:'ticket', 'PHASE_BLOCKED', 'new here', false), (:'other', 'PHASE_TESTING', 'new elsewhere', false);
SELECT status, attempts FROM fail_task((SELECT id FROM tasks WHERE task_type = 'held'), 'ada', 'no');
UPDATE tasks SET status = 'pending' WHERE task_type = 'failed';
SELECT * FROM all_tasks WHERE task_type IN ('held', 'failed') OR task_type LIKE 'new%';
BEGIN;
SELECT task_type FROM claim_tasks('bob', 20);
ROLLBACK;
-- Of a ticket that goes on they go on, as they were.
SELECT current_phase FROM unblock_ticket(:'ticket');
SELECT * FROM all_tasks WHERE on_hold;
SELECT task_type FROM claim_tasks('bob', 20, kinds => '{work}', phases => '{PHASE_TESTING}') ORDER BY 1;

-- The end: what is open is cancelled, and says why. What failed did so, what was completed stays.
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE id = :'ticket';
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE id = :'ticket';
SELECT * FROM all_tasks;
SELECT task_type FROM claim_tasks('bob', 20, kinds => '{work,review}');
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (:'ticket', 'PHASE_TESTING', 'too late'), (:'ticket', 'PHASE_DONE', 'after the end');
SELECT task_type, status, on_hold FROM tasks WHERE task_type IN ('too late', 'after the end');
SELECT task_type FROM claim_tasks('bob', 20, kinds => '{work}');
-- Opened again, what waited goes on.
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = :'ticket';
SELECT task_type FROM claim_tasks('bob', 20, kinds => '{work}');
-- Abandoned phases end tickets too.
ALTER TYPE phase ADD VALUE 'PHASE_DROPPED';
INSERT INTO phases (phase_id, kind, context_key) VALUES ('PHASE_DROPPED', 'abandoned', 'dropped_phase');
INSERT INTO phase_transitions VALUES ('PHASE_TESTING', 'PHASE_DROPPED', false);
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (:'ticket', 'PHASE_TESTING', 'to be dropped');
UPDATE tickets SET phase_id = 'PHASE_DROPPED' WHERE id = :'ticket';
SELECT task_type, status, error_message FROM tasks WHERE task_type IN ('to be dropped', 'too late');
-- A claim looks at the ticket again: a task that was passed by when its ticket stopped is not handed out.
INSERT INTO tickets (title, phase_id) VALUES ('v', 'PHASE_TESTING'), ('w', 'PHASE_TESTING');
INSERT INTO tasks (ticket_id, phase_id, task_type, priority) SELECT id, 'PHASE_TESTING', 'passed by in ' || title, 'CRITICAL' FROM tickets WHERE title IN ('v', 'w');
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (:'other', 'PHASE_TESTING', 'next');
SET session_replication_role = replica;
UPDATE tickets SET previous_phase_id = phase_id, phase_id = CASE title WHEN 'v' THEN 'PHASE_BLOCKED' ELSE 'PHASE_DONE' END::phase WHERE title IN ('v', 'w');
RESET session_replication_role;
SELECT task_type FROM claim_task('bob', kinds => '{work}');
SELECT task_type, status, on_hold, error_message FROM tasks WHERE task_type LIKE 'passed by%' ORDER BY 1;
-- When a task ended, in whichever way; put back it has not.
INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT :'other', 'PHASE_TESTING', s FROM unnest('{completed,failed,cancelled}'::text[]) s;
UPDATE tasks SET status = task_type WHERE ticket_id = :'other' AND task_type IN ('completed', 'failed', 'cancelled');
SELECT task_type, completed_at IS NOT NULL AS ended FROM tasks WHERE ticket_id = :'other' AND task_type = status ORDER BY 1;
UPDATE tasks SET status = 'pending' WHERE ticket_id = :'other' AND status = 'failed';
SELECT status, completed_at FROM tasks WHERE ticket_id = :'other' AND task_type = 'failed';
SELECT * FROM check_workspace() WHERE violations > 0 AND check_name <> 'phase_is_last_history_phase';
