\echo
\echo '=== 2. Agents work the queue'
\echo
\echo 'The backlog enters PHASE_REQUIREMENTS in one statement:'
\echo '  transition_tickets(array_agg(id), ''PHASE_REQUIREMENTS'', ''Sprint 1'', ''planner'')'
select count(*) filter (where m.transitioned) as moved, count(*) filter (where not m.transitioned) as refused
  from (select array_agg(id order by id) as ids from tickets) t,
       transition_tickets(t.ids, 'PHASE_REQUIREMENTS', 'Sprint 1', 'planner') m;

\echo
\echo 'Its tasks have appeared, two a ticket, from the phase''s templates:'
select phase, status, tasks, claimable from task_queue;

\echo
\echo 'An agent claims a task that fits its capabilities: claim_task(''ada'', ''{analysis}'')'
\x on
select id as task, attempt, task_type, description, priority, ticket_title
  from claim_task('ada', '{analysis}') \gset claimed_
select :'claimed_task_type' as task_type, :'claimed_description' as description,
       :'claimed_priority' as priority, :claimed_attempt as attempt;
\echo
\echo 'and completes it with a result. What it decided goes into the context of the phase:'
select t.status, t.result ->> 'summary' as summary, t.result #> '{context,risks}' as risks
  from complete_task(:'claimed_task', 'ada', attempt => :claimed_attempt,
                     result => pg_temp.result_of(:'claimed_task_type', 'good', :'claimed_ticket_title')) t;
\x off

\echo
\echo 'Two agents do the rest. One requirements document will be too short.'
\echo
call pg_temp.work('ada', '{analysis}');
call pg_temp.work('dora', '{documentation}', trouble => 'Customers are charged twice');

\echo
select phase, status, tasks, claimable from task_queue;
