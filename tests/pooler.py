"""PgBouncer in front of a test's servers."""

import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import threading


def free_port():
    """Below Linux's range for outgoing connections, as in cluster.sh."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return str(port)
    raise RuntimeError("no free TCP port found")


@contextlib.contextmanager
def bouncer(databases, user, host="127.0.0.1", settings=""):
    """Runs one in transaction mode with these entries and more settings. Gives its port."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="phasegate-pgbouncer.") as folder:
        folder = pathlib.Path(folder)
        (folder / "users.txt").write_text(f'"{user}" ""\n')
        (folder / "pgbouncer.ini").write_text(f"""\
[databases]
{databases}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
log_connections = 0
log_disconnections = 0
{settings}
""")
        command = [program, folder / "pgbouncer.ini"]
        if os.geteuid() == 0:
            # It refuses to run as root.
            folder.chmod(0o755)
            command[1:1] = ["--user", "nobody"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            try:
                log = []
                for line in process.stderr:
                    log.append(line)
                    if "process up" in line:
                        break
                else:
                    raise RuntimeError("".join(log))
                # What it says is read on, or it would wait for that one day.
                reader = threading.Thread(target=lambda: log.extend(process.stderr))
                reader.start()
                try:
                    yield port
                finally:
                    process.terminate()
                    reader.join()
            finally:
                process.terminate()


@contextlib.contextmanager
def pooler(entries):
    """One with an entry a workspace, in a file of its own. Gives its port and the file, which begins with these lines."""
    with tempfile.TemporaryDirectory(prefix="phasegate-entries.") as folder:
        file = pathlib.Path(folder) / "workspaces.ini"
        file.write_text(entries)
        file.parent.chmod(0o755)
        with bouncer(f"%include {file}", "postgres", settings="admin_users = postgres") as port:
            yield port, file
