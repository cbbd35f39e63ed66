"""Who owns a schema gives its name to another, over and over, while others work in the workspace in it.

The workspace belongs to another role, here to a superuser. Whatever the name means at the moment at which a statement of
phasegate's is planned, no code of the schema's owner runs with the rights of the workspace's owner. The schema's owner is a
manager besides: sessions of theirs are as new as they like, and plan everything anew.
"""

import threading

import psycopg
import pytest

from test_squatters import TABLES

ROUNDS = 60
CALLS = ["INSERT INTO tickets (title, phase_id) VALUES ('x', 'PHASE_DESIGN')",
         "UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE phase_id = 'PHASE_DESIGN'",
         "SELECT count(*) FROM advance_tickets()",
         "SELECT count(*) FROM claim_tasks('me', 2)"]
FLIP = "BEGIN; ALTER SCHEMA {0} RENAME TO flipped; ALTER SCHEMA twin RENAME TO {0}; ALTER SCHEMA flipped RENAME TO twin; COMMIT"


@pytest.fixture(scope="module")
def cluster(make_module_cluster):
    cluster = make_module_cluster(restart_after_crash="off", log_min_messages="warning")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate; CREATE ROLE squatter LOGIN; GRANT CREATE ON DATABASE postgres TO squatter")
    return cluster


@pytest.mark.parametrize("flipped", ["workspace", "tickets"])
def test_no_name_leads_to_another_schema(cluster, flipped):
    with cluster.connect(autocommit=True) as admin, cluster.connect(autocommit=True) as squatter:
        admin.execute("SET client_min_messages = error; DROP SCHEMA IF EXISTS ws, app, twin CASCADE")
        admin.execute("CREATE SCHEMA ws AUTHORIZATION squatter; CREATE SCHEMA app AUTHORIZATION squatter")
        admin.execute("CREATE TABLE app.tickets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL)")
        admin.execute("SELECT phasegate.create_workspace('ws', tickets => 'app.tickets'); SELECT phasegate.grant_access('ws', 'squatter', 'manager')")
        squatter.execute("SET SESSION AUTHORIZATION squatter; SET client_min_messages = error")
        squatter.execute("CREATE SCHEMA twin; GRANT USAGE ON SCHEMA twin TO PUBLIC")
        squatter.execute("""CREATE FUNCTION twin.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_user <> 'squatter' THEN RAISE WARNING 'evil as %', current_user; END IF; RETURN NEW; END $$""")
        name = "ws" if flipped == "workspace" else "app"
        for table in TABLES if name == "ws" else ["tickets"]:
            admin.execute(f"CREATE TABLE twin.{table} AS TABLE {'app' if table == 'tickets' else 'ws'}.{table} WITH NO DATA; ALTER TABLE twin.{table} OWNER TO squatter")
            squatter.execute(f"CREATE TRIGGER evil BEFORE INSERT OR UPDATE OR DELETE ON twin.{table} FOR EACH STATEMENT EXECUTE FUNCTION twin.evil()")
            squatter.execute(f"GRANT ALL ON twin.{table} TO PUBLIC")
        done, flips = threading.Event(), 0

        def flip():
            nonlocal flips
            while not done.is_set():
                try:
                    squatter.execute(FLIP.format(name))
                    flips += 1
                except psycopg.Error:
                    squatter.execute("ROLLBACK")

        thread = threading.Thread(target=flip)
        thread.start()
        heard, worked = [], 0
        try:
            for _ in range(ROUNDS):
                with cluster.connect(autocommit=True, options="-csearch_path=ws,app,phasegate") as session:
                    session.execute("SET SESSION AUTHORIZATION squatter")
                    session.add_notice_handler(lambda notice: heard.append(notice.message_primary))
                    for call in CALLS:
                        try:
                            session.execute(call)
                            worked += 1
                        except psycopg.Error as error:
                            assert error.sqlstate and not error.sqlstate.startswith("XX"), error
        finally:
            done.set()
            thread.join()
        assert [text for text in heard if text.startswith("evil")] == []
        assert flips > 0 and worked > 0
