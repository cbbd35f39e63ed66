"""The code in docs/ is that of the programs that tests/clients runs.

A comment `<!-- FILE: NAME -->` before a block says that it is the region NAME of that file, which stands there between
`region NAME` and `endregion`, each in a comment of its own. With ACCEPT=1 the region is written into the document.
"""

import os
import pathlib
import re
import textwrap

import pytest

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
BLOCK = re.compile(r"^<!-- (?P<file>\S+): (?P<region>\S+) -->\n```\w+\n(?P<code>.*?)^```\n", re.M | re.S)
REGION = re.compile(r"^ *(?:#|//) region (?P<name>\S+)\n(?P<code>.*?)^ *(?:#|//) endregion\n", re.M | re.S)
DOCUMENTS = [path for path in sorted(ROOT.glob("docs/**/*.md")) if BLOCK.search(path.read_text("utf-8"))]


def regions(file):
    return {found["name"]: textwrap.dedent(found["code"]) for found in REGION.finditer((ROOT / file).read_text("utf-8"))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_is_what_runs(document):
    text = document.read_text("utf-8")
    if os.environ.get("ACCEPT"):
        def updated(found):
            start, end = found.start("code") - found.start(), found.end("code") - found.start()
            return found[0][:start] + regions(found["file"])[found["region"]] + found[0][end:]

        document.write_text(BLOCK.sub(updated, text), "utf-8")
        return
    for found in BLOCK.finditer(text):
        assert found["code"] == regions(found["file"])[found["region"]], f"{found['file']}: {found['region']}"


def test_every_region_is_shown():
    shown = {(found["file"], found["region"]) for document in DOCUMENTS for found in BLOCK.finditer(document.read_text("utf-8"))}
    marked = {
        (str(path.relative_to(ROOT)), name)
        for path in ROOT.glob("tests/clients/**/*") if path.suffix in {".py", ".mjs", ".ts", ".java", ".rs", ".rb"}
        for name in regions(path)
    }
    assert shown == marked
