-- A session that knows where a table's columns stand finds them anew when they were altered, whatever else it
-- remembers of the same table.
SELECT phasegate.create_workspace('acme') \g /dev/null
SET search_path = acme, phasegate;
INSERT INTO tickets (title) VALUES ('t');
INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities) VALUES ('PHASE_TESTING', 'fuzz', 'Fuzz it', '["testing"]');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';

ALTER TABLE task_templates RENAME COLUMN required_capabilities TO former_capabilities;
ALTER TABLE task_templates ADD COLUMN required_capabilities jsonb;
-- This reads the templates.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities) VALUES ('PHASE_TESTING', 'soak', 'Soak it', '{"not": "an array"}');
INSERT INTO task_templates (phase_id, task_type, template_description, former_capabilities) VALUES ('PHASE_TESTING', 'soak', 'Soak it', '{"nobody": "reads it"}');
