-- The demo's 24 tickets part of the way, as after a fortnight's work: some done, one blocked, one sent back, gates that
-- refuse, reviews that wait, tasks that failed. What goes on from here is in ../goes_on.sql. From the repository's root, in
-- an empty database, as a superuser, since the clock is set back for what was before:
--   psql -X -q -v ON_ERROR_STOP=1 -f demo/board/part_way.sql

\set QUIET on
\encoding UTF8
\set SHOW_CONTEXT never
\o /dev/null

create extension if not exists phasegate;
select phasegate.create_workspace('shop');
set search_path = shop, phasegate;
create temp table tickets_read (place int generated always as identity, title text, description text, priority text);
\copy tickets_read (title, description, priority) from demo/tickets.csv with (format csv, header)
create temp table demo_results (task_type text, variant text, result jsonb, primary key (task_type, variant));
\ir ../agents.sql

update phase_gate_requirements set requires_review = true where phase_id = 'PHASE_REQUIREMENTS';
update phases set due_after = '4 days' where phase_id = 'PHASE_TESTING';

-- How far each ticket has come: 0 is the backlog, 6 is done.
create temp table plan as
select place, (array[4,5,6,2,4,3,1,3,2,4,1,2,3,3,6,1,1,0,6,2,0,1,0,0])[place] as stage, null::uuid as id from tickets_read;

create function pg_temp.clock(ago interval) returns text
language sql as $$ select set_config('phasegate.now', (now() - ago)::text, false) $$;

create function pg_temp.ticket(number int) returns uuid
language sql as $$ select id from plan where place = number $$;

-- Tickets come in, then each stage in turn: those that go further are worked on before the others arrive, so that agents
-- take their tasks alone.
create procedure pg_temp.fortnight()
language plpgsql as $$
declare
    labels text[] := '{PHASE_REQUIREMENTS,PHASE_DESIGN,PHASE_IMPLEMENTATION,PHASE_TESTING,PHASE_DEPLOYMENT,PHASE_DONE}';
    agents text[] := '{ada,dora,dino,ivan,tess,olga}';
    skills text[] := '{analysis,documentation,design,implementation,testing,deployment}';
    one record;
    task claimed_task;
    day int;
begin
    for one in select * from tickets_read order by place loop
        perform pg_temp.clock(interval '14 days' - one.place * interval '47 minutes');
        insert into tickets (title, description, priority, created_at)
        values (one.title, one.description, one.priority, now() - interval '14 days' + one.place * interval '47 minutes')
        returning id into task.ticket_id;
        update plan set id = task.ticket_id where place = one.place;
    end loop;
    for number in 1 .. 6 loop
        for further in reverse 1 .. 0 loop
            for one in select * from plan where case further when 1 then stage > number else stage = number end order by place loop
                perform pg_temp.clock(interval '14 days' - number * interval '2 days 1 hour' - one.place * interval '31 minutes');
                perform transition_ticket(one.id, labels[number], case number when 1 then 'Sprint 1' when 6 then 'On for everybody' end, 'planner');
            end loop;
            if further = 1 then
                for way in 1 .. 6 loop
                    loop
                        perform pg_temp.clock(interval '14 days' - number * interval '2 days 1 hour' - interval '16 hours'
                                              - (random() * 4) * interval '1 hour');
                        select * into task from claim_task(agents[way], array[skills[way]], array[labels[number]], '{work}');
                        exit when not found;
                        perform complete_task(task.id, agents[way], pg_temp.result_of(task.task_type, 'good', task.ticket_title), task.attempt);
                    end loop;
                end loop;
                if number = 1 then
                    perform pg_temp.clock(interval '11 days');
                    perform validate_gate(id) from plan where stage > 1;
                    loop
                        select * into task from claim_task('vera', '{validation}', kinds => '{review}');
                        exit when not found;
                        perform complete_task(task.id, 'vera', '{"approved": true, "feedback": "Complete, and each criterion can be tested."}', task.attempt);
                    end loop;
                end if;
            end if;
        end loop;
    end loop;
end
$$;
call pg_temp.fortnight();

-- One task of a ticket, by whoever can; with an error it fails as often as it may.
create procedure pg_temp.task_of(number int, agent text, skill text, variant text, error text default null)
language plpgsql as $$
declare
    task tasks;
