-- adopt_workspace does in many transactions what create_workspace does in one. Stopped anywhere, it goes on.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE TABLE public.issues (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL, status text NOT NULL DEFAULT 'open', priority text DEFAULT 'P2',
    phase_id text DEFAULT 'PHASE_BACKLOG' CHECK (length(phase_id) > 3), created_at timestamp DEFAULT now(), updated_at timestamptz DEFAULT now(), deleted_at timestamptz);
CREATE INDEX issues_phase ON public.issues (phase_id, id);
COMMENT ON COLUMN public.issues.phase_id IS 'where it is';
GRANT UPDATE (phase_id) ON issues TO PUBLIC;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON public.issues FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO public.issues (subject, priority, phase_id, updated_at)
SELECT 's' || n, 'P' || n % 3, (ARRAY['PHASE_BACKLOG', 'PHASE_DONE', 'weird'])[1 + n % 3], '2025-01-01Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 90) n;
-- All that is in the way is said first.
SELECT object_name, problem, affected_rows, examples, blocks FROM phasegate.adoption_report('flow', tickets => 'public.issues');
CALL phasegate.adopt_workspace('flow', tickets => 'public.issues');
SELECT to_regnamespace('flow') AS made;
UPDATE issues SET phase_id = 'PHASE_DESIGN', updated_at = '2025-02-01' WHERE phase_id = 'weird';
ALTER TABLE issues ADD COLUMN title text GENERATED ALWAYS AS (subject) STORED;
CREATE TABLE before AS SELECT id, subject, status, priority, phase_id, updated_at FROM issues;
-- Step by step, with the application at work in between, and begun anew before each step.
CREATE TABLE steps (n serial, state text, refused text);
SET client_min_messages = warning;
DO $$
DECLARE
    state text;
    again text;
    refused text;
BEGIN
    FOR n IN 1 .. 200 LOOP
        state := phasegate._adopt_step('flow', 'issues', NULL, true, state);
        IF state IS NULL THEN EXIT; END IF;
        COMMIT;
        BEGIN
            PERFORM set_config('search_path', 'flow, phasegate, public', true);
            PERFORM phasegate.get_valid_transitions('PHASE_BACKLOG');
            refused := 'no';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME;
        END;
        INSERT INTO public.issues (subject, phase_id) VALUES ('meanwhile ' || n, 'PHASE_BACKLOG');
        UPDATE public.issues SET phase_id = 'PHASE_TESTING' WHERE id = n;
        INSERT INTO public.steps (state, refused) VALUES (regexp_replace(state, '[ 0-9a-f-]*$', ''), refused);
        COMMIT;
        -- As if it had been stopped here: the first step looks at everything, the others find out where to go on.
        again := phasegate._adopt_step('flow', 'issues', NULL, true, NULL);
        COMMIT;
    END LOOP;
END $$;
RESET client_min_messages;
SELECT count(*) > 20 AS many, count(*) < 200 AS ended, count(*) FILTER (WHERE refused <> 'adoption_unfinished') AS not_refused FROM steps;
SELECT check_name, violations, example FROM phasegate.check_workspace('flow') WHERE violations > 0;
-- The application's rows are as they were or as it wrote them, and all of it has its history.
SELECT count(*) AS changed FROM before b JOIN issues i USING (id)
 WHERE (b.subject, b.status, b.priority) IS DISTINCT FROM (i.subject, i.status, i.priority)
    OR i.phase_id::text <> b.phase_id AND NOT (i.phase_id = 'PHASE_TESTING') OR i.phase_id::text = b.phase_id AND i.updated_at <> b.updated_at;
SELECT (SELECT count(*) FROM issues WHERE subject LIKE 'meanwhile%') = (SELECT count(*) FROM steps) AS taken_along,
       (SELECT count(*) FROM issues) = (SELECT count(DISTINCT ticket_id) FROM flow.phase_history) AS have_history;
SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attacl IS NOT NULL AS granted, col_description(attrelid, attnum)
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attrelid = 'issues'::regclass AND attname IN ('phase_id', 'ticket_uuid', 'ticket_priority', 'priority', 'title') ORDER BY 1;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'issues'::regclass ORDER BY 1;
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'issues'::regclass AND contype = 'c' ORDER BY 1;
SELECT count(*) AS left_over FROM pg_trigger WHERE tgname ~ 'adopting';
-- It is a workspace, and the application goes on.
INSERT INTO issues (subject) VALUES ('after') RETURNING phase_id, priority, ticket_priority;
UPDATE issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE subject = 'after';
\set VERBOSITY terse
UPDATE issues SET phase_id = 'PHASE_DONE' WHERE subject = 'after';
\set VERBOSITY default
-- Called again it changes nothing.
CALL phasegate.adopt_workspace('flow', tickets => 'public.issues');
-- Half-adopted: check_workspace names it, functions refuse, and it can be given up.
CREATE SCHEMA half;
CREATE TABLE half.tickets (id uuid PRIMARY KEY, title text NOT NULL, phase_id varchar(50) CONSTRAINT named CHECK (phase_id <> '(phase_id)::text NOT VALID'));
-- Names and literals that look like what steps look for stay what they are.
CREATE TABLE half.mine (phasegate_phase_id text);
CREATE TRIGGER "~phasegate_adopting" BEFORE UPDATE ON half.mine FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO half.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'a', 'PHASE_DESIGN');
SELECT phasegate._adopt_step('half', NULL, NULL, true, NULL);
SELECT phasegate._adopt_step('half', NULL, NULL, true, 'columns');
SELECT phasegate._adopt_step('half', NULL, NULL, true, 'columns');
SELECT * FROM phasegate.check_workspace('half');
SELECT phasegate.create_workspace('half');
SELECT phasegate.grant_access('half', 'pg_monitor', 'reader');
INSERT INTO half.tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000002', 'b', 'PHASE_TESTING'), ('00000000-0000-7000-8000-000000000003', 'c', 'odd');
-- The phases beside go by the texts, whatever is written there.
UPDATE half.tickets SET phasegate_phase_id = 'PHASE_DONE';
SELECT title, phase_id, phasegate_phase_id FROM half.tickets ORDER BY id;
SELECT phasegate.detach_workspace('half');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'half.tickets'::regclass AND attname ~ 'phase_id' AND NOT attisdropped;
SELECT attname, tgname FROM pg_attribute JOIN pg_trigger ON tgrelid = attrelid WHERE attrelid = 'half.mine'::regclass AND attnum > 0 AND NOT attisdropped;
SELECT * FROM phasegate.check_workspace('half');
CALL phasegate.adopt_workspace('half');
UPDATE half.tickets SET phase_id = 'PHASE_DONE' WHERE phase_id = 'odd';
CALL phasegate.adopt_workspace('half');
SELECT title, phase_id FROM half.tickets ORDER BY id;
SELECT check_name, violations FROM phasegate.check_workspace('half') WHERE violations > 0;
SELECT convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'half.tickets'::regclass AND conname = 'named';
-- Indexes that a column of phases cannot have are told of before anything is done.
CREATE SCHEMA odd;
CREATE TABLE odd.tickets (id uuid PRIMARY KEY, title text NOT NULL, phase_id text COLLATE "C");
CREATE INDEX plain ON odd.tickets (phase_id, title text_pattern_ops);
CREATE INDEX pattern ON odd.tickets (phase_id text_pattern_ops);
CREATE INDEX collated ON odd.tickets (title, phase_id COLLATE "POSIX");
CREATE INDEX ranges ON odd.tickets USING brin (phase_id);
SELECT object_name, problem, examples FROM phasegate.adoption_report('odd') WHERE blocks;
DROP INDEX odd.pattern, odd.collated, odd.ranges;
CREATE INDEX a_name_that_is_as_long_as_names_can_be_and_has_its_number_last1 ON odd.tickets (phase_id, title);
CREATE INDEX a_name_that_is_as_long_as_names_can_be_and_has_its_number_last2 ON odd.tickets (title, phase_id);
SET client_min_messages = warning;
CALL phasegate.adopt_workspace('odd');
SELECT indexname, indexdef LIKE '% (title, phase_id)' AS title_first FROM pg_indexes WHERE schemaname = 'odd' AND indexname ~ '^a_name' ORDER BY 1;
