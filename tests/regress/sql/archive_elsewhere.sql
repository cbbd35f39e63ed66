-- Archiving where the tickets are in a table of an application's, with a key and columns beside its own: its rows stay, unless they
-- are to go; and then none that its tables refer to, by whichever key, whatever they are called.
\set SHOW_CONTEXT never
CREATE TABLE public.issues (id bigint PRIMARY KEY, title varchar(200) NOT NULL, priority text, customer text);
INSERT INTO public.issues SELECT n, 'issue ' || n, 'urgent', 'c' || n FROM generate_series(1, 5) n;
SELECT phasegate.create_workspace('flow', tickets => 'public.issues');
CREATE TABLE public.orders (issue bigint REFERENCES public.issues);
-- Names of others that look like what statements leave open.
CREATE TABLE public."o{tickets}rders" ("a{tickets}b" uuid REFERENCES public.issues (ticket_uuid), "c{ws}d" uuid);
SET search_path = flow, phasegate;
UPDATE task_templates SET is_active = false;
UPDATE public.issues SET phase_id = 'PHASE_REQUIREMENTS';
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id) SELECT '00000000-0000-7000-8000-0000000000a4', ticket_uuid, 'PHASE_REQUIREMENTS', 'completed', 'ada' FROM public.issues WHERE id = 4;
ALTER TABLE public."o{tickets}rders" ADD FOREIGN KEY ("c{ws}d") REFERENCES tasks;
SELECT count(force_transition_ticket(ticket_uuid, 'PHASE_DONE', 'enough')) FROM public.issues WHERE id < 5;
INSERT INTO public.orders VALUES (1);
INSERT INTO public."o{tickets}rders" SELECT ticket_uuid, NULL FROM public.issues WHERE id = 2;
INSERT INTO public."o{tickets}rders" VALUES (NULL, '00000000-0000-7000-8000-0000000000a4');
-- What refers to a task keeps its ticket's things; what refers to the ticket does not, whose row stays.
SELECT archive_tickets('infinity'), archive_tickets('infinity');
SELECT id, title, phase_id, customer, (SELECT count(*) FROM phase_history h WHERE h.ticket_id = ticket_uuid) AS history FROM public.issues ORDER BY id;
SELECT from_phase, to_phase, transition_reason, forced FROM get_phase_history((SELECT ticket_uuid FROM public.issues WHERE id = 1));
SELECT check_name FROM check_workspace() WHERE violations > 0;
SELECT archive_tickets('infinity', delete => true);
SELECT id, title FROM public.issues ORDER BY id;
DELETE FROM public."o{tickets}rders";
DELETE FROM public.orders;
SELECT archive_tickets('infinity', delete => true);
SELECT id, title FROM public.issues ORDER BY id;
SELECT title, deleted, document #>> '{ticket,customer}' AS customer, document #>> '{ticket,id}' AS id, count(*) FROM ticket_archive GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT check_name FROM check_workspace() WHERE violations > 0;
-- By a key of a type, with an operator, of the application's own.
CREATE TYPE public.code AS ENUM ('a', 'b');
ALTER TABLE public.issues ADD code public.code UNIQUE;
INSERT INTO public.issues (id, title, code) VALUES (6, 'issue 6', 'a'), (7, 'issue 7', 'b');
CREATE TABLE public.codes (code public.code REFERENCES public.issues (code));
INSERT INTO public.codes VALUES ('a');
SELECT count(force_transition_ticket(ticket_uuid, 'PHASE_DONE', 'enough')) FROM public.issues WHERE id > 5;
SELECT archive_tickets('infinity', delete => true);
SELECT id, title FROM public.issues ORDER BY id;
SET client_min_messages = warning;
DROP SCHEMA flow CASCADE;
DROP TABLE public.issues, public.orders, public."o{tickets}rders", public.codes CASCADE;
DROP TYPE public.code;
