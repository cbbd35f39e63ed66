"""What the pages for operators say: the shell commands of the one on backups, and what a ticket costs."""

import os
import pathlib
import re
import subprocess
import sys

import psycopg

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])


def content(connection):
    """All rows of the workspace, and how its triggers are enabled."""
    tables = [row[0] for row in connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' ORDER BY 1")]
    rows = {table: sorted(connection.execute(f"SELECT t::text FROM {table} t").fetchall()) for table in tables}
    triggers = connection.execute("SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2").fetchall()
    return rows, triggers


def test_dump_and_restore_as_the_page_says(make_cluster, tmp_path):
    section = (ROOT / "docs/how-to/back-up-and-restore.md").read_text("utf-8").split("\n## Dump and restore\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    assert len(blocks) == 3
    cluster = make_cluster()
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE app")
    with cluster.connect("app", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("SELECT phasegate.create_workspace('acme')")
        connection.execute("INSERT INTO acme.tickets (title) SELECT 't' || n FROM generate_series(1, 5) n")
        connection.execute("UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title > 't2'")
        connection.execute("DELETE FROM acme.phase_transitions WHERE to_phase = 'PHASE_DONE'")
        expected = content(connection)
    env = {**os.environ, **cluster.env()}
    env["PATH"] = f"{env['PHASEGATE_BINDIR']}:{env['PATH']}"
    for block, database in zip(blocks, ["copy", "other", "third"]):
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=env, check=True, stdin=subprocess.DEVNULL)
        with cluster.connect(database, autocommit=True) as connection:
            assert content(connection) == expected
            assert connection.execute("SELECT sum(violations) FROM phasegate.check_workspace('acme')").fetchone()[0] == 0
            connection.execute("UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS'::varchar WHERE title = 't1'")
            assert connection.execute("SELECT count(*) FROM acme.phase_history").fetchone()[0] == 9


def test_what_a_ticket_costs(database):
    """Within a tenth of what the page says, and what it makes that these are fewer tickets."""
    printed = subprocess.run([f"{os.environ['PHASEGATE_BINDIR']}/psql", "-X", "-q", "-A", "-t", "-v", "hundreds=3", "-f", "tests/docs/ticket_size.sql", database],
                             cwd=ROOT, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    measured = {table: list(map(int, sizes[:4])) for table, *sizes in (line.split("|") for line in printed.splitlines())}
    page = (ROOT / "docs/operations.md").read_text("utf-8").split("\n## What a ticket costs\n")[1].split("\n## ")[0]
    said = {table: [int(size.replace(",", "")) for size in sizes]
            for table, *sizes in re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", page, re.M)}
    said["all"] = [sum(sizes) for sizes in zip(*said.values())]
    kilobytes = int(re.search(r"takes (\d+) kB on disk", page)[1]), int(re.search(r"takes (\d+) kB and one entry", page)[1])
    assert abs(said["all"][3] - 1000 * kilobytes[0]) <= 500 and len(said) == 7
    archive = measured.pop("ticket_archive")
    assert abs(archive[3] - 1000 * kilobytes[1]) <= 2500
    assert measured.keys() == said.keys()
    for table, sizes in said.items():
        assert abs(sizes[3] - measured[table][3]) <= 0.1 * sizes[3] + 700, (table, sizes, measured[table])


def test_locks_of_operations_are_those_of_the_page(database, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests"), *sys.path])
    from bench import numbers

    def connect(search_path="public"):
        return psycopg.connect(dbname=database, options=f"-c search_path={search_path}", autocommit=True)

    page = (ROOT / "docs/operations.md").read_text("utf-8").split("\n## What each operation locks\n")[1].split("\n## ")[0]
    said = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")][2:]
    assert said == list(numbers.locked(connect))
