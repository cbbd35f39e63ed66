"""What the clients were told, against what the tables say: everything acknowledged is there,
nothing refused is, and what was in doubt is there as a whole or not at all."""

import collections

# The facts that operations leave, read back: each row is a fact, its kind first.
FACTS = [
    "SELECT 'ticket', id FROM tickets",
    "SELECT 'task', id FROM tasks",
    "SELECT 'history', ticket_id, transition_reason, from_phase, to_phase FROM phase_history WHERE transitioned_by = transition_reason",
    "SELECT 'gated', h.ticket_id, h.transition_reason FROM phase_history h JOIN phase_gate_results r ON r.id = h.gate_result_id WHERE r.gate_status = 'passed'",
    "SELECT 'result', ticket_id, phase_id, validated_by, gate_status FROM phase_gate_results WHERE gate_status = 'passed'",
    # One that says the same again is not stored: whoever asked first has it.
    "SELECT 'verdict', ticket_id, phase_id, gate_status FROM phase_gate_results WHERE gate_status <> 'passed'",
    # A generated task is the doing of the last move before it.
    """SELECT 'generated', k.ticket_id, h.transition_reason, k.task_type
         FROM tasks k JOIN LATERAL (SELECT transition_reason, to_phase FROM phase_history WHERE ticket_id = k.ticket_id AND created_at <= k.created_at
                                     ORDER BY created_at DESC LIMIT 1) h ON h.to_phase = k.phase_id WHERE k.template_id IS NOT NULL""",
    "SELECT 'context', ticket_id, phase_id FROM phase_context",
    "SELECT 'artifact', id FROM phase_gate_artifacts",
    "SELECT 'evidence', ticket_id, phase_id, artifact_type, artifact_path FROM phase_gate_artifacts",
    "SELECT 'superseded', id FROM phase_gate_artifacts WHERE superseded_at IS NOT NULL",
    "SELECT 'log', task, attempt, status, agent FROM log",
]

ENTRIES = """
WITH moves AS (
    SELECT ticket_id, from_phase, to_phase, created_at, row_number() OVER w AS place,
           CASE WHEN from_phase = 'PHASE_BLOCKED' THEN lag(from_phase) OVER w ELSE from_phase END AS left_phase,
           coalesce(lead(created_at) OVER w, 'infinity') AS until
      FROM phase_history WINDOW w AS (PARTITION BY ticket_id ORDER BY created_at, id)),
  entries AS (SELECT * FROM moves WHERE left_phase IS DISTINCT FROM to_phase)
"""

