"""The demo's SQL runs, and shows what it says it shows."""

import os
import subprocess


def test_the_demo_drives_every_ticket_to_done(database):
    psql = os.path.join(os.environ["PHASEGATE_BINDIR"], "psql")
    run = subprocess.run(
        [psql, "-X", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "demo/demo.sql"],
        cwd=os.environ["PHASEGATE_ROOT"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout
    for expected in [
        "ERROR:  invalid phase transition",
        "ERROR:  phase gate not passed",
        "vera approved 24 reviews",
        "gate_not_passed",
        "stateDiagram-v2",
        "24 tickets done:",
    ]:
        assert expected in run.stdout
    # No error but the two that are meant to be seen.
    assert run.stdout.count("ERROR:") == 2


def test_an_error_that_did_not_occur_stops_the_demo(database):
    psql = os.path.join(os.environ["PHASEGATE_BINDIR"], "psql")
    for statement, passes in [("select 1;", False), ("select 1 / 0;", True), ("select nothing;", False)]:
        run = subprocess.run(
            [psql, "-X", "-v", "ON_ERROR_STOP=1", "-d", database],
            input=f"\\set expected 22012\n\\set ON_ERROR_STOP off\n{statement}\n\\set ON_ERROR_STOP on\n\\i demo/refused.sql\n",
            cwd=os.environ["PHASEGATE_ROOT"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        )
        assert (run.returncode == 0) == passes, run.stdout
