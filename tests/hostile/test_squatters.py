"""What the owner of a schema puts there under a name of phasegate's, while a superuser makes a workspace in it.

The owner of the schema holds a name by a transaction that is not committed, so that who makes the workspace waits in the
middle of it; puts another there meanwhile; and lets go. Whatever is waited for and whatever comes, no code of theirs runs
with the superuser's rights, and nothing of theirs becomes part of a workspace.
"""

import threading

import psycopg
import pytest

TABLES = ["tickets", "phases", "phase_transitions", "phase_history", "task_templates", "tasks", "phase_gate_artifacts", "phase_gate_results",
          "phase_gate_requirements", "phase_context", "configuration_history", "ticket_archive"]
VIEWS = ["phase_board", "phase_durations", "task_queue", "overdue_tickets", "phase_metrics"]
WAITS = ["TYPE phase", *[f"TABLE {name}" for name in ("phases", "phase_history", "tasks", "phase_gate_results", "ticket_archive")]]
CALLS = {"create": "SELECT phasegate.create_workspace('y')", "adopt": "CALL phasegate.adopt_workspace('y')"}

# Whatever runs it says as whom.
EVIL = """
    CREATE FUNCTION y.evil(anyelement) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RAISE WARNING 'evil as %', current_user; RETURN true; END $$;
    CREATE FUNCTION y.evil() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE WARNING 'evil as %', current_user; RETURN NEW; END $$"""


@pytest.fixture(scope="module")
def cluster(make_module_cluster):
    cluster = make_module_cluster(restart_after_crash="off")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate; CREATE ROLE squatter LOGIN; SELECT phasegate.create_workspace('model')")
        connection.execute("GRANT USAGE ON SCHEMA model TO squatter; GRANT SELECT ON ALL TABLES IN SCHEMA model TO squatter")
    return cluster


def put(connection, name):
    """Something of that name that looks like ours and has code of the squatter's wherever a table can have it."""
    if name in VIEWS:
        connection.execute(f"CREATE VIEW y.{name} AS SELECT m.* FROM model.{name} m WHERE y.evil(1)")
        return
    connection.execute(f"CREATE TABLE y.{name} AS TABLE model.{name} WITH NO DATA")
    for column, in connection.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND atttypid = 'model.phase'::regtype",
                                      [f"y.{name}"]).fetchall():
        connection.execute(f"ALTER TABLE y.{name} ALTER {column} TYPE text")
    connection.execute(f"""
        ALTER TABLE y.{name} ADD CHECK (y.evil(1)), ADD own boolean DEFAULT y.evil(2);
        CREATE INDEX ON y.{name} (y.evil(own)) WHERE y.evil(3);
        CREATE TRIGGER evil BEFORE INSERT OR UPDATE ON y.{name} FOR EACH ROW EXECUTE FUNCTION y.evil()""")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("wait", WAITS)
