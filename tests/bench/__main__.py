"""Runs the benchmarks: python -m bench [P1 P5 ...]. run.sh has built the extension and set the environment."""

import os
import pathlib
import platform
import signal
import subprocess
import sys
import time

from . import (
    adoption, alternatives, boards, bulk, claims, first_calls, gate_checks, history_sizes, moves, other_columns, plots, queue_sizes, report, served,
    summaries,
    whole_moves,
)
from .rounds import MANY_ROUNDS, MOST_ROUNDS, ROUNDS
from .server import SETTINGS, Server

WORKLOADS = {
    "P1": moves.run,
    "P2": whole_moves.run,
    "P3": bulk.run,
    "P4": other_columns.run,
    "P5": claims.run,
    "P5b": claims.run_many,
    "P6": queue_sizes.run,
    "P7": history_sizes.run,
    "P8": gate_checks.run,
    "P9": summaries.run,
    "P10": first_calls.run,
    "P11": adoption.run,
    "P12": boards.run,
    "P13": served.run,
    "A1": alternatives.moves,
    "A2": alternatives.queue,
}


class Bench:
    """What a workload needs: the server, and how large everything is to be."""

    def __init__(self, server, scale):
        self.server = server
        self.scale = scale
        # Cost against size, by the workload's name; see plots.draw.
        self.curves = {}

    def scaled(self, count, least=1000):
        """A number of rows or transactions at the run's scale."""
        return max(least, int(count * self.scale))


def say(text):
    """Progress, beside the result."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def conditions(server, scale):
    """What the figures depend on."""
    with server.connect() as connection:
        [version] = connection.execute("SELECT version()").fetchone()
    return {
        "Build": os.environ["BENCH_BUILD"],
        "Scale": f"{scale:g} (BENCH_SCALE)",
        "Rounds": f"{ROUNDS} (BENCH_ROUNDS), {MANY_ROUNDS} or {MOST_ROUNDS} where both sides are close; after one that does not count",
        "Server": version,
        "Settings": ", ".join(f"{name} = {value}" for name, value in SETTINGS.items()) + ", fsync = off",
        "Machine": f"{os.cpu_count()} processors, {platform.machine()}, Linux {platform.release()}",
        "Load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def write(output, rows, under, curves):
    """Writes what there is so far; gives the table."""
    for name, curve in curves.items():
        plots.draw(curve, output / f"{name}.svg")
    table = report.markdown(rows, under)
    (output / "results.md").write_text(table, "utf-8")
    (output / "results.json").write_text(report.as_json(rows, under, curves), "utf-8")
    return table


def main(names):
    """Runs the workloads named, or all, and reports."""
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        sys.exit(f"there is no workload {unknown[0]}; there are: {' '.join(WORKLOADS)}")
    output = pathlib.Path(os.environ["BENCH_OUTPUT"])
    output.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    scale = float(os.environ.get("BENCH_SCALE") or 1)
    say("starting a private server")
    server = Server(f"bench-{os.getpid()}")
    rows = []
    try:
        bench = Bench(server, scale)
        under = conditions(server, scale)
        for name in names or WORKLOADS:
            start = time.monotonic()
            say(name)
            rows += WORKLOADS[name](bench)
            table = write(output, rows, under, bench.curves)
            say(f"{name}: {time.monotonic() - start:.0f} s")
    finally:
        server.remove()
    print(table)
    say(f"written to {output}")


main(sys.argv[1:])
