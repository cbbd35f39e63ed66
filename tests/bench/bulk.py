"""P3: moving many tickets in one statement, by UPDATE and by transition_tickets.

The baseline is one statement that writes the same rows, as for one ticket (moves.py).
"""

from . import workspaces
from .moves import CLUSTER, require_same_rows
from .rounds import Row, at_most, interleaved
from .server import timed

AHEAD = ("PHASE_IMPLEMENTATION", "PHASE_TESTING")
BACK = ("PHASE_TESTING", "PHASE_IMPLEMENTATION")

UPDATE = "UPDATE tickets SET phase_id = '{to}' WHERE phase_id = '{origin}'"
FUNCTION = """
    SELECT count(*) FILTER (WHERE transitioned)
      FROM transition_tickets(ARRAY(SELECT id FROM tickets WHERE phase_id = '{origin}'), '{to}', 'benchmark', 'bench')
"""
BARE = """
    WITH moved AS (
        UPDATE tickets
           SET phase_id = '{to}', previous_phase_id = phase_id, phase_entered_at = now(), updated_at = now()
         WHERE phase_id = '{origin}'
     RETURNING id, previous_phase_id, phase_id, phase_entered_at)
    INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at, transition_reason, transitioned_by, db_role,
                               acting_role, cluster)
    SELECT id, previous_phase_id, phase_id, phase_entered_at, 'benchmark', 'bench', session_user, current_user,
           {cluster} FROM moved
"""


def run(bench):
    """The rows of P3."""
    count = bench.scaled(100_000)
    schemas = {"direct": UPDATE, "function": FUNCTION, "bare": BARE}
    with bench.server.database("bench_p3") as database:
        connections = {}
        for schema in schemas:
            workspaces.make(database, schema, bare=schema == "bare")
            workspaces.load_tickets(database, schema, count)
            connections[schema] = database.connect(workspaces.path(schema))
        connections["direct"].execute("SET phasegate.actor = 'bench'; SET phasegate.reason = 'benchmark'")

        def side(schema, origin, to):
            sql = schemas[schema].format(origin=origin, to=to, cluster=CLUSTER)
            return lambda _: timed(connections[schema], sql)

        def tidy():
            database.vacuum(*(f"{schema}.{table}" for schema in schemas for table in ("tickets", "phase_history")))

        steps = {"forward": AHEAD, "back": BACK}
        figures = interleaved(
            {step: {schema: side(schema, *edge) for schema in schemas} for step, edge in steps.items()}, tidy)
        for connection in connections.values():
            connection.close()
        require_same_rows(database, schemas)
    rows = []
    for step, found in figures.items():
        for schema, name, most in (("direct", "UPDATE", 1.3), ("function", "transition_tickets", 1.5)):
            target = at_most(most) if step == "forward" else None
            what = f"{name} of {count:,} tickets, {step}"
            rows.append(Row("P3", what, "one statement (CTE)", found[schema], found["bare"], target))
    return rows
