"""Events: every move once, in the order of each ticket, however clients come and go and transactions overlap."""

import collections
import concurrent.futures
import contextlib
import json
import os
import socket
import subprocess
import threading
import time

import httpx
import psycopg
import pytest

from serving import make_workspace, serving, until, url

MOVES = int(os.environ.get("PHASEGATE_MOVES", "10000"))


class Watcher:
    """A client of the stream: reads events in a thread; connects again where it is told to, or loses the connection."""

    def __init__(self, service, reconnect=None, pause=0, **kwargs):
        self.service, self.reconnect, self.pause, self.kwargs = service, reconnect, pause, kwargs
        self.events, self.marks, self.last, self.connections = [], [], None, 0
        self.ready, self.done, self.failed, self.socket = threading.Event(), threading.Event(), None, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.done.is_set():
            try:
                self.read()
            except httpx.TransportError:
                pass
            except BaseException as error:
                self.failed = error
                return

    def read(self):
        headers = dict(self.kwargs.get("headers", {}))
        if self.last:
            headers["Last-Event-ID"] = self.last
        began = time.monotonic()
        with httpx.stream("GET", f"{self.service.address}/api/v1/events", headers=headers, trust_env=False, timeout=httpx.Timeout(60)) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"] == "text/event-stream"
            self.connections += 1
            self.socket = answer.extensions["network_stream"].get_extra_info("socket")
            event, before = {}, len(self.events)
            for line in answer.iter_lines():
                # Also after so many moves: a quick machine is done with all of them within seconds.
                if self.done.is_set() or (self.reconnect and (time.monotonic() - began > self.reconnect or len(self.events) - before >= 1000)):
                    return
                if line:
                    name, _, value = line.partition(":")
                    event[name] = value.removeprefix(" ")
                    continue
                if "id" in event:
                    self.last = event["id"]
                if event.get("event") == "move":
                    self.events.append(json.loads(event["data"]))
                    if self.pause:
                        time.sleep(self.pause)
                elif event.get("event"):
                    self.marks.append(event["event"])
                self.ready.set()
                event = {}

    def stop(self):
        self.done.set()
        # It reads until something comes, which may be long.
        with contextlib.suppress(OSError, AttributeError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(30)
        assert not self.thread.is_alive()
        if self.failed:
            raise self.failed

    def ids(self):
        return [event["id"] for event in self.events]


@pytest.fixture
def service(database):
    make_workspace(database, gates=False)
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("INSERT INTO shop.phase_transitions (from_phase, to_phase) VALUES ('PHASE_REQUIREMENTS', 'PHASE_BACKLOG') ON CONFLICT DO NOTHING")
    with serving(url(database)) as service:
        service.database = database
        yield service


@pytest.fixture
def owner(service):
    with psycopg.connect(dbname=service.database, autocommit=True, options="-c search_path=shop,phasegate") as owner:
        yield owner


@pytest.fixture
def watch():
    watchers = []

    def begin(*args, **kwargs):
        watcher = Watcher(*args, **kwargs)
        watchers.append(watcher)
        assert watcher.ready.wait(60), watcher.failed
        return watcher

    yield begin
    for watcher in watchers:
        watcher.stop()


def history(owner):
    return [str(row[0]) for row in owner.execute("SELECT id FROM phase_history ORDER BY xid, id")]


def test_moves_and_starts_are_seen(service, owner, watch):
    watcher = watch(service)
    assert watcher.marks == ["start"]
    one = service.post("/tickets", {"title": "Seen"}, 201)["id"]
    service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS", "reason": "Sprint 12"})
    owner.execute("UPDATE tickets SET phase_id = 'PHASE_DESIGN'")  # by somebody else, past the service
    until(lambda: len(watcher.events) == 3, "three events")
    assert [(event["from_phase"], event["to_phase"]) for event in watcher.events] == [
        (None, "PHASE_BACKLOG"), ("PHASE_BACKLOG", "PHASE_REQUIREMENTS"), ("PHASE_REQUIREMENTS", "PHASE_DESIGN")]
    event = watcher.events[1]
    assert (event["ticket_id"], event["ticket_title"], event["transition_reason"], event["forced"]) == (one, "Seen", "Sprint 12", False)
    assert watcher.ids() == history(owner)


def test_what_was_decided_early_and_committed_late_is_seen(service, owner, watch):
    early, late = (str(row[0]) for row in owner.execute("INSERT INTO tickets (title) VALUES ('early'), ('late') RETURNING id"))
    watcher = watch(service)
    with psycopg.connect(dbname=service.database) as slow:
        slow.execute("UPDATE shop.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = %s", [early])
        service.post(f"/tickets/{late}/transition", {"to_phase": "PHASE_REQUIREMENTS"})
        # Nothing is given that might come after what is still to be committed.
        seen = Watcher(service, headers={"Last-Event-ID": watcher.last})
        assert seen.ready.wait(60)
        slow.commit()
    expected = history(owner)[-2:]
    for one in (watcher, seen):
        until(lambda: len(one.ids()) >= 2, "both moves")
        assert one.ids()[-2:] == expected and one.events[-2]["ticket_id"] == early
    seen.stop()


def test_every_move_is_seen_once_by_each_client(service, owner, watch):
    """Eight writers, a client that stays, one that reconnects every second, one that is slow."""
    writers, tickets = 8, 4
    ids = [str(row[0]) for row in owner.execute("INSERT INTO tickets (title) SELECT 'x' FROM generate_series(1, %s) RETURNING id", [writers * tickets])]
    watchers = [watch(service), watch(service, reconnect=1), watch(service, pause=0.0005)]
    begin = len(history(owner))

    def write(n):
        mine = ids[n * tickets:(n + 1) * tickets]
        with psycopg.connect(dbname=service.database) as connection:
            for move in range(MOVES // writers):
                one = mine[move % tickets]
                to = "PHASE_REQUIREMENTS" if move // tickets % 2 == 0 else "PHASE_BACKLOG"
                connection.execute("UPDATE shop.tickets SET phase_id = %s::text::shop.phase WHERE id = %s", [to, one])
                # Some transactions have several moves, and so stay open past others that began later.
                if move % 7 != 3:
                    connection.commit()
            connection.commit()

    with concurrent.futures.ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    expected = history(owner)[begin:]
    assert len(expected) == MOVES // writers * writers
    for watcher in watchers:
        until(lambda: watcher.failed or len(set(watcher.ids())) >= len(expected), f"{len(expected)} moves, {len(watcher.events)} are there")
        seen = watcher.ids()
        seen = seen[len(seen) - len(expected):]  # those of the tickets' starts may come first
        assert collections.Counter(seen) == collections.Counter(expected)
        assert seen == expected
    assert watchers[1].connections > (3 if MOVES >= 10000 else 1)


def test_stream_is_resumed_where_it_was_left_and_by_another_service(service, owner, watch):
    watcher = watch(service)
    one = service.post("/tickets", {"title": "x"}, 201)["id"]
    until(lambda: watcher.events, "the start")
    watcher.stop()
    for to in ("PHASE_REQUIREMENTS", "PHASE_DESIGN"):
        service.post(f"/tickets/{one}/transition", {"to_phase": to})
    with serving(url(service.database)) as other:
        again = Watcher(other, headers={"Last-Event-ID": watcher.last})
        until(lambda: len(again.events) == 2, "what was missed")
        assert again.ids() == history(owner)[1:] and again.marks == []
        again.stop()
    # Clients that cannot send the header.
    with httpx.stream("GET", f"{service.address}/api/v1/events?after={watcher.last}", trust_env=False, timeout=30) as answer:
        lines = iter(answer.iter_lines())
        assert next(line for line in lines if line.startswith("event:")) == "event: move"


def test_another_cluster_is_told_to_begin_anew(service, watch):
    watcher = watch(service)
    cluster, xid, row = watcher.last.split(".")
    for last in (f"{int(cluster) + 1}.{xid}.{row}", f"{cluster}.{int(xid) + 1000000}.{row}", "nonsense", "1.2.3"):
        other = Watcher(service, headers={"Last-Event-ID": last})
        assert other.ready.wait(30)
        assert other.marks[0] == "reset" and other.last.startswith(f"{cluster}.")
        other.stop()


def test_client_is_told_after_a_restore_into_another_cluster(service, owner, watch, make_cluster):
    watcher = watch(service)
    one = service.post("/tickets", {"title": "x"}, 201)["id"]
    until(lambda: watcher.events, "the start")
    other = make_cluster(fsync="off")
    env = other.env()
    with other.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE app")
    bindir = os.environ["PHASEGATE_BINDIR"]
    dump = subprocess.run([f"{bindir}/pg_dump", "--dbname", service.database], check=True, capture_output=True).stdout
    subprocess.run([f"{bindir}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "app"], input=dump, check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {name: env[name] for name in ("PGHOST", "PGPORT", "PGUSER")})
    target = url("app", host=env["PGHOST"], port=env["PGPORT"], user=env["PGUSER"])
    with serving(target) as restored:
        again = Watcher(restored, headers={"Last-Event-ID": watcher.last})
        assert again.ready.wait(60) and again.marks == ["reset"]
        restored.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})
        until(lambda: again.events, "the move")
        # What was restored with the history is not given again.
        assert [event["to_phase"] for event in again.events] == ["PHASE_REQUIREMENTS"]
        again.stop()


def test_changed_queue_is_a_hint(service, owner, watch):
    owner.execute("INSERT INTO tickets (title) VALUES ('x')")
    owner.execute("INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT id, phase_id, 'chore' FROM tickets")
    watcher = watch(service)
    service.post("/tasks/claim", {"agent_id": "ada"})
    until(lambda: "queue" in watcher.marks, "the hint")


def test_listening_makes_it_quicker(database):
    make_workspace(database)
    with psycopg.connect(dbname="postgres", autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {database} SET phasegate.notify = on")
    with serving(url(database), "--listen-url", url(database), "--log", "debug") as service:
        watcher = Watcher(service)
        assert watcher.ready.wait(30)
        with psycopg.connect(dbname=database, autocommit=True) as owner:
            listens = "SELECT FROM pg_stat_activity WHERE datname = %s AND query = 'LISTEN phasegate_tasks'"
            until(lambda: owner.execute(listens, [database]).fetchone() is not None, "LISTEN")
            owner.execute("INSERT INTO shop.tickets (title) VALUES ('x')")
            owner.execute("UPDATE shop.tickets SET phase_id = 'PHASE_REQUIREMENTS'")
        until(lambda: "queue" in watcher.marks and len(watcher.events) == 2, "the notification")
        watcher.stop()


def test_streams_end_with_the_program_and_with_the_right_to_read(database):
    make_workspace(database)
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("CREATE ROLE regress_reader LOGIN")
        try:
            owner.execute("SELECT phasegate.grant_access('shop', 'regress_reader', 'reader')")
            with serving(url(database, user="regress_reader")) as service:
                with httpx.stream("GET", f"{service.address}/api/v1/events", trust_env=False, timeout=60) as answer:
                    lines = answer.iter_lines()
                    next(lines)
                    owner.execute("SELECT phasegate.revoke_access('shop', 'regress_reader')")
                    for _ in lines:
                        pass
                service.ask("GET", "/events", 404 if service.client.get("/api/v1/events").status_code == 404 else 403)
                owner.execute("SELECT phasegate.grant_access('shop', 'regress_reader', 'reader')")
                with httpx.stream("GET", f"{service.address}/api/v1/events", trust_env=False, timeout=60) as answer:
                    lines = answer.iter_lines()
                    next(lines)
                    assert service.stop() == 0
                    for _ in lines:
                        pass
        finally:
            owner.execute("DROP OWNED BY regress_reader; DROP ROLE regress_reader")


def test_hidden_tickets_move_unseen(service, owner, watch):
    owner.execute("CREATE ROLE regress_watcher LOGIN")
    try:
        owner.execute("SELECT grant_access('shop', 'regress_watcher', 'reader')")
        owner.execute("INSERT INTO tickets (title) VALUES ('seen'), ('secret')")
        owner.execute("ALTER TABLE tickets ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY seen ON tickets USING (title <> 'secret')")
        with serving(url(service.database, user="regress_watcher")) as restricted:
            watcher, everything = Watcher(restricted), watch(service)
            assert watcher.ready.wait(30)
            owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'secret'")
            owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'seen'")
            until(lambda: [event["to_phase"] for event in everything.events].count("PHASE_REQUIREMENTS") == 2, "both moves")
            until(lambda: watcher.events and watcher.events[-1]["to_phase"] == "PHASE_REQUIREMENTS", "one move")
            assert {event["ticket_title"] for event in watcher.events} == {"seen"}
            watcher.stop()
    finally:
        owner.execute("DROP OWNED BY regress_watcher; DROP ROLE regress_watcher")


def resident(service):
    with open(f"/proc/{service.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def processor(service):
    with open(f"/proc/{service.process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_many_idle_streams_cost_little(service, owner):
    """A thousand streams: little memory each, next to no processor time, and each hears of a move."""
    count = 1000
    before = resident(service)
    host, port = service.address.removeprefix("http://").split(":")
    sockets = []

    def hear(one, word):
        text = b""
        while word not in text:
            more = one.recv(4096)
            assert more, text
            text += more

    try:
        while len(sockets) < count:
            # Not all at once: on a machine that has other things to do too the pool would be busy.
            batch = [socket.create_connection((host, int(port)), timeout=60) for _ in range(50)]
            sockets += batch
            for one in batch:
                one.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            for one in batch:
                hear(one, b"event: start")
        memory = (resident(service) - before) / count
        used, connections = processor(service), owner.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").fetchone()[0]
        began = time.monotonic()
        time.sleep(5)
        share = (processor(service) - used) / (time.monotonic() - began)
        owner.execute("INSERT INTO tickets (title) VALUES ('x')")
        for one in sockets:
            hear(one, b"event: move")
    finally:
        for one in sockets:
            one.close()
    print(f"{memory:.0f} kB a stream, {share:.1%} of a processor, {connections} connections to the database")
    assert memory < 64 and connections < 15 and share < 0.25


def test_memory_stays_flat_however_many_moves(service, owner, watch):
    """A client that stands still while many moves are made holds nothing but its place."""
    import socket
    host, port = service.address.removeprefix("http://").split(":")
    still = socket.create_connection((host, int(port)))
    still.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    watcher = watch(service)
    owner.execute("INSERT INTO tickets (title) SELECT 'x' FROM generate_series(1, 1000)")

    def round_trip():
        for to in ("PHASE_REQUIREMENTS", "PHASE_BACKLOG"):
            owner.execute("SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), %s, repeat('because ', 100))", [to])

    sizes = []
    for rounds in range(1, 13):
        round_trip()
        until(lambda: len(watcher.events) >= 1000 + 2000 * rounds, f"{1000 + 2000 * rounds} events, {len(watcher.events)} are there")
        sizes.append(resident(service))
    still.close()
    # What is kept is bounded: once it is full the last six rounds add little, as memory is cut up; their moves take some 14 MB.
    assert sizes[-1] - sizes[5] < 8192, sizes
    assert len(set(watcher.ids())) == len(watcher.ids())
