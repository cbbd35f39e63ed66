-- Entering a phase generates its tasks from the templates.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
-- Gates are not what is tested here.
UPDATE phase_transitions SET requires_gate = false;
-- Each phase of the default workflow generates exactly its templates.
INSERT INTO tickets (id, title, description) VALUES (id(1), 'Refunds', 'Customers want their money back');
SELECT count(*) AS tasks_in_backlog FROM tasks;
DO $$
DECLARE p text;
BEGIN
    FOREACH p IN ARRAY ARRAY['REQUIREMENTS', 'DESIGN', 'IMPLEMENTATION', 'TESTING', 'DEPLOYMENT', 'DONE'] LOOP
        PERFORM transition_ticket(id(1), 'PHASE_' || p);
    END LOOP;
END $$;
SELECT phase_id, kind, task_type, description, priority, required_capabilities, status, attempts, created_at
  FROM tasks ORDER BY id;
-- Everything a template can say, in a title and description that try to be more than text.
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES
    ('PHASE_BACKLOG', 'all', '{ticket_title}|{ticket_description}|{ticket_priority}|{phase}|{previous_phase}|{context_summary}|\{\}');
INSERT INTO tickets (id, title, description, priority) VALUES
    (id(2), '{ticket_id} \ {{x}} ''; DROP TABLE tasks; -- "$1" %s', NULL, 'HIGH'),
    (id(3), repeat('🧾', 500), E'line\nbreak\ttab {phase}', 'LOW');
SELECT description = '{ticket_id} \ {{x}} ''; DROP TABLE tasks; -- "$1" %s||HIGH|PHASE_BACKLOG|||{}' AS as_it_went_in
  FROM tasks WHERE ticket_id = id(2);
SELECT description = repeat('🧾', 500) || E'|line\nbreak\ttab {phase}|LOW|PHASE_BACKLOG|||{}' AS as_it_went_in
  FROM tasks WHERE ticket_id = id(3);
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_REQUIREMENTS', 'id', '{ticket_id} from {previous_phase}');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = id(2);
SELECT description FROM tasks WHERE ticket_id = id(2) AND task_type = 'id';
-- Changing, disabling and adding templates changes the next ticket's tasks.
UPDATE task_templates SET template_description = 'Study {ticket_title}', default_priority = 'CRITICAL' WHERE task_type = 'analyze_requirements';
UPDATE task_templates SET is_active = false WHERE task_type = 'create_requirements_doc';
INSERT INTO task_templates (phase_id, task_type, template_description, default_priority) VALUES ('PHASE_REQUIREMENTS', 'cheer', 'Cheer', NULL);
INSERT INTO tickets (id, title, phase_id) VALUES (id(4), 'Next', 'PHASE_REQUIREMENTS');
SELECT task_type, description, priority FROM tasks WHERE ticket_id = id(4) ORDER BY id;
SELECT task_type, is_active FROM get_templates_for_phase('PHASE_REQUIREMENTS');
-- Nothing is generated twice while it is open.
SELECT count(*) FROM generate_phase_tasks(id(4));
UPDATE tasks SET status = 'completed' WHERE ticket_id = id(4) AND task_type = 'cheer';
SELECT task_type, status FROM generate_phase_tasks(id(4));
SELECT task_type FROM generate_phase_tasks(id(4), 'PHASE_TESTING');
-- One template: made once, then the open one is given; inactive ones can be asked for.
SELECT (a).task_type, (a).id = (b).id AS same
  FROM (SELECT generate_task_from_template(id(4), t.id) AS a, generate_task_from_template(id(4), t.id) AS b
          FROM task_templates t WHERE t.task_type = 'create_requirements_doc') x;
-- A ticket that is blocked and unblocked keeps its tasks; a regression generates new ones for what is finished.
INSERT INTO tickets (id, title, phase_id) VALUES (id(5), 'Back and forth', 'PHASE_IMPLEMENTATION');
SELECT current_phase FROM block_ticket(id(5), 'waiting');
SELECT current_phase FROM unblock_ticket(id(5));
SELECT count(*) AS still_one FROM tasks WHERE ticket_id = id(5);
UPDATE tasks SET status = 'completed' WHERE ticket_id = id(5);
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = id(5);
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE id = id(5);
SELECT phase_id, task_type, status FROM tasks WHERE ticket_id = id(5) ORDER BY id;
-- PHASE_BLOCKED and a phase of the workspace's own generate like any other.
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_BLOCKED', 'unblock', 'Find out why {ticket_title} is blocked');
SELECT current_phase FROM block_ticket(id(5), 'again');
SELECT description FROM tasks WHERE ticket_id = id(5) AND phase_id = 'PHASE_BLOCKED';
ALTER TYPE phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
INSERT INTO phase_transitions (from_phase, to_phase) VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW');
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_SECURITY_REVIEW', 'audit', 'Audit');
INSERT INTO tickets (id, title, phase_id) VALUES (id(6), 'Secure', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE id = id(6);
SELECT task_type FROM tasks WHERE ticket_id = id(6) AND phase_id = 'PHASE_SECURITY_REVIEW';
-- Dependencies become the ids of the tasks that were generated together.
INSERT INTO task_templates (phase_id, task_type, template_description, default_priority, dependencies_template) VALUES
    ('PHASE_DESIGN', 'present', 'x', 'CRITICAL', '["draw", "design_architecture"]'),
    ('PHASE_DESIGN', 'draw', 'x', 'LOW', '{"depends_on": ["design_architecture"]}');
INSERT INTO tickets (id, title, phase_id) VALUES (id(7), 'Chain', 'PHASE_DESIGN');
CREATE VIEW chain AS
    SELECT k.task_type, k.status, k.pending_dependencies,
           (SELECT string_agg(d.task_type || ' (' || d.status || ')', ', ' ORDER BY d.id) FROM tasks d
             WHERE k.dependencies->'depends_on' ? d.id::text) AS waits_for
      FROM tasks k WHERE k.ticket_id = id(7) ORDER BY k.id;
SELECT * FROM chain;
-- Generated alone, a task waits for the latest task of that type that is not cancelled.
UPDATE tasks SET status = 'cancelled' WHERE ticket_id = id(7) AND task_type <> 'design_architecture';
UPDATE tasks SET status = 'completed' WHERE ticket_id = id(7) AND task_type = 'design_architecture';
SELECT (generate_task_from_template(id(7), t.id)).task_type FROM task_templates t WHERE t.task_type = 'present';
SELECT * FROM chain;
SELECT task_type FROM generate_phase_tasks(id(7));
SELECT * FROM chain;
-- Ten thousand tickets in one UPDATE: one INSERT.
INSERT INTO tickets (title, phase_id) SELECT 'Bulk ' || i, 'PHASE_BACKLOG' FROM generate_series(1, 10000) i;
DELETE FROM tasks;
CREATE TABLE inserts (tasks bigint);
CREATE FUNCTION count_inserts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO inserts SELECT count(*) FROM made; RETURN NULL; END $$;
CREATE TRIGGER count_inserts AFTER INSERT ON tasks REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION count_inserts();
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title LIKE 'Bulk %';
SELECT * FROM inserts;
SELECT task_type, count(*), count(DISTINCT ticket_id) AS tickets, count(DISTINCT description) AS descriptions FROM tasks GROUP BY 1 ORDER BY 1;
-- What is not there.
\set VERBOSITY terse
SELECT generate_phase_tasks(id(99));
SELECT generate_phase_tasks(NULL);
SELECT generate_phase_tasks(id(1), 'PHASE_NONE');
SELECT generate_task_from_template(id(1), id(99));
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