# What holds between tables whatever happened: each query gives the rows that break it.
TOGETHER = {
    "a gated move without its result": """
        SELECT h.* FROM phase_history h JOIN phase_transitions e USING (from_phase, to_phase) JOIN phase_gate_requirements q ON q.phase_id = h.from_phase
         WHERE e.requires_gate AND h.gate_result_id IS NULL""",
    "a gate result that passed, but no move": """
        SELECT r.* FROM phase_gate_results r WHERE gate_status = 'passed' AND NOT EXISTS (SELECT FROM phase_history h WHERE h.gate_result_id = r.id)
           AND validated_by NOT LIKE '% validates'""",
    "a phase entered without its tasks": ENTRIES + """
        SELECT * FROM entries e JOIN task_templates p ON p.phase_id = e.to_phase
         WHERE NOT EXISTS (SELECT FROM tasks k WHERE k.ticket_id = e.ticket_id AND k.template_id = p.id AND k.created_at < e.until)""",
    "tasks generated without an entry": ENTRIES + """
        SELECT * FROM tasks k WHERE template_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM entries e WHERE e.ticket_id = k.ticket_id AND e.to_phase = k.phase_id AND k.created_at BETWEEN e.created_at AND e.until)""",
    "a template's task twice for one entry": ENTRIES + """
        SELECT k.ticket_id, k.template_id, e.created_at FROM tasks k JOIN entries e ON e.ticket_id = k.ticket_id AND k.created_at BETWEEN e.created_at AND e.until
         WHERE k.template_id IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a phase left without its context": ENTRIES + """
        SELECT * FROM entries e WHERE to_phase > left_phase AND to_phase <> 'PHASE_BLOCKED'
           AND EXISTS (SELECT FROM phase_gate_artifacts a WHERE a.ticket_id = e.ticket_id AND a.phase_id = left_phase
                          AND collected_at < e.created_at AND (superseded_at IS NULL OR superseded_at > e.created_at))
           AND NOT EXISTS (SELECT FROM phase_context c WHERE c.ticket_id = e.ticket_id AND c.phase_id = left_phase)""",
    "a ticket's context that is not its phases'": """
        SELECT t.id FROM tickets t
         WHERE (SELECT jsonb_object_agg(key, value) FROM jsonb_each(t.context) WHERE key LIKE '%\\_phase')
               IS DISTINCT FROM (SELECT jsonb_object_agg(regexp_replace(lower(c.phase_id::text), '^phase_', '') || '_phase', c.context_data)
                                   FROM phase_context c WHERE c.ticket_id = t.id)
            OR t.context IS NOT NULL AND t.context ->> 'summary' IS DISTINCT FROM t.context_summary""",
    "an artifact that a regression left valid": ENTRIES + """
        SELECT a.* FROM phase_gate_artifacts a JOIN entries e USING (ticket_id)
         WHERE a.phase_id BETWEEN e.to_phase AND e.left_phase AND e.to_phase < e.left_phase AND e.to_phase <> 'PHASE_BLOCKED'
           AND a.collected_at < e.created_at AND a.superseded_at IS NULL""",
    "an artifact superseded by nothing": ENTRIES + """
        SELECT a.* FROM phase_gate_artifacts a
         WHERE superseded_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM entries e WHERE e.ticket_id = a.ticket_id AND e.to_phase <= a.phase_id AND e.to_phase < e.left_phase
                              AND e.created_at = a.superseded_at)""",
    "a completed task's artifact that was not collected": """
        SELECT k.id, item FROM tasks k, jsonb_array_elements(k.result -> 'artifacts') item
         WHERE k.status = 'completed'
           AND NOT EXISTS (SELECT FROM phase_gate_artifacts a WHERE a.task_id = k.id AND a.artifact_type = item ->> 'type')""",
    "an artifact collected from a task that is not completed": """
        SELECT a.* FROM phase_gate_artifacts a LEFT JOIN tasks k ON k.id = a.task_id WHERE a.task_id IS NOT NULL AND k.status IS DISTINCT FROM 'completed'""",
    "a gate that waits for a review that nobody is asked for": """
        SELECT r.* FROM phase_gate_results r
         WHERE gate_status = 'pending' AND NOT EXISTS (SELECT FROM tasks k WHERE k.ticket_id = r.ticket_id AND k.phase_id = r.phase_id AND k.kind = 'review')""",
    "a task that is not where the log says": """
        SELECT * FROM tasks k JOIN (SELECT DISTINCT ON (task) * FROM log
                                     ORDER BY task, attempt DESC, array_position('{assigned,running,pending,failed,completed,cancelled}', status) DESC) l ON l.task = k.id
         WHERE (k.status, k.attempts) <> (l.status, l.attempt) OR k.assigned_agent_id IS DISTINCT FROM l.agent""",
}

Ticket = collections.namedtuple("Ticket", "id title phase previous")
Task = collections.namedtuple("Task", "id ticket phase kind type status agent attempts lease")


class State:
    """The workspace as one connection finds it."""

    def __init__(self, connection):
        connection.execute("SET search_path = acme, phasegate")
        self.facts = {tuple(row) for query in FACTS for row in connection.execute(query)}
        self.tickets = {row[0]: Ticket(*row) for row in connection.execute("SELECT id, title, phase_id, previous_phase_id FROM tickets")}
        self.tasks = {row[0]: Task(*row) for row in connection.execute(
            "SELECT id, ticket_id, phase_id, kind, task_type, status, assigned_agent_id, attempts, lease_expires_at FROM tasks")}
        self.log = [fact[1:] for fact in self.facts if fact[0] == "log"]


def unhealthy(connection):
    """What check_workspace finds."""
    return [f"{name}: {example}" for name, example in connection.execute(
        "SELECT check_name, example FROM phasegate.check_workspace('acme') WHERE violations > 0")]


def problems(connection, clients):
    """Everything that is not as the clients were told. Settles what was in doubt, whose outcomes it counts in `settled`."""
    state = State(connection)
    found = unhealthy(connection)
    for name, query in TOGETHER.items():
        found += [f"{name}: {row[0]}" for row in connection.execute(f"SELECT found::text FROM ({query}) found LIMIT 3")]
    for client in clients:
        found += settle(client, state)
        found += [f"lost: {fact} of {tag}" for fact, tag in client.there.items() if fact not in state.facts]
        found += [f"not wanted: {fact} of {tag}" for fact, tag in client.not_there.items() if fact in state.facts]
        found += [*wrong_tickets(client, state), *wrong_tasks(client, state)]
    return found


def settle(client, state):
    """Finds out whether the operation in doubt happened; says so if it happened in part."""
    operation, client.doubt = client.doubt, None
    if operation is None:
        return []
    name = f"{operation.tag} {operation.what}"
    if operation.resolve:
        for alternative in operation.resolve(state):
            client.take(operation, alternative)
        return []
    # A verdict may have been there before: it does not tell whether the operation happened.
    present = {fact for fact in operation.facts() & state.facts if fact[0] != "verdict"}
    client.settled[bool(present)] += 1
    if not present:
        return []
    if not operation.sent:
        return [f"not wanted: {present} of {name}, whose COMMIT was never sent"]
    for part in operation.parts:
        true = [alternative for alternative in part if alternative.new <= state.facts]
        true = [alternative for alternative in true if any(fact[0] != "verdict" for fact in alternative.new)] or true[:1]
        others = {fact for alternative in part if alternative not in true for fact in alternative.new if fact[0] != "verdict"}
        if len(true) != 1 or (others - true[0].new) & state.facts:
            return [f"in part: {name} left {sorted(map(str, present))}, not {sorted(map(str, operation.facts() - present))}"]
        client.take(operation, true[0])
    return []


def wrong_tickets(client, state):
    for ticket in client.tickets.values():
        row = state.tickets.get(ticket.id)
        known = (ticket.phase, ticket.title)
        if row is None or (row.phase, row.title) != known or ticket.previous and row.previous != ticket.previous:
            yield f"ticket {row} of {client.agent} should be {known}"


def wrong_tasks(client, state):
    for task in client.held.values():
        row = state.tasks.get(task.id)
        if row is None or row.status != "cancelled" and (row.status, row.agent, row.attempts, row.lease) != (
                task.status, client.agent, task.attempt, task.lease):
            yield f"task {row} held by {client.agent} should be {task}"
