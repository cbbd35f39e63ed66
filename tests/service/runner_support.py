"""What the tests of the runner, of MCP and of calls share: the program, a workspace with work in it, endpoints that answer."""

import asyncio
import concurrent.futures
import contextlib
import json
import os
import pathlib
import queue
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import psycopg
import pytest
from psycopg import sql
from serving import program  # noqa: F401

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
LONG = 120


def run_async(step):
    """What the coroutine function `step` returns.

    In a thread of its own: the browser that other tests drive keeps an event loop running in this one.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(asyncio.wait_for(step(), LONG))).result()


class Shop:
    """A workspace `shop` in a database of its own: its owner's connection, and roles of the levels of access."""

    def __init__(self, database):
        self.database = database
        self.suffix = uuid.uuid4().hex[:8]
        self.owner = psycopg.connect(dbname=database, autocommit=True, options="-c search_path=shop,phasegate")
        self.owner.execute("SELECT phasegate.create_workspace('shop')")
        for level in ("agent", "reviewer", "manager"):
            self.owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(self.role(level))))
            self.owner.execute("SELECT grant_access('shop', %s, %s)", [self.role(level), level])
        # One artifact, the work, and a review.
        self.owner.execute(
            "UPDATE phase_gate_requirements SET required_artifacts = '{report}', validation_criteria = '{}', requires_review = true"
            " WHERE phase_id = 'PHASE_REQUIREMENTS'")

    def role(self, level):
        return f"{level}_{self.suffix}"

    def close(self):
        for level in ("agent", "reviewer", "manager"):
            name = sql.Identifier(self.role(level))
            self.owner.execute(sql.SQL("DROP OWNED BY {name}; DROP ROLE {name}").format(name=name))
        self.owner.close()

    def environment(self, level="manager", **more):
        """For a program that logs in as the role of this level."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "PHASEGATE_", "DATABASE_URL"))}
        return kept | {"PGDATABASE": self.database, "PGUSER": self.role(level)} | more

    def rows(self, statement, *values):
        return self.owner.execute(statement, values).fetchall()

    def one(self, statement, *values):
        return self.owner.execute(statement, values).fetchone()

    def ticket(self, title="Customers are charged twice", content="The report.", types=("report",)):
        """A ticket whose work of PHASE_REQUIREMENTS is done and handed in; its review is in the queue. Gives its id."""
        (ticket,) = self.one("INSERT INTO tickets (title) VALUES (%s) RETURNING id", title)
        self.owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = %s", [ticket])
        self.work(ticket)
        for artifact_type in types:
            self.owner.execute("SELECT add_artifact(%s, %s, artifact_content => %s, collected_by => 'ada')",
                               [ticket, artifact_type, json.dumps({"text": content})])
        assert self.one("SELECT gate_status FROM validate_gate(%s)", ticket) == ("pending",)
        return ticket

    def work(self, ticket, agent="ada"):
        """Completes the ticket's work."""
        for (task,) in self.rows("SELECT id FROM tasks WHERE ticket_id = %s AND kind = 'work' AND status = 'pending'", ticket):
            self.owner.execute("UPDATE tasks SET status = 'assigned', assigned_agent_id = %s WHERE id = %s", [agent, task])
            self.owner.execute("SELECT complete_task(%s, %s, '{\"summary\": \"Done.\"}')", [task, agent])

    def tasks(self, count, max_attempts=3):
        """Tasks of kind work that need no capability."""
        self.owner.execute("INSERT INTO tickets (title) VALUES ('Many tasks')")
        self.owner.execute(
            "INSERT INTO tasks (ticket_id, phase_id, task_type, description, max_attempts)"
            " SELECT id, 'PHASE_BACKLOG', 'chore', 'Chore ' || n, %s FROM tickets, generate_series(1, %s) n"
            " WHERE title = 'Many tasks'", [max_attempts, count])

    def task(self, kind):
        """The latest task of this kind, as a named row."""
        with self.owner.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
            return cursor.execute("SELECT * FROM tasks WHERE kind = %s ORDER BY created_at DESC, id DESC LIMIT 1", [kind]).fetchone()


