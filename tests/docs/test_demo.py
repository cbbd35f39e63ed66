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
        "vera approved 23 and rejected 1 reviews",
        "Refunds are missing",
        "vera approved 1 and rejected 0 reviews",
        "review_requested",
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


def test_the_shell_stays_as_it_was_left():
    root, environment = os.environ["PHASEGATE_ROOT"], os.environ | {"CLUSTER": f"shell-{os.getpid()}"}

    def shell(*statements):
        arguments = [argument for statement in statements for argument in ("-c", statement)]
        return subprocess.run([f"{root}/demo/shell.sh", "-X", "-At", *arguments], env=environment, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout

    try:
        assert shell("SELECT count(*) FROM tickets", "INSERT INTO tickets (title) VALUES ('one more')") == "24\nINSERT 0 1\n"
        assert shell("SELECT count(*) FROM tickets", "SELECT count(*) > 0 FROM task_queue") == "25\nt\n"
    finally:
        subprocess.run([f"{root}/pgrx-config/cluster.sh", "remove", environment["CLUSTER"]], check=True)
