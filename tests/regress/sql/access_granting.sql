-- grant_access and revoke_access: ordinary grants, made with the caller's rights, a level at a time.
\set SHOW_CONTEXT never
\pset null ''
CREATE ROLE regress_owner;
CREATE ROLE regress_ann;
CREATE ROLE regress_deputy;
CREATE ROLE "Regress ""odd"", {ws}";
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
CREATE TABLE acme.salaries (name text, amount int);
RESET ROLE;
-- What a role was granted in the workspace's schema.
CREATE FUNCTION public.granted(role name) RETURNS TABLE (object text, privilege text, columns text) LANGUAGE sql AS $$
    SELECT 'schema ' || nspname, privilege_type, NULL
      FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'acme' AND grantee::regrole::text = role
     UNION ALL
    SELECT relname, privilege_type || CASE WHEN is_grantable THEN ' with grant option' ELSE '' END, NULL
      FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'acme'::regnamespace AND grantee::regrole::text = role
     UNION ALL
    SELECT relname, privilege_type || CASE WHEN is_grantable THEN ' with grant option' ELSE '' END, string_agg(attname, ', ' ORDER BY attnum)
      FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid, aclexplode(attacl)
     WHERE relnamespace = 'acme'::regnamespace AND grantee::regrole::text = role AND NOT attisdropped GROUP BY relname, privilege_type, is_grantable
     ORDER BY 1, 2, 3 $$;
