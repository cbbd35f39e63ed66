"""The conductors of docs/how-to/let-tickets-move-on.md that are no SQL of one session: the program, and pg_cron's job."""

import importlib.util
import os
import pathlib
import re
import subprocess
import threading
import time

import psycopg
import pytest

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
SPEC = importlib.util.spec_from_file_location("conductor", HERE / "conductor/conductor.py")
conductor = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conductor)
LONG = 120
READY = """
    INSERT INTO tickets (title, phase_id) SELECT 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 150) n;
    UPDATE tasks SET status = 'completed', assigned_agent_id = 'dino';
"""


def until_moved(connection):
    """Waits until all tickets have been moved on."""
    deadline = time.monotonic() + LONG
    while connection.execute("SELECT count(*) FROM shop.tickets WHERE phase_id = 'PHASE_DESIGN'").fetchone()[0]:
        assert time.monotonic() < deadline, "tickets that are ready are not advanced"
        time.sleep(0.1)


def test_the_program_advances_what_is_ready(workspace, monkeypatch):
    for name, value in workspace.items():
        monkeypatch.setenv(name, value)
    stop = threading.Event()
    with psycopg.connect(dbname=workspace["PGDATABASE"], user=os.environ["PGUSER"], autocommit=True, options="-c search_path=shop,phasegate") as owner:
        owner.execute(READY)
        owner.execute(f"GRANT UPDATE (phase_id) ON tickets TO {workspace['PGUSER']}")
        loops = [threading.Thread(target=conductor.conduct, args=(stop,), kwargs={"pause": 0.1}) for _ in range(3)]
        for loop in loops:
            loop.start()
        try:
            until_moved(owner)
        finally:
            stop.set()
            for loop in loops:
                loop.join(LONG)
        assert not any(loop.is_alive() for loop in loops)
        assert owner.execute("SELECT count(*), count(DISTINCT ticket_id) FROM phase_history WHERE transitioned_by = 'conductor'").fetchone() == (150, 150)


@pytest.fixture
def with_cron(make_cluster):
    """A server with pg_cron, or a skip with the reason."""
    libraries = subprocess.run([os.environ.get("PG_CONFIG") or "pg_config", "--pkglibdir"], check=True, capture_output=True, text=True).stdout
    library = pathlib.Path(libraries.strip()) / "pg_cron.so"
    if not library.exists():
        pytest.skip(f"pg_cron is not installed: there is no {library}")
    return make_cluster(**{"shared_preload_libraries": "pg_cron", "cron.database_name": "shop", "cron.use_background_workers": "on"})


def test_a_job_of_the_owner_advances_what_is_ready(with_cron):
    page = (ROOT / "docs/how-to/let-tickets-move-on.md").read_text("utf-8")
    install, schedule = re.findall(r"^```sql pg_cron\n(.*?)^```$", page, re.M | re.S)
    function = re.search(r"^```sql\n(CREATE FUNCTION shop\.advance.*?)^```$", page, re.M | re.S)[1]
    with with_cron.connect(autocommit=True) as connection:
        connection.execute("CREATE ROLE shop_owner LOGIN")
        connection.execute("CREATE DATABASE shop OWNER shop_owner")
    with with_cron.connect("shop", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute(install)
        connection.execute("SET ROLE shop_owner")
        connection.execute("SELECT phasegate.create_workspace('shop')")
        connection.execute("SET search_path = shop, phasegate")
        connection.execute(READY)
        connection.execute(function)
        # Other roles may not call it.
        connection.execute("RESET ROLE")
        assert not connection.execute("SELECT has_function_privilege('public', 'shop.advance()', 'EXECUTE')").fetchone()[0]
    with with_cron.connect("shop", autocommit=True) as connection:
        connection.execute("SET ROLE shop_owner")
        connection.execute(schedule)
        until_moved(connection)
        assert connection.execute("SELECT DISTINCT transitioned_by, db_role::text FROM shop.phase_history WHERE from_phase IS NOT NULL").fetchall() == [("pg_cron", "shop_owner")]
        connection.execute("SELECT cron.unschedule('advance')")
