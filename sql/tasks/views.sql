CREATE OR REPLACE VIEW {ws}.task_queue WITH (security_invoker = true) AS
SELECT k.phase_id AS phase, k.status, count(*) AS tasks, min(k.created_at) AS oldest,
       count(*) FILTER (WHERE k.status = 'pending' AND k.pending_dependencies = 0 AND NOT k.on_hold
                              AND coalesce(k.scheduled_at, '-infinity') <= clock_timestamp()
                           OR k.lease_expires_at <= clock_timestamp() AND k.attempts < k.max_attempts) AS claimable
  FROM {ws}.tasks k
  JOIN {tickets} t ON t.{ticket.id} = k.ticket_id
 GROUP BY k.phase_id, k.status
 ORDER BY k.phase_id, k.status;
