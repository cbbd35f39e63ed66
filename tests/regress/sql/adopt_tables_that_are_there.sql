-- Tables tickets and tasks that are there are taken over as they are.
\set SHOW_CONTEXT never
-- What a column, constraint or trigger of a table is, by name and not by number. From PostgreSQL 18 on NOT NULL is
-- a constraint as well; that is left to the column.
CREATE FUNCTION public.shape(schema text, tab text) RETURNS TABLE (kind text, item text) LANGUAGE sql AS $$
    SELECT 'column', format('%s %s%s%s', attname, replace(format_type(atttypid, atttypmod), schema || '.', ''),
                            CASE WHEN attnotnull THEN ' not null' END, ' default ' || replace(pg_get_expr(adbin, adrelid), schema || '.', ''))
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
     WHERE attrelid = format('%I.%I', schema, tab)::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 'constraint', conname || ' ' || replace(pg_get_constraintdef(oid), schema || '.', '') FROM pg_constraint WHERE conrelid = format('%I.%I', schema, tab)::regclass AND contype <> 'n'
    UNION ALL
    SELECT 'index', replace(pg_get_indexdef(indexrelid), schema || '.', '') FROM pg_index WHERE indrelid = format('%I.%I', schema, tab)::regclass
    UNION ALL
    SELECT 'trigger', replace(pg_get_triggerdef(oid), schema || '.', '') FROM pg_trigger WHERE tgrelid = format('%I.%I', schema, tab)::regclass AND NOT tgisinternal
$$;
SET search_path = public;
SELECT phasegate.create_workspace('fresh');

-- The barest tables get exactly what fresh ones have.
CREATE SCHEMA bare;
CREATE TABLE bare.tickets (id uuid PRIMARY KEY, title text);
CREATE TABLE bare.tasks (id uuid PRIMARY KEY);
INSERT INTO bare.tickets SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n FROM generate_series(1, 3) n;
SELECT phasegate.create_workspace('bare');
SELECT t AS only_in_fresh, s.* FROM unnest(ARRAY['tickets', 'tasks']) t, LATERAL (SELECT * FROM shape('fresh', t) EXCEPT SELECT * FROM shape('bare', t)) s
 UNION ALL
SELECT t || ' (only in bare)', s.* FROM unnest(ARRAY['tickets', 'tasks']) t, LATERAL (SELECT * FROM shape('bare', t) EXCEPT SELECT * FROM shape('fresh', t)) s;
SELECT title, phase_id, previous_phase_id, priority, phase_entered_at IS NOT NULL AS entered FROM bare.tickets ORDER BY id;
SELECT from_phase, to_phase, transition_reason, transitioned_by = session_user AS by_session, count(*) FROM bare.phase_history GROUP BY 1, 2, 3, 4;
SELECT count(*) AS tasks FROM bare.tasks;
SELECT sum(violations) FROM phasegate.check_workspace('bare');
UPDATE bare.tickets SET phase_id = 'PHASE_REQUIREMENTS';
INSERT INTO bare.tickets (title) VALUES ('new');
SELECT sum(violations) FROM phasegate.check_workspace('bare');

