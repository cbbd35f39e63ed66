-- A partition that was given to another role is refused by what only reads, too: to plan a statement runs what its owner has put
-- into its indexes.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_plain;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
CREATE SCHEMA theirs AUTHORIZATION regress_plain;
GRANT USAGE ON SCHEMA theirs TO PUBLIC;
SET ROLE regress_plain;
CREATE FUNCTION theirs.spy(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE INFO 'running as %', current_user; RETURN 1; END $$;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title) VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
ALTER TABLE acme.phase_history RENAME TO former;
CREATE TABLE acme.phase_history (LIKE acme.former INCLUDING DEFAULTS, PRIMARY KEY (id), FOREIGN KEY (ticket_id) REFERENCES acme.tickets ON DELETE CASCADE) PARTITION BY RANGE (id);
CREATE TABLE acme.history PARTITION OF acme.phase_history DEFAULT;
INSERT INTO acme.history SELECT * FROM acme.former;
DROP TABLE acme.former CASCADE;
GRANT USAGE, CREATE ON SCHEMA acme TO regress_plain;
GRANT SELECT, DELETE ON acme.tickets, acme.phase_history TO regress_plain;
SET search_path = acme, phasegate;
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-00000000000a');
RESET ROLE;
ALTER TABLE acme.history OWNER TO regress_plain;
SET ROLE regress_plain;
CREATE INDEX ON acme.history (created_at) WHERE theirs.spy(1) = 1;
-- To whoever asks: to the owner, to a superuser, and by what runs with the owner's rights for another.
SET ROLE regress_owner;
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-00000000000a');
SELECT check_name, violations, example FROM check_workspace() WHERE check_name = 'owner_is_one';
SELECT archive_tickets('infinity');
SELECT create_workspace('acme');
SELECT * FROM adoption_report('acme') WHERE blocks;
RESET ROLE;
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-00000000000a');
SET ROLE regress_plain;
DELETE FROM acme.tickets;
-- It is known at once when it belongs to the owner again.
RESET ROLE;
DROP FUNCTION theirs.spy(int) CASCADE;
ALTER TABLE acme.history OWNER TO regress_owner;
SELECT count(*) FROM get_phase_history('00000000-0000-7000-8000-00000000000a');
SET ROLE regress_plain;
DELETE FROM acme.tickets;
RESET ROLE;
DROP SCHEMA acme CASCADE;
DROP OWNED BY regress_owner, regress_plain CASCADE;
DROP ROLE regress_owner, regress_plain;
