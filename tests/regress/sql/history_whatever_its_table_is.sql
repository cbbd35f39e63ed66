-- Whatever the owner made of the table of history holds for the rows that moves write.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
DELETE FROM task_templates;
UPDATE phase_transitions SET requires_gate = false;
CREATE SEQUENCE public.numbers;
-- A ticket's start and its move, by a function; then two more tickets by one statement.
CREATE FUNCTION public.way(name text) RETURNS TABLE (moves bigint, reasons text, broken numeric) LANGUAGE plpgsql AS $$
DECLARE
    ticket uuid;
BEGIN
    INSERT INTO tickets (title) VALUES (name) RETURNING id INTO ticket;
    PERFORM transition_ticket(ticket, 'PHASE_REQUIREMENTS', 'because of ' || name, 'ada');
    INSERT INTO tickets (title) VALUES (name), (name);
    UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = name AND id <> ticket;
    moves := (SELECT count(*) FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title = name);
    reasons := (SELECT string_agg(transition_reason, ', ') FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title = name);
    broken := (SELECT sum(violations) FROM check_workspace('acme'));
    RETURN NEXT;
END $$;
SELECT * FROM public.way('nothing');
-- Columns: with a default, generated, an identity, dropped.
ALTER TABLE phase_history ADD COLUMN number bigint DEFAULT nextval('public.numbers');
SELECT * FROM public.way('a default');
SELECT count(DISTINCT number) FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title = 'a default';
ALTER TABLE phase_history DROP COLUMN number;
ALTER TABLE phase_history ADD COLUMN words int GENERATED ALWAYS AS (length(transition_reason)) STORED;
SELECT * FROM public.way('a generated column');
SELECT max(words) FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title = 'a generated column';
ALTER TABLE phase_history DROP COLUMN words;
ALTER TABLE phase_history ADD COLUMN number int GENERATED ALWAYS AS IDENTITY;
SELECT * FROM public.way('an identity');
ALTER TABLE phase_history DROP COLUMN number;
SELECT * FROM public.way('dropped columns');
ALTER TABLE phase_history ADD COLUMN must text;
ALTER TABLE phase_history DISABLE TRIGGER phasegate_append_only;
UPDATE phase_history SET must = '';
ALTER TABLE phase_history ENABLE TRIGGER phasegate_append_only;
ALTER TABLE phase_history ALTER COLUMN must SET NOT NULL;
SELECT * FROM public.way('a column that must be given');
ALTER TABLE phase_history DROP COLUMN must;
ALTER TABLE phase_history ALTER COLUMN transition_reason TYPE varchar(30);
SELECT * FROM public.way('a shorter column');
SELECT * FROM public.way('a reason that does not fit at all');
ALTER TABLE phase_history ALTER COLUMN transition_reason TYPE text;
ALTER TABLE phase_history ALTER COLUMN transitioned_by TYPE varchar(20);
SELECT transition_ticket(id, 'PHASE_DESIGN', 'long', 'a name that does not fit') FROM tickets WHERE title = 'nothing' LIMIT 1;
ALTER TABLE phase_history ALTER COLUMN transitioned_by TYPE varchar(255);
-- Constraints and indexes.
ALTER TABLE phase_history ADD CONSTRAINT no_rumours CHECK (transition_reason NOT LIKE '%rumour%');
SELECT * FROM public.way('a fact');
SELECT * FROM public.way('a rumour');
ALTER TABLE phase_history DROP CONSTRAINT no_rumours;
ALTER TABLE phase_history ADD CONSTRAINT reasoned CHECK (from_phase IS NULL OR transition_reason IS NOT NULL) NOT VALID;
SELECT transition_ticket(id, 'PHASE_DESIGN', NULL, 'ada') FROM tickets WHERE title = 'nothing' LIMIT 1;
ALTER TABLE phase_history DROP CONSTRAINT reasoned;
CREATE INDEX by_length ON phase_history (length(transition_reason)) WHERE to_phase = 'PHASE_REQUIREMENTS';
CREATE UNIQUE INDEX one_reason ON phase_history (transition_reason) WHERE transition_reason IS NOT NULL;
SELECT * FROM public.way('an index');
SELECT * FROM public.way('an index');
SET enable_seqscan = off;
SELECT count(*) FROM phase_history WHERE length(transition_reason) = length('because of an index') AND to_phase = 'PHASE_REQUIREMENTS';
RESET enable_seqscan;
DROP INDEX one_reason;
ALTER TABLE phase_history ADD CONSTRAINT one_reason UNIQUE (ticket_id, to_phase, transition_reason) DEFERRABLE INITIALLY DEFERRED;
SELECT * FROM public.way('a deferred check');
BEGIN;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'twice');
SET LOCAL session_replication_role = replica;
INSERT INTO phase_history (ticket_id, from_phase, to_phase, transition_reason) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'PHASE_REQUIREMENTS', 'twice');
SET LOCAL session_replication_role = origin;
SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_REQUIREMENTS', 'twice') IS NOT NULL AS moved;
COMMIT;
ALTER TABLE phase_history DROP CONSTRAINT one_reason;
-- Another reference.
CREATE TABLE public.people (name text PRIMARY KEY);
ALTER TABLE phase_history ADD CONSTRAINT known FOREIGN KEY (transitioned_by) REFERENCES public.people NOT VALID;
SELECT * FROM public.way('a stranger');
INSERT INTO public.people VALUES ('ada'), (session_user);
SELECT * FROM public.way('a friend');
ALTER TABLE phase_history DROP CONSTRAINT known;
-- Triggers, rules, policies, privileges.
CREATE TABLE public.seen (how text, rows bigint);
CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.seen VALUES (TG_LEVEL, (SELECT count(*) FROM added));
    RETURN NULL;
