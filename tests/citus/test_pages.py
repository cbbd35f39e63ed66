"""The page's commands do what stands there."""

import os
import pathlib
import re
import subprocess

import psycopg

from fleet import DATABASE, program, refusal
from pooler import pooler

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])


def test_the_page(fleet, tmp_path):
    page = (ROOT / "docs/how-to/citus.md").read_text("utf-8")
    make, casts, entries, move = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    place = f"host=127.0.0.1 port={fleet.nodes[0].env()['PGPORT']} dbname={DATABASE} user=postgres"
    env = os.environ | {"COORDINATOR": place, "PATH": f"{os.environ['PHASEGATE_BINDIR']}:{os.environ['PATH']}"}

    def run(block, **variables):
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], env=env | variables, check=True, stdin=subprocess.DEVNULL)

    run(make)
    run(casts)
    with pooler("") as (port, file):
        bouncer = {"ENTRIES": str(file), "POOLER": f"host=127.0.0.1 port={port} dbname=pgbouncer user=postgres"}
        run(entries, **bouncer)

        def connect():
            return psycopg.connect(host="127.0.0.1", port=port, dbname="acme", user="postgres", autocommit=True, prepare_threshold=None)

        with connect() as client:
            client.execute("INSERT INTO tickets (title) SELECT 't' || n FROM generate_series(1, 5) n")
            # As a driver binds it.
            client.execute("UPDATE tickets SET phase_id = %s::text", ["PHASE_REQUIREMENTS"])
            assert client.execute("SELECT count(*) FROM claim_tasks('ada', 3, '{analysis}')").fetchone() == (3,)
            assert client.execute("SELECT sum(violations) FROM check_workspace()").fetchone() == (0,)
        target = fleet.node_of("acme") % 3 + 1
        run(move, HOST="127.0.0.1", PORT=fleet.nodes[target].env()["PGPORT"])
        assert fleet.node_of("acme") == target
        with connect() as client:
            assert refusal(client.execute, "SELECT claim_task('ada', '{analysis}')") == "workspace_elsewhere"
            run(entries, **bouncer)
            # Sessions of the former node are closed once they are given back.
            assert client.execute("SELECT count(*) FROM claim_tasks('ada', 3, '{analysis}')").fetchone() == (2,)
            assert client.execute("SELECT sum(violations) FROM check_workspace()").fetchone() == (0,)

    dump = tmp_path / "acme.sql"
    assert program("pg_dump", fleet.nodes[0], DATABASE, "--schema=acme", "--file", str(dump)) == ""
    with fleet.nodes[0].connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    with fleet.nodes[0].connect("restored", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        assert program("psql", fleet.nodes[0], "restored", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", str(dump)) == ""
        connection.execute("SELECT phasegate.create_workspace('acme')")
        assert connection.execute("SELECT count(*) FROM acme.phase_history").fetchone() == (10,)
        assert connection.execute("SELECT sum(violations) FROM phasegate.check_workspace('acme')").fetchone() == (0,)
