-- What does not fit the contract is skipped, and never breaks a transition.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme') \g /dev/null
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
-- A completed piece of work.
CREATE PROCEDURE done(ticket uuid, phase text, type text, result jsonb) LANGUAGE sql AS $$
    INSERT INTO tasks (ticket_id, phase_id, task_type, status, assigned_agent_id, result)
    VALUES (ticket, phase::phase, type, 'completed', 'agent', result)
$$;
-- Results that the contract would refuse today, as an older client may have left them.
ALTER TABLE tasks DISABLE TRIGGER USER;
CREATE TEMP TABLE shapes (name text, result jsonb);
INSERT INTO shapes VALUES
    ('string', '"text"'), ('number', '1e400'), ('null', 'null'), ('boolean', 'true'), ('array', '[1, {"context": {}}]'), ('empty', '{}'),
    ('context is text', '{"context": "x", "summary": 7}'), ('context is an array', '{"context": [1], "artifacts": {"type": 1}}'),
    ('summary is blank', '{"summary": "  "}'), ('reserved keys', '{"context": {"tasks": 1, "artifacts": 2, "summary": 3, "decisions": ["kept"]}}'),
    ('number that is a map', '{"context": {"$serde_json::private::Number": "1", "decisions": ["x"]}}'),
    ('clashing kinds', '{"context": {"decisions": {"a": 1}}}'),
    ('one megabyte', jsonb_build_object('context', jsonb_build_object('requirements_doc', repeat('word ', 209715)))),
    ('no spaces', jsonb_build_object('context', jsonb_build_object('notes', repeat('x', 200000)))),
    ('deep', (repeat('{"context":', 10000) || '1' || repeat('}', 10000))::jsonb),
    ('deep inside', ('{"context": {"decisions": ["shallow"], "deep": ' || repeat('[', 120) || repeat(']', 120) || '}}')::jsonb);
INSERT INTO tickets (title, phase_id) SELECT name, 'PHASE_REQUIREMENTS' FROM shapes;
INSERT INTO tasks (ticket_id, phase_id, task_type, description, status, completed_at, result)
SELECT t.id, 'PHASE_REQUIREMENTS', 'a', 'the description', 'completed', now(), result FROM shapes JOIN tickets t ON title = name;
ALTER TABLE tasks ENABLE TRIGGER USER;
SELECT DISTINCT current_phase FROM tickets, transition_ticket(id, 'PHASE_DESIGN');
SELECT title, context #>> '{requirements_phase,summary}' AS summary, context #> '{requirements_phase,decisions}' AS decisions,
       count_tokens(context_summary) <= 2000 AS within_budget
  FROM tickets ORDER BY title;
SELECT DISTINCT current_phase FROM tickets, transition_ticket(id, 'PHASE_IMPLEMENTATION');

-- A ticket's own context that is no object, or deeper than is read, is not lost.
INSERT INTO tickets (title, phase_id, context) VALUES
    ('context array', 'PHASE_REQUIREMENTS', '[1, 2]'), ('context text', 'PHASE_REQUIREMENTS', '"mine"'), ('context null', 'PHASE_REQUIREMENTS', 'null'),
    ('context deep', 'PHASE_REQUIREMENTS', (repeat('{"a":', 5000) || '1' || repeat('}', 5000))::jsonb);
INSERT INTO tasks (ticket_id, phase_id, task_type, status, assigned_agent_id, result)
SELECT id, 'PHASE_REQUIREMENTS', 'a', 'completed', 'x', '{"summary": "said"}' FROM tickets WHERE title LIKE 'context %' AND phase_id = 'PHASE_REQUIREMENTS';
SELECT DISTINCT current_phase FROM tickets, transition_ticket(id, 'PHASE_DESIGN') WHERE title LIKE 'context %' AND phase_id = 'PHASE_REQUIREMENTS';
SELECT title, CASE WHEN title <> 'context deep' THEN (context - 'requirements_phase')::text END AS kept, length(context::text) > 30000 AS deep, context ? 'requirements_phase' AS folded
  FROM tickets WHERE title LIKE 'context %' AND phase_id = 'PHASE_DESIGN' ORDER BY title;
SELECT get_context_for_phase(id) FROM tickets WHERE title = 'context deep';
INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT id, 'PHASE_DESIGN', 'next' FROM tickets WHERE title = 'context deep';
SELECT task_type, context, context_summary FROM claim_tasks('agent', 100);
-- jsonb itself refuses a NUL.
SELECT summarize_context('{"notes": "\u0000"}');
SELECT * FROM check_workspace() WHERE violations > 0;