END $$;
CREATE FUNCTION public.shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.transition_reason := upper(NEW.transition_reason);
    RETURN NEW;
END $$;
CREATE TRIGGER see AFTER INSERT ON phase_history REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.see();
SELECT * FROM public.way('a statement trigger');
SELECT how, rows FROM public.seen;
DROP TRIGGER see ON phase_history;
CREATE TRIGGER shout BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION public.shout();
SELECT * FROM public.way('a row trigger');
ALTER TABLE phase_history DISABLE TRIGGER shout;
SELECT * FROM public.way('a disabled trigger');
DROP TRIGGER shout ON phase_history;
CREATE RULE copy AS ON INSERT TO phase_history DO ALSO INSERT INTO public.seen VALUES ('RULE', 1);
SELECT * FROM public.way('a rule');
SELECT count(*) FROM public.seen WHERE how = 'RULE';
DROP RULE copy ON phase_history;
ALTER TABLE phase_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT * FROM public.way('policies');
ALTER TABLE phase_history NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
-- What an actor may be called is counted in characters.
SELECT (transition_ticket(id, 'PHASE_DESIGN', 'long', repeat('ä', 255))).transitioned_by = repeat('ä', 255) AS is_whole
  FROM tickets WHERE title = 'an identity' LIMIT 1;
SELECT transition_ticket(id, 'PHASE_DESIGN', 'long', repeat('a', 256)) FROM tickets WHERE title = 'a rule' LIMIT 1;
-- A ticket that is deleted before its move is written down: the reference holds.
CREATE FUNCTION public.drop_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tickets WHERE id = NEW.id AND title LIKE '%gone%';
    RETURN NULL;
END $$;
CREATE TRIGGER drop_it AFTER UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.drop_it();
INSERT INTO tickets (title) VALUES ('soon gone'), ('stays');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title IN ('soon gone', 'stays');
SELECT title, phase_id FROM tickets WHERE title IN ('soon gone', 'stays') ORDER BY title;
SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') FROM tickets WHERE title = 'soon gone';
DROP TRIGGER drop_it ON tickets;
CREATE FUNCTION public.drop_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tickets WHERE title LIKE '%gone%' AND phase_id = NEW.phase_id;
    RETURN NEW;
END $$;
CREATE TRIGGER drop_others BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION public.drop_others();
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title IN ('soon gone', 'stays');
DROP TRIGGER drop_others ON tickets;
SELECT count(*) AS orphans FROM phase_history h WHERE NOT EXISTS (SELECT 1 FROM tickets t WHERE t.id = h.ticket_id);
-- A definition that changes between two moves of one session, and is taken back.
BEGIN;
ALTER TABLE phase_history ADD COLUMN extra int DEFAULT 7;
SELECT * FROM public.way('in a transaction');
SELECT count(*) FROM phase_history WHERE extra = 7 AND transition_reason = 'because of in a transaction';
ROLLBACK;
SELECT * FROM public.way('rolled back');
-- Many at once.
INSERT INTO tickets (title) SELECT 'many' FROM generate_series(1, 2345);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'many';
BEGIN;
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'many';
ROLLBACK;
SELECT to_phase, count(*), count(DISTINCT h.id) FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE title = 'many' GROUP BY to_phase ORDER BY to_phase;
SET enable_seqscan = off;
SELECT count(*) FROM tickets t JOIN LATERAL (SELECT 1 FROM phase_history h WHERE h.ticket_id = t.id ORDER BY h.created_at, h.id) h ON true WHERE title = 'many';
RESET enable_seqscan;
SELECT * FROM check_workspace('acme') WHERE violations > 0;
-- So with the results of gates; and history names the artifacts that the gate saw.
INSERT INTO phase_gate_requirements (phase_id, required_artifacts) VALUES ('PHASE_REQUIREMENTS', '{log}');
UPDATE phase_transitions SET requires_gate = true WHERE from_phase = 'PHASE_REQUIREMENTS' AND to_phase = 'PHASE_DESIGN';
CREATE FUNCTION public.gated(name text) RETURNS TABLE (refused text, results text, artifacts text, belongs boolean) LANGUAGE plpgsql AS $$
DECLARE
    ticket uuid;
