-- Who may see a ticket may see what its phases handed on; who may change its context may have it updated.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
CREATE ROLE regress_context_reader;
CREATE ROLE regress_context_writer;
CREATE ROLE regress_context_mover;
CREATE ROLE regress_context_nobody;
GRANT USAGE ON SCHEMA acme TO regress_context_reader, regress_context_writer, regress_context_mover, regress_context_nobody;
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
GRANT SELECT ON tickets TO regress_context_reader, regress_context_writer, regress_context_mover;
GRANT UPDATE (context, context_summary) ON tickets TO regress_context_writer;
GRANT UPDATE (phase_id) ON tickets TO regress_context_mover;
INSERT INTO tickets (id, title, phase_id, context, context_summary)
SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, t, 'PHASE_DESIGN', '{"requirements_phase": {"key_decisions": ["Refund to the card"]}}', 'stored'
  FROM unnest('{open,secret,frozen}'::text[]) WITH ORDINALITY AS t (t, n);
INSERT INTO tasks (ticket_id, phase_id, status, result) SELECT id, 'PHASE_DESIGN', 'completed', jsonb_build_object('context', jsonb_build_object('design_decisions', jsonb_build_array('Of ' || title))) FROM tickets;
CREATE FUNCTION public.outcomes(reading boolean) RETURNS TABLE (ticket text, call text, outcome text) LANGUAGE plpgsql AS $$
DECLARE t text[]; c text;
BEGIN
    FOREACH t SLICE 1 IN ARRAY '{{1,open},{2,secret},{3,frozen}}'::text[] LOOP
        FOREACH c IN ARRAY CASE WHEN reading THEN '{aggregate_phase_context,get_context_for_phase,ticket_context,context_summary}' ELSE '{update_ticket_context}' END::text[] LOOP
            ticket := t[2]; call := c;
            BEGIN
                EXECUTE format('SELECT coalesce(length(phasegate.%I(''00000000-0000-7000-8000-00000000000%s'')::text), 0)', c, t[1]) INTO outcome;
                outcome := 'answers';
            EXCEPTION WHEN OTHERS THEN outcome := SQLSTATE || ' ' || SQLERRM;
            END;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
CREATE VIEW public.of_design AS SELECT t.title, t.context #>> '{design_phase,design_decisions,0}' AS design, c.context_data #>> '{design_decisions,0}' AS kept
    FROM acme.tickets t LEFT JOIN acme.phase_context c ON c.ticket_id = t.id AND c.phase_id = 'PHASE_DESIGN' ORDER BY t.id;
-- Without row security: reading needs SELECT on tickets and nothing else, not on tasks, artifacts or phase_context.
SET ROLE regress_context_nobody;
SELECT outcome, count(*) FROM public.outcomes(true) GROUP BY 1;
SELECT outcome, count(*) FROM public.outcomes(false) GROUP BY 1;
SELECT phasegate.summarize_context('{"a": "b"}'), phasegate.count_tokens('a');
SET ROLE regress_context_reader;
SELECT outcome, count(*) FROM public.outcomes(true) GROUP BY 1;
SELECT phasegate.aggregate_phase_context('00000000-0000-7000-8000-000000000001') -> 'design_decisions' AS aggregated,
       phasegate.ticket_context('00000000-0000-7000-8000-000000000001') ->> 'summary' AS summary;
SELECT count(*) FROM tasks;
SELECT count(*) FROM phase_context;
-- Updating needs the right to update context and context_summary.
SELECT outcome, count(*) FROM public.outcomes(false) GROUP BY 1;
SET ROLE regress_context_mover;
SELECT outcome, count(*) FROM public.outcomes(false) GROUP BY 1;
RESET ROLE;
TABLE public.of_design;
-- With row security: a ticket that is not seen is not found; one that may not be updated is not found to be updated.
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON tickets FOR SELECT USING (title <> 'secret');
CREATE POLICY changed ON tickets FOR UPDATE USING (title <> 'frozen');
SET ROLE regress_context_reader;
SELECT * FROM public.outcomes(true);
SET ROLE regress_context_writer;
SELECT * FROM public.outcomes(true) WHERE ticket = 'secret';
SELECT * FROM public.outcomes(false);
RESET ROLE;
TABLE public.of_design;
-- A new row that a policy does not allow is refused, and its block is not kept.
UPDATE tickets SET context = NULL; DELETE FROM phase_context;
DROP POLICY changed ON tickets;
CREATE POLICY changed ON tickets FOR UPDATE USING (true) WITH CHECK (context IS NULL);
SET ROLE regress_context_writer;
SELECT * FROM public.outcomes(false);
RESET ROLE;
TABLE public.of_design;
-- Who may move a ticket needs no more for its context to be folded in.
ALTER TABLE tickets DISABLE ROW LEVEL SECURITY;
SET ROLE regress_context_mover;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'open';
RESET ROLE;
TABLE public.of_design;
-- Columns: without the right to read the context there is no reading it by function.
REVOKE SELECT ON tickets FROM regress_context_reader;
GRANT SELECT (id, title, phase_id, updated_at, context_summary) ON tickets TO regress_context_reader;
SET ROLE regress_context_reader;
SELECT DISTINCT call, outcome FROM public.outcomes(true) ORDER BY 1;
RESET ROLE;
-- A function that runs as its definer sees what its definer may see.
CREATE FUNCTION public.trusted(uuid) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = acme, phasegate AS $$ SELECT context_summary($1) $$;
SET ROLE regress_context_nobody;
SELECT public.trusted('00000000-0000-7000-8000-000000000001');
RESET ROLE;
DROP OWNED BY regress_context_reader, regress_context_writer, regress_context_mover, regress_context_nobody;
DROP ROLE regress_context_reader, regress_context_writer, regress_context_mover, regress_context_nobody;
