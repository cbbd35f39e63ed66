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
-- Nor does it go by a row that the owner put into the archive, nor by what is left of an earlier ticket of the same id.
\set id '00000000-0000-7000-8000-00000000000a'
\set both 'WITH t AS (DELETE FROM tickets WHERE id = :\'id\' RETURNING 1), h AS (DELETE FROM phase_history WHERE ticket_id = :\'id\' RETURNING 1) SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM h);'
INSERT INTO tickets (id, title) VALUES (:'id', 'three');
INSERT INTO ticket_archive (ticket_id, title, deleted, document) SELECT ticket_id, 'written', true, jsonb_build_object('history', jsonb_build_array(to_jsonb(h))) FROM phase_history h WHERE ticket_id = :'id';
:both
DELETE FROM tickets WHERE id = :'id';
INSERT INTO tickets (id, title) VALUES (:'id', 'four');
:both
BEGIN;
DELETE FROM tickets WHERE id = :'id';
INSERT INTO tickets (id, title) VALUES (:'id', 'five');
:both
ROLLBACK;
BEGIN;
SAVEPOINT before;
DELETE FROM tickets WHERE id = :'id';
ROLLBACK TO before;
:both
ROLLBACK;
SELECT title, jsonb_array_length(document -> 'history') AS moves FROM ticket_archive WHERE ticket_id = :'id' ORDER BY archived_at;
SELECT title, (SELECT count(*) FROM phase_history h WHERE h.ticket_id = t.id) AS moves FROM tickets t WHERE id = :'id';
-- It does go where triggers of the owner's catch errors on the way, or keep rows of the archive in another table too.
CREATE TABLE notes (ticket_id uuid REFERENCES tickets ON DELETE CASCADE, note text);
CREATE TABLE trash (note text PRIMARY KEY);
CREATE FUNCTION trashed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    BEGIN INSERT INTO trash VALUES ('same'); EXCEPTION WHEN unique_violation THEN NULL; END; RETURN OLD; END $$;
CREATE TRIGGER trashed BEFORE DELETE ON notes FOR EACH ROW EXECUTE FUNCTION trashed();
CREATE TRIGGER a_trashed BEFORE DELETE ON phase_history FOR EACH ROW EXECUTE FUNCTION trashed();
CREATE TRIGGER "AB_trashed" AFTER DELETE ON tickets FOR EACH ROW EXECUTE FUNCTION trashed();
CREATE TABLE copies (ticket_id uuid);
CREATE RULE copies AS ON INSERT TO ticket_archive DO ALSO INSERT INTO copies VALUES (NEW.ticket_id);
INSERT INTO notes SELECT id, 'n' FROM tickets;
BEGIN;
SAVEPOINT before;
DELETE FROM tickets;
ROLLBACK TO before;
DO $$ BEGIN DELETE FROM tickets; RAISE 'undone'; EXCEPTION WHEN raise_exception THEN NULL; END $$;
DELETE FROM tickets;
COMMIT;
SELECT (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM phase_history) AS history, (SELECT count(*) FROM notes) AS notes, (SELECT count(*) FROM copies) AS copies;
SELECT title, jsonb_array_length(document -> 'history') AS moves FROM ticket_archive WHERE title IN ('one', 'four') ORDER BY title;
-- Where a trigger of the owner's keeps the tombstone back, the ticket stays.
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-00000000000f', 'last');
CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER nothing BEFORE INSERT ON ticket_archive FOR EACH ROW EXECUTE FUNCTION public.nothing();
DELETE FROM tickets;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM tickets;
DROP OWNED BY regress_plain;
DROP ROLE regress_plain;
