-- Tables as an application has written them that follows the design this extension comes from: phases are varchar, and there are
-- no columns but those of the design. They are taken over with their rows.
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION seed(schema text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema);
    PERFORM set_config('search_path', quote_ident(schema) || ', public', true);
    CREATE TABLE tickets (id UUID PRIMARY KEY, title VARCHAR(500) NOT NULL, description TEXT, phase_id VARCHAR(50) NOT NULL, previous_phase_id VARCHAR(50),
        status VARCHAR(50) NOT NULL, priority VARCHAR(20) NOT NULL, context JSONB, context_summary TEXT, created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW());
    CREATE TABLE tasks (id UUID PRIMARY KEY, ticket_id UUID NOT NULL REFERENCES tickets(id) ON DELETE CASCADE, phase_id VARCHAR(50) NOT NULL, task_type VARCHAR(100) NOT NULL,
        description TEXT, priority VARCHAR(20) NOT NULL, status VARCHAR(50) NOT NULL, assigned_agent_id VARCHAR(255), dependencies JSONB, result JSONB, error_message TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(), started_at TIMESTAMP WITH TIME ZONE, completed_at TIMESTAMP WITH TIME ZONE);
    CREATE TABLE phase_history (id UUID PRIMARY KEY, ticket_id UUID REFERENCES tickets(id) ON DELETE CASCADE, from_phase VARCHAR(50), to_phase VARCHAR(50),
        transition_reason TEXT, transitioned_by VARCHAR(255), artifacts JSONB, created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW());
    CREATE INDEX idx_phase_history_ticket ON phase_history(ticket_id);
    CREATE INDEX idx_phase_history_created ON phase_history(created_at);
    CREATE TABLE task_templates (id UUID PRIMARY KEY, phase_id VARCHAR(50) NOT NULL, task_type VARCHAR(100) NOT NULL, template_description TEXT NOT NULL,
        default_priority VARCHAR(20) DEFAULT 'MEDIUM', required_capabilities JSONB, dependencies_template JSONB, is_active BOOLEAN DEFAULT TRUE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW());
    CREATE INDEX idx_task_templates_phase ON task_templates(phase_id);
    CREATE TABLE phase_gate_artifacts (id UUID PRIMARY KEY, ticket_id UUID REFERENCES tickets(id) ON DELETE CASCADE, phase_id VARCHAR(50) NOT NULL,
        artifact_type VARCHAR(100) NOT NULL, artifact_path TEXT, artifact_content JSONB, collected_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(), collected_by VARCHAR(255));
    CREATE INDEX idx_gate_artifacts_ticket_phase ON phase_gate_artifacts(ticket_id, phase_id);
    CREATE TABLE phase_gate_results (id UUID PRIMARY KEY, ticket_id UUID REFERENCES tickets(id) ON DELETE CASCADE, phase_id VARCHAR(50) NOT NULL,
        gate_status VARCHAR(50) NOT NULL, validation_result JSONB, validated_at TIMESTAMP WITH TIME ZONE, validated_by VARCHAR(255), blocking_reasons TEXT[]);
    CREATE INDEX idx_gate_results_ticket_phase ON phase_gate_results(ticket_id, phase_id);
    CREATE TABLE phase_context (id UUID PRIMARY KEY, ticket_id UUID REFERENCES tickets(id) ON DELETE CASCADE, phase_id VARCHAR(50) NOT NULL,
        context_data JSONB NOT NULL, context_summary TEXT, created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW());
    CREATE INDEX idx_phase_context_ticket ON phase_context(ticket_id);
    INSERT INTO tickets VALUES
        (id(1), 'moved', NULL, 'PHASE_DESIGN', 'PHASE_REQUIREMENTS', 'open', 'HIGH', '{"requirements_phase": {"scope": "s"}}', 's', '2025-01-01'),
        (id(2), 'new', NULL, 'PHASE_BACKLOG', NULL, 'open', 'LOW', NULL, NULL, '2025-01-02'),
        (id(3), 'blocked', NULL, 'PHASE_BLOCKED', NULL, 'open', 'LOW', NULL, NULL, '2025-01-03');
    INSERT INTO phase_history VALUES
        (id(11), id(1), 'PHASE_BACKLOG', 'PHASE_REQUIREMENTS', 'go', 'ann', NULL, '2025-01-04'),
        (id(12), id(1), 'PHASE_REQUIREMENTS', 'PHASE_DESIGN', 'done', 'bob', '{"doc": 1}', '2025-01-05'),
        (id(13), id(3), 'PHASE_BACKLOG', 'PHASE_REQUIREMENTS', NULL, 'ann', NULL, '2025-01-06'),
        (id(14), id(3), 'PHASE_REQUIREMENTS', 'PHASE_BLOCKED', 'waits', 'ann', NULL, '2025-01-07');
    INSERT INTO tasks VALUES (id(21), id(1), 'PHASE_DESIGN', 'design', 'd', 'HIGH', 'pending', NULL, NULL, NULL, NULL, '2025-01-05', NULL, NULL),
        (id(22), id(1), 'PHASE_REQUIREMENTS', 'ask', 'a', 'HIGH', 'completed', 'ada', NULL, '{"summary": "asked"}', NULL, '2025-01-04', '2025-01-04', '2025-01-05');
    INSERT INTO task_templates VALUES (id(31), 'PHASE_DESIGN', 'design', 'Design {ticket_title}', 'HIGH', '["design"]', NULL, true, '2025-01-01');
    INSERT INTO phase_gate_artifacts VALUES (id(41), id(1), 'PHASE_REQUIREMENTS', 'requirements_document', '/r', '{"a": 1}', '2025-01-04', 'ada');
    INSERT INTO phase_gate_results VALUES (id(51), id(1), 'PHASE_REQUIREMENTS', 'passed', '{}', '2025-01-05', 'val', NULL);
    INSERT INTO phase_context VALUES (id(61), id(1), 'PHASE_REQUIREMENTS', '{"scope": "s"}', 's', '2025-01-05');
