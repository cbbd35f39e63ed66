"""P11: how long a table of 1,000,000 tickets is locked while it is adopted.

Another session reads and writes single rows all the time; what counts is how long one of its statements waited. The baseline is
what a careful person would do by hand: the same columns, rows and indexes, committed between steps, rows filled in batches, the
column of phases beside the one of texts until it takes its place.
"""

import threading
import time

from .rounds import Measured, Row, at_most

TABLE = """
    CREATE SCHEMA {schema};
    CREATE TABLE {schema}.tickets (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL, assignee text, state text NOT NULL DEFAULT 'open',
        phase_id varchar(50) NOT NULL DEFAULT 'PHASE_BACKLOG', created_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO {schema}.tickets (title, assignee, phase_id)
    SELECT 'ticket ' || n, 'somebody', (ARRAY['PHASE_BACKLOG', 'PHASE_DESIGN', 'PHASE_DONE'])[1 + n % 3] FROM generate_series(1, {count}) n;
"""

LABELS = ("BACKLOG", "REQUIREMENTS", "DESIGN", "IMPLEMENTATION", "TESTING", "DEPLOYMENT", "DONE", "BLOCKED")

BEGIN_BY_HAND = [
    "CREATE TYPE phase AS ENUM ({labels})",
    """ALTER TABLE tickets ADD COLUMN new_phase_id phase, ADD COLUMN description text, ADD COLUMN previous_phase_id phase,
           ADD COLUMN priority varchar(20) NOT NULL DEFAULT 'MEDIUM', ADD COLUMN context jsonb, ADD COLUMN context_summary text,
           ADD COLUMN phase_entered_at timestamptz, ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
           ALTER COLUMN phase_entered_at SET DEFAULT now()""",
    """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.new_phase_id := NEW.phase_id::text::phase; RETURN NEW; END $$""",
    "CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION keep()",
]
FILL_BY_HAND = """
    UPDATE tickets SET new_phase_id = phase_id::text::phase, phase_entered_at = coalesce(phase_entered_at, created_at)
     WHERE ctid >= '({0},0)' AND ctid < '({1},0)' AND (new_phase_id IS NULL OR phase_entered_at IS NULL)
"""
END_BY_HAND = [
    "ALTER TABLE tickets ADD CONSTRAINT filled CHECK (new_phase_id IS NOT NULL AND phase_entered_at IS NOT NULL) NOT VALID",
    "ALTER TABLE tickets VALIDATE CONSTRAINT filled",
    """ALTER TABLE tickets ADD CONSTRAINT tickets_priority_check CHECK (priority = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}')) NOT VALID,
           ADD CONSTRAINT tickets_title_check CHECK (char_length(title) BETWEEN 1 AND 500) NOT VALID""",
    "ALTER TABLE tickets VALIDATE CONSTRAINT tickets_priority_check",
    "ALTER TABLE tickets VALIDATE CONSTRAINT tickets_title_check",
    """ALTER TABLE tickets DROP COLUMN phase_id, DROP CONSTRAINT filled, ALTER COLUMN new_phase_id SET NOT NULL,
           ALTER COLUMN new_phase_id SET DEFAULT 'PHASE_BACKLOG', ALTER COLUMN phase_entered_at SET NOT NULL;
       ALTER TABLE tickets RENAME COLUMN new_phase_id TO phase_id; DROP TRIGGER keep ON tickets""",
    "CREATE INDEX ON tickets (phase_id, phase_entered_at)",
    """CREATE TABLE phase_history (LIKE model.phase_history INCLUDING ALL);
       ALTER TABLE phase_history ALTER COLUMN from_phase TYPE phase USING NULL, ALTER COLUMN to_phase TYPE phase USING NULL;
       ALTER TABLE phase_history ADD FOREIGN KEY (ticket_id) REFERENCES tickets ON DELETE CASCADE""",
]
HISTORY_BY_HAND = """
    WITH next AS (SELECT id, phase_id FROM tickets WHERE id > %s ORDER BY id LIMIT 20000),
         written AS (INSERT INTO phase_history (ticket_id, to_phase, transition_reason) SELECT id, phase_id, 'adopted' FROM next)
    SELECT id FROM next ORDER BY id DESC LIMIT 1
"""
CATCH_UP_BY_HAND = """
    LOCK TABLE tickets IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO phase_history (ticket_id, to_phase, transition_reason)
    SELECT t.id, t.phase_id, 'adopted' FROM tickets t
     WHERE age(t.xmin) <= age('{horizon}'::xid) AND NOT EXISTS (SELECT FROM phase_history h WHERE h.ticket_id = t.id AND h.to_phase = t.phase_id)
"""


