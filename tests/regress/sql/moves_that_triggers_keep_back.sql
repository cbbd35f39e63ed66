-- A BEFORE trigger of the user's that leaves a row out, or leaves its phase as it was, keeps the ticket where it is: every function
-- says so, none says that it has moved, and nothing is written. Also: what ends a call of advance_tickets, and what ends one move.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
INSERT INTO tickets (title, phase_id) SELECT title, 'PHASE_DESIGN' FROM unnest(ARRAY['moves', 'stays', 'moves too']) title;
INSERT INTO tasks (ticket_id, phase_id, status) SELECT id, 'PHASE_DESIGN', 'completed' FROM tickets;
-- What a statement gives or raises, and where the tickets are and how long their histories after it; all is taken back.
CREATE FUNCTION came(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    code text;
BEGIN
    BEGIN
        EXECUTE statement INTO answer;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        GET STACKED DIAGNOSTICS code = CONSTRAINT_NAME;
        answer := SQLSTATE || ' ' || code;
    END;
    RAISE '%; %', answer, (SELECT string_agg(title || ' ' || phase_id || ' ' || (SELECT count(*) FROM phase_history h WHERE h.ticket_id = t.id), ', ' ORDER BY title) FROM tickets t)
        USING ERRCODE = 'P0099';
EXCEPTION WHEN SQLSTATE 'P0099' THEN
    RETURN SQLERRM;
END $$;
CREATE TABLE calls (place int, function text, statement text);
INSERT INTO calls VALUES
    (1, 'UPDATE', $$WITH moved AS (UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' RETURNING phase_id) SELECT count(*) FILTER (WHERE phase_id = 'PHASE_IMPLEMENTATION') FROM moved$$),
    (2, 'transition_ticket', $$SELECT current_phase FROM tickets, transition_ticket(id, 'PHASE_IMPLEMENTATION') WHERE title = 'stays'$$),
    (3, 'try_transition_ticket', $$SELECT transitioned || ' ' || current_phase FROM tickets, try_transition_ticket(id, 'PHASE_IMPLEMENTATION') WHERE title = 'stays'$$),
    (4, 'transition_tickets', $$SELECT string_agg(transitioned::text, ' ') FROM transition_tickets(ARRAY(SELECT id FROM tickets ORDER BY title), 'PHASE_IMPLEMENTATION')$$),
    (5, 'block_ticket', $$SELECT current_phase FROM tickets, block_ticket(id, 'why') WHERE title = 'stays'$$),
    (6, 'force_transition_ticket', $$SELECT current_phase FROM tickets, force_transition_ticket(id, 'PHASE_TESTING', 'why') WHERE title = 'stays'$$),
    (7, 'advance_tickets', $$SELECT string_agg(title || ' ' || coalesce(error_code, transitioned::text), ', ' ORDER BY title) FROM advance_tickets() JOIN tickets ON id = ticket_id$$),
    (8, 'to where it is', $$SELECT current_phase FROM tickets, transition_ticket(id, 'PHASE_DESIGN') WHERE title = 'stays'$$);
CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title = 'stays' THEN
        IF TG_ARGV[0] = 'out' THEN
            RETURN NULL;
        END IF;
        NEW.phase_id := OLD.phase_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER before_decision BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION kept('phase');
SELECT function, came(statement) FROM calls ORDER BY place;
DROP TRIGGER before_decision ON tickets;
CREATE TRIGGER zzz_after_decision BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION kept('phase');
SELECT function, came(statement) FROM calls ORDER BY place;
DROP TRIGGER zzz_after_decision ON tickets;
CREATE TRIGGER zzz_after_decision BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION kept('out');
SELECT function, came(statement) FROM calls WHERE function <> 'to where it is' ORDER BY place;
DROP TRIGGER zzz_after_decision ON tickets;
-- An error is of one ticket, or of the call.
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title = 'stays' THEN
        RAISE 'no' USING ERRCODE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION fails_by(code text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER fails AFTER UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION fails(%L)', code);
    RETURN came((SELECT statement FROM calls WHERE function = 'advance_tickets'));
END $$;
SELECT code, fails_by(code) FROM unnest(ARRAY['P0001', '23514', '42501', '54000', '40001', '40P01', '53100', '53200', '54001', '57014', '58030']) code;
DROP TRIGGER fails ON tickets;
-- A trigger that calls what called it ends where the stack does, and does not come to that end again for every ticket on every level.
CREATE FUNCTION calls_again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM advance_tickets(); RETURN NEW; END';
CREATE TRIGGER calls_again BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION calls_again();
SET max_stack_depth = '200kB';
SELECT came(statement) FROM calls WHERE function = 'advance_tickets';
RESET max_stack_depth;
DROP TRIGGER calls_again ON tickets;
CREATE TRIGGER calls_again AFTER UPDATE ON tickets FOR EACH STATEMENT EXECUTE FUNCTION calls_again();
SELECT came(statement) FROM calls WHERE function = 'advance_tickets';
SELECT sum(violations) FROM check_workspace();
