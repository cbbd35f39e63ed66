-- What is left of a deleted ticket has its history, also where a role may delete rows of history with it.
\set SHOW_CONTEXT never
CREATE ROLE regress_plain;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
GRANT USAGE ON SCHEMA acme TO regress_plain;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_plain;
REVOKE TRIGGER ON ALL TABLES IN SCHEMA acme FROM regress_plain;
INSERT INTO tickets (title) VALUES ('one'), ('two');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
SET ROLE regress_plain;
WITH gone AS (DELETE FROM tickets WHERE title = 'one' RETURNING id) DELETE FROM phase_history h USING gone WHERE h.ticket_id = gone.id;
DELETE FROM tickets WHERE title = 'two';
RESET ROLE;
SELECT title, jsonb_array_length(document -> 'history') AS moves, document ->> 'db_role' = session_user AS is_told, document ->> 'acting_role' AS acting FROM ticket_archive ORDER BY 1;
SELECT title, phase_id, (SELECT count(*) FROM phase_history h WHERE h.ticket_id = t.id) AS moves FROM tickets t;
DROP OWNED BY regress_plain;
DROP ROLE regress_plain;
