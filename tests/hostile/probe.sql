-- What the tests call on the server's side: an odd value by its name costs no message, and a call that fails no round trip.
CREATE SCHEMA odd;

CREATE FUNCTION odd.nested(levels int, opening text, middle text, closing text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT repeat(opening, levels) || middle || repeat(closing, levels) $$;

-- How many levels of JSON the server reads with the stack that it has.
CREATE FUNCTION odd.deepest() RETURNS int STABLE LANGUAGE plpgsql AS $$
DECLARE
    fits int := 1;
    more int := 1000000;
BEGIN
    WHILE more - fits > 10 LOOP
        BEGIN
            PERFORM odd.nested((fits + more) / 2, '[', '', ']')::jsonb;
            fits := (fits + more) / 2;
        EXCEPTION WHEN statement_too_complex THEN
            more := (fits + more) / 2;
        END;
    END LOOP;
    RETURN fits;
END $$;

-- Runs each statement in a subtransaction that is rolled back; where it succeeds, the ones that follow as well, each in one of its own.
-- A row a statement (step 0), and one for each following one that failed.
CREATE FUNCTION odd.probe(calls text[], following text[] DEFAULT '{}', OUT call text, OUT step int, OUT state text, OUT message text, OUT detail text, OUT hint text, OUT context text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    FOREACH call IN ARRAY calls LOOP
        step := 0; state := '00000'; message := NULL; detail := NULL; hint := NULL; context := NULL;
        BEGIN
            EXECUTE call;
            RETURN NEXT;
            FOR place IN 1 .. cardinality(following) LOOP
                BEGIN
                    EXECUTE following[place];
                EXCEPTION WHEN OTHERS THEN
                    step := place;
                    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
                                            context = PG_EXCEPTION_CONTEXT;
                    RETURN NEXT;
                END;
            END LOOP;
            RAISE EXCEPTION 'rolled back' USING ERRCODE = 'OD000';
        EXCEPTION
            WHEN SQLSTATE 'OD000' THEN NULL;
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
                                        context = PG_EXCEPTION_CONTEXT;
                RETURN NEXT;
        END;
    END LOOP;
END $$;

-- Raises where check_workspace finds something; acme is left alone, which the fingerprint tells.
CREATE FUNCTION odd.healthy() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(format('%s: %s %s', w.schema, c.check_name, c.example), '; ') INTO found
      FROM phasegate.workspaces w CROSS JOIN LATERAL phasegate.check_workspace(w.schema) c WHERE w.schema <> 'acme' AND c.violations <> 0;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'unhealthy: %', found USING ERRCODE = 'OD001';
    END IF;
END $$;

-- All rows of all workspaces, as one number.
CREATE FUNCTION odd.fingerprint() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    found text;
    all_found text := '';
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c JOIN phasegate.workspaces w ON quote_ident(w.schema)::regnamespace = c.relnamespace WHERE c.relkind = 'r' ORDER BY c.oid LOOP
        EXECUTE format('SELECT md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s t', relation) INTO found;
        all_found := all_found || relation || coalesce(found, '') || E'\n';
    END LOOP;
    RETURN md5(all_found);
END $$;
