"""P13: moves over HTTP, on 8 connections that are kept open.

The baseline is what the service does for each, from as many connections to the database and by the same driver: BEGIN,
set_config, transition_ticket, COMMIT. The service also reads the ticket, which it answers. Both clients are service/examples/load.rs.
Client, service and server share the machine's processors.
"""

import contextlib
import os
import pathlib
import subprocess
import time
import urllib.parse

from . import workspaces
from .rounds import MANY_ROUNDS, Measured, Row, at_least, interleaved, require_equal
from .server import _stat

SERVICE = pathlib.Path(__file__).parents[2] / "service"
CLIENTS = 8
USER, SYSTEM = 11, 12
WRITTEN = "SELECT from_phase::text, to_phase::text, transition_reason, transitioned_by, count(*) FROM phase_history GROUP BY 1, 2, 3, 4 ORDER BY 1, 2"


def cpu(server):
    """Seconds of processor time of the server's processes, in hundredths."""
    ticks = 0
    for pid in server.backends():
        with contextlib.suppress(FileNotFoundError):
            stat = _stat(pid)
            ticks += int(stat[USER]) + int(stat[SYSTEM])
    return server.ended_cpu() + ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(program, url):
    """A running service; its address."""
    command = [program, "--log", "error", "serve", "--listen", "127.0.0.1:0", "--connections", str(CLIENTS)]
    with subprocess.Popen(command, env=os.environ | {"DATABASE_URL": url}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as service:
        try:
            yield service.stdout.readline().split("http://")[1].rstrip("/\n")
        finally:
            service.terminate()


def run(bench):
    """The row of P13."""
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "--bins", "--examples"], cwd=SERVICE, check=True,
                   env=os.environ | {"CARGO_TARGET_DIR": str(SERVICE / "target")}, stdin=subprocess.DEVNULL)
    built = SERVICE / "target/release"
    count = bench.scaled(4_000, CLIENTS * 10) // CLIENTS * CLIENTS
    env = bench.server.env
    with bench.server.database("bench_p13") as database:
        query = urllib.parse.urlencode({"host": env["PGHOST"], "port": env["PGPORT"], "user": env["PGUSER"]})
        url = f"postgresql:///{database.name}?{query}"
        for schema in ("ours", "bare"):
            workspaces.make(database, schema)
            workspaces.load_tickets(database, schema, count)
        with serving(built / "phasegate", url) as address:
            targets = {"ours": ("http", address), "bare": ("database", url)}

            def side(schema, phase):
                def move(_):
                    before = cpu(bench.server)
                    command = [built / "examples/load", *targets[schema], schema, phase, str(count), str(CLIENTS)]
                    took = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL).stdout
                    time.sleep(0.05)  # for the clients' processes of the server to end
                    return Measured(float(took) / count, (cpu(bench.server) - before) / count)
                return move

            def tidy():
                database.vacuum(*(f"{schema}.{table}" for schema in targets for table in ("tickets", "phase_history")))

            steps = {phase: {schema: side(schema, phase) for schema in targets} for phase in ("PHASE_TESTING", "PHASE_IMPLEMENTATION")}
            found = interleaved(steps, tidy, MANY_ROUNDS)["PHASE_TESTING"]
        require_equal({schema: database.run(WRITTEN, schema) for schema in targets})
    what = f"POST transition, {CLIENTS} connections kept open"
    return [Row("P13", what, "BEGIN, set_config, call, COMMIT by the same driver", found["ours"], found["bare"], at_least(0.5), True)]
