-- A transition writes one new version of the ticket's row, with the phase and the context in it.
\set SHOW_CONTEXT never
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_REQUIREMENTS');
UPDATE tasks SET status = 'completed', result = '{"context": {"key_decisions": ["Refund to the card"]}}';
-- The rows that a statement writes.
CREATE FUNCTION written(statement text) RETURNS TABLE (relname name, inserted bigint, updated bigint) LANGUAGE plpgsql AS $$
DECLARE before jsonb;
BEGIN
    SELECT jsonb_object_agg(v.relname, jsonb_build_array(v.n_tup_ins, v.n_tup_upd)) INTO before FROM pg_stat_xact_user_tables v WHERE schemaname = 'acme';
    EXECUTE statement;
    RETURN QUERY SELECT v.relname, v.n_tup_ins - (before -> v.relname::text ->> 0)::bigint, v.n_tup_upd - (before -> v.relname::text ->> 1)::bigint
      FROM pg_stat_xact_user_tables v WHERE schemaname = 'acme' AND v.relname IN ('tickets', 'phase_context', 'phase_history') ORDER BY 1;
END $$;
BEGIN;
SELECT * FROM written($$UPDATE tickets SET phase_id = 'PHASE_DESIGN'$$);
SELECT phase_id, context #> '{requirements_phase,key_decisions}' AS decisions, context_summary IS NOT NULL AS summarized,
       xmin = pg_current_xact_id()::xid AS of_this_transaction FROM tickets;
COMMIT;
-- By function, with a user's trigger looking on: it sees phase and context change at once, before and after.
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% %: % -> %, design block % -> %', TG_WHEN, TG_OP, OLD.phase_id, NEW.phase_id, OLD.context ? 'design_phase', NEW.context ? 'design_phase';
    RETURN NULL;
END $$;
CREATE TRIGGER look AFTER UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION look();
UPDATE tasks SET status = 'completed', result = '{"context": {"design_decisions": ["One table"]}}' WHERE phase_id = 'PHASE_DESIGN';
SELECT * FROM written($$SELECT transition_ticket(id, 'PHASE_IMPLEMENTATION') FROM tickets$$);
-- RETURNING has it, and so has a transition table.
DROP TRIGGER look ON tickets;
CREATE FUNCTION look_at_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE '%', (SELECT string_agg(phase_id || ' ' || (context -> 'implementation_phase' ->> 'key_implementations'), ',') FROM changed); RETURN NULL; END $$;
CREATE TRIGGER look AFTER UPDATE ON tickets REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION look_at_all();
UPDATE tasks SET status = 'completed', result = '{"context": {"key_implementations": ["Ledger"]}}' WHERE phase_id = 'PHASE_IMPLEMENTATION';
UPDATE tickets SET phase_id = 'PHASE_TESTING' RETURNING phase_id, context #> '{implementation_phase,key_implementations}' AS implementations;
DROP TRIGGER look ON tickets;
-- The context that the same UPDATE sets is what the block is folded into; a caller cannot keep the block out.
UPDATE tasks SET status = 'completed', result = '{"context": {"key_decisions": ["Ship"]}}' WHERE phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT', context = '{"mine": 1, "testing_phase": "forged"}', context_summary = 'mine';
SELECT context - 'testing_phase' - 'summary' AS kept, context #> '{testing_phase,key_decisions}' AS folded, context_summary FROM tickets;
-- What is no forward move folds nothing and leaves the context alone.
UPDATE tickets SET context = '{"a": 1}', context_summary = 's';
INSERT INTO phase_transitions VALUES ('PHASE_DEPLOYMENT', 'PHASE_TESTING', false);
UPDATE tasks SET status = 'completed', result = '{"context": {"key_decisions": ["Too late"]}}' WHERE phase_id = 'PHASE_DEPLOYMENT';
UPDATE tickets SET phase_id = 'PHASE_TESTING' RETURNING phase_id, context, context_summary;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' RETURNING phase_id, context, context_summary;
UPDATE tickets SET phase_id = 'PHASE_TESTING' RETURNING phase_id, context, context_summary;
UPDATE tickets SET title = 'u', phase_id = 'PHASE_TESTING' RETURNING phase_id, context, context_summary;
-- Forward out of PHASE_BLOCKED folds the phase that was blocked.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
INSERT INTO phase_transitions VALUES ('PHASE_BLOCKED', 'PHASE_DEPLOYMENT', false) ON CONFLICT DO NOTHING;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' RETURNING phase_id, context - 'summary' - 'testing_phase' AS rest, context #> '{testing_phase,key_decisions}' AS testing;
-- A phase that produced nothing leaves the context as it was, even NULL.
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000002', 'empty');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'empty' RETURNING context, context_summary;
SELECT count(*) FROM phase_context WHERE ticket_id = '00000000-0000-7000-8000-000000000002';
-- A transition rolled back leaves no context behind.
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_REQUIREMENTS', 'completed', '{"context": {"a": 1}}');
BEGIN;
SAVEPOINT s;
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'empty' RETURNING context IS NOT NULL AS folded;
ROLLBACK TO s;
SELECT context IS NULL AS nothing FROM tickets WHERE title = 'empty';
COMMIT;
SELECT count(*) FROM phase_context WHERE ticket_id = '00000000-0000-7000-8000-000000000002';
-- A thousand at once: a new version each.
INSERT INTO tickets (title, phase_id) SELECT 'many', 'PHASE_REQUIREMENTS' FROM generate_series(1, 1000);
UPDATE tasks k SET status = 'completed', result = '{"context": {"key_decisions": ["All"]}}' FROM tickets t WHERE t.id = k.ticket_id AND t.title = 'many';
SELECT * FROM written($$UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'many'$$);
SELECT count(*) FILTER (WHERE context #>> '{requirements_phase,key_decisions,0}' = 'All') AS folded, count(DISTINCT xmin::text) AS transactions FROM tickets WHERE title = 'many';
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
