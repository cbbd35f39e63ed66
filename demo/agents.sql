-- What stands in for agents: they claim a task, "work" on it, and hand in its result from results.csv.

\copy demo_results from demo/results.csv with (format csv, header)

create function pg_temp.result_of(task_type text, variant text, title text) returns jsonb
begin atomic
    select replace(r.result::text, '%title%', substr(j, 2, length(j) - 2))::jsonb
      from demo_results r, cast(to_json(title) as text) as j
     where r.task_type = result_of.task_type and r.variant = result_of.variant;
end;

-- An agent works until there is nothing left that it can do. Tickets whose title starts with "trouble"
-- get the bad variant of the result.
create procedure pg_temp.work(agent text, capabilities text[], trouble text default null)
language plpgsql as $$
declare
    task claimed_task;
    done int := 0;
begin
    loop
        select * into task from claim_task(agent, capabilities, kinds => '{work}');
        exit when not found;
        perform complete_task(task.id, agent, attempt => task.attempt, result => pg_temp.result_of(task.task_type,
            case when starts_with(task.ticket_title, trouble) then 'bad' else 'good' end, task.ticket_title));
        commit;
        done := done + 1;
    end loop;
    raise notice '% completed % tasks', agent, done;
end
$$;

-- A reviewer claims reviews, which takes the capability "validation", and gives a verdict on each. The title of a ticket
-- that is rejected starts with "trouble".
create procedure pg_temp.review(agent text, trouble text default null)
language plpgsql as $$
declare
    task claimed_task;
    approved int := 0;
    rejected int := 0;
begin
    loop
        select * into task from claim_task(agent, '{validation}', kinds => '{review}');
        exit when not found;
        if starts_with(task.ticket_title, trouble) then
            perform complete_task(task.id, agent, attempt => task.attempt, result =>
                '{"approved": false, "feedback": "Who pays the money back?", "blocking_reasons": ["Refunds are missing", "No limit of time is named"]}');
            rejected := rejected + 1;
        else
            perform complete_task(task.id, agent, attempt => task.attempt, result =>
                '{"approved": true, "feedback": "Complete, and each criterion can be tested."}');
            approved := approved + 1;
        end if;
        commit;
    end loop;
    raise notice '% approved % and rejected % reviews', agent, approved, rejected;
end
$$;
