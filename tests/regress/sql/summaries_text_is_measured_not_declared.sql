-- Where the content carries the text, the text counts and not what is said about it.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_REQUIREMENTS');
CREATE FUNCTION public.says(content jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE reasons text[];
BEGIN
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
    VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_REQUIREMENTS', 'requirements_document', content);
    SELECT (phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')).blocking_reasons INTO reasons;
    RETURN QUERY SELECT unnest(CASE reasons WHEN '{}' THEN '{passes}' ELSE reasons END);
END $$;
-- A length of 5000 declared beside a text of 499 characters.
SELECT public.says(jsonb_build_object('content', repeat('x', 499), 'length', 5000, 'sections', '["scope", "acceptance_criteria"]'::jsonb));
SELECT public.says(jsonb_build_object('text', repeat('x', 499), 'length', 5000, 'sections', '["scope", "acceptance_criteria"]'::jsonb));
SELECT public.says(jsonb_build_object('content', '', 'text', repeat('x', 600), 'length', 5000, 'sections', '["scope", "acceptance_criteria"]'::jsonb));
SELECT public.says(jsonb_build_object('content', repeat('x', 500), 'length', 3, 'sections', '["scope", "acceptance_criteria"]'::jsonb));
-- Characters are counted, not bytes: 499 and 500 of two, three and four bytes, and 600.
SELECT n, c, public.says(jsonb_build_object('content', repeat(c, n), 'sections', '["scope", "acceptance_criteria"]'::jsonb))
  FROM unnest(ARRAY['ä', '語', '🚀']) c, unnest(ARRAY[499, 500, 600]) n ORDER BY c COLLATE "C", n;
-- 250 characters of two bytes are 500 bytes and not enough.
SELECT public.says(jsonb_build_object('content', repeat('ä', 250), 'sections', '["scope", "acceptance_criteria"]'::jsonb));
-- Sections are the Markdown headings of the text, however they are written.
SELECT public.says(jsonb_build_object('content', E'# Scope\n' || repeat('x', 500) || E'\n## Acceptance criteria\n- one'));
SELECT public.says(jsonb_build_object('content', E'Scope\n=====\n' || repeat('x', 500) || E'\n\nACCEPTANCE-CRITERIA\n-----\n'));
SELECT public.says(jsonb_build_object('content', E'### **scope** ###\n' || repeat('x', 500) || E'\n###### acceptance_criteria'));
-- Partly listed, partly in the text.
SELECT public.says(jsonb_build_object('content', E'# Scope\n' || repeat('x', 500), 'sections', '["acceptance criteria"]'::jsonb));
-- Not headings: in a code block, in a sentence, part of a longer heading.
SELECT public.says(jsonb_build_object('content', E'```\n# Scope\n# Acceptance criteria\n```\n' || repeat('x', 500)));
SELECT public.says(jsonb_build_object('content', E'The scope and the acceptance criteria are clear.\n' || repeat('x', 500)));
SELECT public.says(jsonb_build_object('content', E'# Scope and acceptance criteria\n' || repeat('x', 500)));
