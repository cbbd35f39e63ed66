-- archive_tickets: nothing that stays is changed or lost by foreign keys between the workspace's own tables or to their partitions,
-- whatever they do ON DELETE; and nothing is in the archive and in its table too because a trigger or rule keeps it.
\set SHOW_CONTEXT never
\set finished '00000000-0000-7000-8000-000000000001'
\set open '00000000-0000-7000-8000-000000000002'
\set child '00000000-0000-7000-8000-000000000003'
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_stranger;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_owner;
SET ROLE regress_owner;
-- Two workspaces, one with partitions: one finished ticket and one that is not, each with something in every table.
CREATE SCHEMA desk;
CREATE TABLE desk.tickets (id uuid PRIMARY KEY, title text NOT NULL);
CREATE SCHEMA parts;
CREATE TABLE parts.tickets (id uuid PRIMARY KEY, title text NOT NULL) PARTITION BY HASH (id);
CREATE TABLE parts.part PARTITION OF parts.tickets FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT phasegate.create_workspace('desk'), phasegate.create_workspace('parts');
SET search_path = desk, phasegate;
CREATE FUNCTION pg_temp.fill() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE task_templates SET is_active = false;
    INSERT INTO tickets (id, title, phase_id) VALUES
        ('00000000-0000-7000-8000-000000000001', 'finished', 'PHASE_DONE'), ('00000000-0000-7000-8000-000000000002', 'open', 'PHASE_DESIGN');
    INSERT INTO tasks (ticket_id, phase_id, status) SELECT id, 'PHASE_TESTING', 'completed' FROM tickets;
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id, 'PHASE_TESTING', 'log' FROM tickets;
    INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status) SELECT id, 'PHASE_TESTING', 'passed' FROM tickets;
    INSERT INTO phase_context (ticket_id, phase_id, context_data) SELECT id, 'PHASE_TESTING', '{}' FROM tickets;
