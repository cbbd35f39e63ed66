-- A workspace with a ticket in every state and a task in every status, under ids that odd_values.py knows. The search_path finds it.
ALTER TYPE phase ADD VALUE 'phase ''"\ é' BEFORE 'PHASE_DEPLOYMENT';
INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'phase ''"\ é', false), ('phase ''"\ é', 'PHASE_DEPLOYMENT', true);
INSERT INTO task_templates (id, phase_id, task_type, template_description, dependencies_template)
VALUES (:template, 'PHASE_DEPLOYMENT', 'deploy', 'Deploy {ticket_title} ({ticket_id}, {phase} after {previous_phase}): {context_summary}', NULL),
       (DEFAULT, 'PHASE_DEPLOYMENT', 'announce', 'Announce \{it\}', '["deploy"]');

INSERT INTO tickets (id, title, description, phase_id, priority) VALUES
    (:backlog, 'Apple Pay', NULL, 'PHASE_BACKLOG', 'LOW'), (:requirements, 'Customers are charged twice', 'See the log.', 'PHASE_REQUIREMENTS', 'CRITICAL'),
    (:design, 'Vouchers', '', 'PHASE_DESIGN', 'MEDIUM'), (:testing, 'Refunds', 'ü', 'PHASE_TESTING', 'HIGH'), (:ready, 'Search', 'd', 'PHASE_IMPLEMENTATION', 'MEDIUM'),
    (:blocked, 'Returns', 'd', 'PHASE_DESIGN', 'MEDIUM'), (:deployment, 'Stock', 'd', 'PHASE_DEPLOYMENT', 'MEDIUM');
INSERT INTO tickets (id, title, phase_id) VALUES (:done, 'Basket', 'PHASE_DONE');
SELECT phasegate.block_ticket(:blocked, 'waiting');

INSERT INTO tasks (id, ticket_id, phase_id, task_type, description, dependencies, max_attempts) VALUES
    (:pending_task, :requirements, 'PHASE_REQUIREMENTS', 'ask', 'Ask', NULL, 3),
    (:waiting_task, :requirements, 'PHASE_REQUIREMENTS', 'write', 'Write', jsonb_build_object('depends_on', jsonb_build_array(:pending_task)), 3),
    (:held_task, :design, 'PHASE_DESIGN', 'draw', 'Draw', NULL, 1), (:running_task, :design, 'PHASE_DESIGN', 'sketch', 'Sketch', NULL, 3),
    (:retried_task, :design, 'PHASE_DESIGN', 'discuss', NULL, NULL, 3), (:completed_task, :testing, 'PHASE_TESTING', 'test', 'Test', NULL, 3),
    (:failed_task, :testing, 'PHASE_TESTING', 'retest', 'Retest', NULL, 3), (:cancelled_task, :testing, 'PHASE_TESTING', NULL, NULL, NULL, 3);
INSERT INTO tasks (id, ticket_id, phase_id, kind, required_capabilities) VALUES
    (:review_task, :deployment, 'PHASE_DEPLOYMENT', 'review', '["validation"]'), (:unanswered_task, :design, 'PHASE_DESIGN', 'review', '["validation"]'),
    (:summary_task, :testing, 'PHASE_TESTING', 'summary', '["summarization"]');
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'ada', attempts = 1, lease_expires_at = now() + interval '1 day'
 WHERE id IN (:held_task, :running_task, :retried_task, :review_task, :summary_task);
UPDATE tasks SET status = 'running' WHERE id = :running_task;
UPDATE tasks SET status = 'pending', scheduled_at = now() + interval '1 day' WHERE id = :retried_task;
UPDATE tasks SET status = 'completed', assigned_agent_id = 'bob', result = '{"summary": "Tested.", "context": {"risks": ["none"], "key_decisions": ["a", "b"]},
    "outputs": {"n": 1}, "artifacts": [{"type": "test_results", "path": "t.xml", "content": {"all_passed": false}}]}' WHERE id = :completed_task;
UPDATE tasks SET status = 'failed', error_message = 'no' WHERE id = :failed_task;
UPDATE tasks SET status = 'cancelled' WHERE id = :cancelled_task;

-- The ready one has walked through a gate, carries context, and passes its present gate.
SELECT phasegate.add_artifact(:ready, 'code_changes', 'src', '{"has_tests": true}'), phasegate.add_artifact(:ready, 'test_coverage', NULL, '{"percentage": 90}');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'bob', result = '{"summary": "Done.", "context": {"key_decisions": ["c"]}}'
 WHERE ticket_id = :ready AND status = 'pending' AND dependencies IS NULL;
UPDATE tasks SET status = 'completed', assigned_agent_id = 'bob' WHERE ticket_id = :ready AND status = 'pending';
SELECT phasegate.transition_ticket(:ready, 'PHASE_TESTING', 'r', 'bob');
SELECT phasegate.add_artifact(:ready, 'test_results', 'r', '{"all_passed": true}'), phasegate.add_artifact(:ready, 'test_evidence', 'e', '{"x": [1, null]}');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'bob', result = '{"context": {"key_decisions": ["d"]}}' WHERE ticket_id = :ready AND status = 'pending' AND dependencies IS NULL;
UPDATE tasks SET status = 'completed', assigned_agent_id = 'bob' WHERE ticket_id = :ready AND status = 'pending';
SELECT phasegate.validate_gate(:testing), phasegate.update_ticket_context(:testing), phasegate.summarize_using_llm(:ready);
