-- A statement that moves very many tickets tells its client every 100,000.
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (title) SELECT 'ticket' FROM generate_series(1, 100001);
\set VERBOSITY sqlstate
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
\set VERBOSITY default
SET client_min_messages = warning;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SELECT phase, tickets FROM phase_board WHERE tickets > 0;
