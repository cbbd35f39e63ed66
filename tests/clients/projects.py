"""The clients: what they are made of, how they are installed, and the commands that run them.

A project is installed by its own package manager into target/clients/, from the versions that it pins.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
JDBC = "/usr/share/java/postgresql.jar"
TARGET = pathlib.Path(os.environ["PHASEGATE_TARGET"], "clients")


def output_of(command, **options):
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert run.returncode == 0, run.stdout
    return run.stdout


def installed(name, install, *versions):
    """The project's folder below target/, after install(folder) where it was not yet made from these files."""
    folder = TARGET / name
    stamp = folder / "stamp"
    content = "\n".join([sys.version, *((HERE / name / file).read_text() for file in versions)])
    if not stamp.exists() or stamp.read_text() != content:
        folder.mkdir(parents=True, exist_ok=True)
        install(folder)
        stamp.write_text(content)
    return folder


def files_of(name):
    return sorted(file.name for file in (HERE / name).iterdir() if file.is_file())


def python(name, *arguments):
    def install(folder):
        # Without a pip of its own, which would take longer to install than the rest.
        output_of([sys.executable, "-m", "venv", "--clear", "--without-pip", folder / "venv"])
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "venv/bin/python"]
        output_of([*pip, "install", "--no-deps", "--requirement", HERE / name / "requirements.txt"])
        output_of([*pip, "check"])

    return [installed(name, install, "requirements.txt") / "venv/bin/python", "-B", HERE / name / arguments[0], *arguments[1:]]


def node(name, *arguments):
    def install(folder):
        # Modules are looked for from where a program is, so the program goes to where they are installed.
        for file in files:
            shutil.copy(HERE / name / file, folder)
        output_of(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
        output_of(["npm", "run", "build", "--if-present"], cwd=folder)

    files = files_of(name)
    return ["node", "--no-deprecation", installed(name, install, *files) / arguments[0], *arguments[1:]]


def java(name, *arguments):
    def install(folder):
        output_of(["javac", "-cp", JDBC, "-d", folder, *sorted((HERE / name).glob("*.java"))])

    return ["java", "-cp", f"{installed(name, install, *files_of(name))}:{JDBC}", *arguments]


def rust(name, *arguments):
    folder = TARGET / "rust"
    output_of(["cargo", "build", "--locked", "--quiet", "--package", name, "--target-dir", folder], cwd=HERE / "rust")
    return [folder / "debug" / name, *arguments]


# How each is run, with the name of its project and its program.
CLIENTS = {
    "psycopg": (python, "psycopg", "main.py"),
    "sqlalchemy-psycopg": (python, "sqlalchemy", "with_psycopg.py"),
    "sqlalchemy-asyncpg": (python, "sqlalchemy", "with_asyncpg.py"),
    "django": (python, "django", "main.py"),
    "django-server-side": (python, "django", "main.py", "server-side"),
    "pg": (node, "pg", "main.mjs"),
    "kysely": (node, "kysely", "main.js"),
    "sequelize": (node, "sequelize", "main.mjs"),
    "sqlx": (rust, "client-sqlx"),
    "diesel": (rust, "client-diesel"),
}
# Where the tests are set up by hand there may be no Java. conftest.py says so.
if shutil.which("javac") and pathlib.Path(JDBC).exists():
    CLIENTS["jdbc"] = (java, "jdbc", "Main")
# Those that are run through a pooler, too. sqlx names its prepared statements, which Debian's PgBouncer does not follow.
POOLED = [client for client in CLIENTS if client != "sqlx"]


def command(client):
    """Installs what the client needs, where it is not there yet."""
    kind, *arguments = CLIENTS[client]
    return kind(*arguments)
