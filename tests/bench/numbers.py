"""What things cost, in figures that are no ratios: python -m bench.numbers. run.sh has built the extension.

Bytes a ticket, a move and a task; the locks that each operation takes; what views, checks and calls take at a million tickets.
docs/operations.md shows the tables. Times are of one machine; they tell what grows and what does not.
"""

import os
import pathlib
import statistics
import subprocess
import sys

from . import workspaces
from .server import Server, timed

ROOT = pathlib.Path(__file__).parents[2]
TICKETS = 1_000_000
OPEN = 1000
MOVES = 7
ROUNDS = 5

TICKET = "(SELECT id FROM tickets WHERE title = 'a')"
TASK = "(SELECT id FROM tasks WHERE assigned_agent_id = 'a')"
# Tickets that wait, one that is done, and a task that is held.
SETUP = """
    INSERT INTO tickets (title) VALUES ('a'), ('b'), ('done');
    SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') FROM tickets;
    SELECT force_transition_ticket(id, 'PHASE_DONE', 'done') FROM tickets WHERE title = 'done';
    SELECT claim_task('a', '{analysis,documentation}');
"""
OPERATIONS = {
    "`INSERT` of a ticket": "INSERT INTO tickets (title) VALUES ('c')",
    "a move, by `UPDATE` or a function": f"SELECT block_ticket({TICKET}, 'waits')",
    "`UPDATE` of another column of a ticket": "UPDATE tickets SET title = 'd' WHERE title = 'a'",
    "`DELETE` of a ticket": "DELETE FROM tickets WHERE title = 'a'",
    "`archive_tickets`": "SELECT archive_tickets('infinity')",
    "`can_transition_ticket`, `gate_status`": f"SELECT can_transition_ticket({TICKET}, 'PHASE_DESIGN'), gate_status({TICKET})",
    "`validate_gate`": f"SELECT validate_gate({TICKET})",
    "`request_review`": f"SELECT request_review({TICKET})",
    "`add_artifact`": f"SELECT add_artifact({TICKET}, 'note', 'a path')",
    "`claim_task`": "SELECT claim_task('b', '{analysis,documentation}')",
    "`heartbeat_task`": f"SELECT heartbeat_task({TASK}, 'a')",
    "`complete_task`": f"""SELECT complete_task({TASK}, 'a', '{{"summary": "s"}}')""",
    "`complete_task` with artifacts":
        f"""SELECT complete_task({TASK}, 'a', '{{"summary": "s", "artifacts": [{{"type": "note", "path": "p"}}]}}')""",
    "`fail_task`": f"SELECT fail_task({TASK}, 'a', 'why')",
    "`phase_board`, `task_queue`": "SELECT * FROM phase_board, task_queue",
    "`check_workspace`": "SELECT * FROM check_workspace()",
    "a change of an edge, gate or template": "UPDATE phase_transitions SET requires_gate = false",
    "`grant_access`": "SELECT grant_access('small', 'pg_monitor', 'reader')",
    "`create_workspace` of one that is complete": "SELECT create_workspace('small')",
    "`detach_workspace`": "SELECT detach_workspace('small')",
}
LOCKS = """
    SELECT c.relname, l.mode
      FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.pid = %s AND l.locktype = 'relation' AND c.relkind = 'r' AND c.relnamespace = 'small'::regnamespace
"""
# From the weakest to the strongest.
MODES = ["AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock",
         "AccessExclusiveLock"]

ONE = "lpad('1', 32, '0')::uuid"
READS = {
    "`phase_board`": "SELECT * FROM phase_board",
    "`phase_metrics`, what the exporter reads": "SELECT * FROM phase_metrics",
    "`overdue_tickets`": "SELECT * FROM overdue_tickets",
    "`task_queue`": "SELECT * FROM task_queue",
    "`phase_durations` of one ticket": f"SELECT * FROM phase_durations WHERE ticket_id = {ONE}",
    "`phase_durations`, the mean of each phase": "SELECT phase, avg(duration) FROM phase_durations GROUP BY phase",
    "`phasegate.workspaces`": "SELECT * FROM phasegate.workspaces",
    "`check_workspace`": "SELECT * FROM check_workspace()",
    "`get_phase_history` of one ticket": f"SELECT * FROM get_phase_history({ONE})",
    "`can_transition_ticket`": f"SELECT can_transition_ticket({ONE}, 'PHASE_TESTING')",
    "`gate_status`": f"SELECT gate_status({ONE})",
    "`advance_tickets`, none ready": "SELECT * FROM advance_tickets()",
    "`release_expired_tasks`, none expired": "SELECT release_expired_tasks()",
    "`archive_tickets` of 1,000": "SELECT archive_tickets('infinity', 1000)",
}


