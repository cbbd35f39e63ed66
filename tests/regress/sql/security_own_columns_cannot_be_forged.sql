-- previous_phase_id, phase_entered_at and updated_at are phasegate's, whoever writes what.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
CREATE ROLE regress_forger;
GRANT USAGE ON SCHEMA acme TO regress_forger;
GRANT SELECT, INSERT, UPDATE ON tickets TO regress_forger;
CREATE FUNCTION public.state() RETURNS TABLE (phase phase, previous phase, entered_fits boolean, updated_fits boolean) LANGUAGE sql AS $$
    SELECT phase_id, previous_phase_id,
           phase_entered_at = (SELECT max(created_at) FROM phase_history h WHERE h.ticket_id = t.id),
           updated_at >= phase_entered_at AND updated_at <= clock_timestamp()
      FROM tickets t ORDER BY id $$;

-- At the start.
SET ROLE regress_forger;
INSERT INTO acme.tickets (title, phase_id, previous_phase_id, phase_entered_at, updated_at)
VALUES ('t', 'PHASE_DESIGN', 'PHASE_TESTING', '2000-01-01', '2999-01-01');
RESET ROLE;
SELECT * FROM public.state();
-- In a move.
SET ROLE regress_forger;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED', previous_phase_id = 'PHASE_TESTING', phase_entered_at = '2000-01-01', updated_at = '2999-01-01';
RESET ROLE;
SELECT * FROM public.state();
-- In any other UPDATE, also one that touches nothing else.
SET ROLE regress_forger;
UPDATE acme.tickets SET previous_phase_id = 'PHASE_TESTING';
UPDATE acme.tickets SET previous_phase_id = NULL, title = 'u';
UPDATE acme.tickets SET phase_entered_at = '2000-01-01';
UPDATE acme.tickets SET phase_entered_at = 'infinity', phase_id = phase_id;
UPDATE acme.tickets SET phase_entered_at = NULL;
UPDATE acme.tickets SET updated_at = '2999-01-01';
RESET ROLE;
SELECT * FROM public.state();
-- The owner neither.
UPDATE tickets SET previous_phase_id = 'PHASE_TESTING', phase_entered_at = '2000-01-01', updated_at = '1999-01-01';
SELECT * FROM public.state();
UPDATE tickets SET phase_id = 'PHASE_DESIGN', previous_phase_id = 'PHASE_TESTING', phase_entered_at = '2000-01-01';
SELECT * FROM public.state();
-- A user's own trigger before the decision neither.
CREATE FUNCTION public.forge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.previous_phase_id := 'PHASE_DEPLOYMENT'; NEW.phase_entered_at := '2000-01-01'; NEW.updated_at := '2999-01-01'; RETURN NEW; END $$;
CREATE TRIGGER forge BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.forge();
UPDATE tickets SET title = 'v';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SELECT * FROM public.state();
SELECT sum(violations) FROM phasegate.check_workspace();
DROP OWNED BY regress_forger;
DROP ROLE regress_forger;
