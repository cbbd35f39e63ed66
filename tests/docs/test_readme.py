"""The SQL of README.md, demo/README.md and docs/ runs, and prints what is shown there.

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
ROLES = ["shop_owner", "shop_app", "shop_agent", "shop_reviewer", "shop_conductor", "shop_reader"]


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


# Examples other than the README's and the tutorial's are to be run in a workspace.
WORKSPACE = "CREATE EXTENSION phasegate; SELECT phasegate.create_workspace('shop') \\g /dev/null\nSET search_path = shop, phasegate;\n"
DOCUMENTS = ["README.md", "demo/README.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md"))]
PREPARATION = {
    file: "" if file == "README.md" else WORKSPACE
    for file in DOCUMENTS if BLOCK.search((ROOT / file).read_text("utf-8"))
}
# The tutorial goes on from the README.
PREPARATION["docs/tutorial.md"] = "".join(block["sql"] for block in BLOCK.finditer((ROOT / "README.md").read_text("utf-8")))


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


@pytest.mark.parametrize("file", DOCUMENTS)
def test_names_of_files_and_links_are_true(file):
    """Paths in backquotes (a `*` matches, and a bare name stands beside the one before it) and relative links."""
    text = (ROOT / file).read_text("utf-8")
    for line in text.splitlines():
        folder = None
        for path in re.findall(r"`((?:src|sql|tests|demo|docs|pgrx-config)/[\w*./-]*|[\w-]+\.rs)`", line):
            if "/" in path:
                folder = pathlib.PurePath(path).parent
            elif folder is None:
                continue
            else:
                path = str(folder / path)
            assert list(ROOT.glob(path)), f"{file}: {path}"
    for link in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[\w-]*)?\)", text):
        assert not link or ((ROOT / file).parent / link).exists(), f"{file}: {link}"
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([\w-]*)\)", text):
        target = (ROOT / file).parent / link if link else ROOT / file
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
        assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, f"{file}: {link}#{anchor}"
