-- update_ticket_context folds a phase in without a move; again it changes nothing, not even a row version.
\set SHOW_CONTEXT never
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_REQUIREMENTS');
\set ticket '00000000-0000-7000-8000-000000000001'
-- Nothing done, nothing to fold.
SELECT update_ticket_context(:'ticket');
SELECT context, context_summary, (SELECT count(*) FROM phase_context) AS blocks FROM tickets;
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES
    (:'ticket', 'PHASE_REQUIREMENTS', 'completed', '{"summary": "Done", "context": {"key_decisions": ["Refund to the card"]}}');
SELECT update_ticket_context(:'ticket');
SELECT context #> '{requirements_phase,key_decisions}' AS decisions, context_summary, context ->> 'summary' = context_summary AS same, phase_id, updated_at FROM tickets;
CREATE VIEW everything AS
    SELECT md5(string_agg(r, E'\n' ORDER BY r)) AS everything FROM (SELECT t.ctid::text || t.xmin || t AS r FROM tickets t
        UNION ALL SELECT c.ctid::text || c.xmin || c FROM phase_context c UNION ALL SELECT h::text FROM phase_history h UNION ALL SELECT k::text FROM tasks k) r;
SELECT everything FROM everything \gset once_
SET phasegate.now = '2026-01-01 12:30:00+00';
SELECT update_ticket_context(:'ticket');
SELECT update_ticket_context(:'ticket', 'PHASE_REQUIREMENTS');
SELECT everything = :'once_everything' AS as_once FROM everything;
-- In one transaction too, and in one statement.
BEGIN;
SELECT update_ticket_context(id) FROM tickets, generate_series(1, 3);
COMMIT;
SELECT everything = :'once_everything' AS as_once FROM everything;
-- More work: the block is computed anew, and no history is written.
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES
    (:'ticket', 'PHASE_REQUIREMENTS', 'completed', '{"summary": "More done", "context": {"key_decisions": ["Within 30 days", "Refund to the card"]}}');
SELECT update_ticket_context(:'ticket');
SELECT context #> '{requirements_phase,key_decisions}' AS decisions, jsonb_array_length(context #> '{requirements_phase,tasks}') AS tasks, updated_at FROM tickets;
SELECT context_data #> '{key_decisions}' AS decisions, created_at, updated_at FROM phase_context;
SELECT count(*) FROM phase_history;
SELECT ticket_context(:'ticket') ->> 'last_updated' AS last_updated;
-- The transition after it folds the same block in, and the same bytes.
SELECT context -> 'requirements_phase' AS block FROM tickets \gset
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT context -> 'requirements_phase' = :'block'::jsonb AS same_block, (context -> 'requirements_phase')::text = :'block' AS same_bytes FROM tickets;
SELECT context, context_summary FROM tickets \gset before_
SELECT update_ticket_context(:'ticket', 'PHASE_REQUIREMENTS');
SELECT context::text = :'before_context' AS same_context, context_summary = :'before_context_summary' AS same_summary FROM tickets;
-- A key beside the phases, and the blocks of others, stay.
UPDATE tickets SET context = context || '{"mine": [1]}';
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES (:'ticket', 'PHASE_DESIGN', 'completed', '{"context": {"design_decisions": ["One table"]}}');
SELECT update_ticket_context(:'ticket');
SELECT context -> 'mine' AS mine, context #> '{requirements_phase,key_decisions}' AS requirements, context #> '{design_phase,design_decisions}' AS design, context_summary FROM tickets;
-- Its work withdrawn, the block is empty, and the key stays.
DELETE FROM tasks WHERE phase_id = 'PHASE_DESIGN';
SELECT update_ticket_context(:'ticket');
SELECT context -> 'design_phase' AS design, (SELECT context_data FROM phase_context WHERE phase_id = 'PHASE_DESIGN') AS kept FROM tickets;
-- Of a blocked ticket, the phase that was blocked can be named.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES (:'ticket', 'PHASE_DESIGN', 'completed', '{"context": {"design_decisions": ["Two tables"]}}');
SELECT update_ticket_context(:'ticket');
SELECT context ? 'blocked_phase' AS blocked_phase, context #> '{design_phase,design_decisions}' AS design FROM tickets;
SELECT update_ticket_context(:'ticket', 'PHASE_DESIGN');
SELECT context #> '{design_phase,design_decisions}' AS design, context_summary, context_summary(id) = context_summary AS same FROM tickets;
-- The summary is for the phase after: where there is none ahead, or the ticket is blocked, it is of all phases, also of those that the enum lists after PHASE_BLOCKED.
ALTER TYPE phase ADD VALUE 'PHASE_RETROSPECTIVE';
UPDATE tickets SET context = '{"requirements_phase": {"key_decisions": ["Required"]}, "retrospective_phase": {"key_decisions": ["Learnt"]}}';
SELECT update_ticket_context(:'ticket', 'PHASE_DESIGN');
SELECT context_summary, context_summary(id) = context_summary AS same FROM tickets;
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT update_ticket_context(:'ticket');
SELECT context_summary FROM tickets;
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES (:'ticket', 'PHASE_RETROSPECTIVE', 'completed', '{"context": {"key_decisions": ["Learnt again"]}}');
SELECT update_ticket_context(:'ticket', 'PHASE_RETROSPECTIVE');
SELECT context_summary FROM tickets;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
