-- Nobody reviews, holds, answers or changes for another, by function or statement: where phasegate.agent is set whatever the role,
-- else by what the role may.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
\set ticket '00000000-0000-7000-8000-000000000001'
INSERT INTO tickets (id, title, phase_id) VALUES (:'ticket', 'one', 'PHASE_DESIGN');
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, lease_expires_at)
SELECT ('00000000-0000-7000-8000-0000000000' || n)::uuid, :'ticket', 'PHASE_DESIGN', status, agent, CASE status WHEN 'assigned' THEN now() + interval '1 hour' END
  FROM (VALUES ('a1', 'assigned', 'ada'), ('a2', 'pending', NULL), ('a3', 'pending', NULL), ('b1', 'assigned', 'bob')) t (n, status, agent);
CREATE FUNCTION public.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text;
BEGIN
    EXECUTE statement;
    RAISE 'done' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN 'done';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = CONSTRAINT_NAME;
        RETURN SQLSTATE || ' ' || code;
END $$;
-- A worker does not review as somebody else, whatever role it has.
CREATE ROLE regress_tier;
SELECT grant_access('acme', 'regress_tier', 'manager');
UPDATE phase_gate_requirements SET requires_review = true;
INSERT INTO phase_gate_requirements (phase_id, requires_review) VALUES ('PHASE_DESIGN', true);
SET ROLE regress_tier;
SET phasegate.agent = 'ada';
SELECT status FROM complete_task('00000000-0000-7000-8000-0000000000a1', 'ada');
SELECT id AS review FROM request_review(:'ticket') \gset
SELECT count(*) FROM claim_task('ada', '{validation}', kinds => '{review}');
SELECT count(*) FROM claim_task('vera', '{validation}', kinds => '{review}');
SET phasegate.agent = 'vera';
SELECT count(*) FROM claim_task('vera', '{validation}', kinds => '{review}');
SET phasegate.agent = 'ada';
SELECT complete_task(:'review', 'vera', '{"approved": true}');
SELECT complete_task(:'review', 'ada', '{"approved": true}');
UPDATE tasks SET status = 'completed', result = '{"approved": true}' WHERE id = :'review';
UPDATE tasks SET assigned_agent_id = 'ada' WHERE id = :'review';
UPDATE tasks SET status = 'completed', result = '{"approved": true}', assigned_agent_id = 'ada' WHERE id = :'review';
UPDATE tasks SET status = 'pending' WHERE id = :'review';
UPDATE tasks SET status = 'completed', result = '{"approved": true}', assigned_agent_id = 'vera' WHERE id = :'review';
UPDATE tasks SET status = 'completed', result = '{"approved": true}' WHERE id = :'review';
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'vera', '{"approved": true}');
SELECT check_gate_requirements(:'ticket') ->> 'review' AS review;
SET phasegate.agent = 'vera';
SELECT status, assigned_agent_id FROM claim_task(NULL, '{validation}', kinds => '{review}');
SELECT status FROM complete_task(:'review', NULL, '{"approved": true}');
SELECT check_gate_requirements(:'ticket') ->> 'review' AS review;
RESET ROLE;
RESET phasegate.agent;

-- A lease is its holder's to extend, and a task its holder's to put off, but for who may update all of the queue.
CREATE ROLE regress_hand;
SELECT grant_access('acme', 'regress_hand', 'agent');
UPDATE tasks SET scheduled_at = 'infinity' WHERE id = '00000000-0000-7000-8000-0000000000a2';
SET ROLE regress_hand;
SELECT assigned_agent_id FROM claim_task('hal', lease => '1 hour');
UPDATE tasks SET lease_expires_at = now() + interval '2 hours' WHERE assigned_agent_id = 'hal';
UPDATE tasks SET status = 'pending', scheduled_at = now() + interval '2 hours' WHERE assigned_agent_id = 'hal';
UPDATE tasks SET scheduled_at = NULL WHERE scheduled_at = 'infinity';
UPDATE tasks SET scheduled_at = now() + interval '1 minute' WHERE scheduled_at = 'infinity';
SET phasegate.actor = 'hal';
UPDATE tasks SET lease_expires_at = now() + interval '2 hours' WHERE assigned_agent_id = 'hal';
RESET phasegate.actor;
SET phasegate.agent = 'hal';
UPDATE tasks SET lease_expires_at = now() + interval '3 hours' WHERE assigned_agent_id = 'hal';
SET phasegate.agent = 'eve';
UPDATE tasks SET lease_expires_at = now() + interval '4 hours' WHERE assigned_agent_id = 'hal';
RESET phasegate.agent;
SELECT heartbeat_task(id, 'hal', '30 minutes') IS NOT NULL AS extended FROM tasks WHERE assigned_agent_id = 'hal';
UPDATE tasks SET status = 'pending' WHERE assigned_agent_id = 'hal';
RESET ROLE;
UPDATE tasks SET scheduled_at = NULL WHERE scheduled_at = 'infinity';
DROP OWNED BY regress_tier, regress_hand;
DROP ROLE regress_tier, regress_hand;

