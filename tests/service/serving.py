"""What the tests of `phasegate serve` share: the program, a running service, workspaces behind it."""

import contextlib
import functools
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.parse

import httpx
import psycopg

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
LONG = 120


@functools.cache
def program():
    """The path of `phasegate`, built if need be."""
    if os.environ.get("PHASEGATE_SERVICE"):
        return os.environ["PHASEGATE_SERVICE"]
    subprocess.run(["cargo", "build", "--quiet", "--locked"], cwd=ROOT / "service", check=True, stdin=subprocess.DEVNULL,
                   env=os.environ | {"CARGO_TARGET_DIR": str(ROOT / "service/target")})
    return str(ROOT / "service/target/debug/phasegate")


def url(database, **parts):
    """The database as a URL; by the socket unless a host is given."""
    parts = {"host": os.environ["PGHOST"], "port": os.environ["PGPORT"], "user": os.environ["PGUSER"]} | parts
    return f"postgresql:///{database}?{urllib.parse.urlencode(parts)}"


class Service:
    """A running `phasegate serve`."""

    def __init__(self, database_url, *arguments, workspace="shop", listen="127.0.0.1:0", **environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PHASEGATE_", "PG", "DATABASE_URL"))}
        command = [program(), "serve", "--listen", listen, *map(str, arguments)]
        if workspace:
            command += ["--workspace", workspace]
        self.process = subprocess.Popen(command, env=kept | {"DATABASE_URL": database_url} | environment, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.first = self.process.stdout.readline()
        found = re.search(r"http://[^\s/]+", self.first)
        self.address = found.group() if found else None
        self.client = httpx.Client(base_url=self.address or "http://none", timeout=LONG, trust_env=False)

    def read_log(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def log(self):
        return "".join(self.lines)

    def get(self, path, status=200, **kwargs):
        return self.ask("GET", path, status, **kwargs)

    def post(self, path, json=None, status=200, **kwargs):
        return self.ask("POST", path, status, json=json, **kwargs)

    def ask(self, method, path, status=200, **kwargs):
        """The JSON of an answer, which has to have this status."""
        answer = self.client.request(method, f"/api/v1{path}", **kwargs)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
        return answer.json()

    def refused(self, method, path, status, code, **kwargs):
        """The problem, which has to have this status and code."""
        problem = self.ask(method, path, status, **kwargs)
        assert problem["code"] == code, problem
        assert problem["type"] == f"urn:phasegate:{code}"
        return problem

    def stop(self):
        """SIGTERM; gives the status that it ends with."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(LONG)
        self.reader.join(LONG)
        return status

    def kill(self):
        self.client.close()
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def serving(database_url, *arguments, **kwargs):
    """A service that has to end with status 0 when it is told to."""
    service = Service(database_url, *arguments, **kwargs)
    try:
        assert service.address, f"it does not serve: {service.process.wait(LONG)} {service.log()}"
        yield service
    except BaseException:
        service.kill()
        raise
    if service.process.poll() is None:
        assert service.stop() == 0, service.log()


def make_workspace(database, name="shop", gates=True):
    """A workspace; without gates every edge is free."""
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace(%s)", [name])
        if not gates:
            owner.execute(f"UPDATE {name}.phase_transitions SET requires_gate = false")
            owner.execute(f"UPDATE {name}.task_templates SET is_active = false")


def until(condition, what="it", seconds=LONG):
    """Waits for what another process does."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
    return found
