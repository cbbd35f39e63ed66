-- Whatever a statement names to write tickets and tasks, a partition, a table above, a view, and by whatever command: what
-- follows from it is written down.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA parts;
CREATE SCHEMA above;
-- The shapes, how they are made before and after the workspace is, and what may be named to write their tickets.
CREATE TABLE public.shapes (shape text PRIMARY KEY, before text, after text, names text[]);
INSERT INTO public.shapes VALUES
    ('plain', '', '', '{plain.tickets}'),
    ('hashed', 'CREATE TABLE hashed.tickets (id uuid PRIMARY KEY, title text) PARTITION BY HASH (id);
        CREATE TABLE hashed.t0 PARTITION OF hashed.tickets FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE parts.t1 PARTITION OF hashed.tickets FOR VALUES WITH (MODULUS 2, REMAINDER 1)', '',
        '{hashed.tickets,hashed.t0,parts.t1}'),
    ('deep', 'CREATE TABLE deep.tickets (id uuid PRIMARY KEY, title text) PARTITION BY HASH (id);
        CREATE TABLE deep.half PARTITION OF deep.tickets FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY HASH (id);
        CREATE TABLE parts.tickets PARTITION OF deep.half FOR VALUES WITH (MODULUS 1, REMAINDER 0)', '',
        '{deep.tickets,deep.half,parts.tickets}'),
    ('part', '', 'CREATE TABLE above.things (LIKE part.tickets INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY HASH (id);
        ALTER TABLE above.things ATTACH PARTITION part.tickets FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        SELECT phasegate.create_workspace(''part'')', '{above.things,part.tickets}');
-- The commands. %1$s is what is named, %2$s a file with the rows of public.fresh.
CREATE TABLE public.commands (command text PRIMARY KEY, adds boolean, statement text);
INSERT INTO public.commands VALUES
    ('INSERT', true, 'INSERT INTO %1$s (id, title) SELECT id, title FROM public.fresh'),
    ('INSERT in WITH', true, 'WITH added AS (INSERT INTO %1$s (id, title) SELECT id, title FROM public.fresh RETURNING id) SELECT FROM added'),
    ('COPY', true, 'COPY %1$s (id, title) FROM %2$L'),
    ('MERGE, adding', true, 'MERGE INTO %1$s t USING public.fresh f ON t.id = f.id WHEN NOT MATCHED THEN INSERT (id, title) VALUES (f.id, f.title)'),
    ('INSERT ON CONFLICT', false, 'INSERT INTO %1$s (id, title) SELECT id, title FROM %1$s ON CONFLICT (id) DO UPDATE SET phase_id = ''PHASE_REQUIREMENTS'''),
    ('UPDATE', false, 'UPDATE %1$s SET phase_id = ''PHASE_REQUIREMENTS'''),
    ('UPDATE in WITH', false, 'WITH moved AS (UPDATE %1$s SET phase_id = ''PHASE_REQUIREMENTS'' RETURNING id) SELECT FROM moved'),
    ('two UPDATEs', false, 'WITH moved AS (UPDATE %1$s SET phase_id = ''PHASE_REQUIREMENTS'' WHERE title < ''Ticket 5'' RETURNING id)
        UPDATE %1$s SET phase_id = ''PHASE_REQUIREMENTS'' WHERE title >= ''Ticket 5'''),
    ('MERGE', false, 'MERGE INTO %1$s t USING %1$s s ON t.id = s.id WHEN MATCHED THEN UPDATE SET phase_id = ''PHASE_REQUIREMENTS'''),
    ('UPDATE of a view', false, 'UPDATE public.named SET phase_id = ''PHASE_REQUIREMENTS'''),
    ('INSERT into a view', true, 'INSERT INTO public.named (id, title) SELECT id, title FROM public.fresh');
CREATE TABLE public.fresh (id uuid, title text);
DO $$
DECLARE
    s public.shapes;
BEGIN
    FOR s IN SELECT * FROM public.shapes ORDER BY shape LOOP
        EXECUTE format('CREATE SCHEMA %I', s.shape);
        EXECUTE s.before;
        PERFORM phasegate.create_workspace(s.shape);
        EXECUTE s.after;
        EXECUTE format('DELETE FROM %I.phase_gate_requirements', s.shape);
    END LOOP;
END $$;
SELECT c.oid::regclass AS on, tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
 WHERE tgname ~ '_(written|settled)$' ORDER BY 1, 2;
CREATE FUNCTION public.write(shape text, named text, command text) RETURNS TABLE (written bigint, histories bigint, unrecorded bigint, tasks bigint)
LANGUAGE plpgsql AS $$
DECLARE
    file text := current_setting('data_directory') || '/moves_fresh.copy';
    c public.commands := (SELECT c FROM public.commands c WHERE c.command = write.command);
BEGIN
    EXECUTE format('INSERT INTO %I.tickets (id, title) SELECT md5(n::text)::uuid, ''Ticket '' || n FROM generate_series(1, 9) n', shape);
    DELETE FROM public.fresh;
    EXECUTE format('INSERT INTO public.fresh SELECT id, title FROM %s', named);
    IF c.adds THEN
        EXECUTE format('DELETE FROM %I.tickets', shape);
        EXECUTE format('COPY (SELECT * FROM public.fresh) TO %L', file);
    END IF;
    EXECUTE format('DROP VIEW IF EXISTS public.named; CREATE VIEW public.named AS SELECT * FROM %s', named);
    EXECUTE format(c.statement, named, file);
    RETURN QUERY EXECUTE format(
        'SELECT (SELECT count(*) FROM public.fresh),
                (SELECT count(*) FROM %1$I.phase_history JOIN public.fresh f ON f.id = ticket_id WHERE (from_phase IS NULL) = $1),
                (SELECT count(*) FROM %1$I.tickets t WHERE phase_id IS DISTINCT FROM
                    (SELECT to_phase FROM %1$I.phase_history h WHERE ticket_id = t.id ORDER BY h.created_at DESC LIMIT 1)),
                (SELECT count(*) FROM %1$I.tasks WHERE phase_id = ''PHASE_REQUIREMENTS'')', shape) USING c.adds;
    EXECUTE format('DELETE FROM %I.tickets', shape);
END $$;
SELECT shape, named, command, w.*
  FROM public.shapes, unnest(names) WITH ORDINALITY AS n (named, place), public.commands,
       public.write(shape, named, command) w
 ORDER BY shape, place, command;
SELECT shape, sum(violations) FROM public.shapes, phasegate.check_workspace(shape) GROUP BY shape ORDER BY shape;
-- By functions as ever.
SET search_path = part, phasegate;
INSERT INTO tickets (title) VALUES ('a'), ('b');
SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') IS NOT NULL FROM tickets;
SELECT (try_transition_ticket(id, 'PHASE_DONE')).error_code FROM tickets;
UPDATE above.things SET phase_id = 'PHASE_DONE';
SELECT to_phase, count(*) FROM phase_history GROUP BY to_phase ORDER BY to_phase;