def test_nothing_of_theirs_is_run_or_taken(cluster, call, wait):
    waited, wrong = 0, []
    with cluster.connect(autocommit=True) as admin, cluster.connect(autocommit=True) as maker, cluster.connect(autocommit=True) as squatter, \
            cluster.connect(autocommit=True) as holder:
        squatter.execute("SET SESSION AUTHORIZATION squatter; SET client_min_messages = error; SET lock_timeout = '100ms'")
        holder.execute("SET SESSION AUTHORIZATION squatter")
        heard = []
        maker.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        for name in [*TABLES, *VIEWS]:
            if wait.endswith(f" {name}") or call == "adopt" and name == "tickets":
                continue
            heard.clear()
            admin.execute("CREATE SCHEMA y AUTHORIZATION squatter")
            squatter.execute(EVIL)
            if call == "adopt":
                admin.execute("CREATE TABLE y.tickets (id uuid PRIMARY KEY, title text NOT NULL); INSERT INTO y.tickets VALUES (gen_random_uuid(), 'x')")
            holder.execute("BEGIN")
            holder.execute("CREATE TYPE y.phase AS ENUM ('A')" if wait == "TYPE phase" else f"CREATE {wait.replace('TABLE ', 'TABLE y.')} (id int)")
            answer = []

            def make():
                try:
                    maker.execute(CALLS[call])
                    answer.append("made")
                except psycopg.Error as error:
                    answer.append((error.sqlstate, error.diag.constraint_name or error.diag.message_primary))

            thread = threading.Thread(target=make)
            thread.start()
            waits = f"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {maker.info.backend_pid}"
            while thread.is_alive() and not admin.execute(waits).fetchone()[0]:
                thread.join(0.01)
            try:
                put(squatter, name)
                waited += thread.is_alive()
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DuplicateTable):
                pass  # It was made already, and has the name.
            holder.execute("ROLLBACK")
            thread.join()
            owners = "SELECT count(DISTINCT relowner) FROM pg_class WHERE relnamespace = 'y'::regnamespace AND relname = ANY (%s)"
            if answer[0] == "made" and admin.execute(owners, [[*TABLES, *VIEWS]]).fetchone()[0] != 1:
                wrong.append((name, "taken", answer))
            if answer[0] != "made" and answer[0][0].startswith("XX"):
                wrong.append((name, answer))
            wrong += [(name, text) for text in heard if text.startswith("evil as")]
            admin.execute("SET client_min_messages = error; DROP SCHEMA y CASCADE")
    assert wrong == []
    assert waited > 0


REPAIRS = {"create": "SELECT phasegate.create_workspace('y')", "adopt": "CALL phasegate.adopt_workspace('y')",
           "upgrade": "SELECT phasegate.upgrade_workspace('y')", "detach": "SELECT phasegate.detach_workspace('y')",
           "detach for good": "SELECT phasegate.detach_workspace('y', for_good => true)"}


@pytest.mark.parametrize("call", REPAIRS)
@pytest.mark.parametrize("held", ["tickets", "phase_history", "ticket_archive"])
def test_no_other_schema_takes_the_name(cluster, call, held):
    """The owner of the schema holds a table by dropping it, and has another schema of the same name when that is taken back."""
    with cluster.connect(autocommit=True) as admin, cluster.connect(autocommit=True) as maker, cluster.connect(autocommit=True) as squatter, \
            cluster.connect(autocommit=True) as holder:
        admin.execute("SET client_min_messages = error; CREATE SCHEMA y AUTHORIZATION squatter; CREATE SCHEMA yy AUTHORIZATION squatter")
        admin.execute("SELECT phasegate.create_workspace('y'); INSERT INTO y.tickets (title) VALUES ('x'); GRANT CREATE ON DATABASE postgres TO squatter")
        squatter.execute("SET SESSION AUTHORIZATION squatter; SET client_min_messages = error; SET lock_timeout = '100ms'")
        squatter.execute(EVIL.replace("y.evil", "yy.evil"))
        for name in TABLES:
            squatter.execute(f"CREATE TABLE yy.{name} AS TABLE model.{name} WITH NO DATA")
            squatter.execute(f"CREATE TRIGGER evil BEFORE INSERT OR UPDATE OR DELETE ON yy.{name} FOR EACH STATEMENT EXECUTE FUNCTION yy.evil()")
        heard = []
        maker.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        holder.execute(f"SET SESSION AUTHORIZATION squatter; SET client_min_messages = error; BEGIN; DROP TABLE y.{held} CASCADE")

        def make():
            try:
                maker.execute(REPAIRS[call])
            except psycopg.Error as error:
                heard.append(error.sqlstate)

        thread = threading.Thread(target=make)
        thread.start()
        waits = f"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {maker.info.backend_pid}"
        while thread.is_alive() and not admin.execute(waits).fetchone()[0]:
            thread.join(0.01)
        try:
            squatter.execute("BEGIN; ALTER SCHEMA y RENAME TO z; ALTER SCHEMA yy RENAME TO y; COMMIT")
        except psycopg.errors.LockNotAvailable:
            squatter.execute("ROLLBACK")
        holder.execute("ROLLBACK")
        thread.join()
        assert not [text for text in heard if text.startswith(("evil as", "XX"))]
        admin.execute("DROP SCHEMA IF EXISTS y, yy, z CASCADE")
