"""P1: moving one ticket over an edge without gate and templates.

The baseline is one statement: it locks and updates the ticket, sets all columns that phasegate sets, and inserts the
same history row. It does not ask whether the edge exists, nor for the artifacts and the results that a move would
take along, of which there are none here.

Forward moves are what the target is about. Others are measured on the way back.
"""

from . import workspaces
from .rounds import MANY_ROUNDS, MOST_ROUNDS, ROUNDS, Row, at_least, interleaved, require_equal

FORWARD, BACK, BLOCK, UNBLOCK = "forward", "back", "block", "unblock"

# Each transaction moves the next ticket of its client's share.
NEXT = """
\\set k :k + 1
\\set n :client_id * :share + :k
"""

NAMES = {
    FORWARD: "transition_ticket, forward",
    BACK: "transition_ticket, back",
    BLOCK: "block_ticket",
    UNBLOCK: "unblock_ticket",
}
BASELINE = "one statement (CTE)"

OURS = {
    FORWARD: f"SELECT transition_ticket({workspaces.TICKET}, 'PHASE_TESTING', 'benchmark', 'bench');",
    BACK: f"SELECT transition_ticket({workspaces.TICKET}, 'PHASE_IMPLEMENTATION', 'benchmark', 'bench');",
    BLOCK: f"SELECT block_ticket({workspaces.TICKET}, 'benchmark', 'bench');",
    UNBLOCK: f"SELECT unblock_ticket({workspaces.TICKET}, 'benchmark', 'bench');",
}
UPDATE = {
    FORWARD: f"UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = {workspaces.TICKET};",
    BACK: f"UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE id = {workspaces.TICKET};",
    BLOCK: f"UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = {workspaces.TICKET};",
    UNBLOCK: f"UPDATE tickets SET phase_id = previous_phase_id WHERE id = {workspaces.TICKET};",
}


# The server's system identifier, which one would keep rather than read each time: any number.
CLUSTER = 7412345678901234567


def bare(target):
    """The statement without phasegate."""
    return f"""
        WITH moved AS (
            UPDATE tickets
               SET phase_id = {target}, previous_phase_id = phase_id, phase_entered_at = now(), updated_at = now()
             WHERE id = {workspaces.TICKET}
         RETURNING id, previous_phase_id, phase_id, phase_entered_at)
        INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at, transition_reason, transitioned_by, db_role,
                                   acting_role, cluster)
        SELECT id, previous_phase_id, phase_id, phase_entered_at, 'benchmark', 'bench', session_user, current_user,
               {CLUSTER} FROM moved
     RETURNING ticket_id, from_phase, to_phase, created_at, transitioned_by;
    """


BARE = {
    FORWARD: bare("'PHASE_TESTING'"),
    BACK: bare("'PHASE_IMPLEMENTATION'"),
    BLOCK: bare("'PHASE_BLOCKED'"),
    UNBLOCK: bare("previous_phase_id"),
}

WRITTEN = """
    SELECT 'history', from_phase::text, to_phase::text, count(*), count(DISTINCT ticket_id), count(transition_reason),
           count(transitioned_by), count(db_role), count(artifacts), count(gate_result_id),
           count(acting_role), count(cluster), count(xid)
      FROM phase_history GROUP BY from_phase, to_phase
     UNION ALL
    SELECT 'tickets', previous_phase_id::text, phase_id::text, count(*), count(DISTINCT id),
           count(*) FILTER (WHERE phase_entered_at > created_at), count(*) FILTER (WHERE updated_at > created_at),
           count(context), count(context_summary), 0, 0, 0, 0
      FROM tickets GROUP BY previous_phase_id, phase_id
     ORDER BY 1, 2, 3
"""


def require_same_rows(database, schemas):
    """Fails unless the schemas have the same moves on record and their tickets in the same places."""
    require_equal({schema: database.run(WRITTEN, schema) for schema in schemas})


def run(bench):
    """The rows of P1."""
    count = bench.scaled(5_000)
    schemas = {"ours": OURS, "direct": UPDATE, "bare": BARE}
    settings = {"direct": {"phasegate.actor": "bench", "phasegate.reason": "benchmark"}}
    rows = []
    with bench.server.database("bench_p1") as database:
        for schema in schemas:
            workspaces.make(database, schema, bare=schema == "bare")
            workspaces.load_tickets(database, schema, count)

        def side(schema, step, clients):
            variables = {"k": 0, "share": count // clients}
            return lambda _: database.pgbench(NEXT + schemas[schema][step], count, workspaces.path(schema), clients,
                                              variables, settings.get(schema))

        def tidy():
            database.vacuum(*(f"{schema}.{table}" for schema in schemas for table in ("tickets", "phase_history")))

        there_and_back, aside = (FORWARD, BACK), (BLOCK, UNBLOCK)
        for clients, steps, rounds in ((1, there_and_back, MOST_ROUNDS), (1, aside, ROUNDS), (2, there_and_back, MANY_ROUNDS)):
            figures = interleaved(
                {step: {schema: side(schema, step, clients) for schema in schemas} for step in steps}, tidy, rounds)
            suffix = ", 1 client" if clients == 1 else f", {clients} clients"
            for step in steps:
                found = figures[step]
                target = at_least(0.75) if step == FORWARD else None
                rows.append(Row("P1", NAMES[step] + suffix, BASELINE, found["ours"], found["bare"], target, True))
                rows.append(Row("P1", f"plain UPDATE, {step}{suffix}", BASELINE, found["direct"], found["bare"], None, True))
        require_same_rows(database, schemas)
    return rows
