"""The tokenizer's vocabulary takes memory of a backend only once the backend counts tokens."""

import re

import psycopg
import pytest

# What the vocabulary takes is some ten megabytes; what else a backend allocates here is far below the margin.
MARGIN_KB = 4096
USES = ["count_tokens('a')", "summarize_context('{\"key_decisions\": [\"Refund to the card\"]}', 3)"]


def own_memory_kb(connection):
    """The memory that this backend shares with nobody, less what it maps of files and of the server's shared memory."""
    try:
        with open(f"/proc/{connection.info.backend_pid}/smaps_rollup") as rollup:
            return int(re.search(r"^Anonymous:\s+(\d+) kB", rollup.read(), re.M).group(1))
    except (FileNotFoundError, PermissionError) as error:
        pytest.skip(f"the memory of a backend cannot be read: {error}")


@pytest.fixture
def session(connect):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('acme')")
    connection.execute("SET search_path = acme, phasegate")
    connection.execute("DELETE FROM phase_gate_requirements")
    connection.execute("SHOW phasegate.tokenizer")
    # What it does every day, without a token counted: tickets that move, tasks that are done, contexts that are read.
    for _ in range(3):
        connection.execute("INSERT INTO tickets (title) VALUES ('t')")
        connection.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG'")
        connection.execute("SELECT * FROM claim_task('ada', '{analysis}')")
        connection.execute("SELECT ticket_context(id), get_context_for_phase(id), aggregate_phase_context(id) FROM tickets")
        connection.execute("SELECT summarize_structured('{\"a\": 1}'), extract_key_points('{\"a\": 1}')")
    return connection


@pytest.mark.parametrize("tokenizer", ["o200k_base", "cl100k_base"])
@pytest.mark.parametrize("use", USES)
def test_the_vocabulary_is_loaded_on_first_use(session, use, tokenizer):
    session.execute(f"SET phasegate.tokenizer = {tokenizer}")
    session.execute("SELECT summarize_structured('{\"a\": 1}')")
    before = own_memory_kb(session)
    session.execute(f"SELECT {use}")
    first = own_memory_kb(session)
    for _ in range(20):
        session.execute(f"SELECT {use}")
    later = own_memory_kb(session)
    assert before < MARGIN_KB * 3, before
    assert first - before > MARGIN_KB, (before, first)
    assert later - first < MARGIN_KB / 4, (first, later)


def test_each_vocabulary_is_loaded_for_itself(session):
    session.execute("SELECT count_tokens('a')")
    one = own_memory_kb(session)
    session.execute("SET phasegate.tokenizer = cl100k_base")
    session.execute("SELECT summarize_structured('{\"a\": 1}')")
    assert own_memory_kb(session) - one < MARGIN_KB / 4
    session.execute("SELECT count_tokens('a')")
    assert own_memory_kb(session) - one > MARGIN_KB / 2


def test_a_preloaded_vocabulary_is_shared(make_cluster):
    cluster = make_cluster(shared_preload_libraries="phasegate")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("SELECT phasegate.summarize_structured('{\"a\": 1}')")
        before = private_kb(connection)
        assert connection.execute("SELECT phasegate.count_tokens('Refund to the card')").fetchone()[0] == 4
        # A page becomes this process's alone, too, when the others that shared it have ended.
        assert private_kb(connection) - before < MARGIN_KB / 2


def private_kb(connection):
    """The pages that this process alone has: of those that it shares with the postmaster, what it wrote to."""
    try:
        with open(f"/proc/{connection.info.backend_pid}/smaps_rollup") as rollup:
            return int(re.search(r"^Private_Dirty:\s+(\d+) kB", rollup.read(), re.M).group(1))
    except (FileNotFoundError, PermissionError) as error:
        pytest.skip(f"the memory of a backend cannot be read: {error}")
