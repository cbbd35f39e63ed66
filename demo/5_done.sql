\echo
\echo '=== 5. All of them to PHASE_DONE'
\echo
select previous_phase, current_phase from transition_ticket(:'ticket', 'PHASE_DEPLOYMENT', 'All tests passed', 'planner');
call pg_temp.work('deploy-bot', '{deployment}');
\echo
\echo 'The last move as an ORM would make it, with its actor and reason in settings of the transaction:'
\echo '  begin; set local phasegate.actor = ''release-train''; set local phasegate.reason = ''In production'';'
\echo '  update tickets set phase_id = ''PHASE_DONE''; commit;'
begin;
set local phasegate.actor = 'release-train';
set local phasegate.reason = 'In production';
update tickets set phase_id = 'PHASE_DONE';
commit;
select phase, tickets, open_tasks, failed_gates from phase_board;
select count(*) = 24 as all_done from tickets where phase_id = 'PHASE_DONE' \gset
\if :all_done
\else
do $$ begin raise exception 'not all tickets are done'; end $$;
\endif
