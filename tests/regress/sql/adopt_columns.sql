-- Columns of ours whose names the application has with another type or meaning: ours stand beside them as ticket_ and the name,
-- and those count everywhere. What functions and views give keeps its names.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA desk;
CREATE TABLE desk.tickets (
    id uuid PRIMARY KEY, title varchar(200) NOT NULL, description varchar(100), phase_id int NOT NULL DEFAULT 7, previous_phase_id text[],
    priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'urgent')), context text DEFAULT 'free text', context_summary varchar(40),
    phase_entered_at date DEFAULT '2020-01-01', created_at timestamp DEFAULT '2020-01-01', updated_at timestamp DEFAULT '2020-01-01');
INSERT INTO desk.tickets (id, title, priority) VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'urgent');
CREATE TABLE public.before AS SELECT * FROM desk.tickets;
SELECT phasegate.create_workspace('desk');
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute WHERE attrelid = 'desk.tickets'::regclass AND attnum > 0 ORDER BY attnum;
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'desk.tickets'::regclass AND contype = 'c' ORDER BY 1;
SELECT col_description('desk.tickets'::regclass, attnum) AS comment FROM pg_attribute
 WHERE attrelid = 'desk.tickets'::regclass AND attname IN ('phase_id', 'ticket_phase_id', 'priority', 'ticket_priority') ORDER BY attname;
SET search_path = desk, phasegate;
SELECT check_name, violations, example FROM check_workspace() WHERE violations <> 0;
SELECT create_workspace('desk');

-- The application's columns are its own, whatever it writes there.
UPDATE tickets SET phase_id = 8, context = 'other', updated_at = '2021-01-01', priority = 'low', phase_entered_at = '2021-01-01', context_summary = 'mine';
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000002', 'two');
SELECT title, phase_id, priority, context, context_summary, phase_entered_at, created_at, updated_at FROM tickets ORDER BY id;
SELECT title, ticket_phase_id, ticket_priority, ticket_context, ticket_updated_at > '2025-01-01' AS stamped FROM tickets ORDER BY id;
-- Ours are moved by, kept and limited.
\set VERBOSITY terse
UPDATE tickets SET ticket_priority = 'urgent';
\set VERBOSITY default
UPDATE tickets SET ticket_phase_id = 'PHASE_DONE';
UPDATE tickets SET ticket_phase_entered_at = 'epoch', ticket_previous_phase_id = 'PHASE_DONE' RETURNING ticket_phase_entered_at > '2025-01-01' AS kept, ticket_previous_phase_id;
UPDATE tickets SET ticket_context = jsonb_build_object('x', repeat('x', 5000000));
UPDATE tickets SET context = repeat('x', 5000000) WHERE title = 'two';
UPDATE tickets SET ticket_priority = 'CRITICAL', ticket_phase_id = 'PHASE_REQUIREMENTS', description = 'what it is' WHERE title = 'one';

-- What functions and views give is ours.
SELECT priority, description FROM tasks;
SELECT priority, description, ticket_title FROM claim_task('ann', '{analysis}');
SELECT count(*) AS completed FROM tasks t, complete_task(t.id, 'ann', '{"context": {"decisions": ["use tea"]}, "artifacts": [{"type": "requirements_document", "content": "# Overview\n# Requirements\n# Acceptance Criteria\n" }]}') WHERE t.status = 'assigned';
UPDATE tasks SET status = 'cancelled' WHERE status = 'pending';
DELETE FROM phase_gate_requirements;
SELECT current_phase FROM transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN');
SELECT context = repeat('x', 5000000) AS long, context = 'other' AS own, ticket_context -> 'requirements_phase' -> 'decisions' AS decisions, ticket_context_summary LIKE '%use tea%' AS summarized FROM tickets ORDER BY id;
SELECT ticket_context('00000000-0000-7000-8000-000000000001') -> 'full_context' -> 'requirements_phase' -> 'decisions' AS decisions;
SELECT get_context_for_phase('00000000-0000-7000-8000-000000000001') IS NOT NULL AS given, context_summary('00000000-0000-7000-8000-000000000001') LIKE '%use tea%' AS summarized;
SELECT kind, priority FROM summarize_using_llm('00000000-0000-7000-8000-000000000001');
SELECT kind, priority, description FROM validate_phase_completion('00000000-0000-7000-8000-000000000001');
SELECT current_phase FROM block_ticket('00000000-0000-7000-8000-000000000001', 'why');
SELECT current_phase FROM unblock_ticket('00000000-0000-7000-8000-000000000001');
SELECT get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT phase, tickets FROM phase_board WHERE tickets > 0;
UPDATE phases SET due_after = '1 microsecond' WHERE phase_id = 'PHASE_BACKLOG';
SELECT ticket_id, title, phase FROM overdue_tickets;
DELETE FROM phases WHERE phase_id = 'PHASE_DONE';
DELETE FROM tickets WHERE title = 'two';
SELECT title, finished_at FROM ticket_archive;
SELECT sum(violations) FROM check_workspace();

