\echo
\echo '=== 1. A workspace, and a backlog of 24 tickets'
\echo
\echo 'A workspace is a schema: select phasegate.create_workspace(''shop'');'
create extension if not exists phasegate;
select phasegate.create_workspace('shop') \g /dev/null
set search_path = shop, phasegate;

\echo 'The backlog comes in by COPY, as any rows do.'
\copy tickets (title, description, priority) from demo/tickets.csv with (format csv, header)

create temp table demo_results (task_type text, variant text, result jsonb, primary key (task_type, variant));
\ir agents.sql

\echo
\echo 'The board: select phase, tickets, open_tasks, failed_gates from phase_board;'
select phase, tickets, open_tasks, failed_gates from phase_board;

\echo
\echo 'A ticket cannot skip phases. A plain UPDATE, as an ORM would send it:'
\echo
select id as ticket from tickets where title like 'Customers are charged twice%' \gset
\set expected 23514
\set ON_ERROR_STOP off
update tickets set phase_id = 'PHASE_TESTING' where id = :'ticket';
\set ON_ERROR_STOP on
\ir refused.sql
