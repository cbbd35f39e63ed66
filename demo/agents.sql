-- Agents of the demonstration: they claim what they can do and hand in the results of demo/results.csv.

-- The result for a task: `%title%` stands for the ticket's title and is put in as JSON, without the outer quotes.
CREATE FUNCTION pg_temp.result_for(type text, title text, wanted text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT replace(r.result::text, '%title%', substr(j, 2, length(j) - 2))::jsonb
      FROM pg_temp.results r, CAST(to_json(title) AS text) AS j
     WHERE r.task_type = type AND r.variant = wanted
$$;

-- Works until the queue holds nothing for these capabilities; gives the number of tasks done.
CREATE FUNCTION pg_temp.work(agent text, capabilities text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    task phasegate.claimed_task;
    done integer := 0;
BEGIN
    LOOP
        SELECT * INTO task FROM phasegate.claim_task(agent, capabilities, kinds => '{work}');
        EXIT WHEN NOT FOUND;
        PERFORM phasegate.start_task(task.id, agent);
        PERFORM phasegate.complete_task(task.id, agent, pg_temp.result_for(task.task_type, task.ticket_title, 'good'), task.attempt);
        done := done + 1;
    END LOOP;
    RETURN done;
END $$;

-- Does the next task of one ticket, well or badly; others that are claimed on the way are given back.
CREATE FUNCTION pg_temp.work_on(ticket uuid, agent text, capabilities text[], wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    task phasegate.claimed_task;
    done text;
BEGIN
    FOR task IN SELECT * FROM phasegate.claim_tasks(agent, 1000, capabilities, kinds => '{work}') LOOP
        IF task.ticket_id = ticket AND done IS NULL THEN
            PERFORM phasegate.complete_task(task.id, agent, pg_temp.result_for(task.task_type, task.ticket_title,
                        CASE WHEN wanted = 'bad' AND pg_temp.result_for(task.task_type, '', 'bad') IS NOT NULL
                             THEN 'bad' ELSE 'good' END));
            done := task.task_type;
        ELSE
            UPDATE tasks SET status = 'pending', assigned_agent_id = NULL WHERE id = task.id;
        END IF;
    END LOOP;
    RETURN done;
END $$;
