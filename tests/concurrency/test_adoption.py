"""adopt_workspace while the application is at work, and while somebody else calls it too."""

import threading

import psycopg

COUNT = 20_000

TABLE = f"""
    CREATE TABLE public.issues (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, note text,
        phase_id varchar(50) NOT NULL DEFAULT 'PHASE_BACKLOG', updated_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX issues_phase ON public.issues (phase_id);
    INSERT INTO public.issues (title, phase_id)
    SELECT 'i' || n, (ARRAY['PHASE_BACKLOG', 'PHASE_DESIGN', 'PHASE_DONE'])[1 + n % 3] FROM generate_series(1, {COUNT}) n;
    VACUUM ANALYZE public.issues;
"""


class Application(threading.Thread):
    """Inserts, moves, deletes and reads all the time, and keeps what it did."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self._database = database
        self._stopped = threading.Event()
        self.moved, self.inserted, self.deleted, self.failed = {}, 0, set(), []

    def run(self):
        with psycopg.connect(dbname=self._database, autocommit=True) as connection:
            number = 0
            while not self._stopped.is_set():
                number += 1
                try:
                    connection.execute("INSERT INTO issues (title) VALUES ('new')")
                    self.inserted += 1
                    connection.execute("UPDATE issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = %s", (3 * number,))
                    self.moved[3 * number] = "PHASE_REQUIREMENTS"
                    connection.execute("DELETE FROM issues WHERE id = %s", (COUNT - number,))
                    self.deleted.add(COUNT - number)
                    connection.execute("SELECT count(*) FROM issues WHERE phase_id = 'PHASE_DESIGN'")
                except psycopg.Error as error:
                    self.failed.append(error)

    def stop(self):
        """Lets it finish what it does."""
        self._stopped.set()
        self.join()


def test_rows_that_are_written_meanwhile_are_taken_along(database):
    """Also where two sessions adopt the same table at once."""
    with psycopg.connect(dbname=database, autocommit=True) as owner, psycopg.connect(dbname=database, autocommit=True) as other:
        for statement in TABLE.strip().split(";\n"):
            owner.execute(statement)
        application = Application(database)
        application.start()
        second = threading.Thread(target=other.execute, args=("CALL phasegate.adopt_workspace('flow', tickets => 'issues')",))
        second.start()
        owner.execute("CALL phasegate.adopt_workspace('flow', tickets => 'issues')")
        second.join()
        application.stop()
        assert not application.failed
        assert application.inserted > 0
        assert owner.execute("SELECT check_name, violations, example FROM phasegate.check_workspace('flow') WHERE violations > 0").fetchall() == []
        [there] = owner.execute("SELECT count(*) FROM issues").fetchone()
        assert there == COUNT + application.inserted - len(application.deleted)
        phases = dict(owner.execute("SELECT id, phase_id::text FROM issues WHERE id = ANY (%s)", (list(application.moved),)).fetchall())
        assert all(phases.get(one, phase) == phase for one, phase in application.moved.items())
        [without] = owner.execute("SELECT count(*) FROM issues i WHERE NOT EXISTS (SELECT FROM flow.phase_history h WHERE h.ticket_id = i.ticket_uuid)").fetchone()
        assert without == 0
