-- A workspace may have any name that a schema may have.
\set SHOW_CONTEXT never
CREATE TABLE public.names (n serial, name name);
INSERT INTO public.names (name) VALUES
    ('"; drop table tickets; --'), (''' OR true --'), ('Über Größe 票'), ('select'), ('with space'), ('{ws}'), ('{shape}'), ('%I'), ('a.b'), ('$1'), ('back\slash'),
    (repeat('x', 63)), (repeat('ü', 31)), ('public'), (repeat('z', 62) || 'ü'), (repeat('ö', 40)), (E'\x01\n\t'), ('null'), ('phase'), ('tickets'), ('*');
CREATE FUNCTION public.works(name name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
    moved phasegate.transition;
    bad bigint;
BEGIN
    PERFORM phasegate.create_workspace(name);
    PERFORM set_config('search_path', quote_ident(name), true);
    UPDATE task_templates SET is_active = false;
    DELETE FROM phase_gate_requirements;
    INSERT INTO tickets (title) VALUES ('t') RETURNING tickets.id INTO id;
    UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
    moved := phasegate.transition_ticket(id, 'PHASE_BLOCKED');
    PERFORM phasegate.unblock_ticket(id);
    PERFORM FROM phasegate.transition_tickets(ARRAY[id], 'PHASE_DESIGN');
    PERFORM phasegate.create_workspace(name);
    PERFORM phasegate.release_expired_tasks(name);
    SELECT sum(violations) INTO bad FROM phasegate.check_workspace(name);
    IF NOT EXISTS (SELECT FROM phasegate.workspaces w WHERE w.schema = name) THEN RETURN 'not listed'; END IF;
    IF (SELECT count(*) FROM phasegate.get_phase_history(id)) <> 5 THEN RETURN 'history'; END IF;
    PERFORM phasegate.detach_workspace(name);
    PERFORM phasegate.create_workspace(name);
    RETURN 'works, violations: ' || bad;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT name, public.works(name) FROM public.names ORDER BY n;
-- Two workspaces at once, one inside the other's name.
SELECT phasegate.create_workspace('{ws}');
SELECT phasegate.create_workspace('ws');
INSERT INTO ws.tickets (title) VALUES ('t');
SELECT count(*) FROM "{ws}".tickets;
-- Too long a name is cut, as PostgreSQL cuts all.
SELECT phasegate.create_workspace(repeat('y', 70)::name);
SELECT nspname = repeat('y', 63) AS cut FROM pg_namespace WHERE nspname LIKE 'yy%';
-- Other names that belong to users: roles, titles, actors, labels.
CREATE ROLE "regress ""; drop role x; --";
CREATE SCHEMA odd AUTHORIZATION "regress ""; drop role x; --";
SET SESSION AUTHORIZATION "regress ""; drop role x; --";
SELECT phasegate.create_workspace('odd');
SET search_path = odd;
ALTER TYPE phase ADD VALUE 'phase ''"\ é' BEFORE 'PHASE_REQUIREMENTS';
INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'phase ''"\ é', false);
INSERT INTO tickets (title) VALUES ('''; DELETE FROM tickets; -- {ticket_id}');
SELECT (phasegate.transition_ticket(id, 'phase ''"\ é', 'why''"', 'who''"')).* FROM tickets \gset
SELECT from_phase, to_phase, transition_reason, transitioned_by, db_role FROM phase_history ORDER BY created_at;
SELECT sum(violations) FROM phasegate.check_workspace();
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT phasegate.create_workspace('odd');
SELECT sum(violations) FROM phasegate.check_workspace();
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP OWNED BY "regress ""; drop role x; --" CASCADE;
DROP ROLE "regress ""; drop role x; --";
\c
SET standard_conforming_strings = off;
SET search_path = ws;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
SELECT sum(violations) FROM phasegate.check_workspace();
SELECT schema, version FROM phasegate.workspaces WHERE schema = 'ws';
