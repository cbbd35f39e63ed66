-- What phasegate itself writes may be of any length: a column that cannot take it is not adopted, and never holds more than it may.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA acme;
SET search_path = acme, phasegate;
CREATE TABLE tickets (id uuid PRIMARY KEY, title text NOT NULL, context_summary varchar(20), description varchar(20));
CREATE TABLE tasks (id uuid PRIMARY KEY, ticket_id uuid NOT NULL REFERENCES tickets, error_message varchar(20));
\set VERBOSITY default
SELECT create_workspace();
ALTER TABLE tickets ALTER context_summary TYPE varchar;
SELECT create_workspace();
ALTER TABLE tasks ALTER error_message TYPE text;
SELECT create_workspace();
-- A limit that comes later is kept: nothing longer is stored, which a dump could not be restored from.
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 't');
INSERT INTO tasks (id, ticket_id, phase_id, status, result) VALUES ('00000000-0000-7000-8000-0000000000aa', '00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'completed', '{"context": {"key_decisions": ["Ürsprüngliches"]}}');
ALTER TABLE tickets ALTER context_summary TYPE varchar(20);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
ALTER TABLE tickets ALTER context_summary TYPE varchar(36);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
ALTER TABLE tickets ALTER context_summary TYPE varchar(37);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
SELECT context_summary, length(context_summary) FROM tickets;
