"""The database behind the paths: pooled, restarted, away, full, read-only, slow; and the service killed."""

import collections
import concurrent.futures
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import httpx
import psycopg
import pytest
from pooler import bouncer
from serving import Service, make_workspace, program, serving, until, url


def make(cluster, gates=False):
    """A database `app` with a workspace, on a server of the test's own."""
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE app")
    with cluster.connect(dbname="app", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("SELECT phasegate.create_workspace('shop')")
        if not gates:
            connection.execute("UPDATE shop.phase_transitions SET requires_gate = false")
            connection.execute("UPDATE shop.task_templates SET is_active = false")


def url_of(cluster, **parts):
    env = cluster.env()
    return url("app", **{"host": env["PGHOST"], "port": env["PGPORT"], "user": env["PGUSER"]} | parts)


# --- a pooler ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pooled(database):
    """The database's URL behind PgBouncer in transaction mode, with two sessions for everybody."""
    host = os.environ["PHASEGATE_TCP_HOST"]
    with bouncer(f"* = host={host} port={os.environ['PGPORT']}", os.environ["PGUSER"], host, "default_pool_size = 2") as port:
        yield url(database, host=host, port=port)


def test_it_works_behind_a_pooler_in_transaction_mode(database, pooled):
    make_workspace(database, gates=False)
    make_workspace(database, "outlet", gates=False)
    with serving(pooled, "--connections", 8) as service:
        def walk(n):
            headers = {"X-Workspace": ("shop", "outlet")[n % 2]}
            one = service.post("/tickets", {"title": f"Ticket {n}"}, 201, headers=headers)["id"]
            for phase in ("PHASE_REQUIREMENTS", "PHASE_DESIGN", "PHASE_IMPLEMENTATION"):
                service.post(f"/tickets/{one}/transition", {"to_phase": phase}, headers=headers)
            service.post(f"/tickets/{one}/artifacts", {"artifact_type": "x", "content": {"n": n}}, 201, headers=headers)
            for path in (f"/tickets/{one}", f"/tickets/{one}/phase-history", f"/tickets/{one}/context", "/board", "/tasks", "/task-templates"):
                service.get(path, headers=headers)
            service.refused("POST", f"/tickets/{one}/transition", 409, "invalid_transition", json={"to_phase": "PHASE_DONE"}, headers=headers)
            return one
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            made = list(pool.map(walk, range(40)))
        # Nothing of one transaction was left for the next: neither its workspace nor anything else.
        for n, one in enumerate(made):
            there, elsewhere = ("shop", "outlet")[n % 2], ("outlet", "shop")[n % 2]
            assert len(service.get(f"/tickets/{one}/phase-history", headers={"X-Workspace": there})) == 4
            service.refused("GET", f"/tickets/{one}", 404, "ticket_not_found", headers={"X-Workspace": elsewhere})


# --- restarted, away -----------------------------------------------------------------------------------------------------


def test_restarted_database_is_found_again(make_cluster):
    cluster = make_cluster(fsync="off")
    make(cluster)
    host = cluster.env()
    with serving(url_of(cluster), "--connections", 4, "--pool-timeout", "20s") as service:
        one = service.post("/tickets", {"title": "x"}, 201)["id"]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # as many connections as it may have
            list(pool.map(lambda _: service.get("/board"), range(16)))
        cluster.run("restart")
        if cluster.env() == host:
            # Not one request is lost to the connections that the restart closed.
            assert service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})["phase_id"] == "PHASE_REQUIREMENTS"
            assert service.get(f"/tickets/{one}")["phase_id"] == "PHASE_REQUIREMENTS"
        cluster.stop()
        for method, path, body in [("GET", "/tickets", None), ("POST", f"/tickets/{one}/transition", {"to_phase": "PHASE_DESIGN"}), ("GET", "/ready", None)]:
            answer = service.client.request(method, f"/api/v1{path}", json=body)
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "database_away", "1")
        assert service.get("/health")["status"] == "ok"


def test_it_starts_while_the_database_is_away(make_cluster):
    cluster = make_cluster(fsync="off")
    make(cluster)
    target = url_of(cluster)
    env = cluster.env()
    cluster.stop()
    with serving(target) as service:
        service.refused("GET", "/tickets", 503, "database_away")
        cluster.run("start")
        cluster.known_env = None
        if cluster.env() == env:
            assert service.get("/tickets") == []


