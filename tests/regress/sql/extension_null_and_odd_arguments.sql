-- What is missing, unknown or not allowed is an error with a fitting SQLSTATE.
\set SHOW_CONTEXT never
CREATE FUNCTION public.errors(VARIADIC calls text[]) RETURNS TABLE (call text, state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH call IN ARRAY calls LOOP
        state := NULL; message := NULL; detail := NULL; hint := NULL;
        BEGIN
            EXECUTE 'SELECT * FROM phasegate.' || call;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        END;
        RETURN NEXT;
    END LOOP;
END $$;
\pset format unaligned
\pset null '(null)'
-- Without a workspace on the search_path.
SELECT DISTINCT state, message, detail, hint FROM public.errors(
    $$transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')$$, $$try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')$$,
    $$transition_tickets('{}', 'PHASE_DESIGN')$$, $$can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')$$,
    $$block_ticket('00000000-0000-7000-8000-000000000001', 'r')$$, $$unblock_ticket('00000000-0000-7000-8000-000000000001')$$,
    $$can_transition('PHASE_DESIGN', 'PHASE_DESIGN')$$, $$get_valid_transitions('PHASE_DESIGN')$$, $$get_phase_history('00000000-0000-7000-8000-000000000001')$$,
    $$get_current_phase('00000000-0000-7000-8000-000000000001')$$, $$phase_diagram()$$, $$check_workspace()$$);
SELECT * FROM public.errors($$check_workspace('nowhere')$$, $$check_workspace('pg_catalog')$$, $$detach_workspace('nowhere')$$, $$detach_workspace(NULL)$$,
    $$create_workspace(NULL)$$, $$create_workspace('')$$, $$create_workspace('pg_acme')$$, $$create_workspace('phasegate')$$, $$create_workspace('information_schema')$$,
    $$create_workspace('pg_catalog')$$);
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'one');
-- NULL for what is required.
SELECT call, state, message FROM public.errors(
    $$transition_ticket(NULL, 'PHASE_DESIGN')$$, $$transition_ticket('00000000-0000-7000-8000-000000000001', NULL)$$,
    $$try_transition_ticket(NULL, 'PHASE_DESIGN')$$, $$try_transition_ticket('00000000-0000-7000-8000-000000000001', NULL)$$,
    $$transition_tickets(NULL, 'PHASE_DESIGN')$$, $$transition_tickets('{}', NULL)$$, $$transition_tickets('{00000000-0000-7000-8000-000000000001,NULL}', 'PHASE_DESIGN')$$,
    $$can_transition_ticket(NULL, 'PHASE_DESIGN')$$, $$can_transition_ticket('00000000-0000-7000-8000-000000000001', NULL)$$,
    $$block_ticket(NULL, 'r')$$, $$block_ticket('00000000-0000-7000-8000-000000000001', NULL)$$, $$unblock_ticket(NULL)$$,
    $$can_transition(NULL, 'PHASE_DESIGN')$$, $$can_transition('PHASE_DESIGN', NULL)$$, $$get_valid_transitions(NULL)$$,
    $$get_phase_history(NULL)$$, $$get_current_phase(NULL)$$, $$phase_diagram(NULL)$$);
-- What is not there, or not allowed.
SELECT * FROM public.errors(
    $$transition_ticket('00000000-0000-7000-8000-00000000000f', 'PHASE_DESIGN')$$, $$can_transition_ticket('00000000-0000-7000-8000-00000000000f', 'PHASE_DESIGN')$$,
    $$block_ticket('00000000-0000-7000-8000-00000000000f', 'r')$$, $$unblock_ticket('00000000-0000-7000-8000-00000000000f')$$,
    $$get_phase_history('00000000-0000-7000-8000-00000000000f')$$, $$get_current_phase('00000000-0000-7000-8000-00000000000f')$$,
    $$transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_LUNCH')$$, $$transition_ticket('00000000-0000-7000-8000-000000000001', '')$$,
    $$transition_ticket('00000000-0000-7000-8000-000000000001', 'phase_design')$$,
    $$transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', expected_phase => 'PHASE_LUNCH')$$,
    $$try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_LUNCH')$$, $$transition_tickets('{}', 'PHASE_LUNCH')$$,
    $$can_transition('PHASE_LUNCH', 'PHASE_DESIGN')$$, $$can_transition('PHASE_DESIGN', 'PHASE_LUNCH')$$, $$get_valid_transitions('PHASE_LUNCH')$$,
    $$phase_diagram('svg')$$,
    $$transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_REQUIREMENTS', expected_phase => 'PHASE_DESIGN')$$,
    $$transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', expected_phase => 'PHASE_DESIGN')$$);
-- expected_phase, where it is a refusal that is answered, and where it fits.
SELECT transitioned, previous_phase, current_phase, error_code, blocking_reasons
  FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_REQUIREMENTS', expected_phase => 'PHASE_DESIGN');
SELECT transitioned, previous_phase, current_phase, error_code, blocking_reasons
  FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', expected_phase => 'PHASE_DESIGN');
SELECT transitioned, previous_phase, current_phase, error_code, blocking_reasons FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-00000000000f', 'PHASE_DESIGN');
SELECT transitioned, previous_phase, current_phase, error_code, blocking_reasons
  FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_REQUIREMENTS', expected_phase => 'PHASE_BACKLOG');
-- Nothing else was done.
SELECT from_phase, to_phase FROM phase_history ORDER BY created_at, id;
-- Trigger functions cannot be called, nor be attached where they do not belong.
SELECT phasegate.tickets_decide();
CREATE TRIGGER st BEFORE UPDATE ON tickets FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_decide();
UPDATE tickets SET title = 'two';
DROP TRIGGER st ON tickets;
CREATE TRIGGER st AFTER INSERT ON tickets FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_record();
INSERT INTO tickets (title) VALUES ('two');
DROP TRIGGER st ON tickets;
CREATE TRIGGER st BEFORE INSERT ON tickets FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_start();
INSERT INTO tickets (title) VALUES ('two');
DROP TRIGGER st ON tickets;
-- Columns that were altered are an error, not read as what they are not.
ALTER TABLE phase_history ALTER transition_reason TYPE int USING 5;
SELECT * FROM phasegate.get_phase_history('00000000-0000-7000-8000-000000000001');
\echo :LAST_ERROR_SQLSTATE
CREATE SCHEMA odd;
CREATE TABLE odd.tickets (LIKE acme.tickets);
ALTER TABLE odd.tickets ALTER id TYPE int USING 1;
CREATE TRIGGER decide BEFORE UPDATE ON odd.tickets FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('3', '3');
INSERT INTO odd.tickets SELECT 1, t.title, t.description, t.phase_id, t.previous_phase_id, t.priority, t.context, t.context_summary, now(), now(), now() FROM acme.tickets t;
UPDATE odd.tickets SET phase_id = 'PHASE_DONE';
\echo :LAST_ERROR_SQLSTATE