def by_hand(connection, schema):
    """The same, as a careful person would do it."""
    connection.execute(f"SET search_path = {schema}")
    labels = ", ".join(f"'PHASE_{label}'" for label in LABELS)
    for statement in BEGIN_BY_HAND:
        connection.execute(statement.format(labels=labels))
    block, size = 0, 1
    while block < size:
        connection.execute(FILL_BY_HAND.format(block, block + 200))
        block += 200
        [size] = connection.execute("SELECT pg_relation_size('tickets') / 8192").fetchone()
    for statement in END_BY_HAND:
        connection.execute(statement)
    [horizon] = connection.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").fetchone()
    last = "00000000-0000-0000-0000-000000000000"
    while found := connection.execute(HISTORY_BY_HAND, (last,)).fetchone():
        [last] = found
    with connection.transaction():
        connection.execute(CATCH_UP_BY_HAND.format(horizon=horizon))


class Application:
    """Reads and writes single rows all the time, and knows how long it waited for one at most."""

    def __init__(self, database, schema):
        self.longest = {"read": 0.0, "write": 0.0}
        self._connection = database.connect(schema)
        self._schema = schema
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self):
        ids = [row[0] for row in self._connection.execute("SELECT id FROM tickets LIMIT 1000").fetchall()]
        number = 0
        while not self._stop.is_set():
            number += 1
            one = ids[number % len(ids)]
            self._time("read", f"SELECT title FROM {self._schema}.tickets WHERE id = '{one}'")
            self._time("write", f"UPDATE {self._schema}.tickets SET assignee = 'a{number}' WHERE id = '{one}'")
            time.sleep(0.002)

    def _time(self, what, sql):
        start = time.perf_counter()
        self._connection.execute(sql)
        self.longest[what] = max(self.longest[what], time.perf_counter() - start)

    def __enter__(self):
        self._thread.start()
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._connection.close()


def run(bench):
    """The rows of P11."""
    count = bench.scaled(1_000_000)
    figures = {"ours": {"read": [], "write": []}, "hand": {"read": [], "write": []}}
    for number in range(3):
        with bench.server.database("bench_p11") as database:
            with database.connect() as connection:
                connection.execute("SELECT phasegate.create_workspace('model')")
                for side in ("ours", "hand"):
                    connection.execute(TABLE.format(schema=side, count=count))
                    connection.execute(f"VACUUM ANALYZE {side}.tickets")
            order = ("ours", "hand") if number % 2 else ("hand", "ours")
            for side in order:
                with database.connect() as connection, Application(database, side) as application:
                    if side == "ours":
                        connection.execute("SET client_min_messages = warning")
                        connection.execute("CALL phasegate.adopt_workspace('ours')")
                    else:
                        by_hand(connection, side)
                for what, longest in application.longest.items():
                    figures[side][what].append(Measured(longest, longest))
    rows = []
    for what, name in (("read", "longest wait of a SELECT"), ("write", "longest wait of an UPDATE")):
        target = at_most(1.5)
        rows.append(Row("P11", f"adopting {count:,} tickets: {name}", "the same by hand", figures["ours"][what], figures["hand"][what], target))
    return rows
