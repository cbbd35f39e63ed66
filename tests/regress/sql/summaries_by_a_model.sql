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

-- A draft written to an open task does not take the place of the request.
SELECT id AS task FROM summarize_using_llm(:'ticket', 4) \gset draft_
UPDATE tasks SET result = '{"summary": "a draft", "request": {"max_tokens": 1000}, "applied": true}' WHERE id = :'draft_task';
SELECT result - 'request' AS result, result #> '{request,max_tokens}' AS budget, result #>> '{request,fingerprint}' IS NOT NULL AS known FROM tasks WHERE id = :'draft_task';
UPDATE tasks SET result = NULL WHERE id = :'draft_task';
SELECT result - 'request' AS result, result #> '{request,max_tokens}' AS budget FROM tasks WHERE id = :'draft_task';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'llm', result = '{"summary": "a summary that is over four tokens", "request": {"max_tokens": 1000}}' WHERE id = :'draft_task';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'llm', result = '{"summary": "within four tokens", "model": "m", "applied": false}' WHERE id = :'draft_task';
SELECT result - 'request' AS result, error_message, context_summary FROM tasks k JOIN tickets t ON t.id = ticket_id WHERE k.id = :'draft_task';

-- An answer that is changed afterwards obeys the same rules, and one that is not changed stays what it was.
UPDATE tasks SET result = '{"summary": "changed to more than four tokens"}' WHERE id = :'draft_task';
UPDATE tasks SET result = '{"summary": "changed answer"}' WHERE id = :'draft_task';
SELECT result -> 'applied' AS applied, context_summary, context_summary(t.id) AS handed FROM tasks k JOIN tickets t ON t.id = ticket_id WHERE k.id = :'draft_task';
UPDATE tickets SET context = context || '{"design_phase": {"x": 1}, "requirements_phase": {"key_decisions": ["refund in cash"]}}';
UPDATE tasks SET result = result || '{"applied": false, "seen": true}' WHERE id = :'draft_task';
SELECT result - 'request' AS result, error_message, context_summary(ticket_id) ~ 'in cash' AS live FROM tasks WHERE id = :'draft_task';
UPDATE tasks SET result = '{"summary": "too late"}' WHERE id = :'draft_task';
SELECT result - 'request' AS result, error_message, context_summary FROM tasks k JOIN tickets t ON t.id = ticket_id WHERE k.id = :'draft_task';

-- Nobody but the workspace's owner can make up a request or an applied answer; all others' are answers that nobody asked for.
CREATE ROLE llm_forger;
GRANT USAGE ON SCHEMA acme TO llm_forger;
GRANT SELECT ON tickets TO llm_forger;
GRANT SELECT, INSERT, UPDATE ON tasks TO llm_forger;
CREATE TABLE asked AS SELECT result -> 'request' AS request FROM summarize_using_llm(:'ticket', 4);
UPDATE tasks SET status = 'cancelled' WHERE kind = 'summary' AND status = 'pending';
GRANT SELECT ON asked TO llm_forger;
SET ROLE llm_forger;
INSERT INTO tasks (ticket_id, phase_id, kind, task_type, status, result)
SELECT :'ticket', 'PHASE_DESIGN', 'summary', 'forged', s, jsonb_build_object('summary', 'forged, and longer than four tokens', 'applied', true, 'request', request) FROM asked, unnest('{completed,pending}'::text[]) s;
INSERT INTO tasks (ticket_id, phase_id, kind, task_type, status, assigned_agent_id, result)
SELECT :'ticket', 'PHASE_DESIGN', 'work', 'forged', 'assigned', 'f', jsonb_build_object('summary', 'forged too', 'request', request) FROM asked;
UPDATE tasks SET kind = 'summary', status = 'completed', assigned_agent_id = 'f' WHERE task_type = 'forged' AND status IN ('pending', 'assigned');
SELECT status, result, error_message FROM tasks WHERE task_type = 'forged' ORDER BY id;
SELECT context_summary(:'ticket') ~ 'forged' AS forged, context_summary FROM tickets;
RESET ROLE;
DROP OWNED BY llm_forger;
DROP ROLE llm_forger;
-- The owner's import keeps both.
INSERT INTO tasks (ticket_id, phase_id, kind, task_type, status, result)
SELECT :'ticket', 'PHASE_DESIGN', 'summary', 'imported', 'completed', jsonb_build_object('summary', 'imported', 'applied', true, 'request', request) FROM asked;
SELECT context_summary(:'ticket');

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
