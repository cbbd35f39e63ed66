-- A database in use, to be kept as a released version left it (see freeze.sh). It uses only what every version has.
--
-- Workspace "plain" is as create_workspace made it. Workspace "shop" was configured, extended and worked in: a phase,
-- columns, a trigger, row security and grants of its own; tickets in every phase, one of which went through gates, a
-- review, and back; tasks that wait, wait for others, are held, running, to be tried again, failed and completed.
-- Role version_keeper owns both, version_crew works in "shop".

SET ROLE version_keeper;
SELECT phasegate.create_workspace('plain');
SELECT phasegate.create_workspace('shop');
SET search_path = shop, phasegate;

ALTER TYPE phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
DELETE FROM phase_transitions WHERE from_phase = 'PHASE_TESTING' AND to_phase = 'PHASE_DEPLOYMENT';
INSERT INTO phase_transitions VALUES
    ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW', false), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT', true),
    ('PHASE_SECURITY_REVIEW', 'PHASE_BLOCKED', false), ('PHASE_BLOCKED', 'PHASE_SECURITY_REVIEW', false);
INSERT INTO task_templates (phase_id, task_type, template_description, default_priority, dependencies_template) VALUES
    ('PHASE_SECURITY_REVIEW', 'model_threats', 'Model the threats to: {ticket_title}', 'CRITICAL', NULL),
    ('PHASE_SECURITY_REVIEW', 'close_findings', 'Close the findings on: {ticket_title}', 'HIGH', '["model_threats"]');
UPDATE phase_gate_requirements SET requires_review = true WHERE phase_id = 'PHASE_IMPLEMENTATION';

ALTER TABLE tickets ADD COLUMN assignee text DEFAULT 'nobody', ADD COLUMN loud text GENERATED ALWAYS AS (upper(title)) STORED;
ALTER TABLE tasks ADD COLUMN estimate interval;
CREATE INDEX tickets_open ON tickets (phase_entered_at) WHERE phase_id <> 'PHASE_DONE';
CREATE TABLE audit (ticket_id uuid, event text, phase text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SET search_path = shop AS $$
BEGIN
    INSERT INTO audit VALUES (NEW.id, TG_OP, NEW.phase_id);
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF phase_id ON tickets FOR EACH ROW EXECUTE FUNCTION audit();
CREATE VIEW open_tickets AS SELECT id, title, phase_id, assignee FROM tickets WHERE phase_id <> 'PHASE_DONE';
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_secret ON tickets USING (title NOT LIKE 'Secret%');
GRANT USAGE ON SCHEMA shop TO version_crew;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO version_crew;
GRANT INSERT, UPDATE (title, description, priority, phase_id, context_summary, assignee) ON tickets TO version_crew;
GRANT UPDATE ON tasks TO version_crew;
GRANT INSERT ON phase_gate_artifacts, phase_gate_results, audit TO version_crew;

SET ROLE version_crew;
-- Through gates and a review, back once, forward again, and on into the phase that was added.
INSERT INTO tickets (title, priority) VALUES ('Customers are charged twice', 'CRITICAL') RETURNING id AS charged \gset
SELECT transition_ticket(:'charged', 'PHASE_REQUIREMENTS', 'Sprint 1', 'planner');
SELECT complete_task(c.id, 'ada', '{"summary": "The bank''s page is reloaded.", "context": {"key_decisions": ["Requests carry an idempotency key"], "risks": ["The sandbox is too fast"]}, "outputs": {"orders": 41}}')
  FROM claim_task('ada', '{analysis}') c;
SELECT complete_task(c.id, 'dora', '{"summary": "Wrote the requirements.", "artifacts": [{"type": "requirements_document", "path": "docs/r.md", "content": {"length": 1500, "sections": ["Scope", "Acceptance criteria"]}}]}')
  FROM claim_task('dora', '{documentation}') c;
SELECT transition_ticket(:'charged', 'PHASE_DESIGN', 'Documented', 'planner');
SELECT complete_task(id, 'dan', '{"summary": "One state machine.", "context": {"design_decisions": ["An outbox for side effects"]}}', attempt)
  FROM claim_task('dan', '{design}', '{PHASE_DESIGN}');
SELECT transition_ticket(:'charged', 'PHASE_IMPLEMENTATION');
SELECT complete_task(id, 'ian', '{"artifacts": [{"type": "code_changes", "content": {"has_tests": true, "files": ["a", "a_test"]}}, {"type": "test_coverage", "content": {"percentage": 91}}]}', attempt)
  FROM claim_task('ian', '{implementation}', '{PHASE_IMPLEMENTATION}');
SELECT gate_status FROM validate_gate(:'charged');
SELECT complete_task(id, 'vera', '{"approved": true, "feedback": "Fine."}', attempt) FROM claim_task('vera', '{validation}', kinds => '{review}');
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = :'charged';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE id = :'charged';
SELECT gate_status, blocking_reasons FROM validate_gate(:'charged');
SELECT block_ticket(:'charged', 'Waiting for the bank', 'planner');
SELECT unblock_ticket(:'charged');
SELECT summarize_using_llm(:'charged');

-- Held, running, to be tried again, and failed.
INSERT INTO tickets (title) VALUES ('Refunds are slow');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'Refunds are slow';
SELECT claim_task('holder', '{analysis}', lease => '100 years');
SELECT start_task(id, 'runner') FROM claim_task('runner', '{documentation}', lease => '100 years');
INSERT INTO tickets (title) VALUES ('Invoices lack a number');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'Invoices lack a number';
SELECT fail_task(id, 'clumsy', 'The wiki is down') FROM claim_task('clumsy', '{analysis}');
SELECT fail_task(id, 'clumsy', 'Cannot be done', retry => false) FROM claim_task('clumsy', '{documentation}');

SET ROLE version_keeper;
INSERT INTO tickets (title, phase_id, previous_phase_id, assignee)
SELECT 'In ' || p, p, CASE p WHEN 'PHASE_BLOCKED' THEN 'PHASE_TESTING' END::phase, 'ann' FROM unnest(enum_range(NULL::phase)) AS p;
INSERT INTO tickets (title, phase_id) VALUES ('Secret merger', 'PHASE_DESIGN');
INSERT INTO tickets (title, phase_id) VALUES ('Cards leak in logs', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE title = 'Cards leak in logs';