-- A part of it altered is named by its own name, and what is dropped is made anew.
ALTER TABLE tickets DROP CONSTRAINT tickets_priority_check, ALTER COLUMN ticket_priority DROP NOT NULL;
SELECT check_name, violations, example FROM check_workspace() WHERE violations <> 0;
SELECT create_workspace('desk');
SELECT sum(violations) FROM check_workspace();
ALTER TABLE tickets ALTER COLUMN ticket_updated_at TYPE timestamp;
SELECT get_current_phase('00000000-0000-7000-8000-000000000001');
SELECT create_workspace('desk');
ALTER TABLE tickets ALTER COLUMN ticket_updated_at TYPE timestamptz;
-- Leaving and coming back.
SELECT detach_workspace('desk');
SELECT create_workspace('desk');
SELECT sum(violations) FROM check_workspace();

-- What is another meaning and what is not. Words in rows count as those in a CHECK do.
CREATE TABLE public.cases (place int GENERATED ALWAYS AS IDENTITY, columns text, rows text DEFAULT '');
INSERT INTO public.cases (columns, rows) VALUES
    ('title text, priority varchar(20)', '(''t'', ''HIGH'')'), ('title text, priority varchar(20)', '(''t'', ''urgent'')'), ('title text, priority text', '(''t'', NULL)'),
    ('title text, priority varchar(8) CHECK (priority IN (''LOW'', ''MEDIUM'', ''HIGH'', ''CRITICAL''))', ''),
    ('title text, priority text CHECK (priority IN (''LOW'', ''MEDIUM'', ''HIGH'', ''CRITICAL'', ''BLOCKER''))', ''),
    ('title text, priority text CHECK (length(priority) < 20)', ''), ('title text, priority text CHECK (priority <> title)', ''), ('title text, priority int', '(''t'', 3)'),
    ('title text, priority public.words', '(''t'', ''low'')'),
    ('title text, context json', ''), ('title text, context jsonb', ''), ('title text, context_summary varchar', ''), ('title text, context_summary varchar(900)', ''),
    ('title text, updated_at timestamptz GENERATED ALWAYS AS (''2020-01-01 00:00+00''::timestamptz) STORED', ''),
    ('subject text, title text GENERATED ALWAYS AS (coalesce(subject, ''none'')) STORED', ''), ('title text, description text[]', ''),
    ('title text, phase_id smallint, previous_phase_id smallint', ''), ('title text, phase_id text DEFAULT ''PHASE_DESIGN''', '');
CREATE TYPE public.words AS ENUM ('low', 'high');
CREATE FUNCTION public.names(columns text, rows text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    EXECUTE format('CREATE TABLE public.issues (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, %s)', columns);
    IF rows <> '' THEN
        EXECUTE 'INSERT INTO public.issues (title, priority) VALUES ' || rows;
    END IF;
    PERFORM phasegate.create_workspace('flow', tickets => 'public.issues');
    SELECT string_agg(attname, ' ' ORDER BY attnum) INTO found FROM pg_attribute
     WHERE attrelid = 'public.issues'::regclass AND attname LIKE 'ticket\_%' AND attname <> 'ticket_uuid';
    EXECUTE 'UPDATE public.issues SET ' || CASE WHEN found LIKE '%ticket_phase_id%' THEN 'ticket_' ELSE '' END || 'phase_id = ''PHASE_REQUIREMENTS''';
    RAISE EXCEPTION USING MESSAGE = coalesce(found, 'the application''s'), ERRCODE = 'P0099', DETAIL = (SELECT sum(violations) FROM phasegate.check_workspace('flow'));
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN
        GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
        RETURN concat_ws(' | ', SQLERRM, found);
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT columns, rows, public.names(columns, rows) FROM public.cases ORDER BY place;
-- One that is called ticket_ and the name counts, and must be fit.
CREATE TABLE public.issues (id int PRIMARY KEY, title text, priority int, ticket_priority text DEFAULT 'HIGH', ticket_context text);
SELECT create_workspace('flow', tickets => 'public.issues');
ALTER TABLE public.issues DROP COLUMN ticket_context;
SELECT create_workspace('flow', tickets => 'public.issues');
INSERT INTO public.issues (id, title) VALUES (1, 'x') RETURNING priority, ticket_priority, context;
SET search_path = public;
DROP EXTENSION phasegate CASCADE;
DROP SCHEMA desk, flow CASCADE;
DROP TABLE public.before, public.cases, public.issues;
DROP FUNCTION public.names;
DROP TYPE public.words;
