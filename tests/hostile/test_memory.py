"""Where memory is short, large inputs are refused before anything is made of them, and the server stays up.

Rust ends the process where an allocation fails, and the server with it; its own allocations raise an error.
"""

import pathlib
import resource

import pytest

# What a session may have beyond what the server had when it started.
SPARE = 600 << 20
# In the server's own memory each of them fits.
TEXT = "repeat('word ', {count})"
HUGE = {
    "text": TEXT.format(count=40_000_000), "no words": "repeat('x', 100000000)", "names": "repeat('é ', 30000000)",
    "document": "jsonb_build_object('a', repeat('word ', 40000000))", "array": "('[' || repeat('0,', 5000000) || '0]')::jsonb",
    "digits": "('[' || repeat('1e100000,', 500) || '0]')::jsonb",
}
CALLS = {
    "text": ["phasegate.count_tokens({})", "phasegate.add_artifact({ticket}, 'x', {})", "phasegate.transition_ticket({ticket}, 'PHASE_REQUIREMENTS', {})"],
    "jsonb": ["phasegate.summarize_context({}, 100)", "phasegate.summarize_structured({})", "phasegate.extract_key_points({})",
              "phasegate.complete_task({task}, 'ada', {})", "phasegate.add_artifact({ticket}, 'x', NULL, {})",
              "phasegate.transition_ticket({ticket}, 'PHASE_REQUIREMENTS', artifacts => {})"],
}
# Below the limits.
FITTING = ["phasegate.count_tokens(repeat('word ', 1600000))", "phasegate.count_tokens(repeat('x', 8000000))",
           "phasegate.summarize_context(('[' || repeat('null,', 1000000) || '0]')::jsonb, 100)"]


@pytest.fixture
def short_of_memory(make_cluster):
    cluster = make_cluster(restart_after_crash="off")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("SELECT phasegate.create_workspace('shop')")
        data = connection.execute("SHOW data_directory").fetchone()[0]
    pid = int((pathlib.Path(data) / "postmaster.pid").read_text().split()[0])
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + SPARE
    # As ulimit -v: the server and its sessions have it from the program that starts them.
    cluster.run("restart", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    cluster.known_env = None
    return cluster


def test_large_inputs_where_memory_is_short(short_of_memory):
    said = {}

    def call(statement):
        # Each in a session of its own: memory that one had is free again.
        with short_of_memory.connect(autocommit=True) as connection:
            connection.execute("SET search_path = shop")
            try:
                connection.execute(f"SELECT length(f::text) FROM {statement} f")
            except Exception as error:
                return getattr(error, "sqlstate", None) or repr(error)
            return "00000"

    with short_of_memory.connect(autocommit=True) as connection:
        connection.execute("SET search_path = shop")
        ticket = connection.execute("INSERT INTO tickets (title) VALUES ('t') RETURNING id").fetchone()[0]
        task = connection.execute("INSERT INTO tasks (ticket_id, phase_id) VALUES (%s, 'PHASE_BACKLOG') RETURNING id", [ticket]).fetchone()[0]
        connection.execute("UPDATE tasks SET status = 'assigned', assigned_agent_id = 'ada', attempts = 1, lease_expires_at = now() + interval '1 day'")
    for name, value in HUGE.items():
        for statement in CALLS["jsonb" if "jsonb" in value else "text"]:
            said[name, statement] = call(statement.format(value, ticket=f"'{ticket}'", task=f"'{task}'"))
    # The server's own words: too large, or out of memory. 22001 is a column's length.
    wrong = {what: state for what, state in said.items() if state not in ("54000", "53200", "22001")}
    assert wrong == {}
    assert [call(statement) for statement in FITTING] == ["00000"] * len(FITTING)
    assert "terminated by signal" not in short_of_memory.log()
