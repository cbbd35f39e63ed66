-- Drivers bind typed text: varchar and text parameters and columns go into phase columns.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
PREPARE insert_varchar(varchar, varchar) AS INSERT INTO tickets (title, phase_id) VALUES ($1, $2);
PREPARE insert_text(text, text) AS INSERT INTO tickets (title, phase_id) VALUES ($1, $2::varchar);
PREPARE update_varchar(varchar, varchar) AS UPDATE tickets SET phase_id = $2::varchar WHERE title = $1::varchar;
PREPARE update_text(text, text) AS UPDATE tickets SET phase_id = $2 WHERE title = $1;
PREPARE find_varchar(varchar) AS SELECT title FROM tickets WHERE phase_id = $1::phase ORDER BY 1;
PREPARE find_text(text) AS SELECT title FROM tickets WHERE phase_id::text = $1 ORDER BY 1;
PREPARE find_any(text[]) AS SELECT title FROM tickets WHERE phase_id = ANY ($1::phase[]) ORDER BY 1;
EXECUTE insert_varchar('a', 'PHASE_DESIGN');
EXECUTE insert_text('b', 'PHASE_DESIGN');
EXECUTE update_varchar('a', 'PHASE_IMPLEMENTATION');
EXECUTE update_text('b', 'PHASE_BLOCKED');
EXECUTE find_varchar('PHASE_IMPLEMENTATION');
EXECUTE find_text('PHASE_BLOCKED');
EXECUTE find_any('{PHASE_BLOCKED,PHASE_IMPLEMENTATION}');
EXECUTE update_text('b', 'PHASE_LUNCH');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO tickets (title, phase_id) SELECT 'c', 'PHASE_TESTING'::varchar(50);
UPDATE tickets SET phase_id = v.phase FROM (VALUES ('c', 'PHASE_DEPLOYMENT'::text)) v (title, phase) WHERE tickets.title = v.title;
SELECT title, phase_id FROM tickets WHERE phase_id <> 'PHASE_BACKLOG' AND phase_id >= 'PHASE_DESIGN' ORDER BY phase_id;
-- Functions take what drivers bind.
PREPARE move(text, varchar, varchar, varchar, text, varchar) AS
SELECT (phasegate.transition_ticket($1::uuid, $2, $3, $4, $5::jsonb, $6)).current_phase;
SELECT id AS c FROM tickets WHERE title = 'c' \gset
EXECUTE move(:'c', 'PHASE_BLOCKED', 'why', 'who', '[]', 'PHASE_DEPLOYMENT');
-- The comparison uses an index.
CREATE INDEX ON tickets (phase_id);
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE find_varchar('PHASE_BLOCKED');
