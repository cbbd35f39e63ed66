-- A summary never exceeds its budget by the named tokenizer, keeps decisions longest, and says what it left out.
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
SELECT setseed(0.4);
CREATE TEMP TABLE contexts AS
SELECT n, jsonb_build_object(
           'requirements_phase', jsonb_build_object('key_decisions', decisions, 'requirements_doc', repeat(word || ' ', 40 * n)),
           'design_phase', jsonb_build_object('risks', jsonb_build_array(word || '?', repeat(word, n)), 'notes', decisions)) AS context
  FROM generate_series(1, 60) n
 CROSS JOIN LATERAL (SELECT (ARRAY['word', 'Größe', '設計', 'решение', '🚀', 'ตัดสินใจ', 'قرار', '=', 'x1'])[1 + n % 9] AS word) w
 CROSS JOIN LATERAL (SELECT jsonb_agg(word || ' ' || n || ' ' || k || ' ' || md5((n * k)::text)) AS decisions FROM generate_series(1, n) k) d;
CREATE FUNCTION over_budget() RETURNS TABLE (budget int, over bigint) LANGUAGE sql AS $$
    SELECT b, count(*) FILTER (WHERE count_tokens(summarize_context(context, b)) > b)
      FROM contexts, unnest(ARRAY[1, 2, 10, 100, 2000, 100000]) b GROUP BY b ORDER BY b
$$;
SELECT * FROM over_budget();
SET phasegate.tokenizer = 'cl100k_base';
SELECT * FROM over_budget();
RESET phasegate.tokenizer;
-- Every decision survives as long as the decisions alone fit.
SELECT count(*) AS contexts, bool_and(NOT EXISTS (
           SELECT FROM jsonb_array_elements_text(context #> '{requirements_phase,key_decisions}') d
            WHERE position(d IN summarize_context(context, alone + 20)) = 0)) AS all_decisions_survive
  FROM (SELECT context, count_tokens(summarize_structured(jsonb_build_object('requirements_phase',
               jsonb_build_object('key_decisions', context #> '{requirements_phase,key_decisions}')))) AS alone FROM contexts) c;
-- Without a budget, and with one that holds all, nothing is left out; else the last line counts what is.
SELECT bool_and(summarize_structured(context) !~ 'left out') AS complete, bool_and(summarize_context(context, 100000) !~ 'left out') AS fits,
       bool_and(summarize_context(context, 100) ~ '\(\d+ more points? left out\)$') FILTER (WHERE n > 10) AS announced FROM contexts;
SELECT count_tokens(''), count_tokens('hello world');
SELECT summarize_context('{"design_phase": {"decisions": ["a"]}}', 0);
SELECT summarize_context('{}', NULL);
SELECT summarize_context(NULL);
SELECT count_tokens(NULL);
SELECT extract_key_points((repeat('[', 200) || repeat(']', 200))::jsonb);
SELECT summarize_context('"just text"'), summarize_context('[]') = '' AS empty, extract_key_points('{"a": 1}');
