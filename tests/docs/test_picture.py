"""docs/phases.svg is a picture of a new workspace's phases: of docs/phases.dot, which is what phase_diagram('dot') gives.

With ACCEPT=1, and Graphviz installed, both are written. The picture says which text it was made of, since other versions of
Graphviz draw the same text a little differently.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
SOURCE = ROOT / "docs/phases.dot"
PICTURE = ROOT / "docs/phases.svg"
# Text as text, and its looks beside the phases and edges, which are the function's.
LOOKS = ["-Gfontname=sans-serif", "-Nfontname=sans-serif", "-Efontname=sans-serif", "-Nstyle=rounded", "-Gbgcolor=white"]


def rendered(source):
    return subprocess.run(["dot", "-Tsvg", *LOOKS], input=source, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout


def mark(source):
    return f"<!-- Drawn from docs/phases.dot, SHA-256 {hashlib.sha256(source.encode()).hexdigest()} -->\n"


def names(picture):
    """What the picture's nodes and edges are called."""
    root = xml.etree.ElementTree.fromstring(re.sub(r"<!DOCTYPE.*?>", "", picture, flags=re.S))
    return sorted(title.text for title in root.iter("{http://www.w3.org/2000/svg}title"))


def test_the_picture_is_of_the_phases(connect):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('shop')")
    connection.execute("SET search_path = shop, phasegate")
    (source,) = connection.execute("SELECT phase_diagram('dot')").fetchone()
    if os.environ.get("ACCEPT"):
        SOURCE.write_text(source, "utf-8")
        PICTURE.write_text(rendered(source) + mark(source), "utf-8")
        return
    assert SOURCE.read_text("utf-8") == source
    picture = PICTURE.read_text("utf-8")
    assert picture.endswith(mark(source))
    edges = connection.execute("SELECT from_phase || '->' || to_phase FROM phase_transitions").fetchall()
    phases = connection.execute("SELECT unnest(enum_range(NULL::phase))::text").fetchall()
    assert names(picture) == sorted(["phases", *(name for (name,) in edges + phases)])
    if shutil.which("dot"):
        assert names(rendered(source)) == names(picture)
