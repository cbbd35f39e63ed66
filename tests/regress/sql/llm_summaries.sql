-- An outside summarizer is asked by a task of kind 'summary'; its answer becomes the ticket's summary.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
INSERT INTO tickets (title, phase_id) VALUES ('Refunds', 'PHASE_REQUIREMENTS') RETURNING id AS ticket \gset
INSERT INTO tasks (ticket_id, phase_id, task_type, status, result)
VALUES (:'ticket', 'PHASE_REQUIREMENTS', 'analyze', 'completed',
        '{"summary": "looked", "context": {"key_decisions": ["refund to the card that paid"]}}');
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_DESIGN');

-- Asking twice makes one task.
SELECT id AS task, kind, status, required_capabilities, description, result -> 'request' -> 'max_tokens' AS budget
  FROM summarize_using_llm(:'ticket', 20) \gset asked_
SELECT :'asked_kind' AS kind, :'asked_status' AS status, :'asked_required_capabilities' AS capabilities,
       :'asked_description' AS description, :'asked_budget' AS budget;
SELECT id = :'asked_task' AS same_task FROM summarize_using_llm(:'ticket', 20);

-- Over the budget: refused, and the task stays held.
SELECT task_type FROM claim_task('llm', '{summarization}');
SELECT complete_task(:'asked_task', 'llm', jsonb_build_object('summary', repeat('word ', 21)));
SELECT complete_task(:'asked_task', 'llm', '{"text": "no summary"}');
SELECT status, assigned_agent_id FROM tasks WHERE id = :'asked_task';

-- Within the budget, and the context as it was: applied.
SELECT status, result -> 'applied' AS applied FROM complete_task(:'asked_task', 'llm', '{"summary": "Refund the paying card."}');
SELECT context_summary, context ->> 'summary' AS in_context FROM tickets;
SELECT context_summary(:'ticket'), context_summary(:'ticket', 2) AS too_small_for_it;
SELECT get_context_for_phase(:'ticket') ->> 'summary' AS handed;
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (:'ticket', 'PHASE_DESIGN', 'design');
SELECT task_type, context_summary FROM claim_task('designer');

-- The context has changed since: answered, not applied, and the task says so.
SELECT id AS task FROM summarize_using_llm(:'ticket') \gset late_
UPDATE tickets SET context = jsonb_set(context, '{requirements_phase,key_decisions,0}', '"refund as store credit"');
SELECT id = :'late_task' AS claimed FROM claim_task('llm', '{summarization}');
SELECT status, result -> 'applied' AS applied, error_message
  FROM complete_task(:'late_task', 'llm', '{"summary": "Out of date."}');
SELECT context_summary <> 'Out of date.' AS kept FROM tickets;
SELECT context_summary(:'ticket') ~ 'store credit' AS live;

-- By a direct UPDATE it is the same rule.
SELECT id AS task FROM summarize_using_llm(:'ticket', 3) \gset direct_
UPDATE tasks SET status = 'completed', assigned_agent_id = 'llm', result = '{"summary": "one two three four five"}'
 WHERE id = :'direct_task';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'llm', result = '{"summary": "one two three"}'
 WHERE id = :'direct_task';
SELECT context_summary FROM tickets;

SELECT summarize_using_llm(:'ticket', 0);
SELECT summarize_using_llm('00000000-0000-0000-0000-000000000000');
CREATE ROLE llm_reader;
GRANT USAGE ON SCHEMA acme TO llm_reader;
GRANT SELECT ON tickets TO llm_reader;
SET ROLE llm_reader;
SELECT summarize_using_llm(:'ticket');
RESET ROLE;
DROP OWNED BY llm_reader;
DROP ROLE llm_reader;
SELECT * FROM check_workspace() WHERE violations > 0;
