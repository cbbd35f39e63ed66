-- A claim takes the best task that the agent can do.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO tickets (id, title, context, context_summary) VALUES
    (id(1), 'Refunds', '{"requirements_phase": {"key_decisions": ["Refund to the card"]}}', 'Refund to the card'),
    (id(2), 'Invoices', NULL, NULL);
CREATE PROCEDURE add(n integer, priority text, minutes_old integer DEFAULT 0, capabilities jsonb DEFAULT NULL,
                     kind text DEFAULT 'work', phase text DEFAULT 'PHASE_BACKLOG', scheduled timestamptz DEFAULT NULL) LANGUAGE sql AS $$
    INSERT INTO tasks (id, ticket_id, phase_id, task_type, kind, priority, required_capabilities, created_at, scheduled_at)
    VALUES (id(n), id(1), phase::phase, 't' || n, kind, priority, capabilities,
            '2026-01-01 12:00+00'::timestamptz - minutes_old * interval '1 minute', scheduled) $$;
-- CRITICAL before HIGH before MEDIUM before LOW, then the oldest.
CALL add(10, 'LOW', 50);
CALL add(11, 'MEDIUM', 5);
CALL add(12, 'HIGH', 3);
CALL add(13, 'CRITICAL', 1);
CALL add(14, 'HIGH', 4);
CALL add(15, 'MEDIUM', 40);
SELECT task_type, priority, status, assigned_agent_id, attempt, lease_expires_at, ticket_title, context, context_summary
  FROM claim_task('ada');
SELECT task_type, priority, status, attempts FROM claim_tasks('ada', 4, lease => '1 hour');
SELECT task_type FROM claim_tasks('ada', 4);
SELECT count(*) AS nothing_left FROM claim_task('ada');
SELECT task_type, status, assigned_agent_id, attempts, lease_expires_at, started_at FROM tasks ORDER BY id;
-- All of a task's capabilities must be among the agent's.
CALL add(20, 'LOW', capabilities => '["analysis"]');
CALL add(21, 'LOW', capabilities => '["analysis", "writing"]');
CALL add(22, 'LOW', capabilities => '[]');
CALL add(23, 'LOW', capabilities => 'null');
SELECT task_type FROM claim_tasks('bob', 9);
SELECT task_type FROM claim_tasks('bob', 9, '{writing}');
SELECT task_type FROM claim_tasks('bob', 9, '{analysis}');
SELECT task_type FROM claim_tasks('bob', 9, '{review,writing,analysis}');
-- Phases and kinds.
CALL add(30, 'LOW', phase => 'PHASE_DESIGN');
CALL add(31, 'LOW', phase => 'PHASE_TESTING');
CALL add(32, 'LOW', kind => 'review');
CALL add(33, 'LOW', kind => 'summary');
SELECT task_type, context, context_summary FROM claim_tasks('cyd', 9, phases => '{PHASE_TESTING,PHASE_DEPLOYMENT}');
SELECT task_type FROM claim_tasks('cyd', 9, phases => '{}');
SELECT task_type FROM claim_tasks('cyd', 9, kinds => '{review}');
SELECT task_type FROM claim_tasks('cyd', 9, kinds => '{work}');
SELECT task_type FROM claim_tasks('cyd', 9, kinds => NULL, capabilities => NULL);
-- What is to be done later is not offered before its time, and then in its place.
CALL add(40, 'MEDIUM', 0, scheduled => '2026-01-01 12:30+00');
CALL add(41, 'MEDIUM', 9, scheduled => '2026-01-01 12:00:00.000001+00');
CALL add(42, 'MEDIUM', 5, scheduled => '2026-01-01 12:00+00');
CALL add(43, 'MEDIUM', 1);
CALL add(44, 'MEDIUM', 1, scheduled => 'infinity');
SELECT task_type FROM claim_tasks('dot', 9);
SET phasegate.now = '2026-01-01 12:01:00+00';
SELECT task_type FROM claim_tasks('dot', 9);
SET phasegate.now = '2026-01-01 12:31:00+00';
SELECT task_type, scheduled_at FROM claim_tasks('dot', 9);
-- By then leases had run out, and those tasks were given back and claimed again, in their place.
SELECT assigned_agent_id, string_agg(task_type, ' ' ORDER BY id) FROM tasks WHERE status = 'assigned' GROUP BY 1 ORDER BY 1;
SELECT phase, status, tasks FROM task_queue;
-- Who worked on a phase is not offered its review.
DELETE FROM tasks;
CALL add(50, 'LOW', phase => 'PHASE_TESTING');
SELECT (complete_task(id, 'eve')).task_type FROM claim_task('eve');
CALL add(51, 'LOW', kind => 'review', phase => 'PHASE_TESTING');
CALL add(52, 'LOW', kind => 'review', phase => 'PHASE_DESIGN');
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_by) VALUES (id(1), 'PHASE_TESTING', 'test_results', 'fay');
SELECT a AS agent, took_part(id(1), 'PHASE_TESTING', a) FROM unnest('{eve,fay,gus}'::text[]) a;
SELECT task_type FROM claim_tasks('eve', 9);
SELECT task_type FROM claim_tasks('fay', 9);
SELECT task_type FROM claim_tasks('gus', 9);
-- What cannot be asked.
\set VERBOSITY terse
SELECT claim_task(NULL);
SELECT claim_task('');
SELECT claim_task('a', '{x,NULL}');
SELECT claim_task('a', phases => '{PHASE_NONE}');
SELECT claim_task('a', kinds => '{chore}');
SELECT claim_task('a', lease => NULL);
SELECT claim_task('a', lease => '0');
SELECT claim_task('a', lease => '-1 minute');
SELECT claim_task('a', lease => '170000000 years');
SELECT claim_tasks('a', 0);
SELECT claim_tasks('a', NULL);
SELECT count(*) FROM claim_tasks('a', 2147483647);
SELECT count(*) FROM claim_tasks('a', 1000);
SET search_path = phasegate;
SELECT claim_task('a');
