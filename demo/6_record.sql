\echo
\echo '=== 6. What was recorded'
\echo
\echo 'The history of the ticket that was sent back: get_phase_history(ticket)'
select from_phase, to_phase, transitioned_by, transition_reason, gate_result_id is not null as gate_passed
  from get_phase_history(:'ticket');

\echo
\echo 'What an agent in PHASE_TESTING receives of the phases before it, within 200 tokens:'
\echo '  get_context_for_phase(ticket, ''PHASE_TESTING'', max_tokens => 200)'
\echo
\pset tuples_only on
\pset format unaligned
select c ->> 'summary' from get_context_for_phase(:'ticket', 'PHASE_TESTING', max_tokens => 200) c;
\pset format aligned
\pset tuples_only off
\echo
\echo 'The same context at several budgets, counted by count_tokens:'
select max_tokens, count_tokens(c ->> 'summary') as tokens, count_tokens((c - 'summary')::text) as tokens_of_the_whole_context
  from unnest(array[100, 200, 500, 2000]) max_tokens, get_context_for_phase(:'ticket', 'PHASE_DONE', max_tokens) c;

\echo
\echo 'The state machine of this workspace: phase_diagram(''mermaid'')'
\echo
\pset tuples_only on
\pset format unaligned
select phase_diagram('mermaid');
\pset format aligned
\pset tuples_only off

\echo
\echo 'check_workspace looks for what the rules exclude:'
select check_name, violations from check_workspace('shop');
select sum(violations) = 0 as healthy from check_workspace('shop') \gset
\if :healthy
\else
do $$ begin raise exception 'check_workspace found violations'; end $$;
\endif

select count(*) as moves from phase_history \gset
select count(*) as tasks from tasks \gset
select count(*) as verdicts from phase_gate_results where gate_status = 'passed' \gset
\echo
\echo 24 tickets done: :moves rows of history, :tasks tasks, :verdicts gates passed, 0 violations.
