-- Every function, type and view of the schema has a comment, every argument a name, and the markings are thought of.
SELECT p.oid::regprocedure AS without_comment FROM pg_proc p WHERE pronamespace = 'phasegate'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT t.typname AS without_comment FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE typnamespace = 'phasegate'::regnamespace AND typtype IN ('c', 'e', 'd') AND coalesce(c.relkind, 'c') = 'c'
   AND obj_description(t.oid, 'pg_type') IS NULL;
SELECT relname AS without_comment FROM pg_class WHERE relnamespace = 'phasegate'::regnamespace AND relkind = 'v' AND obj_description(oid, 'pg_class') IS NULL;
SELECT p.oid::regprocedure AS without_argument_names FROM pg_proc p
 WHERE pronamespace = 'phasegate'::regnamespace AND pronargs > 0 AND (proargnames IS NULL OR '' = ANY (proargnames[1:pronargs]));
SELECT proname AS overloaded FROM pg_proc WHERE pronamespace = 'phasegate'::regnamespace GROUP BY 1 HAVING count(*) > 1;
SELECT p.oid::regprocedure AS security_definer FROM pg_proc p WHERE pronamespace = 'phasegate'::regnamespace AND prosecdef;
-- What writes is VOLATILE and PARALLEL UNSAFE; nothing but uuid_v7 is PARALLEL SAFE.
SELECT proname, provolatile, proparallel FROM pg_proc
 WHERE pronamespace = 'phasegate'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
   AND proname IN ('create_workspace', 'detach_workspace', 'check_workspace', 'transition_ticket', 'try_transition_ticket', 'transition_tickets', 'can_transition_ticket',
                   'block_ticket', 'unblock_ticket', 'can_transition', 'get_valid_transitions', 'get_phase_history', 'get_current_phase', 'phase_diagram', 'uuid_v7') ORDER BY 1;
-- The functions of the workflow, as documented.
SELECT proname || '(' || pg_get_function_arguments(oid) || ') -> ' || pg_get_function_result(oid) AS signature FROM pg_proc
 WHERE pronamespace = 'phasegate'::regnamespace
   AND proname IN ('create_workspace', 'detach_workspace', 'check_workspace', 'transition_ticket', 'try_transition_ticket', 'transition_tickets', 'can_transition_ticket',
                   'block_ticket', 'unblock_ticket', 'can_transition', 'get_valid_transitions', 'get_phase_history', 'get_current_phase', 'phase_diagram', 'uuid_v7') ORDER BY 1;
-- Named notation works.
SELECT phasegate.create_workspace(workspace => 'acme');
SET search_path = acme;
SELECT phasegate.can_transition(to_phase => 'PHASE_REQUIREMENTS', from_phase => 'PHASE_BACKLOG');
-- Ids increase within a session, and are version 7.
SELECT count(*), count(*) FILTER (WHERE id > former) AS increasing, bool_and(substr(id::text, 15, 1) = '7' AND substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')) AS v7
  FROM (SELECT id, lag(id) OVER (ORDER BY n) AS former FROM (SELECT n, phasegate.uuid_v7() AS id FROM generate_series(1, 10000) n OFFSET 0) x) y;
