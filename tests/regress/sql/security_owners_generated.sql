-- Types and tables of several owners, in anybody's schema, from the beginning or changed later: what is one role's works,
-- what is of two is refused by everything that writes, and told by check_workspace; it never runs the other's code.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_dba SUPERUSER;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
CREATE ROLE regress_manager;
CREATE TABLE public.spoils (who text);
GRANT INSERT ON public.spoils TO PUBLIC;

-- Triggers of the other role on what is theirs, which would tell with whose rights they run.
CREATE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    -- What a caller's own statement fires is the caller's.
    IF TG_TABLE_NAME <> 'tickets' THEN INSERT INTO public.spoils VALUES (current_user); END IF;
    RETURN NEW;
END $$;
ALTER FUNCTION public.spring() OWNER TO regress_other;
CREATE FUNCTION public.give(what text, place text, name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER %s %I.%I OWNER TO regress_other', what, place, name);
    IF what = 'TABLE' THEN
        EXECUTE format('CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON %I.%I FOR EACH ROW EXECUTE FUNCTION public.spring()', place, name);
    END IF;
END $$;

-- Does as the role; gives "ok" or the error's code. What fails is undone.
CREATE FUNCTION public.try(role text, sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', role);
        EXECUTE sql INTO answer;
    EXCEPTION WHEN OTHERS THEN answer := SQLSTATE;
    END;
    RESET ROLE;
    RETURN coalesce(answer, 'ok');
END $$;

-- The workspace of `maker` in `place`, whose schema is `schema_owner`'s, with what `change` does before or after it is made.
CREATE FUNCTION public.outcome(place text, schema_owner text, maker text, change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE ticket uuid := '00000000-0000-7000-8000-00000000000a'; answer text; said text; thing text;
BEGIN
    IF place = 'public' THEN
        EXECUTE format('ALTER SCHEMA public OWNER TO %I', schema_owner);
        GRANT ALL ON SCHEMA public TO PUBLIC;
    ELSE
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', place, schema_owner);
        EXECUTE format('GRANT ALL ON SCHEMA %I TO PUBLIC', place);
    END IF;
    -- What is there before.
    IF change IN ('their tickets', 'their tasks') THEN
        EXECUTE format('CREATE TABLE %I.%I (id uuid PRIMARY KEY)', place, substr(change, 7));
        PERFORM public.give('TABLE', place, substr(change, 7));
    ELSIF change = 'their type' THEN
        EXECUTE format('CREATE TYPE %I.phase AS ENUM (''PHASE_BACKLOG'', ''PHASE_REQUIREMENTS'', ''PHASE_DESIGN'', ''PHASE_IMPLEMENTATION'', ''PHASE_TESTING'', ''PHASE_DEPLOYMENT'', ''PHASE_DONE'', ''PHASE_BLOCKED'')', place);
        PERFORM public.give('TYPE', place, 'phase');
    END IF;
    said := 'made ' || public.try(maker, format('SELECT phasegate.create_workspace(%L)', place));
    IF said <> 'made ok' THEN RETURN said; END IF;
    EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO regress_manager', place);
    PERFORM public.try('regress_dba', format('INSERT INTO %I.tickets (id, title, phase_id) VALUES (%L, ''t'', ''PHASE_REQUIREMENTS'') RETURNING ''ok''', place, ticket));
    -- What comes after.
    IF change = 'all reassigned' THEN
        EXECUTE format('REASSIGN OWNED BY %I TO regress_other', maker);
    ELSIF change LIKE 'TABLE %' OR change LIKE 'TYPE %' THEN
        PERFORM public.give(split_part(change, ' ', 1), place, split_part(change, ' ', 2));
    END IF;
    PERFORM set_config('search_path', format('%I, phasegate', place), true);
    said := said || ', loaded ' || public.try('regress_manager', format('INSERT INTO %I.tickets (title) VALUES (''u'') RETURNING ''ok''', place))
        || ', moved ' || public.try('regress_manager', format('SELECT ''ok'' FROM phasegate.transition_ticket(%L, ''PHASE_BLOCKED'')', ticket))
        || ', by the superuser ' || public.try('regress_dba', format('SELECT ''ok'' FROM phasegate.transition_ticket(%L, ''PHASE_REQUIREMENTS'')', ticket))
        || ', owners ' || public.try('regress_dba', format('SELECT violations FROM phasegate.check_workspace(%L) WHERE check_name = ''owner_is_one''', place))
        || ', upgraded ' || public.try(maker, format('SELECT ''ok'' FROM (SELECT count(*) FROM phasegate.upgrade_workspace(%L)) u', place))
        || ', made again ' || public.try(maker, format('SELECT phasegate.create_workspace(%L)', place));
    RETURN said;
END $$;

-- Each of them is rolled back.
CREATE FUNCTION public.outcomes() RETURNS TABLE (place text, schema_owner text, maker text, change text, outcome text) LANGUAGE plpgsql AS $$
BEGIN
    FOR place, schema_owner, maker, change IN
        SELECT p, s, m, c
          FROM (VALUES ('acme', 'regress_owner'), ('acme', 'regress_other'), ('public', 'regress_other'), ('public', 'regress_dba')) AS v (p, s),
               unnest('{regress_owner,regress_dba}'::text[]) m,
               unnest('{none,their tickets,their tasks,their type,all reassigned,TYPE phase,TABLE tickets,TABLE tasks,TABLE phases,TABLE task_templates,TABLE phase_transitions,TABLE phase_history,TABLE phase_gate_requirements,TABLE phase_gate_artifacts,TABLE phase_gate_results,TABLE phase_context,TABLE configuration_history,TABLE ticket_archive}'::text[]) WITH ORDINALITY c (c, n)
         WHERE (p, s) = ('acme', 'regress_other') OR c NOT LIKE 'TABLE %'
         ORDER BY n, p, s, m LOOP
        BEGIN
            outcome := public.outcome(place, schema_owner, maker, change);
            outcome := outcome || coalesce((SELECT ', RAN AS ' || string_agg(DISTINCT who, ' ') FROM public.spoils WHERE who <> 'regress_other'), '');
            RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZZZZ';
        EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN RETURN NEXT;
        END;
    END LOOP;
END $$;
SELECT change, maker, outcome, count(*), string_agg(DISTINCT CASE WHEN place = 'public' THEN 'public of ' ELSE 'schema of ' END || replace(schema_owner, 'regress_', ''), ', ') AS schemas
  FROM public.outcomes() WITH ORDINALITY o (place, schema_owner, maker, change, outcome, n)
 GROUP BY change, maker, outcome ORDER BY min(n);
DROP OWNED BY regress_dba, regress_owner, regress_other, regress_manager CASCADE;
DROP FUNCTION public.outcomes(), public.outcome(text, text, text, text), public.try(text, text), public.give(text, text, text);
DROP TABLE public.spoils;
DROP ROLE regress_dba, regress_owner, regress_other, regress_manager;
