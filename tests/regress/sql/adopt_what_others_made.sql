-- What others have made and an application's tables use: a table that a foreign key leads to, a type of a column. Adopting runs none
-- of it with the rights of the tables' owner, and says what it has not looked into.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
CREATE SCHEMA flow AUTHORIZATION regress_owner;
CREATE SCHEMA theirs AUTHORIZATION regress_other;
SET ROLE regress_other;
GRANT USAGE ON SCHEMA theirs TO PUBLIC;
CREATE FUNCTION theirs.evil(place text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'regress_other' THEN RAISE WARNING 'evil % as %', place, current_user; END IF;
    RETURN true;
END $$;
CREATE TABLE theirs.words (word varchar(20) PRIMARY KEY);
INSERT INTO theirs.words VALUES ('pending'), ('adopted');
CREATE INDEX ON theirs.words (word) WHERE theirs.evil('index');
ALTER TABLE theirs.words ENABLE ROW LEVEL SECURITY;
CREATE POLICY evil ON theirs.words USING (theirs.evil('policy'));
GRANT SELECT, REFERENCES ON theirs.words TO regress_owner;
CREATE TYPE theirs.step AS ENUM ('PHASE_BACKLOG', 'PHASE_DESIGN');
CREATE FUNCTION theirs.label(theirs.step) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM theirs.evil('cast'); RETURN enum_out($1); END $$;
CREATE CAST (theirs.step AS text) WITH FUNCTION theirs.label(theirs.step);
SET ROLE regress_owner;
CREATE TABLE flow.tickets (id uuid PRIMARY KEY, title text NOT NULL);
INSERT INTO flow.tickets VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
CREATE TABLE flow.tasks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid NOT NULL, phase_id theirs.step, task_type text, status varchar(20) DEFAULT 'pending' REFERENCES theirs.words);
INSERT INTO flow.tasks (ticket_id, phase_id) SELECT id, 'PHASE_DESIGN' FROM flow.tickets;
CREATE TABLE flow.phase_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid NOT NULL, from_phase theirs.step, to_phase theirs.step NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(), transition_reason varchar(20) REFERENCES theirs.words);
INSERT INTO flow.phase_history (ticket_id, to_phase) SELECT id, 'PHASE_DESIGN' FROM flow.tickets;
\x
SELECT table_name, object_name, problem, detail, hint, blocks FROM phasegate.adoption_report('flow');
\x
SELECT phasegate.create_workspace('flow');
-- By a superuser it is the same.
RESET ROLE;
SELECT table_name, object_name, problem, blocks FROM phasegate.adoption_report('flow');
-- Of a type of one's own all is looked at, and of a table whose owner has the rights.
ALTER TYPE theirs.step OWNER TO regress_owner;
DROP CAST (theirs.step AS text);
SELECT table_name, object_name, problem, blocks FROM phasegate.adoption_report('flow');
GRANT regress_owner TO regress_other;
SET ROLE regress_owner;
SELECT table_name, object_name, problem, examples, blocks FROM phasegate.adoption_report('flow');
RESET ROLE;
ALTER TABLE theirs.words DISABLE ROW LEVEL SECURITY;
DROP INDEX theirs.words_word_idx;
SET ROLE regress_owner;
SELECT table_name, object_name, problem, examples, blocks FROM phasegate.adoption_report('flow');
RESET ROLE;
INSERT INTO theirs.words SELECT unnest(ARRAY['assigned', 'running', 'completed', 'failed', 'cancelled']);
SET ROLE regress_owner;
-- The default of a column may write, or fail; of the one the report leaves nothing, the other it tells of.
CREATE TABLE flow.asked (at timestamptz);
CREATE FUNCTION flow.asks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO flow.asked VALUES (now()); RETURN 1; END $$;
ALTER TABLE flow.phase_history ADD number int CONSTRAINT number_is_given CHECK (number > 0);
ALTER TABLE flow.phase_history ALTER number SET DEFAULT flow.asks();
SELECT table_name, object_name, problem, blocks FROM phasegate.adoption_report('flow');
SELECT count(*) FROM flow.asked;
CREATE OR REPLACE FUNCTION flow.asks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM asked); END $$;
SELECT table_name, object_name, problem, detail, blocks FROM phasegate.adoption_report('flow');
ALTER TABLE flow.phase_history ALTER number DROP DEFAULT;
SELECT phasegate.create_workspace('flow');
SET search_path = flow;
SELECT sum(violations) FROM phasegate.check_workspace();
RESET ROLE;
DROP SCHEMA flow, theirs CASCADE;
DROP ROLE regress_owner, regress_other;
