-- A trigger on a workspace's table is its owner's to make, within whatever statement another role's CREATE TRIGGER runs.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_plain;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner, regress_plain', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
GRANT USAGE ON SCHEMA acme TO regress_plain;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_plain;
RESET ROLE;
SET ROLE regress_plain;
CREATE SCHEMA theirs;
CREATE TABLE theirs.mine (id int, name text);
INSERT INTO theirs.mine VALUES (1, 'x');
CREATE FUNCTION theirs.spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- In a statement that has to be of no effect it is called by a function that says so of itself.
CREATE FUNCTION theirs.make() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER zz_phasegate_decide BEFORE UPDATE ON %s FOR EACH ROW WHEN (false) EXECUTE FUNCTION theirs.spy()',
                   current_setting('theirs.on'));
    RETURN 1; END $$;
CREATE FUNCTION theirs.made(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT theirs.make()';
ALTER FUNCTION theirs.made SET search_path = pg_catalog;
CREATE FUNCTION theirs.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM theirs.make(); RETURN NEW; END';
CREATE PROCEDURE theirs.makes() LANGUAGE plpgsql AS 'BEGIN PERFORM theirs.make(); END';
CREATE TABLE theirs.firing (id int);
CREATE TRIGGER fires BEFORE INSERT ON theirs.firing FOR EACH ROW EXECUTE FUNCTION theirs.fires();
CREATE TABLE theirs.late (id int);
CREATE CONSTRAINT TRIGGER fires AFTER INSERT ON theirs.late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION theirs.fires();
CREATE MATERIALIZED VIEW theirs.seen AS SELECT theirs.make() AS id WITH NO DATA;
CREATE UNIQUE INDEX ON theirs.seen (id);
CREATE FUNCTION theirs.tried(statement text, made_on text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    word text;
BEGIN
    PERFORM set_config('theirs.on', made_on, true);
    EXECUTE statement;
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE 'made' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN SQLERRM;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS word = CONSTRAINT_NAME;
        RETURN SQLSTATE || ' ' || coalesce(nullif(word, ''), SQLERRM);
END $$;
SELECT statement, theirs.tried(statement, 'acme.tickets') AS on_tickets, theirs.tried(statement, 'theirs.mine') AS on_their_own
  FROM unnest(ARRAY[
       'SELECT theirs.make()', 'DO ''BEGIN PERFORM theirs.make(); END''', 'CREATE TABLE theirs.made_as AS SELECT theirs.make()',
       'CREATE MATERIALIZED VIEW theirs.filled AS SELECT theirs.make()', 'REFRESH MATERIALIZED VIEW theirs.seen',
       'DO ''BEGIN REFRESH MATERIALIZED VIEW theirs.seen; END''',
       'CREATE INDEX ON theirs.mine (theirs.made(id))', 'ALTER TABLE theirs.mine ALTER id TYPE bigint USING theirs.make()',
       'ALTER TABLE theirs.mine ADD made int DEFAULT theirs.make()', 'ALTER TABLE theirs.mine ADD CHECK (theirs.made(id) = 1)',
       'INSERT INTO theirs.firing VALUES (1)', 'INSERT INTO theirs.late VALUES (1)', 'EXPLAIN (ANALYZE) SELECT theirs.make()',
       'PREPARE made AS SELECT theirs.make(); EXECUTE made; DEALLOCATE made', 'CALL theirs.makes()'])
       WITH ORDINALITY AS s (statement, n)
 ORDER BY n;
-- Nor where triggers do not fire but those that always do, as in a subscription's worker.
RESET ROLE;
SET session_replication_role = replica;
SET ROLE regress_plain;
SELECT theirs.tried('SELECT theirs.make()', 'acme.tickets') AS on_tickets;
RESET ROLE;
RESET session_replication_role;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'acme.tickets'::regclass AND tgqual IS NOT NULL;
DROP OWNED BY regress_owner, regress_plain CASCADE;
DROP ROLE regress_owner, regress_plain;
