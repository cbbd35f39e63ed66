"""What `make package` makes, installed into a server that never had the extension."""

import json
import os
import pathlib
import shutil
import subprocess
import uuid

import psycopg
import pytest

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
PG_CONFIG = os.environ["PG_CONFIG"]
# The versions that there are updates from.
VERSION = json.loads((ROOT / "META.json").read_text())["version"]
RELEASED = {path.stem.removeprefix("phasegate--") for path in ROOT.glob("tests/versions/phasegate--*.sql")} - {VERSION}
# The private server's tree, with the paths of the original below it.
TREE = pathlib.Path(os.environ["PHASEGATE_BINDIR"].removesuffix(
    subprocess.run([PG_CONFIG, "--bindir"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()))
SCENE = """
CREATE EXTENSION phasegate;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (title) VALUES ('packaged');
SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') FROM tickets;
"""


def pg_config(program, option):
    return pathlib.Path(subprocess.run([program, option], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


@pytest.fixture(scope="module")
def dist():
    """The folder of packages for the server under test; compiled as for the other tests, which ships nothing but is quick."""
    printed = subprocess.run(["pgrx-config/package.sh"], cwd=ROOT, env=os.environ | {"PROFILE": "dev"}, check=True,
                             stdout=subprocess.PIPE, text=True).stdout.split()
    return [pathlib.Path(path) for path in printed]


class CleanServer:
    """A copy of the private server tree without the extension, and a cluster that runs from it."""

    def __init__(self, target):
        self.tree = target / "pg" / TREE.name
        shutil.copytree(TREE, self.tree, symlinks=True)
        # Not the folders of that name, which the path to a server below target/ may have.
        for path in [path for path in self.tree.rglob("phasegate*") if not path.is_dir()]:
            path.unlink()
        self.pg_config = str(self.tree) + str(pg_config(PG_CONFIG, "--bindir")) + "/pg_config"
        self.env = {**os.environ, "CARGO_TARGET_DIR": str(target)}

    def run(self, *arguments):
        with open(os.devnull) as nothing:
            subprocess.run([os.environ["PHASEGATE_CLUSTER_SH"], arguments[0], "clean", *arguments[1:]],
                           env=self.env, stdin=nothing, check=True)

    def connection(self):
        printed = subprocess.run([os.environ["PHASEGATE_CLUSTER_SH"], "env", "clean"], env=self.env, check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        return dict(line.removeprefix("export ").split("=", 1) for line in printed.splitlines() if line.startswith("export PG"))

    def connect(self):
        env = self.connection()
        return psycopg.connect(host=env["PGHOST"], port=env["PGPORT"], user="postgres", dbname="postgres", autocommit=True)


@pytest.fixture
def server():
    # Beside the other server trees: the server's user can reach it there.
    target = TREE.parent / f"clean-{uuid.uuid4().hex[:8]}"
    clean = CleanServer(target)
    clean.run("start")
    yield clean
    clean.run("remove")
    shutil.rmtree(target)


def works(server):
    with server.connect() as connection:
        connection.execute(SCENE)
        assert connection.execute("SELECT phase_id::text FROM acme.tickets").fetchone() == ("PHASE_REQUIREMENTS",)
        assert connection.execute("SELECT count(*) FROM check_workspace() WHERE violations <> 0").fetchone() == (0,)
        updates = connection.execute("""SELECT source FROM pg_extension_update_paths('phasegate'), pg_available_extensions
                                         WHERE name = 'phasegate' AND target = default_version AND path IS NOT NULL""").fetchall()
        assert {source for source, in updates} == RELEASED


def test_a_server_without_the_extension_says_so(server):
    with server.connect() as connection, pytest.raises(psycopg.errors.FeatureNotSupported, match="not available"):
        connection.execute("CREATE EXTENSION phasegate")


def test_the_tarball_installs(dist, server, tmp_path):
    tarball = next(path for path in dist if path.name.endswith(".tar.gz"))
    subprocess.run(["tar", "xzf", tarball, "-C", tmp_path], check=True)
    folder = tmp_path / tarball.name.removesuffix(".tar.gz")
    assert {path.name for path in folder.iterdir()} >= {"README.md", "LICENSE", "CHANGELOG.md", "install.sh", "lib", "extension"}
    subprocess.run([folder / "install.sh"], env=os.environ | {"PG_CONFIG": server.pg_config}, check=True)
    works(server)
    # Installed, it can be tested where it is.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PHASEGATE_")}
    subprocess.run(["make", "installcheck", "TESTS=moves_all_edges workspace_odd_names"], cwd=ROOT, check=True,
                   env=env | server.connection() | {"PG_CONFIG": server.pg_config})
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'phasegate%'").fetchone() == (0,)


def test_the_tarball_refuses_another_version(dist, server, tmp_path):
    tarball = next(path for path in dist if path.name.endswith(".tar.gz"))
    subprocess.run(["tar", "xzf", tarball, "-C", tmp_path], check=True)
    folder = tmp_path / tarball.name.removesuffix(".tar.gz")
    (folder / "pg_major").write_text("9\n")
    for program, message in [(server.pg_config, "these files are for PostgreSQL 9"), ("/bin/true", "is no pg_config")]:
        refused = subprocess.run([folder / "install.sh"], env=os.environ | {"PG_CONFIG": program}, stderr=subprocess.PIPE, text=True)
        assert refused.returncode == 1
        assert message in refused.stderr


def test_the_debian_package_installs_and_is_removed(dist, server):
    package = next((path for path in dist if path.suffix == ".deb"), None)
    if package is None:
        assert shutil.which("dpkg-deb") is None
        return
    # dpkg with a root of its own: the tree, when it is laid out as Debian's server is, else an empty folder.
    is_debian = pg_config(PG_CONFIG, "--bindir").match("/usr/lib/postgresql/*/bin")
    root = server.tree if is_debian else server.tree.parent / "root"
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    (root / "var/lib/dpkg/updates").mkdir()
    (root / "var/lib/dpkg/status").touch()
    dpkg = ["dpkg", f"--root={root}", "--force-depends", "--force-not-root", "--no-triggers"]
    subprocess.run([*dpkg, "--install", package], check=True)
    name = package.name.split("_")[0]
    files = subprocess.run([*dpkg, "--listfiles", name], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert subprocess.run([*dpkg, "--verify", name], check=True, stdout=subprocess.PIPE).stdout == b""
    assert any(path.endswith("/lib/phasegate.so") for path in files)
    if is_debian:
        works(server)
    subprocess.run([*dpkg, "--remove", name], check=True)
    assert not list(root.rglob("phasegate.*"))


def test_the_same_version_everywhere():
    version = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version"))
    meta = json.loads((ROOT / "META.json").read_text())
    assert meta["version"] == version
    assert meta["provides"]["phasegate"]["version"] == version
    assert {"name", "abstract", "version", "maintainer", "license", "provides", "meta-spec"} <= meta.keys()
    for key in ("file", "docfile"):
        assert (ROOT / meta["provides"]["phasegate"][key]).exists()
