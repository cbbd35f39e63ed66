"""A reader who follows phase_history by (xid, id) below the snapshot's xmin gets each row once, in whichever order transactions end."""

import random

import psycopg
import pytest

# Ordered by the column: as text, which "ORDER BY xid" would mean here, 1000 comes before 999.
ORDERED = """
    SELECT xid::text, id FROM phase_history h
     WHERE cluster = (SELECT system_identifier FROM pg_control_system()) AND xid < pg_snapshot_xmin(pg_current_snapshot())
       AND (xid, id) > (%s::xid8, %s::uuid) ORDER BY h.xid, h.id LIMIT %s
"""
# What looks as good and is not.
BY_TIME = "SELECT created_at, id FROM phase_history WHERE (created_at, id) > (%s, %s::uuid) ORDER BY created_at, id LIMIT %s"


class Feed:
    """Reads on from where it was, some rows at a time, each time in a transaction of its own."""

    def __init__(self, session, sql=ORDERED, start=("0", "00000000-0000-0000-0000-000000000000")):
        self.session, self.sql, self.place, self.delivered = session, sql, start, []

    def read(self, most=3):
        rows = True
        while rows:
            with self.session.transaction():
                rows = self.session.execute(self.sql, [*self.place, most]).fetchall()
            if rows:
                self.place = rows[-1]
                self.delivered += [row[1] for row in rows]


@pytest.fixture(params=list(psycopg.IsolationLevel)[1:], ids=lambda level: level.name)
def sessions(connect, request):
    """sessions(n) gives n connections of the level to a workspace without gates and tasks."""
    with connect(autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace('acme')")
        owner.execute("DELETE FROM acme.phase_gate_requirements")
        owner.execute("UPDATE acme.task_templates SET is_active = false")

    def opened(count):
        found = [connect(autocommit=True, options="-c search_path=acme,phasegate") for _ in range(count)]
        for session in found:
            session.isolation_level = request.param
        return found

    return opened


def written(session):
    return sorted(id for (id,) in session.execute("SELECT id FROM phase_history"))


def test_what_was_decided_first_and_committed_last(sessions):
    first, second, reader, other = sessions(4)
    tickets = [row[0] for row in first.execute("INSERT INTO tickets (title) VALUES ('a'), ('b') RETURNING id")]
    feed, by_time = Feed(reader), Feed(other, BY_TIME, ("-infinity", "00000000-0000-0000-0000-000000000000"))
    move = "SELECT transition_ticket(%s, 'PHASE_REQUIREMENTS')"
    with first.transaction():
        first.execute(move, tickets[:1])
        second.execute(move, tickets[1:])
        feed.read()
        by_time.read()
        assert len(feed.delivered) == 2, "the second move waits for the first, whose number is lower"
    feed.read()
    by_time.read()
    assert sorted(feed.delivered) == written(reader)
    assert len(by_time.delivered) == 3, "by the time of decisions one is missed, which is why there are numbers"


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_commits(sessions, seed):
    choose = random.Random(seed)
    *movers, reader = sessions(4)
    feed = Feed(reader)
    # Each has tickets of its own, so that nobody waits.
    tickets = [[row[0] for row in mover.execute("INSERT INTO tickets (title, phase_id) SELECT 't', 'PHASE_DESIGN' FROM generate_series(1, 3) RETURNING id")] for mover in movers]

    def move(mover, own):
        ticket = choose.choice(own)
        (blocked,) = mover.execute("SELECT phase_id = 'PHASE_BLOCKED' FROM tickets WHERE id = %s", [ticket]).fetchone()
        if choose.random() < 0.5:
            mover.execute("UPDATE tickets SET phase_id = %s::phase WHERE id = %s", ["PHASE_DESIGN" if blocked else "PHASE_BLOCKED", ticket])
        else:
            mover.execute("SELECT unblock_ticket(%s)" if blocked else "SELECT block_ticket(%s, 'why')", [ticket])

    def step(mover, own):
        if mover.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            mover.execute("BEGIN")
            if choose.random() < 0.5:
                # Numbered before it moves anything.
                mover.execute("SELECT pg_current_xact_id()")
        what = choose.random()
        if what < 0.4:
            move(mover, own)
        elif what < 0.6:
            mover.execute("SAVEPOINT s")
            move(mover, own)
            mover.execute(choose.choice(["RELEASE s", "ROLLBACK TO s"]))
        elif what < 0.9:
            mover.execute("COMMIT")
        else:
            mover.execute("ROLLBACK")

    for _ in range(80):
        number = choose.randrange(len(movers))
        step(movers[number], tickets[number])
        feed.read()
    for mover in movers:
        mover.execute("COMMIT")
    feed.read()
    assert len(feed.delivered) > 12
    assert sorted(feed.delivered) == written(reader)