def table(headings, rows):
    """As Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def sizes(server):
    """Bytes a ticket by table, and of single rows."""
    with server.database("numbers_sizes") as database:
        run = subprocess.run(
            [os.path.join(server.env["PHASEGATE_BINDIR"], "psql"), "-X", "-q", "-A", "-t", "-v", "hundreds=3", "-f", "tests/docs/ticket_size.sql",
             database.name],
            cwd=ROOT, env={**os.environ, **server.env}, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    found = [line.split("|") for line in run.stdout.splitlines() if line.count("|") == 5]
    return table(["", "Rows", "TOAST", "Indexes", "A ticket", "A row"], [[name, *(figure and f"{float(figure):,.0f}" for figure in figures)] for name, *figures in found])


def locks(server):
    """The strongest lock on each table that an operation takes."""
    with server.database("numbers_locks") as database:
        return table(["", "Reads", "Locks rows of", "Writes", "Keeps others from"], locked(database.connect))


def locked(connect):
    """The rows of that table, by connections to a database with the extension."""
    with connect() as owner, connect() as other:
        owner.execute("SELECT phasegate.create_workspace('small')")
        with connect(workspaces.path("small")) as session:
            session.execute(SETUP)
            for name, sql in OPERATIONS.items():
                # Twice: what a session reads at its first call it does not read again.
                for _ in range(2):
                    session.execute("BEGIN")
                    session.execute(sql)
                    taken = other.execute(LOCKS, [session.info.backend_pid]).fetchall()
                    session.execute("ROLLBACK")
                yield [name, *by_mode(taken)]


def by_mode(taken):
    """The tables by what is done to them; of several locks on one the strongest."""
    strongest = {}
    for name, mode in taken:
        strongest[name] = max(strongest.get(name, 0), MODES.index(mode))
    for modes in (range(0, 1), range(1, 2), range(2, 3)):
        yield ", ".join(sorted(f"`{name}`" for name, mode in strongest.items() if mode in modes))
    rest = {mode: sorted(name for name in strongest if strongest[name] == mode) for mode in range(3, len(MODES))}
    shown = ["all of the workspace's" if len(names) > 8 else ", ".join(f"`{name}`" for name in names) for names in rest.values()]
    yield "; ".join(f"{names} (`{MODES[mode]}`)" for mode, names in zip(rest, shown) if names)


def times(server):
    """What reads and calls take at a million tickets."""
    with server.database("numbers_times") as database:
        workspaces.make(database, "ours", configured=True)
        with workspaces.without_indexes(database, "ours", "phase_history"), workspaces.without_indexes(database, "ours", "tasks"):
            workspaces.load_tickets(database, "ours", TICKETS)
            workspaces.load(database, "ours", f"""
                UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE id > lpad(to_hex({OPEN}), 32, '0')::uuid;
                INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at, transitioned_by)
                SELECT t.id, p.label, lead(p.label, 1, 'PHASE_DONE') OVER (PARTITION BY t.id ORDER BY p.label),
                       t.phase_entered_at - interval '1 hour' * p.place, 'bench'
                  FROM tickets t, unnest(enum_range('PHASE_BACKLOG'::phase, 'PHASE_DEPLOYMENT'::phase)) WITH ORDINALITY p (label, place);
                INSERT INTO tasks (ticket_id, phase_id, task_type, status, completed_at)
                SELECT id, 'PHASE_IMPLEMENTATION', 'implement_feature', CASE WHEN phase_id = 'PHASE_DONE' THEN 'completed' ELSE 'pending' END,
                       CASE WHEN phase_id = 'PHASE_DONE' THEN now() END
                  FROM tickets;
            """)
        database.vacuum("ours.tickets", "ours.tasks", "ours.phase_history", "ours.phase_gate_results")
        lines = []
        with database.connect(workspaces.path("ours")) as session:
            for name, sql in READS.items():
                figures = [timed(session, sql).time for _ in range(ROUNDS + 1)][1:]
                lines.append([name, f"{statistics.median(figures) * 1000:,.1f} ms"])
    return table(["", "Time"], lines)


def main():
    """All three tables, on a server of its own."""
    server = Server(f"numbers-{os.getpid()}")
    parts = {"Bytes": sizes, "Locks": locks, f"Times, {TICKETS:,} tickets": times}
    try:
        text = "\n\n".join(f"## {name}\n\n{part(server)}" for name, part in parts.items())
    finally:
        server.remove()
    output = pathlib.Path(os.environ["BENCH_OUTPUT"])
    output.mkdir(parents=True, exist_ok=True)
    (output / "numbers.md").write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    sys.exit(main())
