-- Side effects run with the owner's rights: never with more, and never steered by somebody else.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_mover;
CREATE ROLE regress_evil;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
GRANT CREATE ON SCHEMA public TO regress_owner;
CREATE TABLE public.ran (what text, as_user text, by_session text, extra text);
GRANT INSERT ON public.ran TO PUBLIC;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 4) n;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id, p, 'log' FROM tickets, unnest(enum_range(NULL::phase)) p;
GRANT USAGE ON SCHEMA acme TO regress_mover, regress_evil;
GRANT SELECT, DELETE, UPDATE (phase_id) ON tickets TO regress_mover, regress_evil;

-- An owner who plants code where a superuser's move will run it: triggers, a default, a check, an index.
CREATE FUNCTION acme.plant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE got text := '';
BEGIN
    BEGIN EXECUTE 'RESET ROLE'; got := got || ' reset role'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; got := got || ' reset session'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'SET ROLE postgres'; got := got || ' set role'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN PERFORM set_config('role', 'postgres', false); got := got || ' set_config'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN PERFORM pg_read_file('PG_VERSION'); got := got || ' file'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'CREATE ROLE regress_loot'; got := got || ' role'; EXCEPTION WHEN OTHERS THEN NULL; END;
    INSERT INTO public.ran VALUES (TG_NAME || ' on ' || TG_TABLE_NAME, current_user, NULL, got);
    RETURN NEW;
