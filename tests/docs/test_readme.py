"""The SQL of README.md and demo/README.md runs, and prints what is shown there.

Every ```sql block is given to one psql session, in order, in a database without the extension. A ```text block
right after it is its output, as psql -q prints it; ids may differ. A block that is refused shows its ERROR there.
With ACCEPT=1 what psql prints is written into the file instead; a block has to have a ```text block to begin with.
"""

import os
import pathlib
import re
import subprocess
import uuid

import psycopg
import pytest

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
BLOCK = re.compile(r"^```sql\n(?P<sql>.*?)^```\n(?:\n?^```text\n(?P<output>.*?)^```\n)?", re.M | re.S)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ROLES = ["shop_owner", "shop_app", "shop_agent", "shop_reviewer", "shop_reader"]


def trimmed(output):
    lines = (UUID.sub("(id)", line).rstrip() for line in output.strip("\n").split("\n"))
    return "\n".join(lines)


def psql(database, script):
    run = subprocess.run(
        [os.path.join(os.environ["PHASEGATE_BINDIR"], "psql"), "-X", "-q", "-d", database],
        input="\\encoding UTF8\n" + script, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


@pytest.fixture
def database():
    """A database without the extension; the roles that the examples make go with it."""
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield name
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for role in ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {role}")


PREPARATION = {
    "README.md": "",
    # Its examples are to be run in a workspace.
    "demo/README.md": "CREATE EXTENSION phasegate; SELECT phasegate.create_workspace('shop') \\g /dev/null\nSET search_path = shop, phasegate;\n",
}


@pytest.mark.parametrize("file", PREPARATION)
def test_examples(database, file):
    text = (ROOT / file).read_text("utf-8")
    blocks = list(BLOCK.finditer(text))
    assert blocks
    script = PREPARATION[file] + "".join(f"\\echo ==block==\n{block['sql']}\n" for block in blocks)
    outputs = psql(database, script).split("==block==\n")[1:]
    assert len(outputs) == len(blocks)

    if os.environ.get("ACCEPT"):
        for block, output in reversed(list(zip(blocks, outputs))):
            if block["output"] is not None and trimmed(block["output"]) != trimmed(output):
                printed = "\n".join(line.rstrip() for line in output.strip("\n").split("\n"))
                text = text[:block.start("output")] + printed + "\n" + text[block.end("output"):]
        (ROOT / file).write_text(text, "utf-8")
        return
    for block, output in zip(blocks, outputs):
        if block["output"] is None:
            assert "ERROR:" not in output, block["sql"] + output
        else:
            assert trimmed(block["output"]) == trimmed(output), block["sql"]


def test_the_reference_is_complete(connect_with_extension):
    """Functions with the comments of the catalog, and settings."""
    text = (ROOT / "README.md").read_text("utf-8")
    row = re.compile(r"^(\| `(\w+)\(.*?\)` \| )(.*) \|$", re.M)
    catalog = dict(connect_with_extension.execute(
        "SELECT proname, obj_description(oid, 'pg_proc') FROM pg_proc"
        " WHERE pronamespace = 'phasegate'::regnamespace AND prorettype <> 'trigger'::regtype").fetchall())
    if os.environ.get("ACCEPT"):
        text = row.sub(lambda found: f"{found[1]}{catalog.get(found[2], found[3])} |", text)
        (ROOT / "README.md").write_text(text, "utf-8")
    rows = {name: comment for _, name, comment in row.findall(text)}
    assert rows == catalog
    connect_with_extension.execute("SELECT phasegate.uuid_v7()")
    for (setting,) in connect_with_extension.execute("SELECT name FROM pg_settings WHERE name LIKE 'phasegate.%'"):
        assert f"| `{setting}` |" in text


@pytest.fixture
def connect_with_extension(database):
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        yield connection
