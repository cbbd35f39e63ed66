-- What a trigger of the user's puts back is not claimed.
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (title) VALUES ('t');
CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER put_back BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION put_back();
INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT id, phase_id, 'x' FROM tickets;
SELECT count(*) FROM claim_task('hal');
SELECT count(*) FROM claim_tasks('hal', 9);
DROP TRIGGER put_back ON tasks;
SELECT task_type FROM claim_task('hal');
