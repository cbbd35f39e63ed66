"""A1, A2: what one would use instead, each by the interface it has, from one Python client with one connection.

A1 moves a ticket over an edge without gate: against a state machine library in the application (transitions), which
loads the ticket FOR UPDATE, asks the machine, and writes the ticket and its history, in a transaction.
A2 takes a task from a queue of many and completes it: against a task queue for PostgreSQL (Procrastinate), by the
functions that its worker calls. It keeps its own tables and its own record of events; what is compared is what a worker
can do in a second, not the same writes.

There is no target: they do different things.
"""

import pathlib
import time

import procrastinate.schema
import transitions

from . import workspaces
from .rounds import ROUNDS, Measured, Row, interleaved, require_equal

AHEAD, BACK = ("PHASE_IMPLEMENTATION", "PHASE_TESTING"), ("PHASE_TESTING", "PHASE_IMPLEMENTATION")
LIBRARY = "transitions (state machine library), 5 round trips"
QUEUE = "Procrastinate (task queue), 2 round trips"


def measured(connection, items, work):
    """What the work takes for each of the items: of time, and of the connection's server process."""
    schedstat = pathlib.Path(f"/proc/{connection.info.backend_pid}/schedstat")

    def cpu():
        return int(schedstat.read_text().split()[0]) / 1e9

    cpu_before, start = cpu(), time.perf_counter()
    for item in items:
        work(item)
    return Measured((time.perf_counter() - start) / len(items), (cpu() - cpu_before) / len(items))


class Moves:
    """Moves tickets of a schema without phasegate, the way an application with a state machine does."""

    class Ticket:
        """The machine's model."""

    def __init__(self, connection):
        self.connection = connection
        phases = connection.execute("SELECT unnest(enum_range(NULL::phase))::text").fetchall()
        edges = connection.execute("SELECT 'to_' || to_phase, from_phase::text, to_phase::text FROM phase_transitions").fetchall()
        self.machine = transitions.Machine(
            model=None, states=[phase for [phase] in phases], initial="PHASE_BACKLOG", auto_transitions=False,
            transitions=[list(edge) for edge in edges])

    def move(self, ticket, target):
        """Moves one ticket, or raises transitions.MachineError."""
        with self.connection.transaction():
            [phase] = self.connection.execute("SELECT phase_id::text FROM tickets WHERE id = %s FOR UPDATE", [ticket]).fetchone()
            model = self.Ticket()
            self.machine.add_model(model, initial=phase)
            model.trigger(f"to_{target}")
            self.machine.remove_model(model)
            self.connection.execute(
                """UPDATE tickets SET phase_id = %s, previous_phase_id = phase_id, phase_entered_at = now(), updated_at = now()
                    WHERE id = %s""", [model.state, ticket])
            self.connection.execute(
                """INSERT INTO phase_history (ticket_id, from_phase, to_phase, transition_reason, transitioned_by, db_role)
                   VALUES (%s, %s, %s, 'benchmark', 'bench', session_user)""", [ticket, phase, model.state])


def moves(bench):
    """The row of A1."""
    count = bench.scaled(4_000)
    with bench.server.database("bench_a1") as database:
        connections = {}
        for schema in ("ours", "library"):
            workspaces.make(database, schema, bare=schema != "ours")
            workspaces.load_tickets(database, schema, count)
            connections[schema] = database.connect(workspaces.path(schema))
        tickets = [id for [id] in database.run("SELECT id FROM ours.tickets ORDER BY id")]
        library = Moves(connections["library"])

        def ours(target):
            return measured(connections["ours"], tickets, lambda ticket: connections["ours"].execute(
                "SELECT transition_ticket(%s, %s, 'benchmark', 'bench')", [ticket, target]))

        figures = interleaved({
            target: {"ours": lambda _, target=target: ours(target),
                     "library": lambda _, target=target: measured(
                         library.connection, tickets, lambda ticket: library.move(ticket, target))}
            for _, target in (AHEAD, BACK)})
        for connection in connections.values():
            connection.close()
        require_equal({schema: database.run("SELECT from_phase::text, to_phase::text, count(*) FROM phase_history GROUP BY 1, 2 ORDER BY 1, 2", schema)
                       for schema in connections})
    found = figures[AHEAD[1]]
    return [Row("A1", "transition_ticket from Python, 1 round trip", LIBRARY, found["ours"], found["library"], None, True)]


def queue(bench):
    """The row of A2."""
    pending = bench.scaled(100_000)
    each = min(4_000, pending // (ROUNDS + 2))
    with bench.server.database("bench_a2") as database:
        workspaces.make(database, "ours")
        workspaces.load_tickets(database, "ours", 1 + pending // 10)
        workspaces.load(database, "ours", f"""
            INSERT INTO tasks (ticket_id, phase_id, task_type, description, priority, required_capabilities, created_at)
            SELECT lpad(to_hex(1 + n / 10), 32, '0')::uuid, 'PHASE_IMPLEMENTATION', 'work', 'Part ' || n,
                   (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + n % 4], '["implementation"]', now() - interval '1 day' + n * interval '1 ms'
              FROM generate_series(0, {pending} - 1) n
        """)
        database.run("CREATE SCHEMA queue")
        with database.connect("queue") as connection:
            connection.execute(procrastinate.schema.SchemaManager.get_schema())
            # As a worker is known to it.
            [worker] = connection.execute("SELECT worker_id FROM procrastinate_register_worker_v1()").fetchone()
        workspaces.load(database, "queue", f"""
            INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)
            SELECT 'implementation', 'work', n % 4, jsonb_build_object('part', n) FROM generate_series(0, {pending} - 1) n
        """)
        database.vacuum("ours.tasks", "queue.procrastinate_jobs")
        agent, other = database.connect(workspaces.path("ours")), database.connect("queue")

        def ours(_):
            [task, attempt] = agent.execute("SELECT id, attempt FROM claim_task('ada', '{implementation}')").fetchone()
            agent.execute("SELECT complete_task(%s, 'ada', '{\"summary\": \"Done.\"}', %s)", [task, attempt])

        def theirs(_):
            [job] = other.execute("SELECT id FROM procrastinate_fetch_job_v2(%s, %s)", [["implementation"], worker]).fetchone()
            other.execute("SELECT procrastinate_finish_job_v1(%s, 'succeeded', false)", [job])

        [found] = interleaved({"": {
            "ours": lambda _: measured(agent, range(each), ours),
            "queue": lambda _: measured(other, range(each), theirs),
        }}).values()
        agent.close()
        other.close()
        require_equal({
            "ours": database.run("SELECT count(*) FROM tasks WHERE status = 'completed'", "ours"),
            "queue": database.run("SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'", "queue"),
        })
    return [Row("A2", "claim_task and complete_task from Python", QUEUE, found["ours"], found["queue"], None, True)]
