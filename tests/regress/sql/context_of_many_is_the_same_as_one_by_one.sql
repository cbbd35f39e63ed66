-- One UPDATE of a thousand tickets leaves the rows that a thousand UPDATEs leave, but for ids and times of creation.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('bulk'), phasegate.create_workspace('single');
CREATE PROCEDURE public.fill() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM phase_gate_requirements;
    INSERT INTO tickets (id, title, phase_id, context)
    SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Ticket ' || n, 'PHASE_REQUIREMENTS',
           CASE n % 6 WHEN 1 THEN '{"requirements_phase": {"old": 1}, "mine": "kept"}' WHEN 2 THEN '[1, 2]' WHEN 3 THEN '"text"' WHEN 4 THEN 'null'
                      WHEN 5 THEN '{"backlog_phase": {"key_decisions": ["Worth it"]}}' END::jsonb
      FROM generate_series(1, 1000) n;
    DELETE FROM tasks;
    INSERT INTO tasks (id, ticket_id, phase_id, task_type, description, status, result, completed_at)
    SELECT ('00000000-0000-7000-9000-' || lpad((n * 10 + m)::text, 12, '0'))::uuid, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
           'PHASE_REQUIREMENTS', 't' || m, 'Do ' || m, 'completed',
           CASE WHEN n % 11 <> 0 THEN jsonb_build_object('summary', 'Did ' || m || ' of ' || n,
               'context', jsonb_build_object('key_decisions', jsonb_build_array('d' || n % 3, 'd' || m), 'n', n, 'ключ', jsonb_build_array('значение ' || m, '🎉'))) END,
           '2026-01-01 11:00:00+00'::timestamptz + (m * 7 % 5) * interval '1 minute'
      FROM generate_series(1, 1000) n, generate_series(1, n % 4) m;
END $$;
SET search_path = bulk, public; CALL fill();
SET search_path = single, public; CALL fill();
SET search_path = bulk;
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SET search_path = single;
DO $$ DECLARE t uuid; BEGIN FOR t IN SELECT id FROM tickets LOOP UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = t; END LOOP; END $$;
CREATE FUNCTION public.left_rows(workspace text) RETURNS TABLE (kind text, r text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', workspace, true);
    RETURN QUERY
        SELECT 'tickets', (to_jsonb(t) - 'created_at')::text FROM tickets t
        UNION ALL SELECT 'phase_context', row(c.ticket_id, c.phase_id, c.context_data, c.context_summary, c.created_at, c.updated_at)::text FROM phase_context c
        UNION ALL SELECT 'phase_history', (to_jsonb(h) - '{id,xid}'::text[])::text FROM phase_history h
        UNION ALL SELECT 'tasks', (to_jsonb(k) - '{id,template_id,dependencies,created_at}'::text[])::text FROM tasks k;
END $$;
RESET search_path;
CREATE TABLE bulk_rows AS SELECT * FROM left_rows('bulk');
CREATE TABLE single_rows AS SELECT * FROM left_rows('single');
SELECT kind, count(*), count(DISTINCT r) FROM bulk_rows GROUP BY 1 ORDER BY 1;
SELECT kind, count(*) FROM (TABLE bulk_rows EXCEPT ALL TABLE single_rows) d GROUP BY 1;
SELECT kind, count(*) FROM (TABLE single_rows EXCEPT ALL TABLE bulk_rows) d GROUP BY 1;
SELECT count(*) FILTER (WHERE context ? 'requirements_phase') AS folded, count(*) FILTER (WHERE context ? 'notes') AS notes,
       count(*) FILTER (WHERE context ->> 'mine' = 'kept') AS kept, count(*) FILTER (WHERE context IS NULL) AS nothing FROM bulk.tickets;
SELECT w, check_name, violations FROM unnest('{bulk,single}'::name[]) w, phasegate.check_workspace(w) WHERE violations <> 0;
