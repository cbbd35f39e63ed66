-- What an application has that a workspace cannot live with is refused before anything is changed, all of it at once, with the
-- way out; constraints are recognized by what they are and not by their names.
\set VERBOSITY default
CREATE FUNCTION public.tried(definition text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    CREATE SCHEMA try;
    PERFORM set_config('search_path', 'try', true);
    EXECUTE definition;
    PERFORM phasegate.create_workspace('try');
    RETURN QUERY SELECT 'adopted';
    RETURN QUERY SELECT format('%s: %s', check_name, example) FROM phasegate.check_workspace('try') WHERE violations > 0;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN QUERY VALUES (SQLSTATE || ' ' || SQLERRM), ('  ' || replace(detail, E'\n', E'\n  ')), ('  ' || replace(hint, E'\n', E'\n  '));
END $$;
CREATE TABLE public.tables (n serial, definition text);
\set tickets 'CREATE TABLE tickets (id uuid PRIMARY KEY, title text NOT NULL); '
INSERT INTO public.tables (definition) SELECT :'tickets' || d FROM unnest(ARRAY[
    -- taken for what they are
    'ALTER TABLE tickets ADD created_at timestamptz(6) NOT NULL DEFAULT now(), ADD updated_at timestamptz(3), ADD description varchar',
    'ALTER TABLE tickets ADD priority varchar NOT NULL DEFAULT ''LOW'' CONSTRAINT mine CHECK (priority = ANY (ARRAY[''LOW'', ''HIGH'']))',
    'ALTER TABLE tickets ADD CONSTRAINT tickets_title_check CHECK (title <> ''x'')',
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid, phase_id text, blocked_by uuid REFERENCES tickets)',
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid REFERENCES tickets ON DELETE RESTRICT, phase_id text); CREATE INDEX tasks_open ON tasks (phase_id)',
    'ALTER TABLE tickets ADD phase_id text DEFAULT concat(''PHASE_'', ''BACKLOG'')',
    'ALTER TABLE tickets ADD phase_id text; ALTER TABLE tickets ALTER phase_id SET DEFAULT current_setting(''app.phase'')',
    'ALTER TABLE tickets ADD phase_id text DEFAULT current_setting(''app.phase'', true)',
    -- refused
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid NOT NULL REFERENCES tickets ON DELETE CASCADE, phase_id text, status text NOT NULL DEFAULT ''open'' CHECK (status IN (''open'', ''done'')))',
    'CREATE TABLE states (name text PRIMARY KEY); INSERT INTO states VALUES (''pending''), (''completed''); CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid, phase_id text, status text REFERENCES states)',
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid, phase_id text, status varchar(7), project int NOT NULL, error_message varchar(80), result jsonb NOT NULL)',
    'CREATE TABLE issues (id uuid PRIMARY KEY); CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid REFERENCES issues, phase_id text)',
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid, phase_id text, attempts bigint, dependencies json, created_at timestamp)',
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid, phase_id text); INSERT INTO tasks VALUES (gen_random_uuid(), NULL, NULL)',
    'CREATE TABLE tasks (id uuid PRIMARY KEY); INSERT INTO tasks VALUES (gen_random_uuid())',
    'ALTER TABLE tickets ADD phase_id text DEFAULT ''PHASE_DONE''',
    'ALTER TABLE tickets ADD phase_id varchar(20) DEFAULT lower(''PHASE_BACKLOG'')',
    'CREATE FUNCTION first() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT ''PHASE_'' || ''DONE''; END; ALTER TABLE tickets ADD phase_id text DEFAULT first()',
    'CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid, phase_id text, status text DEFAULT upper(''pending''))',
    'ALTER TABLE tickets ADD phase_id text DEFAULT ''new''; ALTER TABLE tickets ADD updated_at timestamptz GENERATED ALWAYS AS (''2025-01-01Z'') STORED',
    'ALTER TABLE tickets ADD phase_id text; CREATE INDEX done ON tickets (title) WHERE phase_id = ''PHASE_DONE''; CREATE VIEW v AS SELECT phase_id FROM tickets',
    'INSERT INTO tickets VALUES (gen_random_uuid(), ''''), (gen_random_uuid(), repeat(''x'', 501))',
    'ALTER TABLE tickets RENAME title TO subject; INSERT INTO tickets VALUES (gen_random_uuid(), ''x'')',
    'ALTER TABLE tickets ALTER title DROP NOT NULL; INSERT INTO tickets VALUES (gen_random_uuid(), NULL)',
    'CREATE TABLE bugs () INHERITS (tickets)'
]) d;
\pset format unaligned
SELECT n, tried(definition) AS "what comes of it" FROM public.tables ORDER BY n;
-- A default that only the application's sessions can give is theirs to say; trying it leaves nothing.
\pset format aligned
CREATE SCHEMA app;
CREATE TABLE app.asked (at timestamptz);
CREATE FUNCTION app.first() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.asked VALUES (now()); RETURN current_setting('app.phase', true); END $$;
CREATE TABLE app.tickets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL, phase_id text DEFAULT app.first());
SELECT object_name, problem FROM phasegate.adoption_report('app');
SELECT count(*) AS asked FROM app.asked;
SELECT FROM phasegate.create_workspace('app') \g /dev/null
SET app.phase = 'phase_backlog';
INSERT INTO app.tickets (title) VALUES ('a');
SET app.phase = 'PHASE_DESIGN';
INSERT INTO app.tickets (title) VALUES ('b') RETURNING title, phase_id;
