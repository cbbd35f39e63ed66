"""What a pooler in transaction mode shares between applications, and what it must not."""

import psycopg


def connect(environment):
    return psycopg.connect(
        host=environment["PGHOST"], port=environment["PGPORT"], user=environment["PGUSER"], dbname=environment["PGDATABASE"],
        prepare_threshold=None,
    )


def session(connection):
    return connection.execute("SELECT pg_backend_pid(), current_setting('search_path')").fetchone()


def test_the_workspace_is_found_in_every_session(pooled_workspace):
    """The path is the role's, so that it does not matter which session a transaction gets."""
    with connect(pooled_workspace) as one, connect(pooled_workspace) as other:
        (pid, path), (other_pid, other_path) = session(one), session(other)
        assert pid != other_pid
        assert path == other_path == "shop, phasegate"
        for connection in [one, other]:
            connection.execute("INSERT INTO tickets (title) VALUES ('Apple Pay on the cart page')")


def test_an_actor_does_not_outlive_the_transaction(pooled_workspace):
    with connect(pooled_workspace) as busy, connect(pooled_workspace) as first, connect(pooled_workspace) as second:
        session(busy)  # There are two sessions, and this one is taken until the end.
        first.execute("SELECT set_config('phasegate.actor', 'planner', true), set_config('phasegate.reason', 'Sprint 12', true)")
        first.execute("INSERT INTO tickets (title) VALUES ('Apple Pay on the cart page')")
        pid, _ = session(first)
        first.commit()
        second.execute("INSERT INTO tickets (title) VALUES ('Customers are charged twice')")
        assert session(second)[0] == pid
        history = second.execute("SELECT transitioned_by, transition_reason FROM phase_history ORDER BY id").fetchall()
        assert history == [("planner", "Sprint 12"), (pooled_workspace["PGUSER"], None)]
