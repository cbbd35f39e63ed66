"""P12: the board over a million tickets, nearly all of them done. The baseline counts them by phase and no more."""

from . import workspaces
from .rounds import Row, at_most, interleaved, require_equal
from .server import timed

BOARD = "SELECT phase, tickets, oldest_entered_at FROM phase_board WHERE tickets > 0 ORDER BY phase"
BARE = "SELECT phase_id, count(*), min(phase_entered_at) FROM tickets GROUP BY phase_id ORDER BY phase_id"
WHOLE = "SELECT * FROM phase_board"

OPEN = 1000


def run(bench):
    """The row of P12."""
    count = bench.scaled(1_000_000)
    with bench.server.database("bench_p12") as database:
        workspaces.make(database, "ours", configured=True)
        workspaces.load_tickets(database, "ours", count)
        workspaces.load(database, "ours", f"""
            UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE id > lpad(to_hex({OPEN}), 32, '0')::uuid
        """)
        database.vacuum("ours.tickets", "ours.tasks", "ours.phase_gate_results")
        require_equal({sql: database.run(sql, "ours") for sql in (BOARD, BARE)})
        with database.connect("ours") as connection:
            sides = {name: lambda _, sql=sql: timed(connection, sql) for name, sql in (("ours", WHOLE), ("bare", BARE))}
            [found] = interleaved({"": sides}).values()
    what = f"phase_board, {count:,} tickets, {OPEN:,} of them open"
    return [Row("P12", what, "count and min by phase", found["ours"], found["bare"], at_most(1.5))]
