"""P7: what a move costs where the history is long, against an empty one.

The long history is in the server's memory, as the short one is: a move reads one page of one of its indexes, and a
page of 10,000,000 rows' indexes that is read from the operating system for the first time costs more than all that
is measured here. What a server does that has less memory than its tables need is not phasegate's.
"""

from . import workspaces
from .moves import BACK, FORWARD, NAMES, OURS
from .rounds import MANY_ROUNDS, ROUNDS, Row, at_most, interleaved, require_equal

SIZES = (100_000, 1_000_000, 10_000_000)

# Spread over all tickets, in an order that is the same in each run.
SPREAD = """
\\set k :k + 1
\\set n 1 + permute(:k, :tickets, 1)
"""

LOAD = """
    TRUNCATE phase_history;
    INSERT INTO phase_history (id, ticket_id, from_phase, to_phase, transition_reason, transitioned_by, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(1 + n % {tickets}), 32, '0')::uuid,
           (ARRAY['PHASE_TESTING', 'PHASE_IMPLEMENTATION'])[1 + (n / {tickets}) % 2]::phase,
           (ARRAY['PHASE_IMPLEMENTATION', 'PHASE_TESTING'])[1 + (n / {tickets}) % 2]::phase,
           'benchmark', 'bench', now() - interval '100 days' + n * interval '500 ms'
      FROM generate_series(0, {size} - 1) n;
"""

PLACES = "SELECT phase_id::text, previous_phase_id::text, count(*) FROM tickets GROUP BY 1, 2 ORDER BY 1, 2"


def run(bench):
    """The rows of P7."""
    sizes = [bench.scaled(size, 100) for size in SIZES]
    tickets = bench.scaled(100_000)
    moves = min(5_000, tickets // 2)
    curves = {FORWARD: [], BACK: []}
    with bench.server.database("bench_p7") as database:
        for schema in ("none", "long"):
            workspaces.make(database, schema)
            workspaces.load_tickets(database, schema, tickets)

        def side(schema, step):
            return lambda number: database.pgbench(
                SPREAD + OURS[step], moves, workspaces.path(schema), variables={"k": number * moves, "tickets": tickets})

        def recorded(schema):
            return database.run(f"SELECT count(*) FROM {schema}.phase_history")[0][0]

        written = []

        def tidy():
            # What was added is some percents of a long history; of none it would be all.
            written.append(recorded("none"))
            workspaces.load(database, "none", "TRUNCATE phase_history;")
            database.vacuum("none.tickets", "long.tickets")

        for size in sizes:
            with workspaces.without_indexes(database, "long", "phase_history"):
                workspaces.load(database, "long", LOAD.format(size=size, tickets=tickets))
            database.vacuum("long.phase_history")
            database.keep_in_memory("long.phase_history")
            rounds = MANY_ROUNDS if size == sizes[-1] else ROUNDS
            figures = interleaved(
                {step: {schema: side(schema, step) for schema in ("none", "long")} for step in curves}, tidy, rounds)
            require_equal({"asked for": 2 * moves * (rounds + 1), "none": sum(written), "long": recorded("long") - size})
            written.clear()
            for step, curve in curves.items():
                if not curve:
                    curve.append((0, figures[step]["none"]))
                curve.append((size, figures[step]["long"]))
        require_equal({schema: database.run(PLACES, schema) for schema in ("none", "long")})
    bench.curves["P7"] = {
        "title": "A move, by the length of the history",
        "x": "rows in phase_history", "y": "time of transition_ticket", "lines": dict(curves),
    }
    return [
        Row("P7", f"{NAMES[step]}, {size:,} rows of history", "with none", figures[step]["long"], figures[step]["none"],
            at_most(1.2) if step == FORWARD else None)
        for step in curves
    ]
