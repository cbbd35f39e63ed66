-- An app's own tasks, or those of a workspace that was detached for a while: what contradicts a task's status is
-- put right, as the triggers would have done, who holds or held a task is among its agents, and dependencies are
-- counted. Statuses and results stay as they are.
UPDATE {ws}.tasks k
   SET assigned_agent_id = s.agent, attempts = s.attempts, max_attempts = greatest(k.max_attempts, s.attempts + s.pending),
       scheduled_at = s.scheduled_at, lease_expires_at = s.lease, started_at = s.started_at, completed_at = s.completed_at,
       agents = CASE WHEN s.agent IS NOT NULL AND s.agent <> ALL (k.agents) THEN array_append(k.agents, s.agent::varchar) ELSE k.agents END
  FROM (SELECT t.id, (t.status = 'pending')::int AS pending,
               CASE WHEN t.status = 'pending' THEN NULL
                    WHEN t.status IN ('assigned', 'running') THEN coalesce(t.assigned_agent_id, session_user)
                    ELSE t.assigned_agent_id END AS agent,
               greatest(t.attempts, (t.status IN ('assigned', 'running'))::int) AS attempts,
               CASE WHEN t.status = 'pending' THEN t.scheduled_at END AS scheduled_at,
               CASE WHEN t.status IN ('assigned', 'running') THEN t.lease_expires_at END AS lease,
               CASE WHEN t.status = 'running' THEN coalesce(t.started_at, t.updated_at)
                    WHEN t.status NOT IN ('pending', 'assigned') THEN t.started_at END AS started_at,
               CASE WHEN t.status IN ('completed', 'failed', 'cancelled') THEN coalesce(t.completed_at, t.updated_at) END AS completed_at
          FROM {ws}.tasks t) s
 WHERE k.id = s.id
   AND (k.assigned_agent_id IS DISTINCT FROM s.agent OR k.attempts <> s.attempts OR k.max_attempts < s.attempts + s.pending
        OR k.scheduled_at IS DISTINCT FROM s.scheduled_at OR k.lease_expires_at IS DISTINCT FROM s.lease
        OR k.started_at IS DISTINCT FROM s.started_at OR k.completed_at IS DISTINCT FROM s.completed_at
        OR s.agent IS NOT NULL AND s.agent <> ALL (k.agents));

UPDATE {ws}.tasks k
   SET pending_dependencies = s.pending
  FROM (SELECT t.id, (SELECT count(*) FROM {ws}.tasks d
                       WHERE d.ticket_id = t.ticket_id AND d.status <> 'completed'
                         AND (t.dependencies -> 'depends_on') ? d.id::text)::int AS pending
          FROM {ws}.tasks t) s
 WHERE k.id = s.id AND k.pending_dependencies <> s.pending;