def test_answer_of_a_lost_connection_says_that_it_is_not_known(make_cluster):
    cluster = make_cluster(fsync="off")
    make(cluster)
    with cluster.connect(dbname="app", autocommit=True) as owner:
        one = str(owner.execute("INSERT INTO shop.tickets (title) VALUES ('x') RETURNING id").fetchone()[0])
        with serving(url_of(cluster)) as service:
            with contextlib.closing(cluster.connect(dbname="app")) as holder, concurrent.futures.ThreadPoolExecutor(1) as pool:
                holder.execute("SELECT FROM shop.tickets FOR UPDATE")
                moving = pool.submit(service.client.post, f"/api/v1/tickets/{one}/transition", json={"to_phase": "PHASE_REQUIREMENTS"})
                waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'transition_ticket'"
                (pid,) = until(lambda: owner.execute(waiting).fetchone(), "the move to wait")
                os.kill(pid, signal.SIGKILL)
                answer = moving.result()
            assert answer.status_code == 503 and answer.json()["code"] in ("outcome_unknown", "database_away")
            assert answer.headers["retry-after"]
    until(lambda: phase(cluster, one) == "PHASE_BACKLOG", "the server to come back")


def phase(cluster, ticket):
    try:
        with cluster.connect(dbname="app", autocommit=True) as owner:
            return owner.execute("SELECT phase_id::text FROM shop.tickets WHERE id = %s", [ticket]).fetchone()[0]
    except psycopg.OperationalError:
        return None


def test_standby_serves_reads(make_cluster):
    cluster = make_cluster(fsync="off")
    make(cluster)
    with cluster.connect(dbname="app", autocommit=True) as owner:
        one = str(owner.execute("INSERT INTO shop.tickets (title) VALUES ('x') RETURNING id").fetchone()[0])
        standby = make_cluster(primary=cluster)
        place = owner.execute("SELECT pg_current_wal_lsn()").fetchone()[0]
        with standby.connect(dbname="app", autocommit=True) as connection:
            until(lambda: connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [place]).fetchone()[0], "the standby")
    with serving(url_of(standby)) as service:
        for path in ("/tickets", f"/tickets/{one}", f"/tickets/{one}/phase-history", f"/tickets/{one}/gate-status", f"/tickets/{one}/context",
                     f"/tickets/{one}/context-summary", f"/tickets/{one}/transitions", "/board", "/diagram", "/task-templates", "/tasks", "/reviews", "/ready"):
            assert service.client.get(f"/api/v1{path}").status_code == 200, path
        for path, body in [("/tickets", {"title": "x"}), (f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})]:
            problem = service.refused("POST", path, 503, "read_only", json=body)
            assert problem["sqlstate"] == "25006"


# --- slow, busy, full ------------------------------------------------------------------------------------------------------


def test_slow_statement_is_given_up(database):
    make_workspace(database, gates=False)
    with psycopg.connect(dbname=database) as holder, serving(url(database), "--statement-timeout", "3s") as service:
        one = service.post("/tickets", {"title": "x"}, 201)["id"]
        holder.execute("SELECT FROM shop.tickets FOR UPDATE")
        problem = service.refused("POST", f"/tickets/{one}/transition", 504, "statement_timeout", json={"to_phase": "PHASE_REQUIREMENTS"})
        assert problem["sqlstate"] == "57014"
        holder.rollback()
        assert len(service.get(f"/tickets/{one}/phase-history")) == 1
        assert service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})


def test_busy_pool_says_when_to_come_again(database):
    make_workspace(database, gates=False)
    with psycopg.connect(dbname=database) as holder, serving(url(database), "--connections", 1, "--pool-timeout", "3s") as service:
        one = service.post("/tickets", {"title": "x"}, 201)["id"]
        holder.execute("SELECT FROM shop.tickets FOR UPDATE")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            moving = pool.submit(service.post, f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})
            waits = "SELECT FROM pg_locks WHERE NOT granted"
            with psycopg.connect(dbname=database, autocommit=True) as watcher:
                until(lambda: watcher.execute(waits).fetchone() is not None, "the move to wait")
            answer = service.client.get("/api/v1/board")
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "1")
            holder.rollback()
            assert moving.result()["phase_id"] == "PHASE_REQUIREMENTS"


def test_server_without_connections_left_is_503(make_cluster):
    cluster = make_cluster(fsync="off", max_connections=5, superuser_reserved_connections=1, max_wal_senders=0)
    make(cluster)
    with cluster.connect(dbname="app", autocommit=True) as owner:
        owner.execute("CREATE ROLE app LOGIN")
        owner.execute("GRANT pg_read_all_data TO app")
        others = [cluster.connect(dbname="app") for _ in range(3)]
        with serving(url_of(cluster, user="app")) as service:
            service.refused("GET", "/tickets", 503, "database_away")
            others[0].close()
            until(lambda: service.client.get("/api/v1/tickets").status_code == 200, "a connection")
        for other in others:
            other.close()


