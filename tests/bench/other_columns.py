"""P4: updating a column that is not the phase. The baseline is the same table without triggers.

For information, also against a table with one trigger BEFORE UPDATE that never fires. Where there is any, the server
locks each row before it updates it, which alone takes about an eighth longer.
"""

from . import workspaces
from .moves import NEXT
from .rounds import MOST_ROUNDS, Row, at_most, interleaved, require_equal
from .server import timed

ONE = f"{NEXT} UPDATE tickets SET description = 'Described anew, number ' || :k WHERE id = {workspaces.TICKET};"
ALL = "UPDATE tickets SET description = 'Described again'"

SCHEMAS = ("ours", "bare", "idle")
IDLE = """
    CREATE TRIGGER idle BEFORE UPDATE ON tickets FOR EACH ROW WHEN (false)
           EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""

WRITTEN = """
    SELECT count(*), count(DISTINCT description), min(description), max(description),
           count(*) FILTER (WHERE updated_at > created_at)
      FROM tickets
"""


def run(bench):
    """The rows of P4."""
    count = bench.scaled(100_000)
    updates = bench.scaled(10_000)
    with bench.server.database("bench_p4") as database:
        connections = {}
        for schema in SCHEMAS:
            workspaces.make(database, schema, bare=schema != "ours")
            workspaces.load_tickets(database, schema, count)
            connections[schema] = database.connect(schema)
        connections["idle"].execute(IDLE)

        def one(schema):
            variables = {"k": 0, "share": 0}
            return lambda _: database.pgbench(ONE, updates, workspaces.path(schema), variables=variables)

        def all_of_them(schema):
            return lambda _: timed(connections[schema], ALL)

        steps = {"one row": one, f"{count:,} rows in one statement": all_of_them}
        figures = interleaved(
            {name: {schema: step(schema) for schema in connections} for name, step in steps.items()},
            lambda: database.vacuum(*(f"{schema}.tickets" for schema in SCHEMAS)), MOST_ROUNDS)
        for connection in connections.values():
            connection.close()
        require_equal({schema: database.run(WRITTEN, schema) for schema in connections})
    rows = []
    for (name, found), most in zip(figures.items(), (1.15, 1.2)):
        what = f"UPDATE of another column, {name}"
        rows.append(Row("P4", what, "the table without triggers", found["ours"], found["bare"], at_most(most)))
        rows.append(Row("P4", what, "with a trigger that never fires", found["ours"], found["idle"]))
    return rows
