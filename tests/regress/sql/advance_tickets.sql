-- advance_tickets moves on what is done with, asks for the reviews that alone are missing, and leaves the rest as it is.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
CREATE FUNCTION id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid $$;
CREATE VIEW done AS
SELECT t.title, a.transitioned, a.previous_phase, a.current_phase, a.transitioned_by, a.error_code, a.blocking_reasons
  FROM advance_tickets() a JOIN tickets t ON t.id = a.ticket_id;

-- Without a gate: at least one piece of work, and all of it completed. The start phase never.
INSERT INTO tickets (id, title, phase_id) VALUES
    (id(1), 'in the backlog', 'PHASE_BACKLOG'), (id(2), 'no work', 'PHASE_DESIGN'), (id(3), 'open work', 'PHASE_DESIGN'),
    (id(4), 'failed work', 'PHASE_DESIGN'), (id(5), 'cancelled work', 'PHASE_DESIGN'), (id(6), 'done', 'PHASE_DESIGN'),
    (id(7), 'done but for what was cancelled', 'PHASE_DESIGN');
INSERT INTO tasks (ticket_id, phase_id, status) VALUES
    (id(1), 'PHASE_BACKLOG', 'completed'), (id(3), 'PHASE_DESIGN', 'completed'), (id(3), 'PHASE_DESIGN', 'pending'),
    (id(4), 'PHASE_DESIGN', 'completed'), (id(4), 'PHASE_DESIGN', 'failed'), (id(5), 'PHASE_DESIGN', 'cancelled'),
    (id(6), 'PHASE_DESIGN', 'completed'), (id(7), 'PHASE_DESIGN', 'completed'), (id(7), 'PHASE_DESIGN', 'cancelled');
SET phasegate.actor = 'conductor';
SELECT * FROM done ORDER BY title;
SELECT * FROM done;
RESET phasegate.actor;

-- With one: as soon as it passes. What it says is stored where it is passed, and nowhere else.
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES
    (id(6), 'PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": true}'), (id(6), 'PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 81}'),
    (id(7), 'PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": true}'), (id(7), 'PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 79}');
INSERT INTO tasks (ticket_id, phase_id, status) SELECT n, 'PHASE_IMPLEMENTATION', 'completed' FROM unnest(ARRAY[id(6), id(7)]) n;
SELECT * FROM done;
SELECT ticket_id, phase_id, gate_status FROM phase_gate_results;
SELECT h.to_phase, h.transitioned_by = current_user AS by_me, h.gate_result_id IS NOT NULL AS gated FROM phase_history h WHERE ticket_id = id(6) ORDER BY created_at;

-- Where only reviews are missing they are asked for, once; approved, the ticket goes on.
INSERT INTO phase_gate_requirements (phase_id, requires_review, required_approvals) VALUES ('PHASE_DESIGN', true, 2);
INSERT INTO tickets (id, title, phase_id) VALUES (id(8), 'to be reviewed', 'PHASE_DESIGN');
DELETE FROM tickets WHERE id IN (id(2), id(4), id(5));
SELECT * FROM done;
SELECT * FROM done;
SELECT kind, status, count(*) FROM tasks WHERE ticket_id = id(8) GROUP BY 1, 2;
SELECT gate_status FROM phase_gate_results WHERE ticket_id = id(8);
SELECT agent, (complete_task(c.id, agent, '{"approved": true}')).status
  FROM unnest('{vera,rick}'::text[]) agent, claim_task(agent, '{validation}', kinds => '{review}') c;
SELECT * FROM done;

-- Two ways ahead are somebody's choice; a way back is none.
INSERT INTO phase_transitions VALUES ('PHASE_REQUIREMENTS', 'PHASE_IMPLEMENTATION', false);
DELETE FROM phase_gate_requirements WHERE phase_id IN ('PHASE_REQUIREMENTS', 'PHASE_TESTING');
INSERT INTO tickets (id, title, phase_id) VALUES (id(9), 'at a fork', 'PHASE_REQUIREMENTS'), (id(10), 'before the last', 'PHASE_TESTING');
INSERT INTO tasks (ticket_id, phase_id, status) VALUES (id(9), 'PHASE_REQUIREMENTS', 'completed'), (id(10), 'PHASE_TESTING', 'completed');
SELECT title, current_phase FROM done;
-- Only in the phases that are named, at most as many as asked for, those first that are there for longest.
INSERT INTO tickets (id, title, phase_id) SELECT id(n), 't' || n, 'PHASE_DEPLOYMENT' FROM generate_series(20, 29) n;
INSERT INTO tasks (ticket_id, phase_id, status) SELECT id(n), 'PHASE_DEPLOYMENT', 'completed' FROM generate_series(20, 29) n;
SELECT count(*) FROM advance_tickets(phases => '{PHASE_TESTING,PHASE_BACKLOG}');
SELECT ticket_id, transitioned_by FROM advance_tickets(3, 'me', '{PHASE_DEPLOYMENT}');
SELECT count(*) FROM advance_tickets(max_tickets => 100);
-- What the caller does not see is not moved, and who may not move tickets moves none.
CREATE ROLE regress_conductor;
GRANT USAGE ON SCHEMA acme TO regress_conductor;
GRANT SELECT, UPDATE (phase_id) ON tickets TO regress_conductor;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY odd ON tickets TO regress_conductor USING (title ~ '[13579]$');
INSERT INTO tickets (id, title, phase_id) SELECT id(n), 't' || n, 'PHASE_DEPLOYMENT' FROM generate_series(30, 33) n;
INSERT INTO tasks (ticket_id, phase_id, status) SELECT id(n), 'PHASE_DEPLOYMENT', 'completed' FROM generate_series(30, 33) n;
SET ROLE regress_conductor;
SELECT ticket_id FROM advance_tickets() ORDER BY 1;
RESET ROLE;
REVOKE UPDATE (phase_id) ON tickets FROM regress_conductor;
SET ROLE regress_conductor;
SELECT ticket_id FROM advance_tickets();
RESET ROLE;
DROP OWNED BY regress_conductor;
DROP ROLE regress_conductor;
-- A trigger of the user's that leaves a ticket out does not stop the others.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.title <> 't30' THEN NEW END; END $$;
CREATE TRIGGER a_keep BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION keep();
SELECT ticket_id FROM advance_tickets();
DROP TRIGGER a_keep ON tickets;

