-- Each statement needs exactly the caller's own rights on tickets; what follows runs with the owner's.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_mover;
CREATE ROLE regress_reader;
CREATE ROLE regress_editor;
CREATE ROLE regress_nobody;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 4) n;
GRANT USAGE ON SCHEMA acme TO regress_mover, regress_reader, regress_editor, regress_nobody;
GRANT SELECT, UPDATE (phase_id) ON tickets TO regress_mover;
GRANT SELECT ON tickets TO regress_reader;
GRANT SELECT, UPDATE (title) ON tickets TO regress_editor;

-- SELECT and UPDATE (phase_id): moves by every way, sees no history, writes none.
SET ROLE regress_mover;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't1';
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_BLOCKED', 'why', 'who')).current_phase;
SELECT (phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000003', 'PHASE_BLOCKED')).transitioned;
SELECT transitioned FROM phasegate.transition_tickets(ARRAY['00000000-0000-7000-8000-000000000004']::uuid[], 'PHASE_BLOCKED');
SELECT (phasegate.unblock_ticket('00000000-0000-7000-8000-000000000001')).current_phase;
SELECT (phasegate.block_ticket('00000000-0000-7000-8000-000000000001', 'again')).current_phase;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001'), phasegate.can_transition('PHASE_DESIGN', 'PHASE_BLOCKED');
SELECT * FROM phasegate.get_phase_history('00000000-0000-7000-8000-000000000001');
INSERT INTO phase_history (ticket_id, to_phase) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
UPDATE tickets SET title = 'forbidden';
INSERT INTO tickets (title) VALUES ('forbidden');
DELETE FROM tickets;
INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_DONE');
-- SELECT alone: reads, and moves by no way; no function lets it. Nor UPDATE of another column.
SET ROLE regress_reader;
SELECT phasegate.can_transition('PHASE_DESIGN', 'PHASE_BLOCKED'), phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT array(SELECT phasegate.get_valid_transitions('PHASE_DESIGN'));
SELECT phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN');
SELECT length(phasegate.phase_diagram()) > 100 AS diagram;
CREATE FUNCTION pg_temp.refusals() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        $s$UPDATE acme.tickets SET phase_id = 'PHASE_DESIGN'$s$,
        $s$SELECT phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')$s$,
        $s$SELECT phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')$s$,
        $s$SELECT * FROM phasegate.transition_tickets(ARRAY['00000000-0000-7000-8000-000000000001']::uuid[], 'PHASE_DESIGN')$s$,
        $s$SELECT phasegate.block_ticket('00000000-0000-7000-8000-000000000001', 'r')$s$,
        $s$SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-000000000001')$s$] LOOP
        BEGIN
            EXECUTE statement;
            RETURN NEXT 'allowed: ' || statement;
        EXCEPTION WHEN OTHERS THEN RETURN NEXT SQLSTATE || ' ' || SQLERRM;
        END;
    END LOOP;
END $$;
SELECT refusals, count(*) FROM pg_temp.refusals() GROUP BY 1;
SET ROLE regress_editor;
SELECT refusals, count(*) FROM pg_temp.refusals() GROUP BY 1;
-- Only USAGE on the schema: nothing can be read, not even the configuration.
SET ROLE regress_nobody;
SELECT phasegate.can_transition('PHASE_DESIGN', 'PHASE_BLOCKED');
SELECT phasegate.get_valid_transitions('PHASE_DESIGN');
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT phasegate.get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN');
SELECT phasegate.phase_diagram();
SELECT * FROM phasegate.check_workspace();
SELECT refusals, count(*) FROM pg_temp.refusals() GROUP BY 1;
-- With history to read, and row security on tickets, a role sees the history of the tickets that it sees.
SET ROLE regress_owner;
GRANT SELECT ON phase_history TO regress_mover;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON tickets USING (title = 't1') WITH CHECK (phase_id <> 'PHASE_TESTING');
SET ROLE regress_mover;
SELECT from_phase, to_phase FROM phasegate.get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT * FROM phasegate.get_phase_history('00000000-0000-7000-8000-000000000002');
SELECT (phasegate.unblock_ticket('00000000-0000-7000-8000-000000000001')).current_phase;
SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-000000000002');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
SELECT transitioned, error_code FROM phasegate.transition_tickets(ARRAY['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']::uuid[], 'PHASE_BLOCKED');
RESET ROLE;
SELECT t.title, from_phase, to_phase, transitioned_by = acting_role AS by_role FROM phase_history h JOIN tickets t ON t.id = ticket_id WHERE from_phase IS NOT NULL ORDER BY t.title, h.created_at;
SELECT sum(violations) FROM phasegate.check_workspace();
-- The clock is the superuser's.
SET SESSION AUTHORIZATION regress_mover;
SET phasegate.now = '2000-01-01';
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_mover, regress_reader, regress_editor, regress_nobody CASCADE;
DROP ROLE regress_owner, regress_mover, regress_reader, regress_editor, regress_nobody;
