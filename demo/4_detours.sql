\echo
\echo '=== 4. Detours: one ticket blocked, one sent back from testing'
\echo
select id as invoice from tickets where title like 'Pay by invoice%' \gset
\echo 'block_ticket(ticket, ''Waiting for the credit limits of the finance department'')'
select previous_phase, current_phase
  from block_ticket(:'invoice', 'Waiting for the credit limits of the finance department', 'planner');

call pg_temp.work('dino', '{design}');
\echo 'All but the blocked one, whose work waits, move on:'
select current_phase, count(*) as moved from advance_tickets(transitioned_by => 'conductor') group by 1;
select task_type, status, on_hold from tasks where ticket_id = :'invoice' and status = 'pending';

\echo
\echo 'unblock_ticket brings it back to where it was, with the tasks that it had:'
select previous_phase, current_phase from unblock_ticket(:'invoice', 'Limits have arrived', 'planner');
call pg_temp.work('dino', '{design}');
select previous_phase, current_phase from advance_tickets(transitioned_by => 'conductor');

\echo
\echo 'Implementation, then tests. One suite fails in Safari.'
call pg_temp.work('ivan', '{implementation}');
select current_phase, count(*) as moved from advance_tickets(transitioned_by => 'conductor') group by 1;
call pg_temp.work('tess', '{testing}', trouble => 'Customers are charged twice');

\echo
\echo 'transition_tickets moves those that may and reports the others:'
select m.current_phase, m.transitioned, m.error_code, m.blocking_reasons, count(*) as tickets
  from (select array_agg(id order by id) as ids from tickets) t,
       transition_tickets(t.ids, 'PHASE_DEPLOYMENT', 'All tests passed', 'planner') m
 group by 1, 2, 3, 4
 order by tickets desc;

\echo
\echo 'The ticket goes back to PHASE_IMPLEMENTATION. What was handed in since is superseded, and there are new tasks:'
select previous_phase, current_phase
  from transition_ticket(:'ticket', 'PHASE_IMPLEMENTATION', '3 tests fail in Safari', 'tess');
select phase_id as phase, artifact_type, superseded_at is not null as superseded
  from phase_gate_artifacts where ticket_id = :'ticket' order by phase_id, collected_at, id;
call pg_temp.work('ivan', '{implementation}');
select previous_phase, current_phase
  from transition_ticket(:'ticket', 'PHASE_TESTING', 'The payment step keeps its state', 'ivan');
call pg_temp.work('tess', '{testing}');