END $$;
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT seed('good');
SELECT * FROM phasegate.adoption_report('good');
SELECT phasegate.create_workspace('good');
SET search_path = good, phasegate, public;
SELECT check_name, violations, example FROM check_workspace() WHERE violations > 0;
SELECT title, phase_id, previous_phase_id, phase_entered_at, status FROM tickets ORDER BY id;
SELECT ticket_id, from_phase, to_phase, transition_reason, nullif(transitioned_by, session_user) AS by, artifacts, created_at FROM phase_history ORDER BY ticket_id, created_at;
SELECT phase_id, task_type, status, assigned_agent_id, agents FROM tasks ORDER BY id;
SELECT phase_id, task_type, is_active FROM task_templates;
SELECT phase_id, artifact_type, artifact_content FROM phase_gate_artifacts;
SELECT phase_id, gate_status, validated_by FROM phase_gate_results;
SELECT phase_id, context_data FROM phase_context;
-- It works: the blocked ticket goes back to where it was blocked, the other one is worked on.
SELECT previous_phase, current_phase FROM unblock_ticket(id(3));
SELECT task_type, ticket_title FROM claim_task('bea', '{design}');
INSERT INTO tickets (id, title, status, phase_id, priority) VALUES (id(4), 'another', 'open', 'PHASE_BACKLOG', 'LOW');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = id(4);
SELECT check_name, violations, example FROM check_workspace() WHERE violations > 0;
-- Broken in every table: all is said at once.
SET search_path = public;
SELECT seed('bad');
SET search_path = bad, public;
UPDATE tickets SET phase_id = 'open' WHERE id = id(2);
INSERT INTO phase_history VALUES (id(15), id(1), 'PHASE_TESTING', 'PHASE_DESIGN', NULL, 'x', NULL, '2025-01-08'), (id(16), NULL, 'PHASE_TESTING', 'PHASE_DESIGN', NULL, 'x', NULL, '2025-01-08'),
    (id(17), id(2), 'PHASE_BACKLOG', 'done', NULL, 'x', NULL, NULL);
UPDATE tasks SET status = 'in progress' WHERE id = id(21);
UPDATE task_templates SET required_capabilities = '{"a": 1}', is_active = NULL;
UPDATE phase_gate_results SET gate_status = 'ok';
INSERT INTO phase_context VALUES (id(62), id(1), 'PHASE_REQUIREMENTS', '{}', NULL, now());
SELECT table_name, object_name, problem, affected_rows, examples, blocks FROM phasegate.adoption_report('bad');
SELECT phasegate.create_workspace('bad');
-- Mended, it goes.
UPDATE tickets SET phase_id = 'PHASE_BACKLOG' WHERE id = id(2);
DELETE FROM phase_history WHERE id IN (id(16), id(17));
UPDATE tasks SET status = 'pending' WHERE id = id(21);
UPDATE task_templates SET required_capabilities = '["a"]', is_active = true;
UPDATE phase_gate_results SET gate_status = 'passed';
SELECT phasegate.create_workspace('bad');
DELETE FROM phase_history WHERE id = id(15);
DELETE FROM phase_context WHERE id = id(62);
SELECT phasegate.create_workspace('bad');
SELECT check_name, violations, example FROM phasegate.check_workspace('bad') WHERE violations > 0;
-- Anything else of such a name is refused by name.
SET search_path = public;
CREATE SCHEMA other;
CREATE TABLE other.phases (id serial PRIMARY KEY, name text);
CREATE TABLE other.phase_context (id uuid PRIMARY KEY, body text);
CREATE TABLE other.ticket_archive (id uuid PRIMARY KEY, ticket_id uuid);
CREATE VIEW other.phase_board AS SELECT 1 AS one;
CREATE SEQUENCE other.task_templates;
SELECT phasegate.create_workspace('other');
