"""An application's table, with ids, words and times of its own and soft delete: refused once with everything that is in the way, mended
as the HINTs say, adopted by the procedure, which is stopped at every step, while the application is at work.

PHASEGATE_ROWS=1000000 has as many rows as long tables have.
"""

import os
import re
import threading
import time

import psycopg
import pytest

COUNT = int(os.environ.get("PHASEGATE_ROWS") or 20_000)

TABLE = f"""
    CREATE TABLE public.issues (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
        priority text NOT NULL DEFAULT 'P2' CHECK (priority ~ '^P[0-9]$'),
        phase_id text DEFAULT 'new' CHECK (coalesce(phase_id, '') <> 'never'),
        created_at timestamp NOT NULL DEFAULT localtimestamp, updated_at timestamp NOT NULL DEFAULT localtimestamp, deleted_at timestamp);
    CREATE INDEX ON public.issues (phase_id text_pattern_ops) WHERE deleted_at IS NULL;
    CREATE INDEX issues_status ON public.issues (status, phase_id);
    CREATE VIEW public.open_issues AS SELECT id, phase_id FROM public.issues WHERE deleted_at IS NULL;
    INSERT INTO public.issues (subject, priority, phase_id, deleted_at)
    SELECT 's' || n, 'P' || n % 4, (ARRAY['PHASE_BACKLOG', 'PHASE_DESIGN', 'PHASE_DONE', 'parked'])[1 + n % 4],
           CASE WHEN n % 10 = 0 THEN localtimestamp END FROM generate_series(1, {COUNT}) n;
    ANALYZE public.issues;
"""
PROBLEMS = {
    ("title", "title_is_missing", COUNT), ("phase_id", "values_are_no_phases", COUNT // 4), ("phase_id", "default_is_refused", None),
    ("phase_id", "column_is_used", None),
}
MENDED = """
    ALTER TABLE public.issues ADD COLUMN title text GENERATED ALWAYS AS (subject) STORED;
    UPDATE public.issues SET phase_id = 'PHASE_DESIGN' WHERE phase_id = 'parked';
    ALTER TABLE public.issues ALTER COLUMN phase_id SET DEFAULT 'PHASE_BACKLOG';
    DROP VIEW public.open_issues;
    DROP INDEX public.issues_phase_id_idx;
    VACUUM ANALYZE public.issues;
"""


class Application(threading.Thread):
    """Its statements, all the time: inserts, moves, changes of its own columns, soft deletes, reads."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self._database = database
        self._stopped = threading.Event()
        self.inserted, self.moved, self.deleted, self.failed, self.longest = 0, [], [], [], 0.0

    def run(self):
        with psycopg.connect(dbname=self._database, autocommit=True) as connection:
            number = 0
            while not self._stopped.is_set():
                number += 4
                for statement in [
                    "INSERT INTO issues (subject, priority) VALUES ('new', 'P9')",
                    f"UPDATE issues SET phase_id = 'PHASE_DESIGN' WHERE id = {number - 4 + 4 * (number // COUNT)}",
                    f"UPDATE issues SET status = 'closed', updated_at = localtimestamp WHERE id = {number % COUNT}",
                    f"UPDATE issues SET deleted_at = localtimestamp WHERE id = {(number + 1) % COUNT}",
                    f"SELECT subject, phase_id FROM issues WHERE id = {number % COUNT}",
                ]:
                    start = time.monotonic()
                    try:
                        connection.execute(statement)
                    except psycopg.Error as error:
                        self.failed.append((statement, str(error)))
                    self.longest = max(self.longest, time.monotonic() - start)
                self.inserted += 1

    def stop(self):
        self._stopped.set()
        self.join()


def adopt_until_stopped(database, seen):
    """Calls the procedure, and ends its session at the first step of a kind that was not seen yet. Whether it came to its end."""
    with psycopg.connect(dbname=database, autocommit=True) as connection, psycopg.connect(dbname=database, autocommit=True) as other:
        def heard(diagnostic):
            kind = re.sub(r"[0-9]+|index .*|constraint .*", "", diagnostic.message_primary)
            if kind not in seen and not kind.endswith("done"):
                seen.append(kind)
                other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])

        connection.add_notice_handler(heard)
        try:
            connection.execute("CALL phasegate.adopt_workspace('flow', tickets => 'public.issues')")
            return True
        except psycopg.OperationalError:
            return False


def test_an_application_is_adopted_while_it_is_at_work(database):
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("SET search_path = public")
        for statement in TABLE.strip().split(";\n"):
            owner.execute(statement)
        report = owner.execute("SELECT object_name, problem, affected_rows FROM phasegate.adoption_report('flow', tickets => 'issues') WHERE blocks").fetchall()
        assert set(report) == PROBLEMS
        with pytest.raises(psycopg.Error, match="cannot adopt table") as refused:
            owner.execute("CALL phasegate.adopt_workspace('flow', tickets => 'issues')")
        detail = refused.value.diag.message_detail
        assert f"in {COUNT // 4} rows: 'parked'" in detail and "open_issues" in detail and "issues_phase_id_idx" in detail
        for statement in MENDED.strip().split(";\n"):
            owner.execute(statement)

        application = Application(database)
        application.start()
        seen, began = [], time.monotonic()
        while not adopt_until_stopped(database, seen):
            assert len(seen) < 40
        took = time.monotonic() - began
        application.stop()
        print(f"{COUNT} rows, stopped {len(seen)} times, {took:.1f} s; the application waited {application.longest:.2f} s at most; {application.inserted} rounds")
        assert len(seen) >= 10, seen
        # From the last step on the rules hold for the application: the one error that it may meet.
        assert all("invalid phase transition" in error for _, error in application.failed), application.failed[:5]
        assert owner.execute("SELECT check_name, violations, example FROM phasegate.check_workspace('flow') WHERE violations > 0").fetchall() == []

        def one(sql):
            return owner.execute(sql).fetchone()[0]

        assert one("SELECT count(*) FROM issues") == COUNT + application.inserted
        assert one("SELECT count(*) FROM issues WHERE title <> subject OR ticket_priority <> 'MEDIUM' OR ticket_uuid IS NULL") == 0
        assert one("SELECT count(*) FROM issues i WHERE NOT EXISTS (SELECT FROM flow.phase_history h WHERE h.ticket_id = i.ticket_uuid)") == 0
        assert one("SELECT count(*) FROM pg_constraint WHERE conrelid = 'issues'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) ~ 'never'") == 1
        assert one("SELECT count(*) FROM pg_index WHERE indexrelid = 'issues_status'::regclass AND indisvalid") == 1
        # Nothing of phasegate's stands beside the application's table but triggers and columns.
        assert owner.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i' ORDER BY 1").fetchall() == [("issues",), ("issues_id_seq",)]
        assert one("SELECT count(*) FROM pg_description WHERE objoid = 'issues'::regclass") == 0
        assert one("INSERT INTO issues (subject) VALUES ('after') RETURNING phase_id::text") == "PHASE_BACKLOG"
        owner.execute("UPDATE issues SET phase_id = 'PHASE_REQUIREMENTS', status = 'closed' WHERE subject = 'after'")
        with pytest.raises(psycopg.errors.CheckViolation, match="invalid phase transition"):
            owner.execute("UPDATE issues SET phase_id = 'PHASE_DONE' WHERE subject = 'after'")
