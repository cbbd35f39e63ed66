-- Everything that psql's \d+ shows of a workspace and of the extension says what it is.
SELECT phasegate.create_workspace('acme');
CREATE VIEW uncommented AS
SELECT c.relnamespace::regnamespace AS schema, c.relname, a.attname
  FROM pg_class c
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace::regnamespace::text IN ('acme', 'app', 'phasegate') AND c.relkind IN ('r', 'v', 'c')
   AND (col_description(c.oid, a.attnum) IS NULL
        OR c.relkind <> 'c' AND obj_description(c.oid, 'pg_class') IS NULL);
SELECT * FROM uncommented;
SELECT typname FROM pg_type t
 WHERE typnamespace::regnamespace::text IN ('acme', 'phasegate') AND typelem = 0
   AND NOT EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind <> 'c')
   AND obj_description(oid, 'pg_type') IS NULL;
SELECT proname FROM pg_proc WHERE pronamespace = 'phasegate'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL;

-- A column that stands in a result type has the same comment in the workspace's table.
SELECT mirror.type, t.attname
  FROM (VALUES ('task', 'tasks'), ('claimed_task', 'tasks'), ('task_template', 'task_templates'),
               ('artifact', 'phase_gate_artifacts'), ('gate_result', 'phase_gate_results'),
               ('history_entry', 'phase_history')) AS mirror (type, relation)
  JOIN pg_attribute t ON t.attrelid = ('phasegate.' || mirror.type)::regclass AND t.attnum > 0
  JOIN pg_attribute r ON r.attrelid = ('acme.' || mirror.relation)::regclass AND r.attname = t.attname
 WHERE col_description(t.attrelid, t.attnum) <> col_description(r.attrelid, r.attnum);

-- Comments that an owner has written stay, and what has none gets one.
CREATE SCHEMA app;
CREATE TABLE app.tickets (id uuid PRIMARY KEY, title text, assignee text);
COMMENT ON TABLE app.tickets IS 'Ours.';
COMMENT ON COLUMN app.tickets.title IS 'As the customer put it.';
SELECT phasegate.create_workspace('app');
COMMENT ON COLUMN app.phase_history.db_role IS 'Audited.';
COMMENT ON TYPE app.phase IS 'Our phases.';
COMMENT ON VIEW app.phase_board IS NULL;
SELECT phasegate.create_workspace('app');
SELECT obj_description('app.tickets'::regclass), col_description('app.tickets'::regclass, 2), obj_description('app.phase'::regtype),
       obj_description('app.phase_board'::regclass),
       (SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'app.phase_history'::regclass AND attname = 'db_role');
SELECT * FROM uncommented;
