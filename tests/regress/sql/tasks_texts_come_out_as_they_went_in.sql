-- Texts made to break out of a statement, a template, a path or an encoding go through every function that takes a
-- text, and come out as they went in; nothing else happens to the workspace, whose name is one of them.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('''"; drop table tickets; --');
SET search_path = "'""; drop table tickets; --";
DELETE FROM task_templates;
DELETE FROM phase_gate_requirements;
UPDATE phase_transitions SET requires_gate = false;
CREATE FUNCTION public.relations() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'i') $$;

CREATE TABLE public.texts (n serial, t text);
INSERT INTO public.texts (t) VALUES
    ('''; DROP TABLE tickets; --'), ('"; drop table tickets; --'), (E'\\''; DROP TABLE tickets; --'), ('$$; DROP TABLE tickets; --'), ('$1'), ('%s %I %L'), ('{ws}.tickets'),
    ('{ticket_id}'), ('{ticket_title}{'), ('}{}'), ('\{ticket_id\}'), (E'\\'), (E'\\\\x41'), (E'\\u0041\\n'), ('"'), (''''), ('null'), ('NULL'), ('{}'), ('[]'), ('{NULL,"a"}'), (' '), (E'\t\r\n'),
    (E'\x01\x02\x7f'), ('<script>alert(1)</script>'), ('../../etc/passwd'), ('-- $.a ? (@ == "x")'), ('Größe 票 👩‍👩‍👧'), (E'e\u0301'), (U&'\202Eabc\202C\FEFF\200B\2028'), (U&'\+10FFFF\E000'),
    (repeat('ü', 100)), ('PHASE_DONE'), ('true'), ('1e100000'), ('$serde_json::private::Number');

-- Where the text comes out changed.
CREATE FUNCTION public.changed(t text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    ticket tickets;
    moved phasegate.transition;
    added phasegate.artifact;
    claimed phasegate.claimed_task;
    done phasegate.task;
    entry phasegate.history_entry;
    result phasegate.gate_result;
    review uuid;
    -- An artifact's type is not blank.
    kind text := CASE WHEN t ~ '^\s*$' THEN 'type' || t ELSE t END;
    -- An agent's name can be read.
    who text := '<' || regexp_replace(t, E'[\x01-\x1f\x7f\u200b\u2028\u202a-\u202e\ufeff]', '', 'g') || '>';
BEGIN
    INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities)
    VALUES ('PHASE_REQUIREMENTS', t, '{ticket_title}|{ticket_description}|' || regexp_replace(t, '([{}\\])', '\\\1', 'g'), jsonb_build_array(t));
    INSERT INTO tickets (title, description) VALUES (t, t) RETURNING * INTO ticket;
    IF (ticket.title, ticket.description) <> (t, t) THEN RETURN NEXT 'ticket'; END IF;

    moved := phasegate.transition_ticket(ticket.id, 'PHASE_REQUIREMENTS', t, t, jsonb_build_object(t, t));
    IF moved.transitioned_by <> t THEN RETURN NEXT 'transition'; END IF;
    SELECT * INTO entry FROM phasegate.get_phase_history(ticket.id) h WHERE h.from_phase = 'PHASE_BACKLOG';
    IF (entry.transition_reason, entry.transitioned_by, entry.artifacts) IS DISTINCT FROM (t, t, jsonb_build_object(t, t)) THEN RETURN NEXT 'history'; END IF;

    IF EXISTS (SELECT FROM phasegate.claim_task(who, ARRAY[t || 'x'])) THEN RETURN NEXT 'capability'; END IF;
    SELECT * INTO claimed FROM phasegate.claim_task(who, ARRAY['a', t]);
    IF (claimed.assigned_agent_id, claimed.task_type, claimed.ticket_title, claimed.description, claimed.required_capabilities)
       IS DISTINCT FROM (who, t, t, concat_ws('|', t, t, t), jsonb_build_array(t)) THEN RETURN NEXT 'claim'; END IF;
    PERFORM phasegate.start_task(claimed.id, who);
    PERFORM phasegate.heartbeat_task(claimed.id, who);
    done := phasegate.fail_task(claimed.id, who, t, retry => false);
    IF (done.error_message, done.assigned_agent_id) IS DISTINCT FROM (t, who) THEN RETURN NEXT 'failure'; END IF;
    done := phasegate.cancel_task(claimed.id, t);
    IF done.error_message <> t THEN RETURN NEXT 'cancelled'; END IF;

    PERFORM phasegate.generate_phase_tasks(ticket.id);
    SELECT * INTO claimed FROM phasegate.claim_task(who, ARRAY[t], kinds => '{work}');
    done := phasegate.complete_task(claimed.id, who, jsonb_build_object('summary', t, 'outputs', t, 'context', jsonb_build_object('key_decisions', jsonb_build_array(t), 'object', jsonb_build_object(t, t), t, t),
        'artifacts', jsonb_build_array(jsonb_build_object('type', kind, 'path', t, 'content', jsonb_build_object(t, t), 'collected_by', who))));
    IF (done.result ->> 'summary', done.result -> 'context' ->> t) IS DISTINCT FROM (t, t) THEN RETURN NEXT 'result'; END IF;
    IF NOT EXISTS (SELECT FROM phase_gate_artifacts a WHERE a.ticket_id = ticket.id AND (a.artifact_type, a.artifact_path, a.artifact_content, a.collected_by) = (kind, t, jsonb_build_object(t, t), who))
    THEN RETURN NEXT 'collected'; END IF;
    IF NOT phasegate.took_part(ticket.id, 'PHASE_REQUIREMENTS', who) OR phasegate.took_part(ticket.id, 'PHASE_REQUIREMENTS', who || 'x') THEN RETURN NEXT 'took part'; END IF;
    added := phasegate.add_artifact(ticket.id, kind, t, to_jsonb(t), 'PHASE_REQUIREMENTS', who);
    IF (added.artifact_type, added.artifact_path, added.artifact_content #>> '{}', added.collected_by) IS DISTINCT FROM (kind, t, t, who) THEN RETURN NEXT 'artifact'; END IF;

    INSERT INTO phase_gate_requirements VALUES ('PHASE_REQUIREMENTS', ARRAY[kind], false, jsonb_build_object(kind, jsonb_build_object('schema', jsonb_build_object('const', t))), true);
    review := (phasegate.validate_phase_completion(ticket.id)).id;
    PERFORM FROM phasegate.claim_task('reviewer', '{validation}');
    PERFORM phasegate.complete_task(review, 'reviewer', jsonb_build_object('approved', false, 'feedback', t, 'blocking_reasons', jsonb_build_array(t)));
    result := phasegate.validate_gate(ticket.id, validated_by => t);
    IF (result.validated_by, result.gate_status) <> (t, 'failed') THEN RETURN NEXT 'gate'; END IF;
    IF (SELECT k.result -> 'blocking_reasons' ->> 0 FROM tasks k WHERE k.id = review) <> t THEN RETURN NEXT 'verdict'; END IF;
    -- A reason is one line, in which control characters are escaped.
    IF t !~ '[[:cntrl:]]' AND NOT EXISTS (SELECT FROM unnest(result.blocking_reasons) r WHERE strpos(r, btrim(t)) > 0) THEN RETURN NEXT 'reason'; END IF;
    DELETE FROM phase_gate_requirements;

    PERFORM set_config('phasegate.actor', t, true), set_config('phasegate.reason', t, true);
    UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = ticket.id;
    PERFORM set_config('phasegate.actor', '', true), set_config('phasegate.reason', '', true);
    SELECT * INTO entry FROM phasegate.get_phase_history(ticket.id) h WHERE h.to_phase = 'PHASE_DESIGN';
    IF (entry.transition_reason, entry.transitioned_by) IS DISTINCT FROM (t, t) THEN RETURN NEXT 'direct'; END IF;
    IF (phasegate.ticket_context(ticket.id) #>> '{full_context,requirements_phase,key_decisions,0}', phasegate.ticket_context(ticket.id) -> 'full_context' -> 'requirements_phase' ->> t)
       IS DISTINCT FROM (t, t) THEN RETURN NEXT 'context'; END IF;
    IF phasegate.ticket_context(ticket.id) #> '{full_context,requirements_phase,object}' <> jsonb_build_object(t, t) THEN RETURN NEXT 'object'; END IF;
    IF phasegate.get_context_for_phase(ticket.id) #>> '{requirements_phase,key_decisions,0}' <> t THEN RETURN NEXT 'handed over'; END IF;
    IF phasegate.count_tokens(t) < 1 THEN RETURN NEXT 'tokens'; END IF;
    PERFORM phasegate.summarize_context(jsonb_build_object(t, t), 10), phasegate.summarize_structured(to_jsonb(t)), phasegate.extract_key_points(jsonb_build_array(t));

    -- A blocked ticket's reason is one that somebody can read.
    IF t ~ '\S' THEN PERFORM phasegate.block_ticket(ticket.id, t, t); ELSE PERFORM phasegate.transition_ticket(ticket.id, 'PHASE_BLOCKED', t, t); END IF;
    PERFORM phasegate.unblock_ticket(ticket.id, t, t);
    PERFORM FROM phasegate.transition_tickets(ARRAY[ticket.id], 'PHASE_IMPLEMENTATION', t, t);
    PERFORM phasegate.try_transition_ticket(ticket.id, 'PHASE_BLOCKED', t, t);
    IF (SELECT count(*) FROM phasegate.get_phase_history(ticket.id) h WHERE h.transition_reason = t AND h.transitioned_by = t) <> 6 THEN RETURN NEXT 'moves'; END IF;
    DELETE FROM task_templates;
    DELETE FROM tickets;
END $$;
SELECT public.relations() AS before \gset
SELECT n, encode(convert_to(left(t, 27), 'UTF8'), 'escape') AS text, coalesce(nullif(array(SELECT public.changed(t)), '{}')::text, 'as it went in') AS comes_out FROM public.texts ORDER BY n;
SELECT public.relations() = :before AS all_there, (SELECT sum(violations) FROM phasegate.check_workspace()) AS violations;

-- Where a text names something, none of them names anything.
CREATE FUNCTION public.state(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT * FROM phasegate.' || call;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 't');
SELECT call, array_agg(DISTINCT public.state(format(call, t)) ORDER BY public.state(format(call, t))) AS states, count(*)
  FROM public.texts, unnest(ARRAY[
    'can_transition(%1$L, ''PHASE_DESIGN'')', 'can_transition(''PHASE_DESIGN'', %1$L)', 'get_valid_transitions(%1$L)', 'get_templates_for_phase(%1$L)', 'phase_diagram(%1$L)',
    'transition_ticket(''00000000-0000-7000-8000-000000000001'', %1$L)', 'transition_ticket(''00000000-0000-7000-8000-000000000001'', ''PHASE_REQUIREMENTS'', expected_phase => %1$L)',
    'try_transition_ticket(''00000000-0000-7000-8000-000000000001'', %1$L)', 'transition_tickets(''{}'', %1$L)', 'can_transition_ticket(''00000000-0000-7000-8000-000000000001'', %1$L)',
    'add_artifact(''00000000-0000-7000-8000-000000000001'', ''a'', phase_id => %1$L)', 'collect_artifacts(''00000000-0000-7000-8000-000000000001'', %1$L)',
    'check_gate_requirements(''00000000-0000-7000-8000-000000000001'', %1$L)', 'validate_gate(''00000000-0000-7000-8000-000000000001'', %1$L)',
    'validate_phase_completion(''00000000-0000-7000-8000-000000000001'', %1$L)', 'generate_phase_tasks(''00000000-0000-7000-8000-000000000001'', %1$L)',
    'took_part(''00000000-0000-7000-8000-000000000001'', %1$L, ''a'')', 'aggregate_phase_context(''00000000-0000-7000-8000-000000000001'', %1$L)',
    'get_context_for_phase(''00000000-0000-7000-8000-000000000001'', %1$L)', 'update_ticket_context(''00000000-0000-7000-8000-000000000001'', %1$L)',
    'claim_task(''a'', phases => ARRAY[%1$L])', 'claim_task(''a'', kinds => ARRAY[%1$L])', 'check_workspace(%1$L)', 'detach_workspace(%1$L)', 'release_expired_tasks(%1$L)']) call
 WHERE t <> 'PHASE_DONE'
 GROUP BY call ORDER BY call;
SELECT public.relations() = :before AS all_there, (SELECT sum(violations) FROM phasegate.check_workspace()) AS violations;