begin
    for task in select * from tasks k where k.ticket_id = pg_temp.ticket(number) and k.status = 'pending'
                   and k.required_capabilities = to_jsonb(array[skill]) order by k.id loop
        for try in 1 .. case when error is null then 1 else 3 end loop
            update tasks set status = 'running', assigned_agent_id = agent where id = task.id;
            if error is not null then
                perform fail_task(task.id, agent, error, retry => try < 3);
            elsif variant is not null then
                perform complete_task(task.id, agent, pg_temp.result_of(task.task_type,
                    case when exists (select from demo_results r where r.task_type = task.task_type and r.variant = task_of.variant)
                         then variant else 'good' end, (select title from tickets where id = task.ticket_id)));
            end if;
        end loop;
    end loop;
end
$$;

-- Today. Two requirements wait for their review, another was rejected, one document is too short.
select pg_temp.clock('9 hours');
call pg_temp.task_of(7, 'ada', 'analysis', 'good');
call pg_temp.task_of(7, 'dora', 'documentation', 'good');
call pg_temp.task_of(16, 'ada', 'analysis', 'good');
call pg_temp.task_of(16, 'dora', 'documentation', 'good');
call pg_temp.task_of(17, 'ada', 'analysis', 'good');
call pg_temp.task_of(17, 'dora', 'documentation', 'good');
call pg_temp.task_of(22, 'ada', 'analysis', 'good');
call pg_temp.task_of(22, 'dora', 'documentation', 'bad');
select pg_temp.clock('7 hours');
select validate_gate(pg_temp.ticket(n)) from unnest('{7,16,17,22}'::int[]) n;
select pg_temp.clock('5 hours');
update tasks set status = 'completed', assigned_agent_id = 'vera',
       result = '{"approved": false, "feedback": "Who wins when both sides answer late? The document is silent about it.", "blocking_reasons": ["The deadline for evidence is not in the requirements.", "Nothing says what happens to disputes that are under way."]}'
 where ticket_id = pg_temp.ticket(17) and kind = 'review' and status = 'pending';
select validate_gate(pg_temp.ticket(17));

-- A design is ready. One ticket is blocked.
select pg_temp.clock('22 hours');
call pg_temp.task_of(4, 'dino', 'design', 'good');
select pg_temp.clock('27 hours');
select block_ticket(pg_temp.ticket(9), 'Waiting for the credit limits of the finance department', 'planner');

-- Code without enough tests, code that is ready, and a build that failed three times.
select pg_temp.clock('3 hours');
call pg_temp.task_of(6, 'ivan', 'implementation', 'bad');
select validate_gate(pg_temp.ticket(6));
call pg_temp.task_of(14, 'ivan', 'implementation', 'good');
call pg_temp.task_of(13, 'ivan', 'implementation', null,
    'npm ci: 503 Service Unavailable - GET https://registry.example.com/@shop/currency - nothing was installed');

-- Tests that fail in one browser; the ticket came back from testing once before.
select pg_temp.clock('50 hours');
call pg_temp.task_of(1, 'tess', 'testing', 'bad');
select pg_temp.clock('49 hours');
select validate_gate(pg_temp.ticket(1));
select transition_ticket(pg_temp.ticket(1), 'PHASE_IMPLEMENTATION', '3 tests fail in Safari', 'tess');
select pg_temp.clock('30 hours');
call pg_temp.task_of(1, 'ivan', 'implementation', 'good');
select transition_ticket(pg_temp.ticket(1), 'PHASE_TESTING', 'The payment step keeps its state', 'ivan');
select pg_temp.clock('4 hours');
call pg_temp.task_of(1, 'tess', 'testing', 'bad');
select validate_gate(pg_temp.ticket(1));

-- And what agents are at just now.
select set_config('phasegate.now', '', false);
select start_task(k.id, w.agent)
  from (values ('ada', 'analysis', 'PHASE_REQUIREMENTS'), ('dino', 'design', 'PHASE_DESIGN'),
               ('ivan', 'implementation', 'PHASE_IMPLEMENTATION'), ('tess', 'testing', 'PHASE_TESTING')) w (agent, skill, phase)
 cross join lateral claim_task(w.agent, array[w.skill], array[w.phase], '{work}') k;
