"""P6: what a claim costs where the queue's table is long, against a table of 1,000 pending tasks.

Each claim is rolled back, so that all of a round meet the same queue; the time is that of the claim alone. No
VACUUM comes between rounds: it would leave the indexes of the large tables alone, and clean those of the small one.
"""

from . import workspaces
from .claims import load_tasks
from .rounds import MOST_ROUNDS, ROUNDS, Row, at_most, interleaved, require_equal

BASE = 1000
SIZES = (10_000, 100_000, 1_000_000)

CLAIM = "SELECT * FROM claim_task('ada', '{implementation}')"
SCRIPT = f"BEGIN;\n{CLAIM};\nROLLBACK;\n"

# What stands in the table besides the 1,000 tasks that can be claimed.
STATES = {
    "pending": {},
    "completed": {"status": "'completed'", "assigned_agent_id": "'bob'", "attempts": "1", "completed_at": "now()",
                  "result": """'{"summary": "Done."}'::jsonb"""},
    "blocked": {"pending_dependencies": "1",
                "dependencies": """('{"depends_on": ["' || lpad(to_hex(n), 32, '0')::uuid || '"]}')::jsonb"""},
    "held": {"on_hold": "true"},
}
# Instead of them: tasks for others, and ten for this agent, the first of them after a tenth of the others.
UNFIT = "unfit"

NAMES = {
    "pending": "pending",
    "completed": "completed",
    "blocked": "blocked by dependencies",
    "held": "on hold",
    UNFIT: "pending for others, 10 for this agent",
}

CLAIMABLE = """
    SELECT count(*), count(DISTINCT id), min(attempts) FROM tasks WHERE status = 'pending' AND pending_dependencies = 0 AND NOT on_hold
"""


def fill(database, state, size):
    """Makes the table anew, as large as asked for."""
    workspaces.load(database, state, "TRUNCATE tasks;")
    with workspaces.without_indexes(database, state, "tasks"):
        if state == UNFIT:
            tenth = max(size // 10, 1)
            capability = f"CASE WHEN n % {tenth} = {tenth - 1} THEN 'implementation' ELSE 'design' END"
            load_tasks(database, state, size, priority="'MEDIUM'", required_capabilities=f"jsonb_build_array({capability})")
        else:
            load_tasks(database, state, BASE)
            if size:
                # Older than those that can be claimed: in an index of all tasks they would stand first.
                older = "now() - interval '9 days' + n * interval '1 ms'"
                load_tasks(database, state, size, created_at=older, **STATES[state])
    database.vacuum(f"{state}.tasks")


def run(bench):
    """The rows of P6."""
    sizes = [bench.scaled(size, 10) for size in SIZES]
    rows, curves = [], {state: [] for state in NAMES}
    with bench.server.database("bench_p6") as database:
        for schema in ("base", *NAMES):
            workspaces.make(database, schema)
            workspaces.load_tickets(database, schema, 1 + max(BASE, *sizes) // 10)
        workspaces.load(database, "base", "TRUNCATE tasks;")
        load_tasks(database, "base", BASE)
        database.vacuum("base.tasks")

        def side(schema, claims):
            return lambda _: database.pgbench(SCRIPT, claims, workspaces.path(schema), command=CLAIM)

        for size in sizes:
            for state in NAMES:
                fill(database, state, size)
            before = {schema: database.run(CLAIMABLE, schema) for schema in ("base", *NAMES)}
            sides = {schema: side(schema, 30 if schema == UNFIT else 1500) for schema in before}
            [found] = interleaved({"": sides}, rounds=MOST_ROUNDS if size == sizes[-1] else ROUNDS).values()
            for schema, claimable in before.items():
                require_equal({"before": claimable, "after": database.run(CLAIMABLE, schema)})
            if not curves["pending"]:
                for state in STATES:
                    curves[state].append((0, found["base"]))
            for state in NAMES:
                curves[state].append((size, found[state]))
        for state, name in NAMES.items():
            target = None if state == UNFIT else at_most(1.2)
            what = f"claim_task, {size:,} {name}"
            rows.append(Row("P6", what, f"with {BASE:,} pending", found[state], found["base"], target))
    bench.curves["P6"] = {
        "title": "A claim, by what stands in the queue's table",
        "x": "tasks, besides 1,000 that can be claimed", "y": "time of claim_task",
        "lines": {NAMES[state]: points for state, points in curves.items()},
    }
    return rows
