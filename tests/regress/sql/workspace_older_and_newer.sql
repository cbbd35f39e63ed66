-- A workspace of another shape than the extension makes works, or says clearly what to do; upgrade_workspace brings an
-- older one up to date.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
SELECT version AS newest FROM workspaces \gset
DELETE FROM phase_gate_requirements;
INSERT INTO tickets (title) SELECT 't' || n FROM generate_series(1, 3) n;
-- What stands in the decision trigger: the oldest shape whose code can work with the workspace, and its own.
CREATE PROCEDURE public.stamp(VARIADIC arguments text[]) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER zz_phasegate_decide BEFORE UPDATE ON acme.tickets FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide(%s)',
                   (SELECT string_agg(quote_literal(a), ', ') FROM unnest(arguments) a));
END $$;
CREATE FUNCTION public.behind() RETURNS TABLE (violations bigint, example text) LANGUAGE sql AS $$
    SELECT violations, regexp_replace(example, '\d+$', 'N') FROM phasegate.check_workspace('acme') WHERE check_name = 'shape_is_current' $$;
-- As it was made: nothing to do.
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
SELECT * FROM public.behind();
SELECT * FROM upgrade_workspace('acme');

-- Made by 0.2.0: nothing of it is used, also in a session that had the other in its cache, until it is upgraded.
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't1'), 'PHASE_REQUIREMENTS');
CALL public.stamp('2', '2');
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't1'), 'PHASE_DESIGN');
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 't1';
SELECT * FROM public.behind();
-- To change it is for an upgrade alone.
\set VERBOSITY default
SELECT create_workspace('acme');
\set VERBOSITY terse
BEGIN;
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('acme');
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
ROLLBACK;
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('acme');
SELECT * FROM upgrade_workspace('acme');
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
SELECT * FROM public.behind();
SELECT create_workspace('acme');
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't1'), 'PHASE_DESIGN');

-- Too old: clear, from functions and from triggers, and nothing is done.
CALL public.stamp('0');
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't1'), 'PHASE_IMPLEMENTATION');
\set VERBOSITY default
SELECT claim_task('ada');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 't1';
INSERT INTO tickets (title) VALUES ('t4');
UPDATE tasks SET status = 'cancelled';
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id, phase_id, 'log' FROM tickets;
SELECT * FROM check_workspace('acme');
SELECT * FROM check_workspace();
SELECT create_workspace('acme');
SELECT detach_workspace('acme');
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
-- The way out. What is missing comes back with it, and what is not phasegate's stays.
DROP INDEX tasks_due;
DROP TRIGGER zz_phasegate_keep ON tasks;
DROP CAST (text AS phase);
ALTER TABLE tickets ENABLE ALWAYS TRIGGER aa_phasegate_started;
GRANT SELECT ON tickets TO PUBLIC;
ALTER TABLE tickets ADD COLUMN own int DEFAULT 7;
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('acme');
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't1'), 'PHASE_IMPLEMENTATION');
SELECT sum(violations) FROM check_workspace();
SELECT to_regclass('tasks_due'), 'PHASE_DONE'::text::phase, (SELECT relacl::text LIKE '%,=r/postgres}' FROM pg_class WHERE oid = 'tickets'::regclass) AS granted, (SELECT sum(own) FROM tickets),
       (SELECT tgenabled FROM pg_trigger WHERE tgname = 'aa_phasegate_started');
-- A stamp that cannot be read is too old.
CALL public.stamp('one', 'two');
SELECT claim_task('ada');
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('acme');
ALTER TRIGGER zz_phasegate_decide ON tickets RENAME TO zz_renamed;
SELECT * FROM upgrade_workspace('acme');
ALTER TRIGGER zz_renamed ON tickets RENAME TO zz_phasegate_decide;

-- Made by a later version that left it usable: it works, and is not changed back.
CALL public.stamp('3', '999');
SELECT version = :'newest' AS is_newest, version = '2' AS is_first FROM workspaces;
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't2'), 'PHASE_REQUIREMENTS');
SELECT * FROM public.behind();
SELECT create_workspace('acme');
SELECT * FROM upgrade_workspace('acme');
-- Made by a later version that did not.
CALL public.stamp('999', '999');
\set VERBOSITY default
SELECT current_phase FROM transition_ticket((SELECT id FROM tickets WHERE title = 't2'), 'PHASE_DESIGN');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 't2';
SELECT * FROM check_workspace();
SELECT create_workspace('acme');
SELECT * FROM upgrade_workspace('acme');
CALL public.stamp('2', '2');

-- For its owner alone, by name.
SELECT * FROM upgrade_workspace(NULL);
SELECT * FROM upgrade_workspace('nowhere');
SELECT * FROM upgrade_workspace('public');
CREATE ROLE regress_other;
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
GRANT ALL ON SCHEMA acme TO regress_other, regress_owner;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_other;
SET ROLE regress_other;
SELECT * FROM upgrade_workspace('acme');
RESET ROLE;
-- It is done with the owner's rights, by whoever has them.
SELECT format('ALTER TABLE acme.%I OWNER TO regress_owner', relname) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname \gexec
ALTER TYPE phase OWNER TO regress_owner;
SET ROLE regress_member;
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('acme');
RESET ROLE;
DROP INDEX tasks_due;
CALL public.stamp('2', '2');
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('acme');
SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'tasks_due'::regclass;
-- Nothing of somebody else is in the way unnoticed.
CALL public.stamp('2', '2');
ALTER TABLE phase_context OWNER TO regress_other;
SELECT * FROM upgrade_workspace('acme');
-- A name that needs quoting.
\set VERBOSITY default
ALTER TABLE phase_context OWNER TO regress_owner;
ALTER SCHEMA acme RENAME TO "o'ne {ws}";
SET search_path = "o'ne {ws}", phasegate;
SELECT create_workspace('o''ne {ws}');
SELECT max(shape)::text = :'newest' AS upgraded FROM upgrade_workspace('o''ne {ws}');
SELECT check_name, example FROM check_workspace() WHERE violations > 0;
-- A workspace that was detached has no shape: taken back, it gets the present one.
SELECT detach_workspace('o''ne {ws}');
SELECT * FROM upgrade_workspace('o''ne {ws}');
SELECT create_workspace('o''ne {ws}');
SELECT * FROM upgrade_workspace('o''ne {ws}');
RESET search_path;
DROP OWNED BY regress_owner, regress_other CASCADE;
DROP ROLE regress_member, regress_owner, regress_other;
