-- A session keeps the plans of the workspaces that it used last, and of none that is gone.
CREATE FUNCTION pg_temp.touch(workspace name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, phasegate', workspace), true);
    INSERT INTO tickets (title) VALUES ('t');
    UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG';
    PERFORM claim_task('ada', '{analysis}');
END $$;
-- Those of the server's own, for foreign keys, are about ONLY a table.
CREATE VIEW pg_temp.planned AS
SELECT substring(ident FROM '\mw\d+\M') AS workspace, count(*) AS plans
  FROM pg_backend_memory_contexts
 WHERE name = 'CachedPlanSource' AND ident ~ '\mw\d+\M' AND ident !~ '\mONLY\M'
 GROUP BY 1;

SELECT count(phasegate.create_workspace('w' || n)) FROM generate_series(1, 18) n;
SELECT count(pg_temp.touch('w' || n)) FROM generate_series(1, 18) n;
SELECT count(*), min(substring(workspace, 2)::int), max(plans) < 40 AS as_many_as_used FROM pg_temp.planned;
-- One that was forgotten works as before, and takes the place of another.
SELECT pg_temp.touch('w1') \g /dev/null
SELECT count(*), count(*) FILTER (WHERE workspace = 'w1') AS w1, count(*) FILTER (WHERE workspace = 'w3') AS w3 FROM pg_temp.planned;

-- Those of a dropped workspace are freed when the session turns to another, also where that has its name.
SET client_min_messages = warning;
DROP SCHEMA w17 CASCADE;
DROP SCHEMA w18 CASCADE;
RESET client_min_messages;
SELECT phasegate.create_workspace('w18') \g /dev/null
SELECT pg_temp.touch('w18') \g /dev/null
SELECT count(*), count(*) FILTER (WHERE workspace = 'w17') AS w17, max(plans) FILTER (WHERE workspace = 'w18') < 40 AS w18_once FROM pg_temp.planned;

-- An error in the middle of a statement leaves no plan behind either: here one of taking w16 back.
SELECT phasegate.detach_workspace('w16');
UPDATE w16.tickets SET phase_id = 'PHASE_TESTING';
CREATE FUNCTION w16.refuse() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
ALTER TABLE w16.phase_history ADD COLUMN own int, ALTER COLUMN own SET DEFAULT w16.refuse();
\set VERBOSITY terse
SELECT phasegate.create_workspace('w16');
SELECT count(*) AS before FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource' \gset
SELECT phasegate.create_workspace('w16');
SELECT phasegate.create_workspace('w16');
SELECT phasegate.create_workspace('w16');
SELECT count(*) - :before AS more FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource';