@pytest.fixture
def shop(database):
    shop = Shop(database)
    yield shop
    shop.close()


def work(shop, *arguments, level="reviewer", agent="model", workspace="shop", check=0, **environment):
    """Runs `phasegate work` until the queue offers nothing; gives the process that has ended."""
    command = [program(), "work", "--workspace", workspace, "--agent", agent, "--once", *map(str, arguments)]
    ended = subprocess.run(command, env=shop.environment(level, **environment), capture_output=True, text=True, timeout=LONG,
                           stdin=subprocess.DEVNULL)
    assert ended.returncode == check, ended.stderr
    return ended


@contextlib.contextmanager
def working(shop, *arguments, level="manager", agent="model", **environment):
    """A `phasegate work` that goes on, for tests that disturb it."""
    command = [program(), "work", "--workspace", "shop", "--agent", agent, *map(str, arguments)]
    with running(command, shop.environment(level, **environment)) as process:
        yield process


@contextlib.contextmanager
def running(command, environment):
    """The process of a command; `process.log()` is what it has written to standard error so far."""
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(list(map(str, command)), env=environment, stdin=subprocess.DEVNULL, stderr=log)
        process.log = lambda: os.pread(log.fileno(), 1 << 20, 0).decode()
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(condition, what="it"):
    """Waits for what another process does."""
    end = time.monotonic() + LONG
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def free_port():
    """Below Linux's range for outgoing connections."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free TCP port found")


@contextlib.contextmanager
def fakellm(folder, rules):
    """The server of PyPI's fakellm with these rules; gives its base URL."""
    # JSON is YAML.
    config = pathlib.Path(folder) / "fakellm.yaml"
    config.write_text(json.dumps({"version": 1, "rules": rules}))
    port = free_port()
    command = [sys.executable, "-m", "fakellm.cli", "serve", "--port", str(port), "--config", str(config)]
    with open(pathlib.Path(folder) / "fakellm.log", "wb") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        def answers():
            assert server.poll() is None, (pathlib.Path(folder) / "fakellm.log").read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(answers, "fakellm")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


def completion(answer, finish="stop", prompt_tokens=100):
    """The body of a good reply with this answer."""
    content = answer if isinstance(answer, str) else json.dumps(answer)
    return json.dumps({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "raw-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": 7, "total_tokens": prompt_tokens + 7},
    })


def response(body, status="200 OK", **headers):
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Content-Type: application/json", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body])


def reply(answer, **kwargs):
    return response(completion(answer, **kwargs))


APPROVED = {"approved": True, "feedback": "Good.", "blocking_reasons": []}
REJECTED = {"approved": False, "feedback": "Not yet.", "blocking_reasons": ["The report names no numbers."]}


class RawServer:
    """A socket that answers each request with the next of `replies`, and the last one again and again: bytes to send, or a
    function that is given the connection. It keeps the requests."""

    def __init__(self, *replies):
        self.replies = replies
        self.requests = []
        self.times = []
        self.heads = []
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"
        self.failures = queue.Queue()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=[connection], daemon=True).start()

    def handle(self, connection):
        with connection:
            try:
                head, body = self.read(connection)
                if head is None:
                    return
                self.times.append(time.monotonic())
                self.heads.append(head)
                self.requests.append(body)
                answer = self.replies[min(len(self.requests), len(self.replies)) - 1]
                if callable(answer):
                    answer(connection, self.closing)
                else:
                    connection.sendall(answer.encode())
            except OSError:
                pass
            except Exception as error:  # shown by the test
                self.failures.put(error)

    @staticmethod
    def read(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got:
                return None, None
            data += got
        head, body = data.split(b"\r\n\r\n", 1)
        length = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")))
        while len(body) < length:
            body += connection.recv(1 << 20)
        return head.decode(), body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        # Wakes accept.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        assert self.failures.empty(), self.failures.get()
