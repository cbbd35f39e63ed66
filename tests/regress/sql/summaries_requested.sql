-- A summary that is asked for is of what the ticket's summary is about, and is handed that; it is applied if that stays so.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
CREATE VIEW claimed AS SELECT context - 'summary' AS context, context_summary, description, status FROM claim_task('llm', '{summarization}');
INSERT INTO tickets (title, phase_id) VALUES ('Refunds', 'PHASE_REQUIREMENTS') RETURNING id AS ticket \gset
INSERT INTO tasks (ticket_id, phase_id, task_type, status, result) VALUES (:'ticket', 'PHASE_REQUIREMENTS', 'analyze', 'completed', '{"summary": "looked", "context": {"key_decisions": ["refund to the card"]}}');

-- Before the phase is left: what is there.
SELECT id AS task FROM summarize_using_llm(:'ticket') \gset
SELECT jsonb_path_query(context, '$.requirements_phase.key_decisions') AS handed, context_summary, description FROM claimed;
SELECT result -> 'applied' AS applied FROM complete_task(:'task', 'llm', '{"summary": "Refund the card."}');
SELECT context_summary FROM tickets;
-- It is the summary of the phase that comes, as long as nothing else comes.
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_DESIGN');
SELECT context_summary(:'ticket');
-- Folded in by hand it is the same.
INSERT INTO tasks (ticket_id, phase_id, task_type, status, result) VALUES (:'ticket', 'PHASE_DESIGN', 'design', 'completed', '{"context": {"design_decisions": ["a queue"]}}');
SELECT id AS task FROM summarize_using_llm(:'ticket') \gset early_
SELECT update_ticket_context(:'ticket');
SELECT context_summary FROM tickets;
-- The context has changed: the request of before is void, and one is made of what is there now.
SELECT id = :'early_task' AS same, description FROM summarize_using_llm(:'ticket');
SELECT status, error_message FROM tasks WHERE id = :'early_task';
SELECT id = :'early_task' AS same FROM summarize_using_llm(:'ticket');
SELECT jsonb_object_keys(context) AS handed FROM claimed;
SELECT id AS task FROM tasks WHERE kind = 'summary' AND status = 'assigned' \gset
-- An answer that comes late is not applied: the ticket has gone on, with more to be said of.
INSERT INTO tasks (ticket_id, phase_id, task_type, status, result) VALUES (:'ticket', 'PHASE_DESIGN', 'more', 'completed', '{"context": {"design_decisions": ["and a topic"]}}');
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_IMPLEMENTATION');
SELECT result -> 'applied' AS applied, error_message FROM complete_task(:'task', 'llm', '{"summary": "Late."}');
SELECT context_summary FROM tickets;
-- One that was under way when the phase was left, and nothing came to it: it is.
SELECT update_ticket_context(:'ticket');
INSERT INTO tasks (ticket_id, phase_id, task_type, status, result) VALUES (:'ticket', 'PHASE_IMPLEMENTATION', 'build', 'completed', '{"context": {"key_implementations": ["built"]}}');
SELECT update_ticket_context(:'ticket');
SELECT id AS task FROM summarize_using_llm(:'ticket') \gset
SELECT status FROM claimed;
SELECT current_phase FROM transition_ticket(:'ticket', 'PHASE_TESTING');
SELECT result -> 'applied' AS applied FROM complete_task(:'task', 'llm', '{"summary": "All of it."}');
SELECT context_summary, context_summary(:'ticket') AS handed FROM tickets;
-- Nothing is there.
INSERT INTO tickets (title) VALUES ('Empty') RETURNING id AS ticket \gset
SELECT kind FROM summarize_using_llm(:'ticket');
SELECT context, context_summary, description FROM claimed;
SELECT * FROM check_workspace() WHERE violations > 0;
