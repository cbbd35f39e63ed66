-- However a ticket is moved, the same rows are left behind.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;

-- Six ways, three tickets each, standing in different phases.
CREATE TABLE public.ways (way text PRIMARY KEY);
INSERT INTO public.ways VALUES ('direct'), ('bulk'), ('join'), ('transition_ticket'), ('try_transition_ticket'), ('transition_tickets');
INSERT INTO tickets (title, phase_id)
SELECT way || ' from ' || phase, phase::phase
  FROM public.ways, unnest(ARRAY['PHASE_REQUIREMENTS', 'PHASE_DESIGN', 'PHASE_TESTING']) phase;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_path)
SELECT id, 'PHASE_TESTING', 'log', 'log.txt' FROM tickets;

SET phasegate.actor = 'agent-7';
SET phasegate.reason = 'same for all';
DO $$
DECLARE
    one uuid;
BEGIN
    FOR one IN SELECT id FROM tickets WHERE title LIKE 'direct from %' LOOP
        UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = one;
    END LOOP;
END $$;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title LIKE 'bulk from %';
UPDATE tickets t SET phase_id = 'PHASE_BLOCKED' FROM public.ways w WHERE t.title LIKE w.way || ' from %' AND w.way = 'join';
RESET phasegate.actor;
RESET phasegate.reason;
SELECT (phasegate.transition_ticket(id, 'PHASE_BLOCKED', 'same for all', 'agent-7')).previous_phase
  FROM tickets WHERE title LIKE 'transition_ticket from %' ORDER BY 1;
SELECT (phasegate.try_transition_ticket(id, 'PHASE_BLOCKED', 'same for all', 'agent-7')).transitioned
  FROM tickets WHERE title LIKE 'try_transition_ticket from %';
SELECT transitioned, previous_phase, current_phase, transitioned_by, error_code, blocking_reasons
  FROM phasegate.transition_tickets(ARRAY(SELECT id FROM tickets WHERE title LIKE 'transition_tickets from %' ORDER BY phase_id),
                                    'PHASE_BLOCKED', 'same for all', 'agent-7');

-- Everything but ids and times is the same for all ways; times and ids relate alike.
CREATE VIEW public.left_behind AS
SELECT split_part(t.title, ' from ', 1) AS way, split_part(t.title, ' from ', 2) AS started,
       to_jsonb(t) - '{id,title,phase_entered_at,created_at,updated_at}'::text[] AS ticket,
       to_jsonb(h) - '{id,ticket_id,created_at,artifacts,xid}'::text[] AS history,
       (SELECT jsonb_agg(a - 'id') FROM jsonb_array_elements(h.artifacts) a) AS artifacts,
       t.phase_entered_at = h.created_at AND t.updated_at = h.created_at AND h.created_at > t.created_at AS times_fit
  FROM tickets t JOIN phase_history h ON h.ticket_id = t.id AND h.from_phase IS NOT NULL;
SELECT started, count(*) AS ways, count(DISTINCT (ticket, history, artifacts, times_fit)) AS different
  FROM public.left_behind GROUP BY started ORDER BY started;
SELECT started, ticket->>'phase_id' AS phase_id, ticket->>'previous_phase_id' AS previous_phase_id, history->>'from_phase' AS from_phase,
       history->>'to_phase' AS to_phase, history->>'transitioned_by' AS by, history->>'transition_reason' AS reason, artifacts, times_fit
  FROM public.left_behind WHERE way = 'direct' ORDER BY started;

-- One UPDATE over mixed phases, each row to another phase; one that may not move takes all of them back.
UPDATE tickets SET phase_id = CASE previous_phase_id WHEN 'PHASE_TESTING' THEN 'PHASE_IMPLEMENTATION' ELSE previous_phase_id::text END::phase
 WHERE title LIKE 'bulk from %';
SELECT title, phase_id, previous_phase_id FROM tickets WHERE title LIKE 'bulk from %' ORDER BY 1;
DO $$
BEGIN
    UPDATE tickets SET phase_id = CASE WHEN phase_id = 'PHASE_DESIGN' THEN 'PHASE_DONE' ELSE 'PHASE_BLOCKED' END::phase WHERE title LIKE 'bulk from %';
EXCEPTION WHEN check_violation THEN
    RAISE NOTICE '%', SQLERRM;
END $$;
SELECT title, phase_id, previous_phase_id FROM tickets WHERE title LIKE 'bulk from %' ORDER BY 1;
SELECT count(*) FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title LIKE 'bulk from %';

-- transition_tickets moves those that can, reports the others, one row an id, in the order given.
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'can',     'PHASE_REQUIREMENTS'),
    ('00000000-0000-7000-8000-000000000002', 'cannot',  'PHASE_BACKLOG'),
    ('00000000-0000-7000-8000-000000000003', 'is there', 'PHASE_DESIGN'),
    ('00000000-0000-7000-8000-000000000004', 'can',     'PHASE_REQUIREMENTS');
SELECT substr(a.ticket_id::text, 36) AS id, transitioned, previous_phase, current_phase, transitioned_by, transitioned_at IS NOT NULL AS at, error_code,
       (SELECT array_agg(replace(reason, a.ticket_id::text, 'T')) FROM unnest(blocking_reasons) reason) AS blocking_reasons
  FROM phasegate.transition_tickets(ARRAY[
       '00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-00000000000f',
       '00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000004']::uuid[],
       'PHASE_DESIGN') a;
SELECT count(*) FROM phase_history WHERE ticket_id = '00000000-0000-7000-8000-000000000004';
SELECT * FROM phasegate.transition_tickets('{}', 'PHASE_DESIGN');

-- A long list, of which every second one can move.
INSERT INTO tickets (title, phase_id) SELECT 'long', CASE n % 2 WHEN 0 THEN 'PHASE_DESIGN' ELSE 'PHASE_BACKLOG' END::phase FROM generate_series(1, 1000) n;
SELECT transitioned, error_code, count(*)
  FROM phasegate.transition_tickets(ARRAY(SELECT id FROM tickets WHERE title = 'long'), 'PHASE_IMPLEMENTATION') GROUP BY 1, 2 ORDER BY 1;
SELECT sum(violations) FROM phasegate.check_workspace();
