-- The demonstration's workspace stays alive: agents go on working its queue, a reviewer decides, tickets move on, and new
-- ones come in, something every second or two, until the session is ended. From the repository's root:
--   psql -X -q -f demo/goes_on.sql

\set QUIET on
\encoding UTF8
set search_path = shop, phasegate;
create temp table demo_results (task_type text, variant text, result jsonb, primary key (task_type, variant));
\ir agents.sql
create temp table titles (place int generated always as identity, title text, description text, priority text);
\copy titles (title, description, priority) from demo/tickets.csv with (format csv, header)

create procedure pg_temp.go_on()
language plpgsql as $$
declare
    agents text[] := '{ada,dora,dino,ivan,tess,olga}';
    skills text[] := '{analysis,documentation,design,implementation,testing,deployment}';
    task claimed_task;
    place int;
    lucky boolean;
    round int := 0;
begin
    loop
        round := round + 1;
        place := 1 + round % 6;
        lucky := random() > 0.1;
        -- Held for a moment, so that it is seen who has what.
        select * into task from claim_task(agents[place], array[skills[place]], kinds => '{work}');
        commit;
        perform pg_sleep(1 + random());
        if task.id is not null then
            if lucky then
                perform complete_task(task.id, agents[place], pg_temp.result_of(task.task_type, 'good', task.ticket_title), task.attempt);
            else
                perform fail_task(task.id, agents[place], 'The test environment did not answer', attempt => task.attempt);
            end if;
            commit;
        end if;
        -- A person may want to decide some of the reviews.
        if round % 5 = 0 and (select count(*) > 3 from tasks where kind = 'review' and status = 'pending') then
            select * into task from claim_task('vera', '{validation}', kinds => '{review}');
            if task.id is not null then
                perform complete_task(task.id, 'vera', '{"approved": true, "feedback": "Complete, and each criterion can be tested."}', task.attempt);
            end if;
            commit;
        end if;
        if round % 3 = 0 then
            perform advance_tickets(1, 'planner');
            commit;
        end if;
        if round % 8 = 0 then
            perform transition_ticket(id, 'PHASE_REQUIREMENTS', 'Next in line', 'planner')
               from tickets where phase_id = 'PHASE_BACKLOG' order by created_at limit 1;
            if not found then
                insert into tickets (title, description, priority)
                select t.title, t.description, t.priority from titles t order by random() limit 1;
            end if;
            commit;
        end if;
    end loop;
end
$$;
call pg_temp.go_on();
