"""pgspot finds nothing in the SQL that runs with somebody's rights: names and operators that another could plant."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
SQL = ROOT / "sql"

# What is not looked at in the extension's own scripts.
REPLACED = {
    "PS002": "CREATE OR REPLACE FUNCTION: the server refuses it in an extension's script for what is there and not the extension's.",
    "PS005": "adopt_workspace: a procedure with a search_path of its own cannot commit; every name in it is qualified.",
    "PS015": "CREATE OR REPLACE VIEW: likewise.",
}

# What is not looked at in workspace scripts. All three are about CREATE in a schema where others may create as well.
IGNORED = {
    "PS012": "CREATE TABLE IF NOT EXISTS: tables of our names that are another role's are refused before (src/workspace/adopt.rs).",
    "PS014": "CREATE INDEX IF NOT EXISTS: none of them is unique; where another has the name, the lack of ours costs time and gives no right.",
    "PS015": "CREATE OR REPLACE VIEW: views of our names that are another role's are refused before, with the tables.",
}

def extension_scripts():
    """Those that end in the present version; those of former ones are as they were released."""
    pg_config = os.path.join(os.environ["PHASEGATE_BINDIR"], "pg_config")
    version = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version"))
    share = subprocess.run([pg_config, "--sharedir"], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()
    return sorted(pathlib.Path(share, "extension").glob(f"phasegate--*{version}.sql"))


def workspace_scripts():
    """All but what CREATE EXTENSION and ALTER EXTENSION run."""
    rooms = [path for path in SQL.glob("*/*.sql") if path.parent.name != "upgrade"]
    return sorted([path for path in rooms if path.name not in ("functions.sql", "types.sql", "grants.sql")]
                  + list(SQL.glob("*/migrations/*.sql")))


def in_workspace(script):
    """As the library runs it: with the search_path pinned, but for check.sql, which finds the caller's."""
    pinned = "" if script.name.startswith("check") else "SET search_path = pg_catalog, pg_temp;\n"
    parts = [SQL / "workspace" / name for name in ("check.sql", "check_owners.sql", "check_rest.sql")]
    text = "\n".join(path.read_text("utf-8") for path in (parts if script in parts else [script])).replace("{shape}", "1").replace("{needs}", "1").replace("{cluster}", "1").replace("{start}", "'A'")
    for name in ("phase", "tickets"):
        text = text.replace(f"{{{name}}}", f'"A workspace".{name}')
    return pinned + re.sub(r"{ticket\.(\w+)}", r"\1", text).replace("{ws}", '"A workspace"')


def spotted(text, folder, ignored=()):
    """What pgspot says of the script, warnings included; nothing where it finds nothing."""
    file = folder / "script.sql"
    file.write_text(text, "utf-8")
    pgspot = pathlib.Path(sys.executable).parent / "pgspot"
    arguments = [argument for code in ignored for argument in ("--ignore", code)]
    run = subprocess.run([pgspot, *arguments, file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    # What it cannot read it has not looked at.
    assert run.returncode in (0, 1) and "Errors:" in run.stdout and "syntax error" not in run.stdout, run.stdout
    return "" if "Errors: 0 Warnings: 0 Unknown: 0" in run.stdout else run.stdout


def test_the_scripts_that_create_extension_runs(tmp_path):
    scripts = extension_scripts()
    assert scripts
    for script in scripts:
        assert not spotted(script.read_text("utf-8"), tmp_path, REPLACED), script.name


@pytest.mark.parametrize("script", workspace_scripts(), ids=lambda path: str(path.relative_to(SQL)))
def test_the_scripts_of_a_workspace(script, tmp_path):
    assert not spotted(in_workspace(script), tmp_path, IGNORED)


def test_what_is_ignored_is_there(tmp_path):
    """So that no code stays in the list longer than it is needed."""
    found = "".join(spotted(in_workspace(script), tmp_path) for script in workspace_scripts())
    assert [code for code in IGNORED if code not in found] == []


def test_pgspot_would_find_something(tmp_path):
    assert "PS001" in spotted("CREATE VIEW ws.v AS SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = 'x';", tmp_path)
