"""The tokenizer's vocabulary is loaded when it is first needed, and by no session that never needs it."""


def private_kilobytes(pid):
    """Memory that belongs to this process alone."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        fields = dict(line.split(":", 1) for line in rollup if ":" in line)
    return int(fields["Private_Dirty"].split()[0])


def test_a_session_pays_for_the_vocabulary_when_it_first_counts(connect):
    session = connect(autocommit=True)
    session.execute("SET client_min_messages = warning")
    session.execute("SELECT phasegate.create_workspace('acme')")
    session.execute("SET search_path = acme, phasegate")
    session.execute("INSERT INTO tickets (title) VALUES ('one')")
    session.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    session.execute("SELECT * FROM claim_task('agent', '{analysis}')")
    pid = session.info.backend_pid
    before = private_kilobytes(pid)
    session.execute("SELECT count_tokens('one two three')")
    after = private_kilobytes(pid)
    # The vocabulary takes some tens of megabytes; all that was done before takes far less than a quarter of that.
    assert after - before > 10_000, (before, after)
    session.execute("SELECT count_tokens('four five six')")
    assert private_kilobytes(pid) - after < 2_000
