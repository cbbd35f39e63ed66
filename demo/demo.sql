-- A payments team's backlog travels from BACKLOG to DONE. Run by demo/run.sh from the repository's folder.
\set ON_ERROR_STOP on
\pset footer off
\set QUIET on
SET client_min_messages = warning;

\echo
\echo '== A workspace is a schema with tickets, tasks, gates and history'
CREATE EXTENSION IF NOT EXISTS phasegate;
SELECT phasegate.create_workspace('shop') \g /dev/null
SET search_path = shop, phasegate;
SELECT schema, owner, version FROM workspaces;

\echo '== The backlog: 24 tickets, loaded with COPY'
\copy tickets (title, description, priority) from demo/tickets.csv with (format csv, header)
CREATE TEMP TABLE results (task_type text, variant text, result jsonb, PRIMARY KEY (task_type, variant));
\copy results from demo/results.csv with (format csv, header)
SELECT priority, left(title, 70) AS title FROM tickets
 ORDER BY array_position('{CRITICAL,HIGH,MEDIUM,LOW}', priority), title LIMIT 6;

\ir agents.sql

SELECT id AS ticket FROM tickets ORDER BY array_position('{CRITICAL,HIGH,MEDIUM,LOW}', priority), title LIMIT 1 \gset

\echo '== A move that is not in phase_transitions is refused, by function or by plain UPDATE'
\set ON_ERROR_STOP off
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = :'ticket';
\if :ERROR
\else
  \set ON_ERROR_STOP on
  SELECT 'the move should have been refused'::int;
\endif
\set ON_ERROR_STOP on

\echo
\echo '== Everything enters REQUIREMENTS in one statement; each ticket gets its tasks'
SELECT transitioned, count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_REQUIREMENTS', 'sprint planning', 'product owner') GROUP BY 1;
SELECT phase, status, tasks, claimable FROM task_queue;

\echo '== Agents claim by capability and hand in results; one document is too thin'
SELECT pg_temp.work('analyst', '{analysis}') AS analysed;
SELECT pg_temp.work_on(:'ticket', 'writer', '{documentation}', 'bad') AS thin_document;
SELECT pg_temp.work('writer', '{documentation}') AS documents;

\echo '== The gate refuses, and says why'
\set ON_ERROR_STOP off
SELECT transition_ticket(:'ticket', 'PHASE_DESIGN', 'requirements complete', 'product owner');
\if :ERROR
\else
  \set ON_ERROR_STOP on
  SELECT 'the gate should have refused'::int;
\endif
\set ON_ERROR_STOP on

\echo
\echo '== The rest moves on; try_transition_ticket and transition_tickets report instead of raising'
SELECT transitioned, error_code, count(*)
  FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DESIGN', 'requirements complete', 'product owner') GROUP BY 1, 2;
SELECT phase, tickets, open_tasks, failed_gates FROM phase_board;

\echo '== Better evidence, and a review by somebody who did not do the work'
SELECT artifact_type, length(artifact_content ->> 'text') AS characters
  FROM add_artifact(:'ticket', 'requirements_document', 'docs/requirements.md',
                    (SELECT result #> '{artifacts,0,content}' FROM results
                      WHERE task_type = 'create_requirements_doc' AND variant = 'good'), NULL, 'writer');
UPDATE phase_gate_requirements SET requires_review = true WHERE phase_id = 'PHASE_REQUIREMENTS';
SELECT gate_status, blocking_reasons FROM validate_gate(:'ticket');
SELECT count(*) AS reviews_offered_to_the_writer FROM claim_task('writer', '{validation}', kinds => '{review}');
SELECT id AS review, jsonb_object_keys(context -> 'review') AS what_the_reviewer_sees
  FROM claim_task('reviewer', '{validation}', kinds => '{review}');
SELECT id AS review FROM tasks WHERE kind = 'review' AND status = 'assigned' \gset
SELECT kind, status FROM complete_task(:'review', 'reviewer', '{"approved": true, "feedback": "Complete and testable."}');
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_DESIGN', 'reviewed', 'product owner');
UPDATE phase_gate_requirements SET requires_review = false WHERE phase_id = 'PHASE_REQUIREMENTS';

\echo '== One ticket is blocked and comes back; its tasks wait'
SELECT previous_phase, current_phase FROM block_ticket(:'ticket', 'waiting for the acquirer''s sandbox', 'architect');
SELECT previous_phase, current_phase FROM unblock_ticket(:'ticket', 'sandbox is up', 'architect');

\echo '== Design and implementation'
SELECT pg_temp.work('architect', '{design}') AS designed;
SELECT count(*) AS moved FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_IMPLEMENTATION', 'designed', 'architect') WHERE transitioned;
SELECT pg_temp.work('developer', '{implementation}') AS implemented;

\echo '== What the next phase''s agent receives, and what it costs'
SELECT count(*) AS moved FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_TESTING', 'implemented', 'developer') WHERE transitioned;
SELECT context_summary(:'ticket', 150) AS summary_in_150_tokens;
SELECT budget, count_tokens(context_summary(:'ticket', budget)) AS tokens
  FROM unnest(ARRAY[100, 150, 500, 2000]) AS budget;

\echo '== Tests fail on one ticket: it goes back to IMPLEMENTATION, its evidence is stale, and it is done again'
SELECT pg_temp.work_on(:'ticket', 'tester', '{testing}', 'good') AS tests_written;
SELECT pg_temp.work_on(:'ticket', 'tester', '{testing}', 'bad') AS tests_run;
SELECT unnest(blocking_reasons) AS why_it_cannot_go_on FROM can_transition_ticket(:'ticket', 'PHASE_DEPLOYMENT');
SELECT previous_phase, current_phase FROM transition_ticket(:'ticket', 'PHASE_IMPLEMENTATION', 'three tests fail', 'tester');
SELECT phase_id AS phase, count(*) FILTER (WHERE superseded_at IS NOT NULL) AS stale, count(*) FILTER (WHERE superseded_at IS NULL) AS current
  FROM phase_gate_artifacts WHERE ticket_id = :'ticket' GROUP BY 1 ORDER BY 1;
SELECT pg_temp.work('developer', '{implementation}') AS implemented_again;
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_TESTING', 'fixed', 'developer');

\echo '== Testing, deployment, done'
SELECT pg_temp.work('tester', '{testing}') AS tested;
SELECT count(*) AS moved FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DEPLOYMENT', 'green', 'tester') WHERE transitioned;
SELECT pg_temp.work('operator', '{deployment}') AS deployed;
SELECT count(*) AS moved FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DONE', 'live', 'operator') WHERE transitioned;
SELECT phase, tickets, open_tasks, failed_gates FROM phase_board;

\echo '== One ticket''s history'
SELECT from_phase, to_phase, transitioned_by, transition_reason, gate_result_id IS NOT NULL AS gate
  FROM get_phase_history(:'ticket');

\echo '== The graph that all of them travelled, as Mermaid'
\pset tuples_only on
\pset format unaligned
SELECT phase_diagram();
\pset format aligned
\pset tuples_only off

\echo
\echo '== A check of the whole workspace finds nothing'
SELECT check_name, violations FROM check_workspace();
SELECT CASE WHEN count(*) FILTER (WHERE phase_id <> 'PHASE_DONE') = 0 AND count(*) = 24
            THEN 'all ' || count(*) || ' tickets are done' ELSE (count(*) || ' tickets, not all done')::int::text END AS result
  FROM tickets;
SELECT sum(violations) = 0 AS healthy FROM check_workspace() \gset
\if :healthy
\else
  SELECT 'check_workspace found something'::int;
\endif
