-- An error inside a subtransaction leaves no trace, and the session goes on working.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_app;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_DESIGN'), ('00000000-0000-7000-8000-000000000002', 'two', 'PHASE_DESIGN');
GRANT USAGE ON SCHEMA acme TO regress_app;
GRANT SELECT, UPDATE (phase_id) ON tickets TO regress_app;
GRANT SELECT ON phase_history TO regress_app;
-- Its own history trigger raises for one reason, deep inside the owner's rights.
CREATE FUNCTION acme.explode() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.transition_reason = 'explode' THEN RAISE EXCEPTION 'boom, as %', current_user; END IF; RETURN NEW; END $$;
CREATE TRIGGER explode BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION acme.explode();
CREATE FUNCTION acme.late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF current_setting('phasegate.reason', true) = 'late' AND NEW.title = 'two' THEN RAISE EXCEPTION 'too late'; END IF; RETURN NEW; END $$;
CREATE TRIGGER late AFTER UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION acme.late();
SET ROLE regress_app;
CREATE FUNCTION pg_temp.moves() RETURNS TABLE (title text, move text, by text, reason text) LANGUAGE sql AS $$
    SELECT t.title, format('%s > %s', from_phase, to_phase), nullif(transitioned_by, acting_role), transition_reason
      FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE from_phase IS NOT NULL ORDER BY t.title, h.created_at, h.id $$;

-- SAVEPOINT.
BEGIN;
SAVEPOINT a;
SET LOCAL phasegate.actor = 'stale';
SET LOCAL phasegate.reason = 'explode';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
ROLLBACK TO a;
SELECT current_user;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'one';
SAVEPOINT b;
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'undone', 'undone')).current_phase;
ROLLBACK TO b;
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', 'explode', 'stale')).current_phase;
ROLLBACK TO b;
SELECT current_user, phase_id FROM tickets WHERE title = 'one';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'one';
COMMIT;
SELECT * FROM pg_temp.moves();
-- An error when all rows have been decided and some recorded, before their history is written.
BEGIN;
SAVEPOINT a;
SET LOCAL phasegate.reason = 'late';
UPDATE tickets SET phase_id = CASE title WHEN 'one' THEN 'PHASE_DESIGN' ELSE 'PHASE_BLOCKED' END::phase;
ROLLBACK TO a;
UPDATE tickets SET phase_id = phase_id;
SAVEPOINT b;
SET LOCAL phasegate.reason = 'early';
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'one';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'one';
COMMIT;
SELECT * FROM pg_temp.moves();

-- PL/pgSQL, in a loop: every second move fails.
DO $$
DECLARE
    target text;
    why text;
BEGIN
    FOR n IN 1 .. 6 LOOP
        target := CASE WHEN n IN (3, 4) THEN 'PHASE_BLOCKED' ELSE 'PHASE_IMPLEMENTATION' END;
        why := CASE WHEN n % 2 = 1 THEN 'explode' ELSE 'fine' END;
        BEGIN
            IF n < 4 THEN
                PERFORM phasegate.transition_ticket('00000000-0000-7000-8000-000000000002', target, why, 'agent-' || n);
            ELSE
                PERFORM set_config('phasegate.reason', why, true);
                UPDATE tickets SET phase_id = target::phase WHERE title = 'two';
            END IF;
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE '% %, now as %, actor "%"', n, SQLERRM, current_user, current_setting('phasegate.actor');
        END;
    END LOOP;
END $$;
SELECT * FROM pg_temp.moves();
-- Refusals inside functions, too: by the rules, and by a statement that never gets to them.
DO $$
BEGIN
    BEGIN PERFORM phasegate.transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_DONE', 'stale', 'stale');
    EXCEPTION WHEN check_violation THEN NULL; END;
    BEGIN UPDATE tickets SET title = 'forbidden';
    EXCEPTION WHEN insufficient_privilege THEN NULL; END;
    BEGIN PERFORM phasegate.transition_ticket('00000000-0000-7000-8000-00000000000f', 'PHASE_TESTING', 'stale', 'stale');
    EXCEPTION WHEN no_data_found THEN NULL; END;
    UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 'two';
END $$;
SELECT title, move, by, reason FROM pg_temp.moves() OFFSET 6;
SELECT current_user, session_user = current_user AS same;
-- The owner's rights are not left behind.
INSERT INTO phase_history (ticket_id, to_phase) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
RESET ROLE;
SELECT sum(violations) FROM phasegate.check_workspace();
-- Configuration that is read in the middle of a change that fails is forgotten.
SET search_path = acme;
CREATE FUNCTION acme.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'in between: %', phasegate.can_transition(NEW.from_phase::text, NEW.to_phase::text);
    RAISE EXCEPTION 'boom';
END $$;
CREATE TRIGGER look AFTER INSERT ON phase_transitions FOR EACH ROW EXECUTE FUNCTION acme.look();
\c
SET search_path = acme;
INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_DONE');
SELECT phasegate.can_transition('PHASE_BACKLOG', 'PHASE_DONE');
\c
SET search_path = acme;
BEGIN;
SAVEPOINT a;
INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_DONE');
ROLLBACK TO a;
SELECT phasegate.can_transition('PHASE_BACKLOG', 'PHASE_DONE');
COMMIT;
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_app CASCADE;
DROP ROLE regress_owner, regress_app;
