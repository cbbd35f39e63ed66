-- Levels of access and row security where the tickets are in another schema: granted and revoked on that table, with the right to
-- use its schema where the role has none.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_reader;
CREATE ROLE regress_agent;
CREATE ROLE regress_reviewer;
CREATE ROLE regress_manager;
CREATE ROLE regress_host;
CREATE SCHEMA flow AUTHORIZATION regress_owner;
CREATE SCHEMA others AUTHORIZATION regress_owner;
-- The schema is another's, who lets the owner in and give that on.
CREATE SCHEMA app AUTHORIZATION regress_host;
GRANT ALL ON SCHEMA app TO regress_owner WITH GRANT OPTION;
SET ROLE regress_owner;
CREATE TABLE app.issues (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, tenant name NOT NULL DEFAULT current_user);
SELECT phasegate.create_workspace('flow', tickets => 'app.issues');
SET search_path = flow, phasegate;
CREATE VIEW rights AS
    SELECT 'schema ' || n.nspname AS object, x.grantee::regrole AS role, string_agg(x.privilege_type, ' ' ORDER BY x.privilege_type) AS privileges
      FROM pg_namespace n, aclexplode(n.nspacl) x
     WHERE n.nspname IN ('app', 'flow') AND x.grantee::regrole::text ~ '^regress_(reader|agent|reviewer|manager)$' GROUP BY 1, 2
    UNION ALL
    SELECT 'app.issues', x.grantee::regrole, string_agg(x.privilege_type, ' ' ORDER BY x.privilege_type)
      FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = 'app.issues'::regclass AND x.grantee <> c.relowner GROUP BY 1, 2;
SELECT grant_access('flow', 'regress_reader', 'reader'), grant_access('flow', 'regress_agent', 'agent'),
       grant_access('flow', 'regress_reviewer', 'reviewer'), grant_access('flow', 'regress_manager', 'manager');
SELECT grant_access('flow', 'regress_manager', 'manager');
SELECT * FROM rights ORDER BY 1, role::text;