BEGIN
    INSERT INTO tickets (title, phase_id) VALUES (name, 'PHASE_REQUIREMENTS') RETURNING id INTO ticket;
    refused := (try_transition_ticket(ticket, 'PHASE_DESIGN', name, 'ada')).error_code;
    PERFORM add_artifact(ticket, 'log', name), add_artifact(ticket, 'Extra', NULL);
    PERFORM transition_ticket(ticket, 'PHASE_DESIGN', name, 'ada');
    results := (SELECT string_agg(gate_status || ' by ' || validated_by || ' ' || cardinality(blocking_reasons), ', ' ORDER BY validated_at, id)
                  FROM phase_gate_results WHERE ticket_id = ticket);
    SELECT (SELECT jsonb_agg(a - 'id') FROM jsonb_array_elements(h.artifacts) a), r.gate_status = 'passed' INTO artifacts, belongs
      FROM phase_history h JOIN phase_gate_results r ON r.id = h.gate_result_id WHERE h.ticket_id = ticket;
    RETURN NEXT;
END $$;
SELECT * FROM public.gated('plain');
CREATE FUNCTION public.sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.validated_by := upper(NEW.validated_by);
    RETURN NEW;
END $$;
CREATE TRIGGER sign BEFORE INSERT ON phase_gate_results FOR EACH ROW EXECUTE FUNCTION public.sign();
SELECT * FROM public.gated('a trigger');
DROP TRIGGER sign ON phase_gate_results;
ALTER TABLE phase_gate_results ADD COLUMN number int GENERATED ALWAYS AS IDENTITY;
SELECT * FROM public.gated('an identity');
SELECT count(DISTINCT number) = count(*) AS has_numbers FROM phase_gate_results;
ALTER TABLE phase_gate_results DROP COLUMN number;
ALTER TABLE phase_gate_results ADD CONSTRAINT only_good_news CHECK (gate_status <> 'failed') NOT VALID;
SELECT * FROM public.gated('a constraint');
ALTER TABLE phase_gate_results DROP CONSTRAINT only_good_news;
SELECT * FROM public.gated('plain again');
SELECT (try_transition_ticket(id, 'PHASE_DESIGN', 'long', repeat('a', 256))).error_code FROM tickets WHERE title = 'a rule' LIMIT 1;
SELECT sum(violations) FROM check_workspace('acme');
-- What a review that is asked for sets off: the ticket goes, and nothing of it stays.
UPDATE phase_gate_requirements SET requires_review = true, required_artifacts = '{}';
CREATE FUNCTION public.forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tickets WHERE id = NEW.ticket_id AND title = 'forgotten';
    RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION public.forget();
INSERT INTO tickets (title, phase_id) VALUES ('forgotten', 'PHASE_REQUIREMENTS');
SELECT (try_transition_ticket(id, 'PHASE_DESIGN')).error_code FROM tickets WHERE title = 'forgotten';
DROP TRIGGER forget ON tasks;
SELECT (SELECT count(*) FROM phase_gate_results r WHERE NOT EXISTS (SELECT 1 FROM tickets t WHERE t.id = r.ticket_id)) AS results,
       (SELECT count(*) FROM phase_history h WHERE NOT EXISTS (SELECT 1 FROM tickets t WHERE t.id = h.ticket_id)) AS moves;
-- An owner who may not insert.
CREATE ROLE regress_owner;
CREATE SCHEMA theirs AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT create_workspace('theirs');
SET search_path = theirs, phasegate;
INSERT INTO tickets (title) VALUES ('written');
REVOKE INSERT ON phase_history FROM regress_owner;
INSERT INTO tickets (title) VALUES ('not written');
GRANT INSERT ON phase_history TO regress_owner;
INSERT INTO tickets (title) VALUES ('written again');
SELECT count(*) FROM phase_history;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_owner CASCADE;
DROP ROLE regress_owner;
