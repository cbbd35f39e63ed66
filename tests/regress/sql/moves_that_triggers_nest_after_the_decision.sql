-- A BEFORE trigger that fires after the decision may itself update the same ticket, before its row is written. Whatever becomes of
-- that, the row that is written is what was decided, and history has it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
-- What a ticket is called says what the trigger does for it: statements, in turn, then what it returns.
CREATE TABLE deeds (title text, place int, does text);
CREATE FUNCTION nests() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deed text;
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN CASE WHEN NEW.description = 'left out' THEN NULL ELSE NEW END;
    END IF;
    FOR deed IN SELECT does FROM deeds WHERE title = NEW.title ORDER BY place LOOP
        CASE
            WHEN deed = 'leaves out' THEN RETURN NULL;
            WHEN deed = 'sneaks' THEN NEW.phase_id := 'PHASE_DEPLOYMENT';
            WHEN deed = 'forges the former' THEN NEW.previous_phase_id := 'PHASE_TESTING';
            WHEN deed = 'forges the time' THEN NEW.phase_entered_at := '2001-01-01';
            WHEN deed LIKE 'undone %' THEN
                BEGIN
                    EXECUTE substr(deed, 8) USING NEW.id;
                    RAISE 'undone';
                EXCEPTION WHEN raise_exception THEN NULL;
                END;
            ELSE EXECUTE deed USING NEW.id;
        END CASE;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER zzz_nests BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION nests();
INSERT INTO deeds VALUES
    ('a update that is left out', 1, $$UPDATE tickets SET description = 'left out' WHERE id = $1$$),
    ('b move that is left out', 1, $$UPDATE tickets SET description = 'left out', phase_id = 'PHASE_BLOCKED' WHERE id = $1$$),
    ('b same move that is left out', 1, $$UPDATE tickets SET description = 'left out', phase_id = 'PHASE_IMPLEMENTATION' WHERE id = $1$$),
    ('c move that is undone', 1, $$undone UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = $1$$),
    ('d same move that is undone', 1, $$undone UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE id = $1$$),
    ('e same move instead', 1, $$UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE id = $1$$),
    ('e same move instead', 2, 'leaves out'),
    ('f other moves instead', 1, $$UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = $1$$),
    ('f other moves instead', 2, $$UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = $1$$),
    ('f other moves instead', 3, 'leaves out'),
    ('g update that is left out, and sneaks', 1, $$UPDATE tickets SET description = 'left out' WHERE id = $1$$),
    ('g update that is left out, and sneaks', 2, 'sneaks'),
    ('h move that is undone, and sneaks', 1, $$undone UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = $1$$),
    ('h move that is undone, and sneaks', 2, 'sneaks'),
    ('i former', 1, 'forges the former'),
    ('j time', 1, 'forges the time'),
    ('k moves the first on', 1, $$UPDATE tickets SET phase_id = CASE phase_id WHEN 'PHASE_BLOCKED' THEN 'PHASE_DESIGN' ELSE 'PHASE_BLOCKED' END::phase WHERE title = '0 first'$$),
    ('l move, and both', 1, $$UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = $1$$);
INSERT INTO tickets (title, phase_id) VALUES ('0 first', 'PHASE_DESIGN');
INSERT INTO tickets (title, phase_id) SELECT DISTINCT title, 'PHASE_DESIGN'::phase FROM deeds;
-- What comes of a statement: the error, else where the ticket and the first one came to, by their rows and by history. All is taken back.
CREATE FUNCTION came(title text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text;
    answer text;
BEGIN
    EXECUTE format(statement, title);
    SELECT string_agg(phase_id || ' by ' || (SELECT string_agg(to_phase::text, ', ' ORDER BY created_at, h.id) FROM phase_history h WHERE h.ticket_id = t.id), '; ' ORDER BY t.title)
      INTO answer FROM tickets t WHERE t.title IN ('0 first', came.title);
    RAISE '%; %', replace(answer, 'PHASE_', ''), (SELECT sum(violations) FROM check_workspace()) USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN SQLERRM;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = CONSTRAINT_NAME;
        RETURN SQLSTATE || ' ' || code;
END $$;
CREATE VIEW cases AS SELECT DISTINCT title FROM deeds;
SELECT title, came(title, $$UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title IN ('0 first', %L)$$) AS moves FROM cases ORDER BY 1;
SELECT title, came(title, $$SELECT transition_ticket(id, 'PHASE_IMPLEMENTATION') FROM tickets WHERE title = %L$$) AS moves_by_function FROM cases ORDER BY 1;
SELECT title, came(title, $$UPDATE tickets SET priority = 'LOW' WHERE title IN ('0 first', %L)$$) AS stays FROM cases ORDER BY 1;
SELECT sum(violations) FROM check_workspace();