-- An app's own: varchar phases, extra columns before and after, a trigger, a policy, foreign keys, a view.
CREATE SCHEMA app;
CREATE TABLE app.tickets (
    number serial, id uuid PRIMARY KEY DEFAULT gen_random_uuid(), assignee text, title varchar(300), phase_id varchar(50) DEFAULT 'PHASE_DESIGN', priority text,
    created_at timestamptz DEFAULT now(), labels text[] NOT NULL DEFAULT '{}', whose text GENERATED ALWAYS AS (assignee || '''s') STORED, CHECK (phase_id LIKE 'PHASE_%'));
INSERT INTO app.tickets (id, title, assignee, phase_id, priority) VALUES
    ('00000000-0000-7000-8000-000000000001', 'one', 'regress_ann', 'PHASE_TESTING', 'HIGH'),
    ('00000000-0000-7000-8000-000000000002', 'two', 'bob', NULL, NULL),
    ('00000000-0000-7000-8000-000000000003', 'three', NULL, 'PHASE_DONE', 'LOW'),
    ('00000000-0000-7000-8000-000000000004', 'four', NULL, 'PHASE_BLOCKED', 'LOW');
CREATE TABLE app.comments (ticket_id uuid REFERENCES app.tickets, body text);
INSERT INTO app.comments VALUES ('00000000-0000-7000-8000-000000000001', 'hi');
CREATE VIEW app.assigned AS SELECT id, assignee FROM app.tickets WHERE assignee IS NOT NULL;
CREATE INDEX tickets_by_phase ON app.tickets (phase_id);
CREATE TABLE app.audit (what text);
CREATE FUNCTION app.audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.audit VALUES (TG_OP); RETURN NEW; END $$;
CREATE TRIGGER audit BEFORE INSERT OR UPDATE OR DELETE ON app.tickets FOR EACH ROW EXECUTE FUNCTION app.audit();
ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app.tickets USING (assignee = current_user);
CREATE TABLE app.tasks (id uuid PRIMARY KEY, ticket_id uuid NOT NULL REFERENCES app.tickets ON DELETE CASCADE, phase_id varchar(50) NOT NULL, status text, note text);
INSERT INTO app.tasks VALUES ('00000000-0000-7000-8000-0000000000f1', '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', NULL, 'mine');
CREATE TABLE before AS SELECT number, id, assignee, labels FROM app.tickets;
SELECT phasegate.create_workspace('app');
SELECT count(*) AS lost_or_changed FROM (TABLE before EXCEPT SELECT number, id, assignee, labels FROM app.tickets) x;
SELECT number, title, whose, phase_id, previous_phase_id, priority, assignee FROM app.tickets ORDER BY id;
SELECT item FROM shape('app', 'tickets') WHERE kind = 'column' ORDER BY 1;
SELECT t.title, from_phase, to_phase, transition_reason FROM app.phase_history JOIN app.tickets t ON t.id = ticket_id ORDER BY ticket_id;
SELECT ticket_id, phase_id, status, note, priority, kind, attempts FROM app.tasks;
SELECT count(*) AS audited FROM app.audit;
SELECT sum(violations) FROM phasegate.check_workspace('app');
-- It works: the app's default, its trigger, its policy.
INSERT INTO app.tickets (title) VALUES ('new') RETURNING phase_id, priority;
SELECT what FROM app.audit;
CREATE ROLE regress_ann;
GRANT USAGE ON SCHEMA app TO regress_ann;
GRANT SELECT, UPDATE ON app.tickets TO regress_ann;
GRANT INSERT ON app.audit TO regress_ann;
SET ROLE regress_ann;
SET search_path = app;
UPDATE app.tickets SET phase_id = 'PHASE_BLOCKED' RETURNING title;
SELECT error_code FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_REQUIREMENTS');
RESET ROLE;
SELECT t.title, from_phase, to_phase, db_role = session_user AS by_session FROM phase_history JOIN tickets t ON t.id = ticket_id WHERE from_phase IS NOT NULL;
-- A blocked ticket of which nobody knows where it was blocked goes back to the start, so that no gate is skipped.
SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-000000000004');
SELECT sum(violations) FROM phasegate.check_workspace('app');
DROP OWNED BY regress_ann;
DROP ROLE regress_ann;
SET search_path = public;

-- As its owner, with row security forced on the owner too, nothing is missed.
CREATE ROLE regress_owner;
CREATE SCHEMA forced AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE forced.tickets (id uuid PRIMARY KEY, title text, phase_id text);
INSERT INTO forced.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_DESIGN'), ('00000000-0000-7000-8000-000000000002', 'two', NULL);
ALTER TABLE forced.tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE forced.tickets FORCE ROW LEVEL SECURITY;
SELECT phasegate.create_workspace('forced');
RESET ROLE;
SELECT t.title, t.phase_id, h.to_phase FROM forced.tickets t LEFT JOIN forced.phase_history h ON h.ticket_id = t.id ORDER BY t.id;
SET client_min_messages = warning;
DROP OWNED BY regress_owner CASCADE;
DROP ROLE regress_owner;
RESET client_min_messages;

-- Views, policies and generated columns stay in the way only where PostgreSQL must rewrite their column.
CREATE SCHEMA views;
CREATE TABLE views.tickets (id uuid PRIMARY KEY, title text, priority text, upper text GENERATED ALWAYS AS (upper(title)) STORED);
CREATE VIEW views.titles AS SELECT title, priority FROM views.tickets;
CREATE POLICY low ON views.tickets USING (priority = 'LOW');
INSERT INTO views.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'LOW');
SELECT phasegate.create_workspace('views');
SELECT title, upper, priority, phase_id FROM views.tickets;
CREATE SCHEMA more_views;
CREATE TABLE more_views.tickets (id uuid PRIMARY KEY, title text, phase_id text);
CREATE VIEW more_views.phase_ids AS SELECT phase_id FROM more_views.tickets;
SELECT phasegate.create_workspace('more_views');

-- What PostgreSQL 18 added, where there is that: NOT NULL that is not validated, and virtual generated columns.
SELECT current_setting('server_version_num')::int >= 180000 AS is_18 \gset
\if :is_18
\set generated VIRTUAL
\else
\set generated STORED
\endif
CREATE SCHEMA newer;
CREATE TABLE newer.tickets (id uuid PRIMARY KEY, name text, title text, description text GENERATED ALWAYS AS ('about ' || name) :generated, priority varchar(20));
INSERT INTO newer.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'one'), ('00000000-0000-7000-8000-000000000002', 'two');
\if :is_18
ALTER TABLE newer.tickets ADD CONSTRAINT titled NOT NULL title NOT VALID, ADD NOT NULL priority NOT VALID;
\endif
SELECT phasegate.create_workspace('newer');
UPDATE newer.tickets SET title = name, priority = 'MEDIUM';
SELECT phasegate.create_workspace('newer');
UPDATE newer.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE name = 'one' RETURNING title, description, phase_id, previous_phase_id;
INSERT INTO newer.tickets (name, title) VALUES ('three', 't');
SELECT name, title, description, priority, phase_id FROM newer.tickets ORDER BY id;
SELECT sum(violations) FROM phasegate.check_workspace('newer');

-- Values that are no phase: all are listed, nothing is changed.
CREATE SCHEMA bad;
CREATE TABLE bad.tickets (id uuid PRIMARY KEY, title text, phase_id varchar(50));
INSERT INTO bad.tickets SELECT gen_random_uuid(), 't', p FROM unnest(ARRAY['PHASE_DESIGN', 'open', 'closed', 'it''s', 'open', NULL]) p;
SELECT phasegate.create_workspace('bad');
\echo :LAST_ERROR_SQLSTATE
SELECT item FROM shape('bad', 'tickets') ORDER BY 1;
SELECT to_regtype('bad.phase'), to_regclass('bad.tasks'), count(*) FROM bad.tickets;
-- Changed, it goes.
UPDATE bad.tickets SET phase_id = 'PHASE_BACKLOG' WHERE phase_id !~ '^PHASE_';
SELECT phasegate.create_workspace('bad');
SELECT phase_id, count(*) FROM bad.tickets GROUP BY 1 ORDER BY 1;

-- Columns that do not fit.
CREATE FUNCTION public.try(definition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
    CREATE SCHEMA try;
    EXECUTE replace(definition, 'TABLE ', 'TABLE try.');
    PERFORM phasegate.create_workspace('try');
    RAISE EXCEPTION 'adopted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN format('%s %s: %s', SQLSTATE, SQLERRM, detail);
END $$;
SELECT d, try(d) FROM unnest(ARRAY[
    'CREATE TABLE tickets (id int PRIMARY KEY)', 'CREATE TABLE tickets (id uuid)', 'CREATE TABLE tickets (number int PRIMARY KEY)',
    'CREATE TABLE tickets (id uuid, number int, PRIMARY KEY (id, number))', 'CREATE TABLE tickets (id uuid PRIMARY KEY, title int)',
    'CREATE TABLE tickets (id uuid PRIMARY KEY, title text[])', 'CREATE TABLE tickets (id uuid PRIMARY KEY, phase_id int)',
    'CREATE TABLE tickets (id uuid PRIMARY KEY, phase_id text[])', 'CREATE TABLE tickets (id uuid PRIMARY KEY, context json)',
    'CREATE TABLE tickets (id uuid PRIMARY KEY, created_at timestamp)', 'CREATE TABLE tasks (id uuid PRIMARY KEY, attempts bigint)',
    'CREATE TABLE tasks (id bigint PRIMARY KEY)', 'CREATE TABLE tickets (id uuid PRIMARY KEY, title varchar(80), description varchar, priority varchar(8))']) d;
SELECT d, try(d) FROM unnest(ARRAY[
    'CREATE VIEW try.tickets AS SELECT 1', 'CREATE VIEW try.phase_transitions AS SELECT 1', 'CREATE TYPE try.phase AS ENUM (''PHASE_BACKLOG'', ''PHASE_DONE'')',
    'CREATE DOMAIN try.phase AS text', 'CREATE TABLE phase (id int)']) d;
-- A row that breaks a constraint of fresh tables.
CREATE SCHEMA urgent;
CREATE TABLE urgent.tickets (id uuid PRIMARY KEY, title text, priority text);
INSERT INTO urgent.tickets VALUES ('00000000-0000-7000-8000-000000000001', 't', 'urgent');
SELECT phasegate.create_workspace('urgent');
SELECT count(*) AS columns FROM shape('urgent', 'tickets') WHERE kind = 'column';

-- An enum phase of the user's own that has all labels is adopted, with its own order and additions.
CREATE SCHEMA own;
CREATE TYPE own.phase AS ENUM ('PHASE_IDEA', 'PHASE_BACKLOG', 'PHASE_REQUIREMENTS', 'PHASE_DESIGN', 'PHASE_BLOCKED', 'PHASE_IMPLEMENTATION', 'PHASE_TESTING', 'PHASE_DEPLOYMENT', 'PHASE_DONE');
CREATE TABLE own.tickets (id uuid PRIMARY KEY, phase_id own.phase, title text DEFAULT 't');
INSERT INTO own.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_IDEA'), ('00000000-0000-7000-8000-000000000002', NULL);
SELECT phasegate.create_workspace('own');
SELECT id, phase_id FROM own.tickets ORDER BY id;
SELECT phase, tickets FROM own.phase_board;
SELECT sum(violations) FROM phasegate.check_workspace('own');
