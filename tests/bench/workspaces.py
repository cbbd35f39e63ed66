"""Workspaces to measure, and their twins without phasegate.

A twin is a workspace that was detached: the same tables, columns, constraints and indexes, also the same default of
ids (UUIDs in the order of their making, which keep indexes compact), and none of phasegate's triggers.
"""

import contextlib

# The id of ticket :n, computed from its number: pgbench has numbers only.
TICKET = "lpad(to_hex((:n)::int), 32, '0')::uuid"


def make(database, schema, bare=False, configured=False):
    """Makes a workspace, or its twin. Unless configured it has no gates and no templates, so that each edge is free."""
    with database.connect() as connection:
        connection.execute(f"SELECT phasegate.create_workspace('{schema}')")
        if not configured:
            connection.execute(f"DELETE FROM {schema}.phase_gate_requirements")
            connection.execute(f"DELETE FROM {schema}.task_templates")
            connection.execute(f"UPDATE {schema}.phase_transitions SET requires_gate = false")
        if bare:
            connection.execute(f"SELECT phasegate.detach_workspace('{schema}')")


def path(schema):
    """The search_path for working in it."""
    return f"{schema},phasegate"


def load(database, schema, sql):
    """Fills tables with no trigger firing, neither phasegate's nor those of foreign keys; for all sides alike."""
    database.run(f"SET session_replication_role = replica; {sql}", path(schema))


def load_tickets(database, schema, count, context="NULL"):
    """Tickets 1 to count, in PHASE_IMPLEMENTATION, with this context."""
    load(database, schema, f"""
        INSERT INTO tickets (id, title, description, phase_id, previous_phase_id, context)
        SELECT lpad(to_hex(n), 32, '0')::uuid, 'Ticket ' || n, repeat('What is to be done. ', 10), 'PHASE_IMPLEMENTATION',
               'PHASE_DESIGN', {context}
          FROM generate_series(1, {count}) n;
    """)
    database.vacuum(f"{schema}.tickets")


@contextlib.contextmanager
def without_indexes(database, schema, table):
    """Drops a table's indexes but the primary key while it is loaded, and makes them again."""
    indexes = database.run(f"""
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
          FROM pg_index i WHERE i.indrelid = '{schema}.{table}'::regclass AND NOT i.indisprimary
    """)
    for name, _ in indexes:
        database.run(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        database.run(definition)
