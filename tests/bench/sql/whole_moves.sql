-- The rules of a move as triggers and functions in PL/pgSQL: edge, gate, context, history, generated tasks.
--
-- One BEFORE trigger does it all: writing from a second one would take handing the verdict and the context on. The
-- queries are few and by index. Tokens are estimated from the length, since SQL has no tokenizer.

-- Whether an artifact's content meets a criterion.
CREATE FUNCTION meets(content jsonb, criterion text, wanted jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE criterion
           WHEN 'must_exist' THEN true
           WHEN 'must_have_tests' THEN content -> 'has_tests' = 'true'
           WHEN 'all_passed' THEN content -> 'all_passed' = 'true'
           WHEN 'min_percentage' THEN (content ->> 'percentage')::numeric >= (wanted #>> '{}')::numeric
           WHEN 'min_length' THEN length(content #>> '{}') >= (wanted #>> '{}')::int
           ELSE false
           END
$$;

-- What the gate of a phase says about a ticket.
CREATE FUNCTION check_gate(ticket uuid, phase phase, gate phase_gate_requirements) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    contents jsonb;
    missing text[];
    failures jsonb := '[]';
    total bigint := 0;
    completed bigint := 0;
    incomplete jsonb := '[]';
    reasons jsonb := '[]';
BEGIN
    SELECT jsonb_object_agg(a.artifact_type, a.artifact_content) INTO contents
      FROM (SELECT DISTINCT ON (artifact_type) artifact_type, artifact_content
              FROM phase_gate_artifacts
             WHERE ticket_id = ticket AND phase_id = phase AND superseded_at IS NULL
             ORDER BY artifact_type, collected_at DESC, id DESC) a;
    missing := ARRAY(SELECT wanted FROM unnest(gate.required_artifacts) wanted WHERE NOT coalesce(contents ? wanted, false));
    IF gate.validation_criteria IS NOT NULL THEN
        SELECT coalesce(jsonb_agg(jsonb_build_object('artifact_type', c.key, 'criterion', w.key)), '[]') INTO failures
          FROM jsonb_each(gate.validation_criteria) c, jsonb_each(c.value) w
         WHERE contents ? c.key AND meets(contents -> c.key, w.key, w.value) IS NOT TRUE;
    END IF;
    SELECT count(*), count(*) FILTER (WHERE status = 'completed'),
           coalesce(jsonb_agg(jsonb_build_object('task_id', id, 'task_type', task_type, 'status', status,
                                                 'description', description)
                              ORDER BY created_at, id) FILTER (WHERE status <> 'completed'), '[]')
      INTO total, completed, incomplete
      FROM tasks
     WHERE ticket_id = ticket AND phase_id = phase AND kind = 'work' AND status <> 'cancelled';
    IF cardinality(missing) > 0 THEN
        reasons := (SELECT jsonb_agg(jsonb_build_object('code', 'missing_artifact',
                                                        'message', format('The artifact "%s" is missing.', m)))
                      FROM unnest(missing) m);
    END IF;
    IF gate.required_tasks_completed AND (total = 0 OR completed < total) THEN
        reasons := reasons || jsonb_build_object('code', 'tasks_incomplete', 'message',
            format('Not all tasks of the phase are completed (%s of %s).', completed, total));
    END IF;
    IF failures <> '[]' THEN
        reasons := reasons || (
            SELECT jsonb_agg(jsonb_build_object('code', 'criterion_failed', 'message',
                       format('The artifact "%s" fails %s.', f ->> 'artifact_type', f ->> 'criterion')))
              FROM jsonb_array_elements(failures) f);
    END IF;
    RETURN jsonb_build_object(
        'requirements_met', reasons = '[]', 'reasons', reasons, 'missing_artifacts', to_jsonb(missing),
        'criteria_failures', failures, 'tasks_total', total, 'tasks_completed', completed, 'incomplete_tasks', incomplete,
        'review', 'not_required',
        'validation_status', CASE WHEN reasons = '[]' THEN 'ready'
                                  WHEN cardinality(missing) > 0 THEN 'blocked'
                                  WHEN reasons @> '[{"code": "tasks_incomplete"}]' THEN 'waiting_tasks'
                                  ELSE 'failed_criteria' END);
END
$$;

-- Objects merge, arrays join without duplicates, else the later wins.
CREATE FUNCTION merge(earlier jsonb, later jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    merged jsonb := earlier || later;
    shared text;
    ours jsonb;
    theirs jsonb;
BEGIN
    FOR shared, ours, theirs IN SELECT l.key, earlier -> l.key, l.value FROM jsonb_each(later) l WHERE earlier ? l.key LOOP
        IF jsonb_typeof(ours) = 'object' AND jsonb_typeof(theirs) = 'object' THEN
            merged := jsonb_set(merged, ARRAY[shared], merge(ours, theirs));
        ELSIF jsonb_typeof(ours) = 'array' AND jsonb_typeof(theirs) = 'array' THEN
            merged := jsonb_set(merged, ARRAY[shared], (
                SELECT jsonb_agg(d.item ORDER BY d.place)
                  FROM (SELECT i.item, min(i.place) AS place
                          FROM jsonb_array_elements(ours || theirs) WITH ORDINALITY AS i (item, place) GROUP BY i.item) d));
        END IF;
    END LOOP;
    RETURN merged;
END
$$;

-- What a phase of a ticket produced; NULL where that is nothing.
CREATE FUNCTION phase_block(ticket uuid, phase phase) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    task record;
    block jsonb := '{}';
    entries jsonb := '[]';
    summaries text[] := '{}';
    artifacts jsonb;
BEGIN
    FOR task IN SELECT k.id, k.task_type, k.result, coalesce(k.result ->> 'summary', k.description) AS summary
                  FROM tasks k
                 WHERE k.ticket_id = ticket AND k.phase_id = phase AND k.kind = 'work' AND k.status = 'completed'
                 ORDER BY k.completed_at, k.id LOOP
        IF jsonb_typeof(task.result -> 'context') = 'object' THEN
            block := merge(block, task.result -> 'context');
        END IF;
        entries := entries || jsonb_build_object('task_id', task.id, 'task_type', task.task_type, 'summary', task.summary,
                                                 'outputs', task.result -> 'outputs');
        summaries := summaries || task.summary;
    END LOOP;
    SELECT jsonb_agg(jsonb_build_object('type', a.artifact_type, 'path', a.artifact_path) ORDER BY a.artifact_type)
      INTO artifacts
      FROM (SELECT DISTINCT ON (artifact_type) artifact_type, artifact_path
              FROM phase_gate_artifacts
             WHERE ticket_id = ticket AND phase_id = phase AND superseded_at IS NULL
             ORDER BY artifact_type, collected_at DESC, id DESC) a;
    IF entries = '[]' AND artifacts IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN block || jsonb_build_object('tasks', entries, 'artifacts', coalesce(artifacts, '[]'),
                                       'summary', array_to_string(summaries, E'\n'));
END
$$;

-- The points of a context by rank, the newest phase first, as many as the budget of tokens holds. In PL/pgSQL for
-- the sake of its plan, which it keeps.
CREATE FUNCTION summarize(context jsonb, budget int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    -- Asked for once: enum_range reads the catalog.
    phases text[] := enum_range(NULL::phase);
    headings text[] := '{Decisions,Risks and open questions,Summary,Documents and scope,Implementation,Artifacts,Notes}';
BEGIN
    RETURN (
    WITH points AS (
        SELECT r.rank, p.key AS phase,
               row_number() OVER (ORDER BY r.rank, array_position(phases, 'PHASE_' || upper(left(p.key, -6))) DESC,
                                           length(e.key), e.key, v.place) AS number,
               CASE WHEN e.key = 'artifacts' THEN concat_ws(': ', v.value ->> 'type', v.value ->> 'path')
                    WHEN jsonb_typeof(v.value) = 'object'
                    THEN e.key || ': ' || (SELECT string_agg(o.key || ': ' || o.value, '; ') FROM jsonb_each_text(v.value) o)
                    WHEN r.rank IN (1, 3, 5) THEN v.value #>> '{}'
                    ELSE e.key || ': ' || (v.value #>> '{}') END AS line
          FROM jsonb_each(context) p
         CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(p.value) = 'object' THEN p.value END) e
         CROSS JOIN LATERAL (
               SELECT CASE WHEN e.key LIKE '%decision%' THEN 1
                           WHEN e.key LIKE '%risk%' OR e.key LIKE '%question%' THEN 2
                           WHEN e.key LIKE '%summary%' THEN 3
                           WHEN e.key LIKE '%document%' THEN 4
                           WHEN e.key LIKE '%change%' THEN 5
                           WHEN e.key LIKE '%artifact%' THEN 6
                           ELSE 7 END AS rank) r
         CROSS JOIN LATERAL jsonb_array_elements(
               CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value WHEN 'object' THEN jsonb_build_array(e.value)
               ELSE to_jsonb(string_to_array(e.value #>> '{}', E'\n')) END) WITH ORDINALITY AS v (value, place)
         WHERE e.key <> 'tasks'),
    lines AS (
        SELECT number, CASE WHEN rank = lag(rank) OVER w AND phase = lag(phase) OVER w THEN ''
                            ELSE headings[rank] || ' (' || left(phase, -6) || E'):\n' END || '- ' || line AS line
          FROM points WINDOW w AS (ORDER BY number)),
    fitting AS (
        SELECT number, line, sum(length(line) + 1) OVER (ORDER BY number) / 4 <= budget AS fits FROM lines)
    SELECT string_agg(line, E'\n' ORDER BY number) FILTER (WHERE fits)
           || CASE WHEN bool_and(fits) THEN '' ELSE E'\n(' || count(*) FILTER (WHERE NOT fits) || ' more points left out)' END
      FROM fitting);
END
$$;

CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor text := coalesce(nullif(current_setting('bench.actor', true), ''), session_user);
    is_gated boolean;
    gate phase_gate_requirements;
    verdict jsonb;
    gate_result uuid;
    key text := lower(substr(OLD.phase_id::text, 7)) || '_phase';
    block jsonb;
BEGIN
    SELECT requires_gate INTO is_gated FROM phase_transitions WHERE from_phase = OLD.phase_id AND to_phase = NEW.phase_id;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'invalid phase transition',
              DETAIL = format('Ticket %s cannot move from %s to %s.', OLD.id, OLD.phase_id, NEW.phase_id);
    END IF;
    NEW.previous_phase_id := OLD.phase_id;
    NEW.phase_entered_at := greatest(clock_timestamp(), OLD.phase_entered_at + interval '1 microsecond');
    NEW.updated_at := NEW.phase_entered_at;

    IF is_gated THEN
        SELECT * INTO gate FROM phase_gate_requirements WHERE phase_id = OLD.phase_id;
        IF FOUND THEN
            verdict := check_gate(OLD.id, OLD.phase_id, gate);
            IF verdict -> 'requirements_met' <> 'true' THEN
                RAISE object_not_in_prerequisite_state USING MESSAGE = 'phase gate not passed',
                      DETAIL = (SELECT string_agg(r ->> 'message', E'\n') FROM jsonb_array_elements(verdict -> 'reasons') r);
            END IF;
            INSERT INTO phase_gate_results
                   (ticket_id, phase_id, gate_status, validation_result, validated_at, validated_by, blocking_reasons)
            VALUES (OLD.id, OLD.phase_id, 'passed', verdict, NEW.phase_entered_at, actor, '{}')
            RETURNING id INTO gate_result;
        END IF;
    END IF;

    IF NEW.phase_id > OLD.phase_id AND NEW.phase_id <> 'PHASE_BLOCKED' THEN
        block := phase_block(OLD.id, OLD.phase_id);
        IF block IS NOT NULL THEN
            NEW.context := coalesce(NEW.context, '{}') || jsonb_build_object(key, block);
            NEW.context_summary := summarize(NEW.context, 2000);
            NEW.context := NEW.context || jsonb_build_object('summary', NEW.context_summary);
            INSERT INTO phase_context (ticket_id, phase_id, context_data, context_summary)
            VALUES (OLD.id, OLD.phase_id, block, summarize(jsonb_build_object(key, block), 2000))
            ON CONFLICT (ticket_id, phase_id) DO UPDATE
            SET context_data = EXCLUDED.context_data, context_summary = EXCLUDED.context_summary, updated_at = now();
        END IF;
    ELSIF NEW.phase_id < OLD.phase_id THEN
        UPDATE phase_gate_artifacts
           SET superseded_at = NEW.phase_entered_at
         WHERE ticket_id = OLD.id AND phase_id BETWEEN NEW.phase_id AND OLD.phase_id AND superseded_at IS NULL;
    END IF;

    INSERT INTO phase_history
           (ticket_id, from_phase, to_phase, created_at, transition_reason, transitioned_by, gate_result_id, artifacts)
    SELECT OLD.id, OLD.phase_id, NEW.phase_id, NEW.phase_entered_at, current_setting('bench.reason', true), actor, gate_result,
           jsonb_agg(jsonb_build_object('id', a.id, 'type', a.artifact_type, 'path', a.artifact_path) ORDER BY a.artifact_type)
      FROM (SELECT DISTINCT ON (artifact_type) id, artifact_type, artifact_path
              FROM phase_gate_artifacts
             WHERE ticket_id = OLD.id AND phase_id = OLD.phase_id AND superseded_at IS NULL
             ORDER BY artifact_type, collected_at DESC, id DESC) a;

    INSERT INTO tasks (ticket_id, phase_id, task_type, description, priority, required_capabilities, template_id)
    SELECT OLD.id, NEW.phase_id, p.task_type,
           replace(replace(replace(replace(replace(replace(replace(p.template_description,
               '{ticket_id}', OLD.id::text), '{ticket_title}', NEW.title), '{ticket_description}', coalesce(NEW.description, '')),
               '{ticket_priority}', NEW.priority), '{phase}', NEW.phase_id::text), '{previous_phase}', OLD.phase_id::text),
               '{context_summary}', coalesce(NEW.context_summary, '')),
           p.default_priority, p.required_capabilities, p.id
      FROM task_templates p
     WHERE p.phase_id = NEW.phase_id AND p.is_active
       AND NOT EXISTS (SELECT FROM tasks k
                        WHERE k.ticket_id = OLD.id AND k.phase_id = NEW.phase_id AND k.template_id = p.id
                          AND k.status IN ('pending', 'assigned', 'running'))
     ORDER BY array_position('{CRITICAL,HIGH,MEDIUM,LOW}', p.default_priority::text), p.created_at, p.id;
    RETURN NEW;
END
$$;

CREATE TRIGGER move BEFORE UPDATE ON tickets FOR EACH ROW WHEN (OLD.phase_id <> NEW.phase_id) EXECUTE FUNCTION move();