-- What is added as done is done by whoever adds it, and whoever adds a task says of nobody else that they held it.
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000003', 'three', 'PHASE_DESIGN');
\set third '00000000-0000-7000-8000-000000000003'
CREATE ROLE regress_tier;
SELECT grant_access('acme', 'regress_tier', 'manager');
SET ROLE regress_tier;
SET phasegate.agent = 'w2';
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES (:'third', 'PHASE_DESIGN', 'completed', '{"artifacts": [{"type": "requirements_document", "path": "evil"}]}')
RETURNING assigned_agent_id, agents;
INSERT INTO tasks (ticket_id, phase_id, status, agents) VALUES (:'third', 'PHASE_DESIGN', 'completed', '{bob}') RETURNING assigned_agent_id, agents;
INSERT INTO tasks (ticket_id, phase_id, agents) VALUES (:'third', 'PHASE_DESIGN', '{bob}') RETURNING assigned_agent_id, agents;
SELECT took_part(:'third', 'PHASE_DESIGN', 'w2');
SELECT artifact_type, collected_by FROM phase_gate_artifacts WHERE ticket_id = :'third';
SELECT id AS review FROM request_review(:'third') \gset
UPDATE tasks SET status = 'completed', assigned_agent_id = 'w2', result = '{"approved": true}' WHERE id = :'review';
RESET phasegate.agent;
INSERT INTO tasks (ticket_id, phase_id, status, agents) VALUES (:'third', 'PHASE_DESIGN', 'completed', '{bob}') RETURNING assigned_agent_id, agents;
RESET ROLE;
INSERT INTO tasks (ticket_id, phase_id, status, agents) VALUES (:'third', 'PHASE_TESTING', 'completed', '{bob}') RETURNING assigned_agent_id, agents;

-- Nobody answers for the next holder: a task that nobody holds takes no result, whoever writes it but the owner.
CREATE ROLE regress_hand;
SELECT grant_access('acme', 'regress_hand', 'agent');
INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-0000000000c1', :'third', 'PHASE_DESIGN');
CREATE FUNCTION public.answers() RETURNS TABLE (what text, outcome text) LANGUAGE sql AS $$
    SELECT what, public.outcome(statement) FROM (VALUES
        ('an answer', $sql$UPDATE tasks SET result = '{"approved": true}' WHERE kind = 'review' AND status = 'pending'$sql$),
        ('a result', $sql$UPDATE tasks SET result = '{"summary": "x"}' WHERE id = '00000000-0000-7000-8000-0000000000c1'$sql$),
        ('none', $sql$UPDATE tasks SET result = 'null' WHERE id = '00000000-0000-7000-8000-0000000000c1'$sql$)) t (what, statement)
$$;
CREATE FUNCTION public.meddles() RETURNS TABLE (what text, outcome text) LANGUAGE sql AS $$
    SELECT change, public.outcome('UPDATE tasks SET ' || change || ' WHERE id = ''00000000-0000-7000-8000-0000000000c1''') FROM unnest(ARRAY[
        'status = ''failed'', error_message = ''x''', 'status = ''cancelled''', 'status = ''running''', 'status = ''pending''', 'error_message = ''x''',
        'assigned_agent_id = ''w2''', 'result = NULL', 'result = ''{"summary": "x"}''']) change
$$;
SET ROLE regress_hand;
SET phasegate.agent = 'w2';
SELECT * FROM public.answers();
SET ROLE regress_tier;
SELECT * FROM public.answers();
SELECT public.outcome(format($$INSERT INTO tasks (ticket_id, phase_id, kind, result) VALUES (%L, 'PHASE_DESIGN', 'review', '{"approved": true}')$$, :'third')) AS added;
INSERT INTO tasks (id, ticket_id, phase_id, status, result) VALUES ('00000000-0000-7000-8000-0000000000c2', :'third', 'PHASE_DESIGN', 'failed', '{"summary": "x"}');
UPDATE tasks SET status = 'pending' WHERE id = '00000000-0000-7000-8000-0000000000c2' RETURNING result;
BEGIN;
UPDATE tasks SET kind = 'summary', result = '{"approved": true}' WHERE id = :'review';
UPDATE tasks SET kind = 'review' WHERE id = :'review';
ROLLBACK;
RESET phasegate.agent;
SELECT * FROM public.answers();
RESET ROLE;
SELECT * FROM public.answers();
-- Nor by holding a review first.
SET ROLE regress_hand;
SET phasegate.agent = 'w2';
UPDATE tasks SET status = 'assigned' WHERE id = :'review';
UPDATE tasks SET result = '{"approved": true}' WHERE id = :'review';
UPDATE tasks SET status = 'pending' WHERE id = :'review' RETURNING result;
UPDATE tasks SET status = 'failed', assigned_agent_id = 'w2', result = '{"approved": true}' WHERE id = :'review';
UPDATE tasks SET status = 'pending' WHERE id = :'review' RETURNING result;

-- What another holds or completed is not for an agent to change, until the lease runs out; managers may.
SET phasegate.agent = 'alice';
UPDATE tasks SET status = 'assigned', lease_expires_at = now() + interval '1 hour', result = '{"summary": "half way"}' WHERE id = '00000000-0000-7000-8000-0000000000c1';
SET phasegate.agent = 'w2';
SELECT * FROM public.meddles();
UPDATE tasks SET status = 'cancelled' WHERE id = '00000000-0000-7000-8000-0000000000c1';
SELECT cancel_task('00000000-0000-7000-8000-0000000000c1');
SET ROLE regress_tier;
SELECT * FROM public.meddles();
SET ROLE regress_hand;
SET phasegate.agent = 'alice';
SELECT * FROM public.meddles();
BEGIN;
UPDATE tasks SET lease_expires_at = now() WHERE id = '00000000-0000-7000-8000-0000000000c1';
SET phasegate.agent = 'w2';
SELECT * FROM public.meddles();
SELECT release_expired_tasks('acme');
ROLLBACK;
SELECT status FROM complete_task('00000000-0000-7000-8000-0000000000c1', 'alice', '{"summary": "mine"}');
SET phasegate.agent = 'w2';
SELECT * FROM public.meddles();
UPDATE tasks SET result = NULL WHERE id = '00000000-0000-7000-8000-0000000000c1';
RESET ROLE;
RESET phasegate.agent;
DROP OWNED BY regress_tier, regress_hand;
DROP ROLE regress_tier, regress_hand;
SELECT sum(violations) FROM check_workspace();
