-- Tables of tickets whose key is no uuid named id: ticket_uuid beside it is what functions take and other tables refer to. The
-- application's own key goes on as it was, and messages name it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- What the keys are.
CREATE TABLE public.shapes (shape text PRIMARY KEY, columns text);
INSERT INTO public.shapes VALUES
    ('bigint', 'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY'), ('integer', 'id serial PRIMARY KEY'),
    ('varchar', 'id varchar(20) PRIMARY KEY DEFAULT ''T-'' || nextval(''public.numbers'')'),
    ('named', 'issue_no int PRIMARY KEY DEFAULT nextval(''public.numbers'')'),
    ('uuid_named', 'issue_id uuid PRIMARY KEY DEFAULT gen_random_uuid()'),
    ('composite', 'tenant int DEFAULT 1, id int DEFAULT nextval(''public.numbers''), PRIMARY KEY (tenant, id)'),
    ('composite_uuid', 'tenant int DEFAULT 1, id uuid DEFAULT gen_random_uuid(), PRIMARY KEY (tenant, id)'),
    ('keyless', 'note text'), ('unique_uuid', 'id uuid UNIQUE DEFAULT gen_random_uuid()'),
    ('uuid', 'id uuid PRIMARY KEY DEFAULT gen_random_uuid()');
CREATE SEQUENCE public.numbers;
CREATE FUNCTION public.adopted(shape text, columns text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    key text;
    violations bigint;
    refers text;
    entered text;
BEGIN
    EXECUTE format('CREATE TABLE public.%I (%s, title text NOT NULL)', shape, columns);
    EXECUTE format('INSERT INTO public.%I (title) VALUES (''one''), (''two'')', shape);
    PERFORM phasegate.create_workspace('flow_' || shape, tickets => format('public.%I', shape)::regclass);
    EXECUTE format('INSERT INTO public.%I (title) VALUES (''three'')', shape);
    EXECUTE format('UPDATE public.%I SET phase_id = ''PHASE_REQUIREMENTS'' WHERE title <> ''one''', shape);
    SELECT a.attname, pg_get_constraintdef(k.oid) INTO key, refers
      FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = k.confkey[1]
     WHERE k.conname = 'phase_history_ticket_id_fkey' AND k.confrelid = format('public.%I', shape)::regclass;
    PERFORM set_config('search_path', 'flow_' || shape, true);
    EXECUTE format('SELECT string_agg((phasegate.transition_ticket(%I, ''PHASE_REQUIREMENTS'')).current_phase, '','' ORDER BY title) FROM public.%I', key, shape)
       INTO entered;
    SELECT sum(c.violations) INTO violations FROM phasegate.check_workspace() c;
    PERFORM phasegate.create_workspace('flow_' || shape);
    RETURN concat_ws(' | ', key, entered, violations);
END $$;
SELECT shape, public.adopted(shape, columns) FROM public.shapes ORDER BY shape;
SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE k.confrelid = 'public.bigint'::regclass ORDER BY 1;

-- Plain UPDATEs by the application's own id, and messages that name it.
SET search_path = flow_bigint, public, phasegate;
SELECT regexp_replace(reason, '[0-9a-f]{8}-[-0-9a-f]{27}', '<uuid>') AS reason
  FROM public.bigint t, try_transition_ticket(t.ticket_uuid, 'PHASE_TESTING') r, unnest(r.blocking_reasons) reason WHERE t.id = 2;
CREATE FUNCTION public.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN regexp_replace(SQLERRM || ': ' || detail, '[0-9a-f]{8}-[-0-9a-f]{27}', '<uuid>', 'g');
END $$;
SELECT shape, public.refused(format('UPDATE public.%I SET phase_id = ''PHASE_DONE'' WHERE title = ''two''', shape)) FROM public.shapes
 WHERE shape IN ('bigint', 'named', 'uuid_named') ORDER BY shape;
SELECT public.refused('UPDATE public.varchar SET phase_id = ''PHASE_DONE'' WHERE title = ''two''') LIKE '%Ticket T-% (<uuid>) cannot%' AS named;
SELECT public.refused('UPDATE public.bigint SET phase_id = ''PHASE_DESIGN'' WHERE id = 2');

\set VERBOSITY terse
-- Who may write tickets may not take a key away from one, nor give it another's.
UPDATE public.bigint SET ticket_uuid = NULL WHERE id = 2;
UPDATE public.bigint SET ticket_uuid = uuid_v7() WHERE id = 2;
INSERT INTO public.bigint (title, ticket_uuid) SELECT 'copy', ticket_uuid FROM public.bigint WHERE id = 2;
DELETE FROM public.bigint WHERE id = 1;
SELECT title, deleted FROM ticket_archive;
SELECT sum(violations) FROM check_workspace();

CREATE TABLE public.invoices (id int PRIMARY KEY, issue bigint REFERENCES public.bigint, ticket uuid REFERENCES public.bigint (ticket_uuid));
INSERT INTO public.invoices SELECT 1, id, NULL FROM public.bigint WHERE id = 2 UNION ALL SELECT 2, NULL, ticket_uuid FROM public.bigint WHERE id = 3;
SELECT count(*) AS forced FROM public.bigint, force_transition_ticket(ticket_uuid, 'PHASE_DONE', 'over');
SET client_min_messages = notice;
SELECT archive_tickets('infinity', delete => true);
DELETE FROM public.invoices WHERE id = 2;
SELECT archive_tickets('infinity', delete => true);
SET client_min_messages = warning;
SELECT title FROM public.bigint;
SELECT title, deleted, document -> 'ticket' ->> 'id' AS id FROM ticket_archive;
DROP TABLE public.invoices;
SELECT sum(violations) FROM check_workspace();

-- DROP EXTENSION takes the default of the key too; create_workspace gives it back.
DROP EXTENSION phasegate CASCADE;
INSERT INTO public.bigint (title) VALUES ('without');
CREATE EXTENSION phasegate;
SELECT create_workspace('flow_bigint');
INSERT INTO public.bigint (title) VALUES ('with');
SELECT title, phase_id FROM public.bigint ORDER BY id;
SELECT sum(violations) FROM check_workspace();

\set VERBOSITY default
-- A column of that name that cannot be the key is the application's own: it has to be renamed. One that only lacks the unique
-- key gets it.
CREATE TABLE public.taken (id int PRIMARY KEY, title text, ticket_uuid text);
SELECT create_workspace('taken', tickets => 'public.taken');
CREATE TABLE public.half (id int PRIMARY KEY, title text, ticket_uuid uuid NOT NULL);
INSERT INTO public.half VALUES (1, 'x', '00000000-0000-7000-8000-000000000001');
SELECT create_workspace('half', tickets => 'public.half');
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'public.half'::regclass AND contype IN ('p', 'u') ORDER BY 1;
CREATE TABLE public.twice (id int PRIMARY KEY, title text, ticket_uuid uuid NOT NULL);
INSERT INTO public.twice SELECT n, 'x', '00000000-0000-7000-8000-000000000001' FROM generate_series(1, 2) n;
SELECT create_workspace('twice', tickets => 'public.twice');

-- Partitioned tables: other tables can refer to a unique key of one column alone, which the columns partitioned by must be in.
CREATE TABLE public.by_time (id uuid, title text, made timestamptz, PRIMARY KEY (id, made)) PARTITION BY RANGE (made);
SELECT create_workspace('by_time', tickets => 'public.by_time');
CREATE TABLE public.by_number (id int PRIMARY KEY, title text) PARTITION BY HASH (id);
SELECT create_workspace('by_number', tickets => 'public.by_number');
CREATE TABLE public.by_key (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text) PARTITION BY HASH (id);
CREATE TABLE public.by_key_0 PARTITION OF public.by_key FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.by_key_1 PARTITION OF public.by_key FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO public.by_key (title) SELECT 't' || n FROM generate_series(1, 6) n;
SELECT create_workspace('by_key', tickets => 'public.by_key');
SET search_path = by_key, phasegate;
UPDATE public.by_key_0 SET phase_id = 'PHASE_REQUIREMENTS';
UPDATE public.by_key SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG';
ALTER TABLE public.by_key RENAME TO keyed;
ALTER TABLE public.by_key_1 SET SCHEMA by_key;
UPDATE by_key_1 SET phase_id = 'PHASE_BLOCKED';
SELECT phase, tickets FROM phase_board WHERE tickets > 0 AND phase = 'PHASE_BACKLOG';
SELECT count(*) FROM phase_history WHERE from_phase IS NULL OR to_phase = 'PHASE_REQUIREMENTS';
SELECT ticket_table FROM workspaces WHERE schema = 'by_key';
SELECT sum(violations) FROM check_workspace();
SET search_path = public;
DROP EXTENSION phasegate CASCADE;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'flow\_%' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    FOR name IN SELECT shape FROM public.shapes LOOP
        EXECUTE format('DROP TABLE public.%I', name);
    END LOOP;
END $$;
DROP SCHEMA half, by_key CASCADE;
DROP TABLE public.keyed, public.taken, public.half, public.twice, public.by_time, public.by_number, public.shapes CASCADE;
