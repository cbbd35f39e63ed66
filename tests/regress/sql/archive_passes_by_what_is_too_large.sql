-- A finished ticket that is too large for one document takes no other's place.
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (title, phase_id) VALUES ('large', 'PHASE_DONE');
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_by)
SELECT id, 'PHASE_DONE', 'document', 'p' || n, to_jsonb(repeat('a', 1000000)), 'ada' FROM tickets, generate_series(1, 34) n;
INSERT INTO tickets (title, phase_id) SELECT 'small ' || n, 'PHASE_DONE' FROM generate_series(1, 4) n;
SELECT archive_tickets(now() + interval '1 hour', 1);
SET client_min_messages = notice;
\set VERBOSITY sqlstate
SELECT archive_tickets(now() + interval '1 hour', 2);
\set VERBOSITY default
SET client_min_messages = warning;
SELECT archive_tickets(now() + interval '1 hour', 1000);
SELECT archive_tickets(now() + interval '1 hour', 1000);
SELECT title FROM tickets;
SELECT sum(violations) FROM check_workspace();