END $$;
SELECT pg_temp.fill();
SET search_path = parts, phasegate;
SELECT pg_temp.fill();
-- What is archived in two calls after these statements, and what is left of rows and of what they say; all is taken back.
CREATE FUNCTION pg_temp.left_over(deletes boolean, VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    archived text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    BEGIN
        archived := archive_tickets('infinity', delete => deletes) || ' then ' || archive_tickets('infinity', delete => deletes);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS archived = PG_EXCEPTION_DETAIL;
        archived := SQLERRM || ' (' || SQLSTATE || '): ' || archived;
    END;
    RAISE '% archived, left are % tickets, % tasks, % history, % deleted; referring: %', archived, (SELECT count(*) FROM tickets),
        (SELECT count(*) FROM tasks), (SELECT count(*) FROM phase_history), (SELECT count(*) FROM ticket_archive WHERE deleted),
        (SELECT count(*) FROM (SELECT to_jsonb(t) ->> 'refers' FROM tickets t UNION ALL SELECT to_jsonb(k) ->> 'refers' FROM tasks k) r (refers) WHERE refers IS NOT NULL)
        USING ERRCODE = 'P0099';
EXCEPTION WHEN SQLSTATE 'P0099' THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.tried(referring text, referred text, action text, value text, deletes boolean) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.left_over(deletes, format('ALTER TABLE %s ADD COLUMN refers uuid REFERENCES %s ON DELETE %s', referring, referred, action),
                             format('UPDATE %s SET refers = %s', referring, value))
$$;
SET search_path = desk, phasegate;
-- The ticket that is open refers to the one that is finished, or to its task; or its task does.
CREATE VIEW pg_temp.actions AS SELECT * FROM unnest(ARRAY['CASCADE', 'SET NULL', 'NO ACTION']) WITH ORDINALITY a (action, place);
SELECT action, pg_temp.tried('tickets', 'tickets', action, format('CASE title WHEN ''open'' THEN %L::uuid END', :'finished'), true) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tickets', 'tasks', action, format('CASE title WHEN ''open'' THEN (SELECT id FROM tasks WHERE ticket_id = %L) END', :'finished'), true) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tasks', 'tickets', action, format('CASE ticket_id WHEN %L THEN %L::uuid END', :'open', :'finished'), true) FROM pg_temp.actions ORDER BY place;
-- Rows of tickets stay, what belongs to them goes.
SELECT action, pg_temp.tried('tickets', 'tickets', action, format('CASE title WHEN ''open'' THEN %L::uuid END', :'finished'), false) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tickets', 'tasks', action, format('CASE title WHEN ''open'' THEN (SELECT id FROM tasks WHERE ticket_id = %L) END', :'finished'), false) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tickets', 'tasks', action, '(SELECT k.id FROM tasks k WHERE k.ticket_id = tickets.id)', false) FROM pg_temp.actions ORDER BY place;
-- Rows of one ticket that refer to one another go together: to itself, from task to task, from task to ticket; not where the ticket
-- refers to what goes before it.
SELECT action, pg_temp.tried('tickets', 'tickets', action, 'id', true) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tasks', 'tasks', action, 'id', true) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tasks', 'tickets', action, 'ticket_id', true) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tickets', 'tasks', action, '(SELECT k.id FROM tasks k WHERE k.ticket_id = tickets.id)', true) FROM pg_temp.actions ORDER BY place;
SET search_path = parts, phasegate;
-- The same where tickets are partitioned, and by a foreign key to one partition alone.
SELECT action, pg_temp.tried('tickets', 'tickets', action, format('CASE title WHEN ''open'' THEN %L::uuid END', :'finished'), true) FROM pg_temp.actions ORDER BY place;
SELECT action, pg_temp.tried('tasks', 'part', action, format('CASE ticket_id WHEN %L THEN %L::uuid END', :'open', :'finished'), true) FROM pg_temp.actions ORDER BY place;
SELECT pg_temp.tried('tasks', 'part', 'CASCADE', 'ticket_id', true);
-- A stranger's table that refers to a partition alone.
GRANT USAGE ON SCHEMA parts TO regress_stranger;
GRANT REFERENCES ON part TO regress_stranger;
RESET ROLE;
CREATE SCHEMA lair AUTHORIZATION regress_stranger;
SET ROLE regress_stranger;
CREATE TABLE lair.theirs (ticket uuid REFERENCES part ON DELETE CASCADE);
RESET ROLE;
SET ROLE regress_owner;
SELECT pg_temp.left_over(true, 'SELECT');
SET search_path = desk, phasegate;
-- A finished ticket goes once what refers to it has gone.
SELECT pg_temp.left_over(true, 'ALTER TABLE tickets ADD COLUMN refers uuid REFERENCES tickets ON DELETE CASCADE',
                         format('INSERT INTO tickets (id, title, phase_id, refers) VALUES (%L, %L, %L, %L)', :'child', 'child', 'PHASE_DONE', :'finished'));
-- What keeps rows from being deleted.
CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT belonging, pg_temp.left_over(false, format('CREATE TRIGGER kept BEFORE DELETE ON %s FOR EACH ROW EXECUTE FUNCTION kept()', belonging)),
       pg_temp.left_over(true, format('CREATE TRIGGER kept BEFORE DELETE ON %s FOR EACH ROW EXECUTE FUNCTION kept()', belonging))
  FROM unnest(ARRAY['tasks', 'phase_history', 'phase_gate_artifacts', 'phase_gate_results', 'phase_context']) belonging;
SELECT pg_temp.left_over(true, 'CREATE RULE kept AS ON DELETE TO tasks DO INSTEAD NOTHING');
SELECT sum(violations) FROM check_workspace();
RESET ROLE;
DROP OWNED BY regress_owner, regress_stranger CASCADE;
DROP SCHEMA IF EXISTS lair CASCADE;
DROP ROLE regress_owner, regress_stranger;