CREATE TEMP TABLE before AS SELECT * FROM public.granted('regress_ann');
CREATE FUNCTION pg_temp.changes() RETURNS TABLE (change text, object text, privilege text, columns text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT '+', * FROM (SELECT * FROM public.granted('regress_ann') EXCEPT TABLE before) a
           UNION ALL SELECT '-', * FROM (TABLE before EXCEPT SELECT * FROM public.granted('regress_ann')) a ORDER BY 1, 2, 3;
    TRUNCATE before;
    INSERT INTO before SELECT * FROM public.granted('regress_ann');
END $$;

-- What each level adds to those before it. The application's own tables are none of its business.
SELECT phasegate.grant_access('acme', 'regress_ann', 'reader');
SELECT * FROM pg_temp.changes();
SELECT phasegate.grant_access('acme', 'regress_ann', 'agent');
SELECT * FROM pg_temp.changes();
SELECT phasegate.grant_access('acme', 'regress_ann', 'reviewer');
SELECT * FROM pg_temp.changes();
SELECT phasegate.grant_access('acme', 'regress_ann', 'manager');
SELECT * FROM pg_temp.changes();
-- Granting again changes nothing, and so does granting a lower level.
SELECT phasegate.grant_access('acme', 'regress_ann', 'manager'), phasegate.grant_access('acme', 'regress_ann', 'reader');
SELECT * FROM pg_temp.changes();
-- They are the owner's grants, also where a superuser makes them.
SELECT DISTINCT grantor::regrole FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'acme'::regnamespace;

-- Revoking a level takes it and those above it; what is below stays.
SELECT phasegate.revoke_access('acme', 'regress_ann', 'manager');
SELECT * FROM pg_temp.changes();
SELECT phasegate.revoke_access('acme', 'regress_ann', 'manager');
SELECT * FROM pg_temp.changes();
SELECT phasegate.revoke_access('acme', 'regress_ann', 'agent');
SELECT * FROM pg_temp.changes();
SELECT phasegate.revoke_access('acme', 'regress_ann');
SELECT * FROM public.granted('regress_ann');
SELECT phasegate.grant_access('acme', 'regress_ann', 'manager');
SELECT phasegate.revoke_access('acme', 'regress_ann', 'reader');
SELECT * FROM public.granted('regress_ann');

-- What was granted by hand: the columns of a table, and what no level gives, outlive the levels; so does USAGE of
-- the schema with them. What a level gives goes, also where it was granted on the whole table.
GRANT USAGE ON SCHEMA acme TO regress_ann;
GRANT SELECT (title), UPDATE (title), DELETE ON acme.tickets TO regress_ann;
GRANT UPDATE (priority) ON acme.tickets TO regress_ann WITH GRANT OPTION;
GRANT UPDATE (status, description) ON acme.tasks TO regress_ann;
GRANT INSERT ON acme.phase_gate_artifacts TO regress_ann;
SELECT phasegate.grant_access('acme', 'regress_ann', 'manager');
SELECT phasegate.revoke_access('acme', 'regress_ann', 'manager');
SELECT * FROM public.granted('regress_ann') WHERE privilege NOT IN ('SELECT', 'USAGE');
SELECT phasegate.revoke_access('acme', 'regress_ann');
SELECT * FROM public.granted('regress_ann');
REVOKE ALL ON acme.tickets, acme.tasks FROM regress_ann;
GRANT SELECT ON acme.salaries TO regress_ann;
SELECT phasegate.grant_access('acme', 'regress_ann', 'reader'), phasegate.revoke_access('acme', 'regress_ann');
SELECT * FROM public.granted('regress_ann');
REVOKE ALL ON acme.salaries FROM regress_ann;
GRANT SELECT (amount) ON acme.salaries TO regress_ann;
ALTER TABLE acme.salaries DROP COLUMN amount;
SELECT phasegate.revoke_access('acme', 'regress_ann');
SELECT * FROM public.granted('regress_ann');

-- What is not there.
SELECT phasegate.grant_access('acme', 'regress_ann', 'admin');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.revoke_access('acme', 'regress_ann', 'READER');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.grant_access('acme', 'regress_ann', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.grant_access('nowhere', 'regress_ann', 'reader');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.revoke_access('public', 'regress_ann');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.grant_access('acme', 'regress_nobody', 'reader');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.grant_access('acme', 'public', 'reader');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.revoke_access('acme', 'regress_owner');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM public.granted('regress_ann');

-- The caller must be allowed to grant: whoever is not gets PostgreSQL's error, and nothing is done by halves.
SET ROLE regress_ann;
SELECT phasegate.grant_access('acme', 'regress_ann', 'reader');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT phasegate.grant_access('acme', 'regress_ann', 'manager');
SELECT phasegate.grant_access('acme', 'regress_deputy', 'reader');
SET ROLE regress_ann;
SELECT phasegate.grant_access('acme', 'regress_ann', 'manager');
SELECT phasegate.grant_access('acme', 'regress_deputy', 'agent');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.revoke_access('acme', 'regress_deputy');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT count(*), string_agg(DISTINCT privilege, ', ') FROM public.granted('regress_deputy');
-- Who may grant some of it grants that, or nothing.
SELECT phasegate.revoke_access('acme', 'regress_deputy');
GRANT USAGE ON SCHEMA acme TO regress_ann WITH GRANT OPTION;
GRANT SELECT ON ALL TABLES IN SCHEMA acme TO regress_ann WITH GRANT OPTION;
SET ROLE regress_ann;
SELECT phasegate.grant_access('acme', 'regress_deputy', 'agent');
SELECT count(*), string_agg(DISTINCT privilege, ', ') FROM public.granted('regress_deputy');
SELECT phasegate.grant_access('acme', 'regress_deputy', 'reader');
SELECT count(*), string_agg(DISTINCT privilege, ', ') FROM public.granted('regress_deputy');
-- What another role has granted it has to revoke; nobody is told that it is gone while it is there.
SET ROLE regress_owner;
SELECT phasegate.revoke_access('acme', 'regress_deputy');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_ann;
SELECT phasegate.revoke_access('acme', 'regress_deputy');
SELECT count(*), string_agg(DISTINCT privilege, ', ') FROM public.granted('regress_deputy');

-- Names are quoted, and nothing is found on the caller's search_path.
RESET ROLE;
SELECT phasegate.create_workspace('Odd "one"');
CREATE SCHEMA planted;
CREATE FUNCTION planted.evil(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
CREATE OPERATOR planted.= (FUNCTION = planted.evil, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION planted.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
SET search_path = planted, pg_catalog;
SELECT phasegate.grant_access('Odd "one"', 'Regress "odd", {ws}', 'manager');
SELECT has_table_privilege('Regress "odd", {ws}', '"Odd ""one""".tickets', 'SELECT, INSERT');
SELECT phasegate.revoke_access('Odd "one"', 'Regress "odd", {ws}');
SELECT has_table_privilege('Regress "odd", {ws}', '"Odd ""one""".tickets', 'SELECT, INSERT');
RESET search_path;
-- The arguments have names.
SELECT phasegate.grant_access(workspace => 'acme', role => 'regress_ann', level => 'reader');
SELECT phasegate.revoke_access(workspace => 'acme', role => 'regress_ann', level => 'reader');
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_ann, regress_deputy, "Regress ""odd"", {ws}" CASCADE;
DROP ROLE regress_owner, regress_ann, regress_deputy, "Regress ""odd"", {ws}";