-- What each may do.
INSERT INTO app.issues (title) VALUES ('one'), ('two');
UPDATE app.issues SET phase_id = 'PHASE_REQUIREMENTS';
CREATE FUNCTION may(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', 'regress_' || role, true);
    EXECUTE statement;
    RAISE 'done' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN 'yes';
    WHEN insufficient_privilege OR invalid_schema_name OR undefined_table THEN RETURN SQLERRM;
END $$;
SELECT key AS issue FROM (SELECT ticket_uuid AS key FROM app.issues WHERE title = 'one') k \gset
RESET ROLE;
SELECT role, what, may(role, statement) FROM unnest('{reader,agent,reviewer,manager,host}'::text[]) WITH ORDINALITY r (role, place),
    (VALUES (1, 'read', 'SELECT title, phase_id FROM app.issues'), (2, 'ask', format('SELECT get_current_phase(%L)', :'issue')),
            (3, 'board', 'SELECT * FROM phase_board'), (4, 'claim', 'SELECT claim_task(''a'', ''{analysis}'')'),
            (5, 'hand in', format('SELECT add_artifact(%L, ''log'')', :'issue')), (6, 'write', 'UPDATE app.issues SET title = ''x'''),
            (7, 'move', 'UPDATE app.issues SET phase_id = ''PHASE_BLOCKED'''), (8, 'call', format('SELECT block_ticket(%L, ''why'')', :'issue')),
            (9, 'insert', 'INSERT INTO app.issues (title) VALUES (''x'')'), (10, 'delete', 'DELETE FROM app.issues')) s (number, what, statement)
 ORDER BY place, number;

\set VERBOSITY terse
-- Row security on the table is security for all that belongs to a ticket.
SET ROLE regress_owner;
ALTER TABLE app.issues ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON app.issues USING (tenant = current_user);
SET ROLE regress_manager;
INSERT INTO app.issues (title) VALUES ('the manager''s');
UPDATE app.issues SET phase_id = 'PHASE_REQUIREMENTS';
SELECT title FROM app.issues;
SELECT get_current_phase(:'issue');
SELECT error_code FROM try_transition_ticket(:'issue', 'PHASE_BLOCKED');
SELECT phase, tickets, open_tasks FROM phase_board WHERE tickets > 0 OR open_tasks > 0;
SELECT ticket_title FROM claim_tasks('ann', 9, '{analysis,documentation}');
SELECT count(*) AS others FROM get_phase_history(:'issue');
SELECT sum(violations) FROM check_workspace();
RESET ROLE;

\set VERBOSITY default
-- Triggers of the owner's: those of the history run with the owner's rights, those of the table with the rights of who writes it.
SET ROLE regress_owner;
ALTER TABLE app.issues DISABLE ROW LEVEL SECURITY;
CREATE FUNCTION who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '% on % as %', TG_OP, TG_TABLE_NAME, current_user; RETURN NEW; END $$;
CREATE TRIGGER who AFTER INSERT ON phase_history FOR EACH STATEMENT EXECUTE FUNCTION who();
CREATE TRIGGER who AFTER UPDATE ON app.issues FOR EACH STATEMENT EXECUTE FUNCTION who();
SET ROLE regress_manager;
UPDATE app.issues SET phase_id = 'PHASE_BLOCKED' WHERE title = 'one';
RESET ROLE;
SET ROLE regress_owner;
DROP TRIGGER who ON phase_history;
DROP TRIGGER who ON app.issues;

-- Taken away: with the last level the right to use both schemas, unless something else in them was granted.
CREATE TABLE app.other ();
GRANT SELECT ON app.other TO regress_agent;
SELECT revoke_access('flow', 'regress_reader'), revoke_access('flow', 'regress_agent'), revoke_access('flow', 'regress_reviewer'), revoke_access('flow', 'regress_manager', 'manager');
SELECT * FROM rights ORDER BY 1, role::text;
-- Who may use the schema already, if by PUBLIC, needs no grant on it.
RESET ROLE;
GRANT USAGE ON SCHEMA app TO PUBLIC;
REVOKE GRANT OPTION FOR ALL ON SCHEMA app FROM regress_owner CASCADE;
SET ROLE regress_owner;
SELECT grant_access('flow', 'regress_reader', 'reader');
SELECT * FROM rights WHERE role = 'regress_reader'::regrole ORDER BY 1;
SELECT revoke_access('flow', 'regress_reader');
-- Who may not give it cannot give a level.
RESET ROLE;
REVOKE USAGE ON SCHEMA app FROM PUBLIC;
SET ROLE regress_owner;
SELECT grant_access('flow', 'regress_reader', 'reader');
SELECT * FROM rights WHERE role = 'regress_reader'::regrole ORDER BY 1;
SELECT has_table_privilege('regress_reader', 'app.issues', 'SELECT') AS may_read;
-- Only the owner of the table makes, leaves or upgrades a workspace on it.
RESET ROLE;
GRANT CREATE ON DATABASE phasegate_regress TO regress_manager, regress_host;
SET ROLE regress_host;
CREATE TABLE app.more (id uuid PRIMARY KEY, title text);
SELECT create_workspace('flow', tickets => 'app.issues');
SELECT create_workspace('theirs', tickets => 'app.issues');
SELECT create_workspace('flow');
SELECT detach_workspace('flow');
RESET ROLE;
SET ROLE regress_owner;
SELECT create_workspace('flow', tickets => 'app.more');
SELECT create_workspace('others', tickets => 'app.more');
RESET ROLE;
SET search_path = public;
DROP OWNED BY regress_owner, regress_reader, regress_agent, regress_reviewer, regress_manager, regress_host CASCADE;
DROP SCHEMA IF EXISTS app, flow, others CASCADE;
DROP ROLE regress_owner, regress_reader, regress_agent, regress_reviewer, regress_manager, regress_host;
