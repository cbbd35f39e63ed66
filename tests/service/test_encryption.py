"""TLS to the database as `sslmode` asks for, with a server that takes nothing else over TCP."""

import os
import subprocess

import pytest
from psycopg import sql
from runner_support import LONG, program

HBA = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n"


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Two authorities, `ours` and `other`; the server's certificate is of the first, for localhost and no address."""
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder, "ours")
    authority(folder, "other")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
            "-keyout", "server.key", "-out", "server.csr")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ours.pem", "-CAkey", "ours.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
    return folder


@pytest.fixture(scope="module")
def port(make_module_cluster, certificates):
    """Of a server that has these certificates, and a workspace."""
    cluster = make_module_cluster()
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("SELECT phasegate.create_workspace('shop')")
        # Written by the server, so that the key is its user's alone.
        for name, text in [("server.key", (certificates / "server.key").read_text()), ("server.pem", (certificates / "server.pem").read_text()),
                           ("pg_hba.conf", HBA)]:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("COPY (SELECT unnest(string_to_array({}, E'\\n'))) TO PROGRAM {}").format(
                    sql.Literal(text), sql.Literal(f"umask 077; cat > {name}")))
        for setting, value in [("ssl", "on"), ("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")]:
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), sql.Literal(value)))
    cluster.stop()
    cluster.start()
    return cluster.env()["PGPORT"]


def call(port, host, query):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATABASE_URL"))}
    command = [program(), "call", "get_valid_transitions", "current_phase=PHASE_BACKLOG"]
    url = f"postgresql://postgres@{host}:{port}/postgres?{query}"
    return subprocess.run(command, env=kept | {"DATABASE_URL": url, "PHASEGATE_WORKSPACE": "shop"}, capture_output=True, text=True,
                          timeout=LONG, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("host, query", [
    ("127.0.0.1", ""),
    ("127.0.0.1", "sslmode=prefer"),
    ("127.0.0.1", "sslmode=require"),
    ("localhost", "sslmode=require&sslrootcert={ours}"),
    ("localhost", "sslmode=verify-ca&sslrootcert={ours}"),
    ("localhost", "sslmode=verify-full&sslrootcert={ours}"),
])
def test_connected(port, certificates, host, query):
    ended = call(port, host, query.format(ours=certificates / "ours.pem"))
    assert (ended.returncode, "PHASE_REQUIREMENTS" in ended.stdout) == (0, True), ended.stderr


@pytest.mark.parametrize("host, query, status", [
    # Not encrypted, which the server refuses.
    ("127.0.0.1", "sslmode=disable", 3),
    # Of an authority that is not trusted: named, or none of the machine's.
    ("localhost", "sslmode=verify-full&sslrootcert={other}", 3),
    ("localhost", "sslmode=verify-full&sslrootcert=system", 3),
    ("localhost", "sslmode=verify-ca&sslrootcert={other}", 3),
    ("localhost", "sslmode=require&sslrootcert={other}", 3),
    # For another name.
    ("127.0.0.1", "sslmode=verify-full&sslrootcert={ours}", 3),
    # What cannot be used.
    ("localhost", "sslmode=verify-full&sslrootcert=/nowhere/root.pem", 2),
    ("localhost", "sslmode=trust-me", 2),
])
def test_refused(port, certificates, host, query, status):
    ended = call(port, host, query.format(ours=certificates / "ours.pem", other=certificates / "other.pem"))
    assert (ended.returncode, ended.stdout) == (status, ""), ended.stderr