-- More that wait for something than are looked at in a call: each gets its turn, in one session.
SET client_min_messages = warning;
TRUNCATE tickets, phase_history CASCADE;
INSERT INTO tickets (title, phase_id) SELECT 'waits', 'PHASE_IMPLEMENTATION' FROM generate_series(1, 2500);
INSERT INTO tickets (id, title, phase_id) VALUES (id(40), 'ready', 'PHASE_DEPLOYMENT');
INSERT INTO tasks (ticket_id, phase_id, status) VALUES (id(40), 'PHASE_DEPLOYMENT', 'completed');
SELECT sum(moved) FROM generate_series(1, 3) n, LATERAL (SELECT count(*) AS moved FROM advance_tickets(10 + 0 * n)) a;
SELECT phase_id FROM tickets WHERE id = id(40);

SELECT * FROM advance_tickets(0);
SELECT * FROM advance_tickets(NULL);
SELECT * FROM advance_tickets(phases => '{PHASE_NONE}');
SELECT * FROM advance_tickets(phases => '{}');
BEGIN READ ONLY;
SELECT * FROM advance_tickets();
ROLLBACK;
SELECT * FROM check_workspace() WHERE violations > 0;
-- What a trigger raises keeps the ticket that it is about, and no other; it is told of, and stands in nobody's way.
CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title LIKE 'odd%' THEN RAISE EXCEPTION 'no % today', NEW.title USING ERRCODE = 'SHOP1'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER picky BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION picky();
INSERT INTO tickets (title, phase_id) SELECT title, 'PHASE_DEPLOYMENT' FROM unnest('{even 1,odd 1,even 2,odd 2,even 3}'::text[]) title;
DELETE FROM phase_gate_requirements WHERE phase_id = 'PHASE_DEPLOYMENT';
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) SELECT id, phase_id, 'completed', 'ada' FROM tickets WHERE title ~ 'odd|even';
SELECT title, transitioned, previous_phase, current_phase, error_code, blocking_reasons
  FROM advance_tickets(2, phases => '{PHASE_DEPLOYMENT}') JOIN tickets ON id = ticket_id ORDER BY title;
SELECT title, transitioned, error_code FROM advance_tickets(phases => '{PHASE_DEPLOYMENT}') JOIN tickets ON id = ticket_id ORDER BY title;
SELECT title, transitioned, error_code FROM advance_tickets(phases => '{PHASE_DEPLOYMENT}') JOIN tickets ON id = ticket_id ORDER BY title;
SELECT t.title, count(*) AS moves FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title ~ 'odd|even' GROUP BY 1 ORDER BY 1;
-- Raised by a single move it keeps its own SQLSTATE.
DO $$ BEGIN PERFORM transition_ticket(id, 'PHASE_DONE') FROM tickets WHERE title = 'odd 1'; EXCEPTION WHEN OTHERS THEN RAISE WARNING '%: %', SQLSTATE, SQLERRM; END $$;
-- The same where a review cannot be asked for.
CREATE FUNCTION no_reviews() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.kind = 'review' THEN RAISE EXCEPTION 'nobody reviews today'; END IF; RETURN NEW; END $$;
CREATE TRIGGER no_reviews BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION no_reviews();
INSERT INTO phase_gate_requirements (phase_id, requires_review) VALUES ('PHASE_DEPLOYMENT', true);
SELECT title, error_code, blocking_reasons FROM advance_tickets(phases => '{PHASE_DEPLOYMENT}') JOIN tickets ON id = ticket_id ORDER BY title;
-- What is about the whole session or transaction ends the call.
CREATE OR REPLACE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE serialization_failure; END $$;
DELETE FROM phase_gate_requirements WHERE phase_id = 'PHASE_DEPLOYMENT';
SELECT count(*) FROM advance_tickets(phases => '{PHASE_DEPLOYMENT}');
SELECT * FROM check_workspace() WHERE violations > 0;
