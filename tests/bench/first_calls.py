"""P10: what the first call of a connection costs more than the second.

The first one loads the library, reads the workspace's configuration and prepares plans. The connection has run a
statement of its own before, so that the server's part of starting up is not counted.
"""

from . import workspaces
from .rounds import Row, at_most_more
from .server import timed

CONNECTIONS = 40
CALLS = {
    "get_valid_transitions": "SELECT * FROM get_valid_transitions('PHASE_TESTING')",
    "transition_ticket": "SELECT transition_ticket(lpad(to_hex({n}), 32, '0')::uuid, 'PHASE_TESTING')",
}


def run(bench):
    """The rows of P10."""
    rows = []
    with bench.server.database("bench_p10") as database:
        workspaces.make(database, "ours", configured=True)
        database.run("DELETE FROM ours.phase_gate_requirements")
        workspaces.load_tickets(database, "ours", 2 * (CONNECTIONS + 1))
        found = {name: ([], []) for name in CALLS}
        for number in range(CONNECTIONS + 1):
            for name, sql in CALLS.items():
                with database.connect(workspaces.path("ours")) as connection:
                    connection.execute("SELECT count(*) FROM phase_transitions")
                    calls = [timed(connection, sql.format(n=2 * number + n)) for n in (1, 2)]
                if number > 0:
                    for series, call in zip(found[name], calls):
                        series.append(call)
        for name, (first, second) in found.items():
            target = at_most_more(0.005) if name == "get_valid_transitions" else None
            rows.append(Row("P10", f"{name}, first call in a connection", "the second call", first, second, target))
    return rows
