-- Every pair of phases: 16 edges work, 40 other pairs are refused, 8 self pairs change nothing.
-- By a direct UPDATE and by each function alike.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;

-- The configured edges are the seed's.
SELECT from_phase, array_agg(to_phase ORDER BY to_phase) AS to_phases, array_agg(requires_gate ORDER BY to_phase) AS gated
  FROM phase_transitions GROUP BY from_phase ORDER BY from_phase;

-- What each pair does, for a ticket that is put into the first phase (blocked ones from the earliest that
-- can be blocked).
CREATE FUNCTION public.outcome(way text, from_phase phase, to_phase phase) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    ticket uuid;
    new_rows text;
    state text;
    message text;
    detail text;
    attempt phasegate.transition_attempt;
BEGIN
    INSERT INTO tickets (title, phase_id, previous_phase_id)
    VALUES ('t', from_phase, CASE from_phase WHEN 'PHASE_BLOCKED' THEN 'PHASE_REQUIREMENTS' END::phase) RETURNING id INTO ticket;
    BEGIN
        CASE way
            WHEN 'direct' THEN UPDATE tickets SET phase_id = to_phase WHERE id = ticket;
            WHEN 'transition_ticket' THEN PERFORM phasegate.transition_ticket(ticket, to_phase::text);
            WHEN 'try_transition_ticket' THEN
                attempt := phasegate.try_transition_ticket(ticket, to_phase::text);
            WHEN 'transition_tickets' THEN
                attempt := a FROM phasegate.transition_tickets(ARRAY[ticket], to_phase::text) a;
        END CASE;
        IF attempt.error_code IS NOT NULL THEN
            IF attempt.transitioned OR attempt.previous_phase <> from_phase::text OR attempt.current_phase <> from_phase::text
               OR attempt.transitioned_at IS NOT NULL OR attempt.ticket_id <> ticket THEN
                RETURN 'odd: ' || attempt::text;
            END IF;
            state := '23514';
            message := replace(attempt.error_code, 'invalid_transition', 'invalid phase transition');
            detail := attempt.blocking_reasons[1];
        END IF;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    END;
    SELECT string_agg(format('%s>%s', h.from_phase, h.to_phase), ' ') INTO new_rows
      FROM phase_history h WHERE h.from_phase IS NOT NULL AND ticket_id = ticket;
    IF state IS NOT NULL THEN
        IF new_rows IS NOT NULL OR (SELECT phase_id FROM tickets WHERE id = ticket) <> from_phase THEN
            RETURN 'left a trace';
        END IF;
        RETURN format('refused %s %s: %s', state, message, replace(detail, ticket::text, 'T'));
    END IF;
    IF from_phase = to_phase THEN
        RETURN CASE WHEN new_rows IS NULL AND (SELECT phase_entered_at = (SELECT created_at FROM phase_history WHERE ticket_id = ticket)
                                                 FROM tickets WHERE id = ticket) THEN 'nothing' ELSE 'left a trace' END;
    END IF;
    RETURN (SELECT CASE WHEN t.phase_id = to_phase AND t.previous_phase_id = from_phase
                         AND t.phase_entered_at = h.created_at AND t.updated_at = h.created_at
                         AND new_rows = format('%s>%s', from_phase, to_phase) THEN 'moved' ELSE 'moved oddly' END
              FROM tickets t, LATERAL (SELECT created_at FROM phase_history WHERE ticket_id = t.id AND phase_history.from_phase IS NOT NULL) h
             WHERE t.id = ticket);
END $$;

CREATE TABLE public.outcomes AS
SELECT way, f AS from_phase, t AS to_phase, public.outcome(way, f, t) AS outcome
  FROM unnest(ARRAY['direct', 'transition_ticket', 'try_transition_ticket', 'transition_tickets']) WITH ORDINALITY w (way, n),
       unnest(enum_range(NULL::phase)) f, unnest(enum_range(NULL::phase)) t;

SELECT way, split_part(outcome, ' ', 1) AS outcome, count(*) FROM public.outcomes GROUP BY 1, 2 ORDER BY 1, 2;
-- All ways say the same, the functions that answer instead of raising in the same words.
SELECT count(*) AS pairs, count(*) FILTER (WHERE ways > 1) AS different
  FROM (SELECT count(DISTINCT outcome) AS ways FROM public.outcomes GROUP BY from_phase, to_phase) p;
SELECT string_agg(to_phase::text, ' ' ORDER BY to_phase) AS moved, from_phase FROM public.outcomes
 WHERE way = 'direct' AND outcome = 'moved' GROUP BY from_phase ORDER BY from_phase;
SELECT DISTINCT ON (from_phase) outcome FROM public.outcomes WHERE outcome LIKE 'refused%' ORDER BY from_phase, to_phase, way;
SELECT count(*) AS unlike_the_first_of_its_phase FROM public.outcomes o
 WHERE outcome LIKE 'refused%' AND outcome <> format('refused 23514 invalid phase transition: Ticket T cannot move from %s to %s; allowed from %s: %s.',
       from_phase, to_phase, from_phase,
       coalesce((SELECT string_agg(v, ', ') FROM phasegate.get_valid_transitions(o.from_phase::text) v), 'none'));

-- The reading functions agree with what moves.
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE phasegate.can_transition(from_phase::text, to_phase::text) <> (outcome = 'moved')) AS can_transition_differs,
       count(*) FILTER (WHERE (to_phase::text IN (SELECT phasegate.get_valid_transitions(from_phase::text))) <> (outcome = 'moved')) AS valid_transitions_differ
  FROM public.outcomes WHERE way = 'direct';
SELECT count(*) FILTER (WHERE (c.check).can_transition <> (o.outcome NOT LIKE 'refused%')) AS dry_run_differs,
       count(*) FILTER (WHERE o.outcome LIKE 'refused%' AND replace((c.check).blocking_reasons[1], c.id::text, 'T') <> split_part(o.outcome, ': ', 2)
                              || coalesce(': ' || nullif(split_part(o.outcome, ': ', 3), ''), '')) AS reason_differs
  FROM public.outcomes o
  CROSS JOIN LATERAL (SELECT t.id, phasegate.can_transition_ticket(t.id, o.to_phase::text) AS check
                        FROM tickets t WHERE t.phase_id = o.from_phase LIMIT 1) c
 WHERE o.way = 'direct';
SELECT p AS phase, array(SELECT phasegate.get_valid_transitions(p::text)) AS valid FROM unnest(enum_range(NULL::phase)) p;
SELECT sum(violations) FROM phasegate.check_workspace();