END $$;
CREATE TRIGGER plant_before BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION acme.plant();
CREATE TRIGGER plant_after AFTER INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION acme.plant();
CREATE TRIGGER plant_delete BEFORE DELETE ON phase_history FOR EACH ROW EXECUTE FUNCTION acme.plant();
CREATE FUNCTION acme.note(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (what, current_user); RETURN true; END $$;
ALTER TABLE phase_history ADD COLUMN planted boolean DEFAULT acme.note('default of phase_history');
ALTER TABLE phase_history ADD CONSTRAINT planted CHECK (acme.note('check of phase_history') OR id IS NULL);
ALTER TABLE phase_transitions ENABLE ROW LEVEL SECURITY;
ALTER TABLE phase_transitions FORCE ROW LEVEL SECURITY;
CREATE POLICY planted ON phase_transitions USING (acme.note('policy of phase_transitions'));
RESET ROLE;
TRUNCATE public.ran;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't1';
SELECT current_user = session_user AS still_myself;
SET search_path = acme;
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_BLOCKED')).current_phase;
SELECT transitioned FROM phasegate.transition_tickets(ARRAY['00000000-0000-7000-8000-000000000003']::uuid[], 'PHASE_BLOCKED');
INSERT INTO tickets (title) VALUES ('by the superuser');
SELECT phasegate.can_transition('PHASE_DESIGN', 'PHASE_BLOCKED');
SELECT what, as_user, extra, count(*) FROM public.ran GROUP BY 1, 2, 3 ORDER BY 1;
-- A deferred trigger would run at commit, when the owner's rights are gone: it is refused.
SET ROLE regress_owner;
CREATE CONSTRAINT TRIGGER plant_deferred AFTER INSERT ON phase_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION acme.plant();
RESET ROLE;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't4';
SET ROLE regress_owner;
DROP TRIGGER plant_deferred ON phase_history;
-- Where no superuser moves, it runs with the caller's rights; from PostgreSQL 18 on with those it was queued with, the owner's.
CREATE FUNCTION acme.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (TG_NAME, current_user); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON phase_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION acme.late();
SET ROLE regress_mover;
BEGIN;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't4';
UPDATE acme.tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 't4';
COMMIT;
SELECT current_user;
RESET ROLE;
SELECT as_user = CASE WHEN current_setting('server_version_num')::int < 180000 THEN 'regress_mover' ELSE 'regress_owner' END AS as_who_queued, count(*)
  FROM public.ran WHERE what = 'late' GROUP BY 1;
SET ROLE regress_owner;
DROP TRIGGER late ON phase_history;
-- A history trigger that swallows the row swallows no move.
CREATE FUNCTION acme.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER zz_swallow BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION acme.swallow();
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't4';
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER zz_swallow ON phase_history;
DROP POLICY planted ON phase_transitions;
ALTER TABLE phase_transitions DISABLE ROW LEVEL SECURITY;
ALTER TABLE phase_history DROP CONSTRAINT planted, DROP COLUMN planted;
DROP FUNCTION acme.plant() CASCADE;

-- A mover whose search_path starts with a schema full of traps: operators, functions, casts, tables of the
-- names that the workspace uses. Nothing of it runs with the owner's rights.
RESET ROLE;
TRUNCATE public.ran;
CREATE SCHEMA evil AUTHORIZATION regress_evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SET ROLE regress_evil;
CREATE FUNCTION evil.trap(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (what, current_user); RETURN true; END $$;
DO $$
DECLARE kind text; op text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['uuid', 'acme.phase', 'text', 'name', 'oid', 'integer', 'bigint', 'timestamptz', '"char"', 'varchar', 'boolean'] LOOP
        FOREACH op IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>='] LOOP
            EXECUTE format('CREATE OR REPLACE FUNCTION evil.op(%1$s, %1$s) RETURNS boolean LANGUAGE sql AS $f$ SELECT evil.trap(%2$L) $f$', kind, kind || ' op');
            EXECUTE format('CREATE OPERATOR evil.%1$s (LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = evil.op)', op, kind);
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION evil.varchar_op(varchar, text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.trap('varchar = text') $$;
CREATE OPERATOR evil.= (LEFTARG = varchar, RIGHTARG = text, FUNCTION = evil.varchar_op);
CREATE OPERATOR evil.<> (LEFTARG = varchar, RIGHTARG = text, FUNCTION = evil.varchar_op);
CREATE FUNCTION evil.concat_op(text, text) RETURNS text LANGUAGE sql AS $$ SELECT evil.trap('||')::text $$;
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.concat_op);
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.now() FROM (SELECT evil.trap('now')) x $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.now() FROM (SELECT evil.trap('clock_timestamp')) x $$;
CREATE FUNCTION evil.uuid_v7() RETURNS uuid LANGUAGE sql AS $$ SELECT pg_catalog.gen_random_uuid() FROM (SELECT evil.trap('uuid_v7')) x $$;
CREATE FUNCTION evil.unnest(uuid[]) RETURNS SETOF uuid LANGUAGE sql AS $$ SELECT pg_catalog.unnest($1) FROM (SELECT evil.trap('unnest')) x $$;
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint FROM (SELECT evil.trap('count')) x $$;
CREATE FUNCTION evil.jsonb_build_object(VARIADIC text[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb FROM (SELECT evil.trap('jsonb_build_object')) x $$;
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT '' FROM (SELECT evil.trap('format')) x $$;
CREATE FUNCTION evil.char_length(text) RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM (SELECT evil.trap('char_length')) x $$;
CREATE DOMAIN evil.uuid AS pg_catalog.uuid CHECK (evil.trap('domain'));
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.trap('domain'));
CREATE TABLE evil.phase_history (LIKE acme.tickets);
CREATE TABLE evil.phase_transitions (from_phase acme.phase, to_phase acme.phase, requires_gate boolean);
INSERT INTO evil.phase_transitions VALUES ('PHASE_DESIGN', 'PHASE_DONE', false);
CREATE TABLE evil.phase_gate_artifacts (id int);
CREATE TABLE evil.pg_trigger (tgrelid oid);
CREATE TABLE evil.pg_enum (enumtypid oid);
RESET ROLE;
TRUNCATE public.ran;
\c
SET ROLE regress_evil;
SET search_path = evil, acme, pg_catalog;
-- The traps do work, for SQL that names things unqualified.
SELECT 1 WHERE 'a'::pg_catalog.text = 'b'::pg_catalog.text AND 'a'::pg_catalog.text || 'b'::pg_catalog.text < 'c'::pg_catalog.text AND now() > now();
RESET ROLE;
SELECT what, as_user, pg_catalog.count(*) FROM public.ran GROUP BY 1, 2 ORDER BY 1;
TRUNCATE public.ran;
SET ROLE regress_evil;
UPDATE acme.tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE phase_id OPERATOR(pg_catalog.=) 'PHASE_DESIGN'::acme.phase;
UPDATE acme.tickets SET phase_id = 'PHASE_DONE';
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN')).current_phase;
SELECT (phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_DONE')).error_code;
SELECT transitioned FROM phasegate.transition_tickets(ARRAY['00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000002']::pg_catalog.uuid[], 'PHASE_DESIGN');
SELECT (phasegate.block_ticket('00000000-0000-7000-8000-000000000001', 'r')).current_phase;
SELECT (phasegate.unblock_ticket('00000000-0000-7000-8000-000000000001')).current_phase;
SELECT phasegate.get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT phasegate.can_transition('PHASE_DESIGN', 'PHASE_DONE');
DELETE FROM acme.tickets WHERE title OPERATOR(pg_catalog.=) 'by the superuser';
RESET ROLE;
-- Nor with a superuser's or the owner's rights, who has that search_path, and who makes and checks workspaces.
SET search_path = evil, acme, pg_catalog;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title OPERATOR(pg_catalog.=) 't1';
SELECT pg_catalog.sum(violations) FROM phasegate.check_workspace('acme');
SELECT (phasegate.get_phase_history('00000000-0000-7000-8000-000000000001')).to_phase;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.create_workspace('another');
INSERT INTO another.tickets (title) VALUES ('t');
SELECT phasegate.detach_workspace('another');
SELECT schema FROM phasegate.workspaces;
SET search_path = acme;
SELECT * FROM public.ran;
SELECT t.title, from_phase, to_phase FROM phase_history h JOIN tickets t ON t.id = ticket_id WHERE from_phase IS NOT NULL ORDER BY t.title, h.created_at;

-- Trigger functions that somebody attaches to tables of their own.
SET ROLE regress_evil;
CREATE TABLE evil.bait (LIKE acme.tickets);
CREATE TRIGGER decide BEFORE UPDATE ON evil.bait FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('1');
INSERT INTO evil.bait (id, title, phase_id, priority, phase_entered_at, created_at, updated_at) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_BACKLOG', 'LOW', now(), now(), now());
UPDATE evil.bait SET phase_id = 'PHASE_DONE';
DROP TRIGGER decide ON evil.bait;
-- In the schema of somebody else.
RESET ROLE;
GRANT CREATE ON SCHEMA acme TO regress_evil;
SET ROLE regress_evil;
CREATE TABLE acme.bait (LIKE acme.tickets);
CREATE TRIGGER decide BEFORE UPDATE ON acme.bait FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('1');
CREATE TRIGGER start BEFORE INSERT ON acme.bait FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_start();
CREATE TRIGGER record AFTER INSERT OR UPDATE ON acme.bait FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_record();
CREATE TRIGGER write AFTER INSERT OR UPDATE ON acme.bait FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_write();
INSERT INTO acme.bait (id, title, phase_id, priority) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_BACKLOG', 'LOW');
DROP TRIGGER start ON acme.bait;
INSERT INTO acme.bait (id, title, phase_id, priority, phase_entered_at, created_at, updated_at) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_BACKLOG', 'LOW', now(), now(), now());
DROP TRIGGER record ON acme.bait;
INSERT INTO acme.bait (id, title, phase_id, priority, phase_entered_at, created_at, updated_at) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_BACKLOG', 'LOW', now(), now(), now());
UPDATE acme.bait SET phase_id = 'PHASE_REQUIREMENTS';
CREATE TABLE acme.history_bait (ticket_id int);
INSERT INTO acme.history_bait VALUES (1);
CREATE TRIGGER append_only BEFORE DELETE ON acme.history_bait FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
DELETE FROM acme.history_bait;
DROP TABLE acme.bait, acme.history_bait;
-- Tables, views and an enum that somebody puts into a schema before its owner makes a workspace of it.
RESET ROLE;
CREATE SCHEMA shared AUTHORIZATION regress_owner;
GRANT CREATE, USAGE ON SCHEMA shared TO regress_evil;
SET ROLE regress_evil;
CREATE TABLE shared.phase_context (id uuid);
GRANT ALL ON shared.phase_context TO PUBLIC;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('shared');
SET ROLE regress_evil;
DROP TABLE shared.phase_context;
CREATE VIEW shared.phase_transitions AS SELECT 1 AS requires_gate;
GRANT ALL ON shared.phase_transitions TO PUBLIC;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('shared');
SET ROLE regress_evil;
DROP VIEW shared.phase_transitions;
CREATE TYPE shared.phase AS ENUM ('PHASE_BACKLOG', 'PHASE_REQUIREMENTS', 'PHASE_DESIGN', 'PHASE_IMPLEMENTATION', 'PHASE_TESTING', 'PHASE_DEPLOYMENT', 'PHASE_DONE', 'PHASE_BLOCKED');
SET ROLE regress_owner;
SELECT phasegate.create_workspace('shared');
SET ROLE regress_evil;
DROP TYPE shared.phase;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('shared');
-- A view of ours that somebody has put in the place of one that was dropped is not repaired: it would stay theirs, to
-- be replaced under those who read it.
RESET ROLE;
SELECT phasegate.create_workspace('mine');
GRANT CREATE, USAGE ON SCHEMA mine TO regress_evil;
DROP VIEW mine.phase_durations;
SET ROLE regress_evil;
CREATE VIEW mine.phase_durations AS SELECT NULL::uuid AS ticket_id;
RESET ROLE;
SELECT phasegate.create_workspace('mine');
SELECT relowner::regrole FROM pg_class WHERE relname = 'phase_durations' AND relnamespace = 'mine'::regnamespace;
DROP VIEW mine.phase_durations;
CREATE TABLE mine.phase_durations (id int);
SELECT phasegate.create_workspace('mine');
-- A superuser who makes a workspace of somebody's tables makes it theirs, not his.
RESET ROLE;
CREATE SCHEMA theirs AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE theirs.tickets (id uuid PRIMARY KEY);
RESET ROLE;
SELECT phasegate.create_workspace('theirs');
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'theirs'::regnamespace;
SELECT schema, owner FROM phasegate.workspaces WHERE schema IN ('theirs', 'shared');
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_mover, regress_evil CASCADE;
DROP ROLE regress_owner, regress_mover, regress_evil;
