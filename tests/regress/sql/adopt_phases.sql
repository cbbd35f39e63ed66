-- Phases of one's own: from nothing, from an enum, from texts. What they mean is said by rows and not by labels.
\set VERBOSITY default
SET search_path = phasegate;
SELECT create_workspace('desk', phases => '{NEW,OPEN,WAITING,RESOLVED,CLOSED,WONTFIX}', defaults => false);
SET search_path = desk, phasegate;
-- The first is where tickets begin, the last where they end; each leads to the next; there are no gates and no templates.
SELECT phase_id, kind, context_key FROM phases ORDER BY phase_id;
SELECT from_phase, to_phase, requires_gate FROM phase_transitions ORDER BY 1, 2;
SELECT (SELECT count(*) FROM task_templates) AS templates, (SELECT count(*) FROM phase_gate_requirements) AS gates;
-- More is said by rows.
UPDATE phases SET kind = 'abandoned' WHERE phase_id = 'WONTFIX';
UPDATE phases SET kind = 'blocked' WHERE phase_id = 'WAITING';
UPDATE phases SET kind = 'final' WHERE phase_id = 'CLOSED';
INSERT INTO phase_transitions VALUES ('OPEN', 'RESOLVED', true), ('WAITING', 'OPEN', false), ('OPEN', 'WONTFIX', false);
DELETE FROM phase_transitions WHERE to_phase = 'WONTFIX' AND from_phase = 'CLOSED';
INSERT INTO phase_gate_requirements (phase_id, required_artifacts) VALUES ('OPEN', '{fix}');
INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('OPEN', 'look', 'Look at {ticket_title}');
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'a'), ('00000000-0000-7000-8000-000000000002', 'b') RETURNING phase_id;
UPDATE tickets SET phase_id = 'OPEN';
SELECT previous_phase, current_phase FROM block_ticket('00000000-0000-7000-8000-000000000001', 'parts are missing');
-- Renamed at any time, they mean what they meant.
ALTER TYPE phase RENAME VALUE 'WAITING' TO 'PARKED';
ALTER TYPE phase RENAME VALUE 'OPEN' TO 'DOING';
ALTER TYPE phase RENAME VALUE 'NEW' TO 'FRESH';
SELECT previous_phase, current_phase FROM unblock_ticket('00000000-0000-7000-8000-000000000001');
SELECT task_type, ticket_title FROM claim_task('ada');
UPDATE tasks SET status = 'completed', result = '{"summary": "looked", "artifacts": [{"type": "fix", "content": {"lines": 3}}]}' WHERE status = 'assigned';
UPDATE tickets SET phase_id = 'RESOLVED' WHERE title = 'a';
UPDATE tickets SET phase_id = 'RESOLVED' WHERE title = 'b';
UPDATE tickets SET phase_id = 'WONTFIX' WHERE title = 'b';
SELECT title, phase_id, previous_phase_id, context -> 'open_phase' IS NOT NULL AS has_context FROM tickets ORDER BY title;
SELECT phase, tickets, open_tasks FROM phase_board;
SELECT phase_diagram('dot');
INSERT INTO tickets (title) VALUES ('c') RETURNING phase_id;
SELECT check_name, violations FROM check_workspace() WHERE violations > 0;
-- Again, with the same labels or none; others are refused.
SELECT create_workspace('desk');
SELECT create_workspace('desk', phases => '{FRESH,DOING,PARKED,RESOLVED,CLOSED,WONTFIX}');
SELECT create_workspace('desk', phases => '{NEW,OLD}');
SELECT create_workspace('odd', phases => '{}');
SELECT create_workspace('odd', phases => '{a,b,a}');
SELECT create_workspace('odd', phases => ARRAY[repeat('x', 64)]);
SELECT create_workspace('odd', phases => ARRAY['it''s', 'back\slash', '{ws}']);
INSERT INTO odd.tickets (title) VALUES ('t') RETURNING phase_id;
SELECT check_name, violations FROM check_workspace('odd') WHERE violations > 0;

-- An enum of the application's own, of any name in any schema, is the type of the phases.
CREATE SCHEMA types;
CREATE SCHEMA shop;
CREATE TYPE types.status AS ENUM ('todo', 'doing', 'done');
CREATE TABLE shop.tickets (id uuid PRIMARY KEY, title text NOT NULL, phase_id types.status NOT NULL DEFAULT 'todo');
INSERT INTO shop.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'a', 'doing');
SELECT create_workspace('shop');
SET search_path = shop, phasegate;
SELECT phase_id, kind FROM phases ORDER BY phase_id;
SELECT to_regtype('shop.phase'), atttypid::regtype FROM pg_attribute WHERE attrelid = 'phase_history'::regclass AND attname = 'to_phase';
UPDATE tickets SET phase_id = 'done';
SELECT from_phase, to_phase FROM phase_history ORDER BY created_at;
SELECT phase, tickets FROM phase_board;
SELECT check_name, violations FROM check_workspace() WHERE violations > 0;
-- Texts: their values must be among the labels, in the order that is said.
CREATE SCHEMA words;
CREATE TABLE words.tickets (id uuid PRIMARY KEY, title text NOT NULL, phase_id varchar(20) NOT NULL DEFAULT 'new' CHECK (phase_id IN ('new', 'open', 'closed')));
INSERT INTO words.tickets VALUES ('00000000-0000-7000-8000-000000000001', 'a', 'open');
SELECT create_workspace('words');
SELECT create_workspace('words', phases => '{new,closed}');
SELECT create_workspace('words', phases => '{new,open,closed}');
INSERT INTO words.tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000002', 'b');
UPDATE words.tickets SET phase_id = 'closed' WHERE title = 'a';
SELECT title, phase_id FROM words.tickets ORDER BY id;
SELECT check_name, violations FROM check_workspace('words') WHERE violations > 0;
-- The usual phases without gates and templates.
SELECT create_workspace('plain', defaults => false);
SELECT count(*) AS edges, count(*) FILTER (WHERE requires_gate) AS gated,
       (SELECT count(*) FROM plain.task_templates) AS templates, (SELECT count(*) FROM plain.phase_gate_requirements) AS gates FROM plain.phase_transitions;
