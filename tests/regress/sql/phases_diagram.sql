-- The configured graph, as Mermaid and as Graphviz.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
SELECT phasegate.phase_diagram();
SELECT phasegate.phase_diagram(format => 'dot');
-- It is the workspace's own.
ALTER TYPE phase ADD VALUE 'PHASE_"REVIEW"' AFTER 'PHASE_TESTING';
INSERT INTO phase_transitions VALUES ('PHASE_TESTING', 'PHASE_"REVIEW"', true), ('PHASE_"REVIEW"', 'PHASE_DEPLOYMENT', false);
DELETE FROM phase_transitions WHERE 'PHASE_BLOCKED' IN (from_phase, to_phase) OR from_phase = 'PHASE_BACKLOG';
SELECT phasegate.phase_diagram();
SELECT phasegate.phase_diagram('dot');
SELECT phasegate.phase_diagram('Mermaid');
