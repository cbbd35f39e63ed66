-- A phase is shown what the phases before it in the sequence left, PHASE_BLOCKED all of them.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id, context, context_summary)
SELECT '00000000-0000-7000-8000-000000000001', 't', 'PHASE_TESTING',
       jsonb_object_agg(lower(replace(p::text, 'PHASE_', '')) || '_phase', jsonb_build_object('key_decisions', jsonb_build_array('Of ' || p)))
       || '{"mine": {"note": "Anybody may read this"}, "summary": "stored, of all"}', 'stored, of all'
  FROM unnest(enum_range(NULL::phase)) p;
CREATE FUNCTION shown(target text) RETURNS TABLE (blocks text, others text, summary text) LANGUAGE sql STABLE AS $$
    SELECT (SELECT string_agg(replace(k, '_phase', ''), ' ' ORDER BY array_position(enum_range(NULL::phase)::text[], upper('phase_' || replace(k, '_phase', ''))))
              FROM jsonb_object_keys(c) k WHERE k LIKE '%\_phase'),
           (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(c) k WHERE k NOT LIKE '%\_phase'),
           (SELECT string_agg(m[1], ' ') FROM regexp_matches(c ->> 'summary', 'Of PHASE_(\w+)', 'g') m)
      FROM tickets, get_context_for_phase(id, target) c $$;
SELECT p AS target, s.* FROM unnest(enum_range(NULL::phase)) p, shown(p::text) s;
-- NULL is the ticket's own phase; the stored context is as it was.
SELECT (shown(NULL)).*;
SELECT get_context_for_phase(id) = get_context_for_phase(id, 'PHASE_TESTING') AS same, context_summary(id) = get_context_for_phase(id) ->> 'summary' AS summary,
       context ->> 'summary' AS stored FROM tickets;
-- A blocked ticket is shown all of it.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SELECT (shown(NULL)).blocks, (SELECT context_summary(id) LIKE '%Of PHASE_DONE%' FROM tickets) AS summary_of_all;
-- The budget is for the summary alone.
SELECT get_context_for_phase(id, 'PHASE_DONE', 20) - 'summary' = get_context_for_phase(id, 'PHASE_DONE') - 'summary' AS same,
       count_tokens(get_context_for_phase(id, 'PHASE_DONE', 20) ->> 'summary') <= 20 AS fits, get_context_for_phase(id, 'PHASE_DONE', 20) ->> 'summary' AS summary FROM tickets;
-- An added phase is shown what stands before it and is shown to what stands after it, in this session at once.
ALTER TYPE phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
UPDATE tickets SET context = context || '{"security_review_phase": {"key_decisions": ["Of PHASE_SECURITY_REVIEW"]}}';
SELECT p AS target, s.* FROM unnest('{PHASE_TESTING,PHASE_SECURITY_REVIEW,PHASE_DEPLOYMENT,PHASE_BLOCKED}'::text[]) p, shown(p) s;
-- It takes part in transitions too, and its block is folded in under its key.
INSERT INTO phase_transitions VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW', false), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT', false);
UPDATE tickets SET phase_id = 'PHASE_TESTING', context = NULL, context_summary = NULL;
INSERT INTO tasks (ticket_id, phase_id, status, result) SELECT id, p, 'completed', jsonb_build_object('context', jsonb_build_object('key_decisions', jsonb_build_array('Of ' || p)))
  FROM tickets, unnest('{PHASE_TESTING,PHASE_SECURITY_REVIEW}'::phase[]) p;
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' RETURNING context_summary;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' RETURNING context_summary;
SELECT p AS target, s.* FROM unnest('{PHASE_TESTING,PHASE_SECURITY_REVIEW,PHASE_DEPLOYMENT}'::text[]) p, shown(p) s;
-- Without a context there is only a summary, of nothing.
UPDATE tickets SET context = NULL;
SELECT get_context_for_phase(id), context_summary(id) FROM tickets;
