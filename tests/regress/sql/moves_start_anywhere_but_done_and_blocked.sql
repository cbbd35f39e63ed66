-- A new ticket may start in any phase but PHASE_DONE and PHASE_BLOCKED.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
CREATE ROLE regress_app;
GRANT USAGE ON SCHEMA acme TO regress_app;
GRANT SELECT, INSERT ON tickets TO regress_app;
SET ROLE regress_app;
INSERT INTO acme.tickets (title) VALUES ('default');
INSERT INTO acme.tickets (title, phase_id)
SELECT p, p FROM unnest(enum_range(NULL::acme.phase)) p WHERE p NOT IN ('PHASE_DONE', 'PHASE_BLOCKED');
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'done', 'PHASE_DONE');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO acme.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'blocked', 'PHASE_BLOCKED');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO acme.tickets (id, title, phase_id, previous_phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'blocked', 'PHASE_BLOCKED', 'PHASE_TESTING');
-- One bad row of many takes all back.
INSERT INTO acme.tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'good', 'PHASE_BACKLOG'), ('00000000-0000-7000-8000-000000000002', 'bad', 'PHASE_DONE');
COPY acme.tickets (title, phase_id) FROM stdin;
copied	PHASE_DESIGN
copied	PHASE_BACKLOG
\.
-- A phase that is none, a title that is too short or too long, a priority that is none.
INSERT INTO acme.tickets (title, phase_id) VALUES ('t', 'PHASE_LUNCH');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
INSERT INTO acme.tickets (title) VALUES ('');
INSERT INTO acme.tickets (title) VALUES (repeat('x', 501));
INSERT INTO acme.tickets (title) VALUES (repeat('ü', 500));
INSERT INTO acme.tickets (title, priority) VALUES ('t', 'URGENT');
INSERT INTO acme.tickets (title, phase_id) VALUES ('t', NULL);
RESET ROLE;
-- Each has one history row, from NULL, and what phasegate keeps is set.
SELECT left(t.title, 20) AS title, t.phase_id, previous_phase_id, from_phase, to_phase, transition_reason, h.db_role = session_user AS by_session,
       t.phase_entered_at = h.created_at AND t.updated_at = h.created_at AS times_fit, artifacts
  FROM tickets t LEFT JOIN phase_history h ON h.ticket_id = t.id ORDER BY t.phase_id, 1;
SELECT sum(violations) FROM phasegate.check_workspace();
DROP OWNED BY regress_app;
DROP ROLE regress_app;
