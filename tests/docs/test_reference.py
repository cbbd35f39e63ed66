"""docs/reference.md is what the catalog and the source say; with ACCEPT=1 it is written."""

import os
import re

import pytest
from reference import ROOT, codes, messages, reference, sources
from test_readme import psql

# A DETAIL or HINT in the source: given to a method, or after the first argument of a constructor.
LITERAL = r'(?:format!\(\s*)?"((?:[^"\\]|\\.)*)"'
CONSTRUCTOR = r'(?:invalid_argument|cannot_adopt)\(\s*(?:\w+|&?(?:format!\(\s*)?"[^"]*"\)?),\s*'
SENTENCE = re.compile(rf"(?:\.(?:detail|hint)\(\s*|{CONSTRUCTOR}){LITERAL}")


@pytest.fixture
def workspace(connect):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('shop')")
    connection.execute("SET search_path = shop, phasegate")
    return connection


def test_reference_is_up_to_date(workspace):
    file = ROOT / "docs/reference.md"
    written = reference(workspace)
    if os.environ.get("ACCEPT"):
        file.write_text(written, "utf-8")
        return
    assert file.read_text("utf-8") == written, "make pytest TESTS=tests/docs/test_reference.py ACCEPT=1 writes it anew"


def test_everything_has_a_comment(workspace):
    assert not re.search(r"\|  \|$|^None|\bNone\b", reference(workspace), re.M)


def test_codes_are_words_of_their_own_that_are_used():
    words = [word for _, _, word, _ in codes()]
    assert len(words) == len(set(words)) and "40001" not in {state for _, state, _, _ in codes()}
    used = set(re.findall(r"Code::(\w+)", "".join(text for _, text in sources())))
    assert {name for name, _, _, _ in codes()} <= used
    assert {name for name, _ in messages()} <= used


def test_messages_are_in_the_style_of_postgresql():
    """Its style guide: a primary message begins in lower case and has no full stop; DETAIL and HINT are sentences."""
    for _, message in messages():
        assert not re.match(r"[A-Z]", message) and not re.search(r"[^.]\.$", message), message
        assert "\n" not in message, message
    for path, text in sources():
        for part in SENTENCE.findall(text):
            assert re.match(r'[A-Z{\\]|phasegate\.|check_gate', part) and part.endswith((".", ":", ";")), f"{path}: {part}"


def test_the_board_fits_a_terminal(database, workspace):
    """In 100 columns, as psql prints it, with times to the microsecond and a long time zone."""
    workspace.execute("INSERT INTO tickets (title) SELECT 'Ticket ' || n FROM generate_series(1, 2000) n")
    workspace.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title <> 'Ticket 1'")
    board = psql(database, "SET timezone = 'Asia/Kolkata'; SET search_path = shop, phasegate; SELECT * FROM phase_board;")
    assert "+05:30" in board and "1999" in board
    assert max(map(len, board.splitlines())) <= 100
