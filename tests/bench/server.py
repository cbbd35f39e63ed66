"""The private server that benchmarks run on, and pgbench, which drives most of them."""

import contextlib
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

import psycopg

from .rounds import Measured

# The same for all sides. Nothing is written by the server itself while somebody measures: no checkpoint, no
# autovacuum; what these would do is done between rounds, for all sides alike. shared_buffers is the quarter of the
# machine's memory that PostgreSQL's manual begins with.
SETTINGS = {
    "shared_buffers": f"{max(2048, os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 2**22)}MB",
    "synchronous_commit": "off",
    "max_wal_size": "64GB",
    "checkpoint_timeout": "1d",
    "autovacuum": "off",
    "jit": "off",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
}


class Server:
    """A cluster of pgrx-config/cluster.sh, in which each workload has a database of its own."""

    def __init__(self, name):
        self.name = name
        self._cluster("create", *(word for item in SETTINGS.items() for word in ("-c", "=".join(item))))
        try:
            self._cluster("start")
            printed = subprocess.run([os.environ["PHASEGATE_CLUSTER_SH"], "env", name], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout
            # Lines such as: export PGPORT=23456
            self.env = dict(line.split("=", 1) for line in shlex.split(printed) if "=" in line)
            with self.connect() as connection:
                self._postmaster = _stat(connection.info.backend_pid)[PARENT]
        except BaseException:
            self.remove()
            raise

    def _cluster(self, command, *arguments):
        subprocess.run([os.environ["PHASEGATE_CLUSTER_SH"], command, self.name, *arguments], check=True,
                       stdin=subprocess.DEVNULL)

    def remove(self):
        """Stops it and deletes its files."""
        self._cluster("remove")

    def connect(self, dbname="postgres", search_path=None):
        """A connection that commits each statement."""
        options = "" if search_path is None else f"-c search_path={search_path}"
        return psycopg.connect(host=self.env["PGHOST"], port=self.env["PGPORT"], user=self.env["PGUSER"],
                               dbname=dbname, options=options, autocommit=True)

    def backends(self):
        """The server's processes."""
        return pathlib.Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text().split()

    def ended_cpu(self):
        """The seconds of processor time that the server's processes took which have ended, in hundredths."""
        stat = _stat(self._postmaster)
        return (int(stat[CHILDREN_USER]) + int(stat[CHILDREN_SYSTEM])) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def database(self, name):
        """A new database with the extension, dropped in the end."""
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            with self.connect(name) as connection:
                connection.execute("CREATE EXTENSION phasegate")
            yield Database(self, name)
        finally:
            with self.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Database:
    """A database of the server."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    def connect(self, search_path=None):
        """A connection that commits each statement."""
        return self.server.connect(self.name, search_path)

    def run(self, sql, search_path=None):
        """Runs statements; the rows of the last one."""
        with self.connect(search_path) as connection:
            cursor = connection.execute(sql)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def vacuum(self, *tables):
        """Tidies tables up, as autovacuum would."""
        with self.connect() as connection:
            for table in tables:
                connection.execute(f"VACUUM (ANALYZE) {table}")

    def keep_in_memory(self, table):
        """Reads a table and its indexes into the server's memory. A new index is written past it."""
        with self.connect() as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            connection.execute("""
                SELECT pg_prewarm(indexrelid) FROM pg_index WHERE indrelid = %s::regclass
                 UNION ALL
                SELECT pg_prewarm(%s::regclass)
            """, [table, table])

    def pgbench(self, script, transactions, search_path, clients=1, variables=None, settings=None, command=None):
        """Runs a script that many times, divided among the clients: what a transaction, or one command of it, takes.

        The command is named by its first line. Time to connect is not counted. With several clients the time is the
        inverse of what all of them do in a second.
        """
        each = transactions // clients
        settings = {"search_path": search_path, **(settings or {})}
        backends, cpu = self.server.backends(), self.server.ended_cpu()
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            arguments = [
                os.path.join(self.server.env["PHASEGATE_BINDIR"], "pgbench"), "--no-vacuum", "--protocol=prepared",
                f"--file={file.name}", f"--client={clients}", f"--jobs={min(clients, 2)}", f"--transactions={each}",
                *(f"--define={name}={value}" for name, value in (variables or {}).items()),
                *(["--report-per-command"] if command else []), self.name,
            ]
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            run = subprocess.run(
                arguments, env={**os.environ, **self.server.env, "PGOPTIONS": options}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
        done = re.search(r"number of transactions actually processed: (\d+)/", run.stdout)
        if run.returncode != 0 or not done or int(done[1]) != each * clients:
            raise RuntimeError(f"pgbench failed:\n{script}\n{run.stdout}")
        while set(self.server.backends()) - set(backends):
            time.sleep(0.001)
        cpu = (self.server.ended_cpu() - cpu) / (each * clients)
        rate = re.search(r"^tps = ([\d.]+) \(without initial connection time\)", run.stdout, re.M)
        return Measured(_latency(run.stdout, command) if command else 1 / float(rate[1]), cpu)


def _latency(printed, command):
    """The average seconds of a command, of pgbench's report."""
    lines = re.findall(r"^ +([\d.]+) +(?:\d+ +)?(\S.*)$", printed.split("statement latencies")[1], re.M)
    [milliseconds] = [float(latency) for latency, text in lines if command in text]
    return milliseconds / 1000


# The fields of /proc/PID/stat, counted from the one after the program's name.
PARENT, CHILDREN_USER, CHILDREN_SYSTEM = 1, 13, 14


def _stat(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def timed(connection, sql, parameters=None, times=1):
    """What a statement takes in an open connection, with its commit."""
    schedstat = pathlib.Path(f"/proc/{connection.info.backend_pid}/schedstat")

    def cpu():
        return int(schedstat.read_text().split()[0]) / 1e9

    cpu_before, start = cpu(), time.perf_counter()
    for _ in range(times):
        connection.execute(sql, parameters)
    return Measured((time.perf_counter() - start) / times, (cpu() - cpu_before) / times)