@pytest.fixture
def small_disk():
    """A directory of the server's on a file system of its own, of 64 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    with tempfile.TemporaryDirectory(prefix="phasegate-small.") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(mounted.stderr)
        try:
            shutil.chown(folder, os.environ.get("SERVER_USER", "postgres"))
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def test_full_disk_is_said_and_nothing_is_half_done(small_disk, make_cluster):
    cluster = make_cluster(fsync="off")
    make(cluster)
    with cluster.connect(autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
        admin.execute("ALTER DATABASE app SET TABLESPACE small")
    with cluster.connect(dbname="app", autocommit=True) as owner, serving(url_of(cluster)) as service:
        made = [service.post("/tickets", {"title": "before"}, 201)["id"]]
        owner.execute("CREATE TABLE public.ballast (data bytea)")
        owner.execute("ALTER TABLE public.ballast ALTER data SET STORAGE EXTERNAL")
        with pytest.raises(psycopg.errors.DiskFull):
            while True:
                owner.execute("INSERT INTO public.ballast SELECT decode(repeat('00', 200000), 'hex')")
        # Until the pages that the tables have already are full, too.
        for _ in range(1000):
            answer = service.client.post("/api/v1/tickets", json={"title": "x", "description": os.urandom(4000).hex()})
            if answer.status_code != 201:
                break
            made.append(answer.json()["id"])
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["sqlstate"], answer.headers["retry-after"]) == (503, "out_of_resources", "53100", "1")
        refused = service.client.post(f"/api/v1/tickets/{made[0]}/artifacts", json={"artifact_type": "x", "content": {"text": os.urandom(50_000).hex()}})
        assert (refused.status_code, refused.json()["sqlstate"]) == (503, "53100")
        # What was answered is there, whole, and nothing else is; it can be read all the while.
        kept = {str(row[0]) for row in owner.execute("SELECT ticket_id FROM shop.phase_history")}
        assert kept == set(made) == {str(row[0]) for row in owner.execute("SELECT id FROM shop.tickets")}
        assert owner.execute("SELECT count(*) FROM shop.phase_gate_artifacts").fetchone() == (0,)
        assert service.get(f"/tickets/{made[0]}")["title"] == "before" and service.get("/board")
        owner.execute("DROP TABLE public.ballast")
        # The files of a table that is gone are emptied at once, and the place is there again.
        assert service.post("/tickets", {"title": "x", "description": os.urandom(4000).hex()}, 201)
        assert service.post(f"/tickets/{made[0]}/transition", {"to_phase": "PHASE_REQUIREMENTS"})["phase_id"] == "PHASE_REQUIREMENTS"
        assert not owner.execute("SELECT * FROM phasegate.check_workspace('shop') WHERE violations > 0").fetchall()


def test_deadlock_is_tried_again(database):
    make_workspace(database, gates=False)
    with serving(url(database), "--connections", 8) as service:
        with psycopg.connect(dbname=database, autocommit=True) as owner:
            owner.execute("ALTER SYSTEM SET deadlock_timeout = '20ms'")
            owner.execute("SELECT pg_reload_conf()")
            ids = [str(row[0]) for row in owner.execute("INSERT INTO shop.tickets (title) SELECT 'x' FROM generate_series(1, 2) RETURNING id")]
            # A user's trigger that touches the other ticket, once both are being moved: they lock each other out.
            owner.execute("""CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_advisory_xact_lock_shared(1);
                UPDATE shop.tickets SET description = 'touched' WHERE id <> NEW.id; RETURN NULL; END $$""")
            owner.execute("CREATE TRIGGER a_touch AFTER UPDATE OF phase_id ON shop.tickets FOR EACH ROW"
                          " WHEN (OLD.phase_id <> NEW.phase_id) EXECUTE FUNCTION shop.touch()")
            deadlocks = lambda: owner.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()[0]
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            before = deadlocks()
            for phase in ("PHASE_REQUIREMENTS", "PHASE_DESIGN", "PHASE_IMPLEMENTATION"):
                owner.execute("SELECT pg_advisory_lock(1)")
                with concurrent.futures.ThreadPoolExecutor(2) as pool:
                    moves = pool.map(lambda one: service.post(f"/tickets/{one}/transition", {"to_phase": phase}), ids)
                    until(lambda: owner.execute(waiting).fetchone() == (2,), "both moves to wait")
                    owner.execute("SELECT pg_advisory_unlock(1)")
                assert [move["phase_id"] for move in moves] == [phase, phase]
            assert owner.execute("SELECT count(*) FROM shop.phase_history").fetchone() == (8,)
            until(lambda: deadlocks() > before, "a deadlock to be counted")


# --- killed ----------------------------------------------------------------------------------------------------------------


def test_killed_amid_moves_loses_nothing_that_it_answered(database):
    """A thousand moves by eight clients, and the service killed with -9 twice among them."""
    make_workspace(database, gates=False)
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        ids = [str(row[0]) for row in owner.execute("INSERT INTO shop.tickets (title) SELECT 'x' FROM generate_series(1, 250) RETURNING id")]
        services = [Service(url(database))]
        answered, asked = collections.Counter(), collections.Counter()
        lock = threading.Lock()
        # One for all: each of its own would read the certificates again. No connection outlives its request, as the service may not.
        client = httpx.Client(timeout=60, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        steps = [(one, phase) for phase in ("PHASE_REQUIREMENTS", "PHASE_DESIGN", "PHASE_IMPLEMENTATION", "PHASE_TESTING") for one in ids]

        def move(step):
            one, phase = step
            while True:
                service = services[-1]
                with lock:
                    asked[step] += 1
                try:
                    answer = client.post(f"{service.address}/api/v1/tickets/{one}/transition",
                                         json={"to_phase": phase, "reason": f"{phase} {asked[step]}"})
                except httpx.TransportError:
                    until(lambda: services[-1] is not service, "the next service")
                    continue
                assert answer.status_code == 200, answer.text
                answered[step] += 1
                return

        def kill():
            for done in (300, 700):
                until(lambda: sum(answered.values()) >= done, "moves")
                services[-1].kill()
                services.append(Service(url(database)))

        with concurrent.futures.ThreadPoolExecutor(9) as pool:
            killing = pool.submit(kill)
            for phase in range(4):
                list(pool.map(move, steps[phase * 250:(phase + 1) * 250]))
            killing.result()
        client.close()
        assert services[-1].stop() == 0
        # Each answered move stands in the history, once; each that stands there was asked for.
        stands = collections.Counter((str(one), phase) for one, phase in owner.execute(
            "SELECT ticket_id, to_phase::text FROM shop.phase_history WHERE from_phase IS NOT NULL"))
        assert stands == collections.Counter(steps) == answered
        assert max(asked.values()) > 1, "no request was cut off: the kill came to nothing"
        assert not owner.execute("SELECT * FROM phasegate.check_workspace('shop') WHERE violations > 0").fetchall()


# --- started and ended -------------------------------------------------------------------------------------------------------


def test_it_starts_in_under_a_second(database):
    make_workspace(database)
    program()
    began = time.monotonic()
    service = Service(url(database))
    took = time.monotonic() - began
    assert service.get("/health") and service.stop() == 0
    # Measured where several others compute: five times as long fails.
    assert took < 5
    print(f"started in {took:.2f} s")


def test_requests_under_way_are_finished_before_it_ends(database):
    make_workspace(database, gates=False)
    with psycopg.connect(dbname=database) as holder:
        service = Service(url(database))
        one = service.post("/tickets", {"title": "x"}, 201)["id"]
        holder.execute("SELECT FROM shop.tickets FOR UPDATE")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            moving = pool.submit(httpx.post, f"{service.address}/api/v1/tickets/{one}/transition", json={"to_phase": "PHASE_REQUIREMENTS"},
                                 timeout=60, trust_env=False)
            with psycopg.connect(dbname=database, autocommit=True) as watcher:
                until(lambda: watcher.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None, "the move to wait")
            service.process.send_signal(signal.SIGTERM)
            until(lambda: "ending" in service.log(), "the end to begin")
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{service.address}/health", trust_env=False)
            holder.rollback()
            assert moving.result().json()["phase_id"] == "PHASE_REQUIREMENTS"
        assert service.process.wait(30) == 0


def test_environment_names_address_and_workspace(database, tmp_path):
    make_workspace(database)
    make_workspace(database, "outlet")
    environment = os.environ | {"DATABASE_URL": url(database), "PHASEGATE_LISTEN": "127.0.0.1:0", "PHASEGATE_WORKSPACE": "outlet"}
    with subprocess.Popen([program(), "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        address = process.stdout.readline().split()[-1].rstrip("/")
        httpx.post(f"{address}/api/v1/tickets", json={"title": "x"}, trust_env=False).raise_for_status()
        process.terminate()
        assert process.wait(30) == 0
    with psycopg.connect(dbname=database) as owner:
        assert owner.execute("SELECT (SELECT count(*) FROM shop.tickets), (SELECT count(*) FROM outlet.tickets)").fetchone() == (0, 1)
    # A flag counts before the environment, and that before the file.
    config = tmp_path / "phasegate.toml"
    config.write_text(f'database_url = "{url(database)}"\nworkspace = "outlet"\n[serve]\nlisten = "127.0.0.1:1"\n')
    with serving("", "--config", config, workspace="shop") as service:
        assert service.get("/tickets") == []
