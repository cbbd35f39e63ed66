-- Saving a template checks it: its variables, its capabilities, its dependencies within the phase.
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
CREATE VIEW design AS
    SELECT task_type, dependencies_template FROM task_templates WHERE phase_id = 'PHASE_DESIGN' ORDER BY task_type;
-- Unknown variables and broken syntax are refused by name and place.
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_DESIGN', 'a', 'Do {ticket_titel}');
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_DESIGN', 'a', 'Do {ticket_title');
UPDATE task_templates SET template_description = 'C:\dir' WHERE task_type = 'design_architecture';
-- Escaped braces are text.
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_DESIGN', 'braces', 'Fill in \{this\} for {ticket_title}');
-- Capabilities are an array of strings, or nothing.
INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities) VALUES ('PHASE_DESIGN', 'a', 'x', '{"design": 1}');
INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities) VALUES ('PHASE_DESIGN', 'a', 'x', '["design", 7]');
-- Dependencies name task types of the same phase, in either form.
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template) VALUES ('PHASE_DESIGN', 'a', 'x', '["write_tests"]');
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template) VALUES ('PHASE_DESIGN', 'a', 'x', '"design_architecture"');
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template) VALUES ('PHASE_DESIGN', 'a', 'x', '{"after": []}');
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template) VALUES
    ('PHASE_DESIGN', 'draw', 'x', '["design_architecture"]'),
    ('PHASE_DESIGN', 'present', 'x', '{"depends_on": ["draw", "braces"]}');
SELECT * FROM design;
-- No cycle, whether in one statement or by an update that closes it.
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template) VALUES ('PHASE_DESIGN', 'self', 'x', '["self"]');
UPDATE task_templates SET dependencies_template = '["present"]' WHERE task_type = 'design_architecture';
-- Nor can a template go that another depends on: by deleting, renaming or moving it away.
DELETE FROM task_templates WHERE task_type = 'draw';
UPDATE task_templates SET task_type = 'drew' WHERE task_type = 'draw';
UPDATE task_templates SET phase_id = 'PHASE_TESTING' WHERE task_type = 'draw';
-- Those that go together may go; an inactive template can still be depended on.
UPDATE task_templates SET is_active = false WHERE task_type = 'draw';
DELETE FROM task_templates WHERE task_type IN ('draw', 'present');
SELECT * FROM design;
-- A long list of a hundred templates in reverse order is fine.
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template)
    SELECT 'PHASE_BACKLOG', 't' || i, 'x', CASE WHEN i < 100 THEN jsonb_build_array('t' || i + 1) END
      FROM generate_series(1, 100) i;
-- A COPY is checked too.
COPY task_templates (phase_id, task_type, template_description) FROM stdin;
PHASE_DESIGN	copied	{nonsense}
\.
