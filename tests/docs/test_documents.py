"""Every example in the documents is run, in order, in one session a document.

A ```sql block is run by psql. Where a ```text block follows, it is what psql prints for the block,
compared line by line without trailing blanks; a line of just "..." stands for lines that are left out.
A block may fail only where its ```text block shows an ERROR.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ["PHASEGATE_ROOT"])
DOCUMENTS = ["README.md", "demo/README.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


# Roles are the cluster's, not the database's: those that the examples make are dropped again.
FORGET_ROLES = "".join(
    f"DROP OWNED BY shop_{role}; DROP ROLE shop_{role};\n" for role in ("reader", "agent", "reviewer", "manager")
)


def examples(document):
    """(sql, shown output or None) for each example."""
    blocks = BLOCK.findall((ROOT / document).read_text())
    for number, (language, body) in enumerate(blocks):
        if language == "sql":
            follower = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
            yield body, follower[1] if follower[0] == "text" else None


def lines(text):
    return [line.rstrip() for line in text.strip("\n").splitlines() if line.strip()]


def matches(shown, printed):
    """Whether the lines agree, "..." standing for any number of lines."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(shown[1:], printed[start:]) for start in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples(document, database):
    mark = "--8<-- end of example"
    found = list(examples(document))
    assert found
    script = "".join(f"{sql}\n\\echo {mark}\n" for sql, _ in found) + FORGET_ROLES
    psql = subprocess.run(
        [f"{os.environ['PHASEGATE_BINDIR']}/psql", "-X", "-q", "-d", database,
         "-v", "VERBOSITY=default", "-f", "-"],
        input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        # As a person at a terminal sees it, but for what differs from one machine to the next.
        env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning -c timezone=UTC"},
    )
    outputs = psql.stdout.split(f"{mark}\n")
    assert len(outputs) == len(found) + 1, psql.stdout
    for (sql, shown), printed in zip(found, outputs):
        printed = re.sub(r"^psql:<stdin>:\d+: ", "", printed, flags=re.MULTILINE)
        if shown is None:
            assert "ERROR:" not in printed, f"{sql}\n{printed}"
        else:
            assert matches(lines(shown), lines(printed)), f"{sql}\n--- shown\n{shown}\n--- printed\n{printed}"
