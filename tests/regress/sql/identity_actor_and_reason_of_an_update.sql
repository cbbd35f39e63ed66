-- Who and why: the functions' arguments, else the settings, else the session's role and nothing.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
CREATE ROLE regress_actor;
CREATE FUNCTION public.said() RETURNS TABLE (move text, by text, reason text, role text) LANGUAGE sql STABLE AS $$
    SELECT to_phase::text, transitioned_by, transition_reason, CASE db_role WHEN 'regress_actor' THEN 'regress_actor' WHEN session_user THEN 'session_user' END
      FROM phase_history h ORDER BY created_at, id $$;

-- Without settings.
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'one');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
-- With settings, for the session and for a transaction.
SET phasegate.actor = 'service';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
BEGIN;
SET LOCAL phasegate.actor = 'agent-7';
SET LOCAL phasegate.reason = 'waiting is over';
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
COMMIT;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
-- Arguments go before settings, one by one; an empty setting is none.
SET phasegate.reason = 'from the setting';
SELECT (phasegate.transition_ticket(id, 'PHASE_DESIGN', transitioned_by => 'argument')).transitioned_by FROM tickets;
SELECT (phasegate.transition_ticket(id, 'PHASE_BLOCKED', reason => 'argument')).transitioned_by FROM tickets;
SET phasegate.actor = '';
SET phasegate.reason = '';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT (phasegate.transition_ticket(id, 'PHASE_IMPLEMENTATION')).transitioned_by = current_user FROM tickets;
-- Another role acts: the actor without a setting is the session's role, and so is db_role, whatever the caller says.
GRANT USAGE ON SCHEMA acme TO regress_actor;
GRANT SELECT, UPDATE ON tickets TO regress_actor;
SET ROLE regress_actor;
UPDATE acme.tickets SET phase_id = 'PHASE_TESTING';
SET phasegate.actor = 'nobody';
UPDATE acme.tickets SET phase_id = 'PHASE_DEPLOYMENT';
RESET ROLE;
SET SESSION AUTHORIZATION regress_actor;
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED';
RESET phasegate.actor;
UPDATE acme.tickets SET phase_id = 'PHASE_DESIGN';
RESET SESSION AUTHORIZATION;
SELECT move, CASE by WHEN session_user THEN 'session_user' ELSE by END, reason, role FROM public.said();

-- Artifacts: those given, else the current ones of the phase left.
INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path, collected_at, superseded_at)
SELECT ('00000000-0000-7000-8000-0000000000a' || n)::uuid, t.id, p::phase, type, path, at::timestamptz, gone::timestamptz
  FROM tickets t, (VALUES (1, 'PHASE_DESIGN', 'doc', 'old.md', '2020-01-01', NULL),
                          (2, 'PHASE_DESIGN', 'doc', 'new.md', '2021-01-01', NULL),
                          (3, 'PHASE_DESIGN', 'doc', 'withdrawn.md', '2022-01-01', '2022-01-02'),
                          (4, 'PHASE_DESIGN', 'adr', NULL, '2020-01-01', NULL),
                          (5, 'PHASE_TESTING', 'doc', 'other phase', '2023-01-01', NULL)) v (n, p, type, path, at, gone);
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT (phasegate.transition_ticket(id, 'PHASE_TESTING', artifacts => '[{"type": "mine"}]')).current_phase FROM tickets;
SELECT (phasegate.transition_ticket(id, 'PHASE_IMPLEMENTATION', artifacts => '[]')).current_phase FROM tickets;
SELECT to_phase, artifacts FROM phase_history ORDER BY created_at DESC, id DESC LIMIT 4;

-- An actor that its column cannot hold moves nothing.
SELECT phasegate.transition_ticket(id, 'PHASE_BLOCKED', transitioned_by => repeat('x', 256)) FROM tickets;
SELECT phase_id FROM tickets;
-- There is no other setting of that name.
SET phasegate.actr = 'typo';
DROP OWNED BY regress_actor;
DROP ROLE regress_actor;
