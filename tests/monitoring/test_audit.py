"""What phasegate writes is written by statements: auditing and statistics of the server see all of it."""

import collections
import csv
import os
import pathlib
import subprocess

import pytest

TABLES = ["tickets", "tasks", "phase_history", "phase_gate_artifacts", "phase_gate_results", "phase_context"]
TICKET = "00000000-0000-7000-8000-00000000000a"
# A gate with a task, evidence and a review is passed, and the next phase has work.
SETUP = f"""
    SELECT phasegate.create_workspace('acme');
    SET search_path = acme, phasegate;
    DELETE FROM phase_gate_requirements;
    DELETE FROM task_templates;
    INSERT INTO phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, requires_review)
        VALUES ('PHASE_DESIGN', '{{plan}}', true, true);
    INSERT INTO task_templates (phase_id, task_type, template_description)
        VALUES ('PHASE_DESIGN', 'draw', 'Draw it'), ('PHASE_IMPLEMENTATION', 'build', 'Build it'), ('PHASE_IMPLEMENTATION', 'tell', 'Tell of it');
    INSERT INTO tickets (id, title, phase_id) VALUES ('{TICKET}', 't', 'PHASE_REQUIREMENTS');
"""
ARTIFACTS = '{"artifacts": [{"type": "plan", "content": {"a": 1}}]}'
VERDICT = '{"approved": true}'
# In their order; a step that gives a task is followed by what is done to it.
STEPS = {
    "a move": f"SELECT transition_ticket('{TICKET}', 'PHASE_DESIGN')",
    "a claim": "SELECT id FROM claim_task('ada')",
    "a start": "SELECT start_task(%(task)s, 'ada')",
    "a completion": f"SELECT complete_task(%(task)s, 'ada', '{ARTIFACTS}')",
    "evidence": f"SELECT add_artifact('{TICKET}', 'log', 'a/path')",
    "a gate that waits": f"SELECT validate_gate('{TICKET}')",
    "a request for a review": f"SELECT validate_phase_completion('{TICKET}')",
    "a review's claim": "SELECT id FROM claim_task('bob', '{validation}')",
    "a review": f"SELECT complete_task(%(task)s, 'bob', '{VERDICT}')",
    "a move through a gate": f"SELECT transition_ticket('{TICKET}', 'PHASE_IMPLEMENTATION')",
    "a block": "UPDATE tickets SET phase_id = 'PHASE_BLOCKED'",
    "a regression": "UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'",
    "a cancellation": "UPDATE tasks SET status = 'cancelled' WHERE status = 'pending'",
}


@pytest.fixture
def audited(make_cluster):
    """A server that audits all, or a skip with the reason."""
    libraries = subprocess.run([os.environ.get("PG_CONFIG") or "pg_config", "--pkglibdir"], check=True, capture_output=True, text=True).stdout
    library = pathlib.Path(libraries.strip()) / "pgaudit.so"
    if not library.exists():
        pytest.skip(f"pgaudit is not installed: there is no {library}")
    # Named by its place, as it may have come after the copy of the server was made.
    return make_cluster(**{
        "shared_preload_libraries": f"{library.with_suffix('')}, pg_stat_statements", "pg_stat_statements.track": "all", "pgaudit.log": "all",
        "pgaudit.log_relation": "on", "pgaudit.log_rows": "on", "pgaudit.log_statement": "off", "pgaudit.log_parameter": "off",
    })


def written(connection):
    """By table and kind, how many rows were written so far."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    rows = connection.execute(
        "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'acme' AND relname = ANY (%s)", [TABLES])
    return {(table, kind): count for table, *counts in rows for kind, count in zip(["INSERT", "UPDATE", "DELETE"], counts)}


def audited_rows(log):
    """The same, as the audit has it."""
    counts = collections.Counter()
    for line in log.splitlines():
        _, is_audit, entry = line.partition("AUDIT: SESSION,")
        if is_audit:
            _, _, kind, command, _, name, *_, rows = next(csv.reader([entry]))
            if kind == "WRITE" and name.startswith("acme."):
                counts[name.removeprefix("acme."), command] += int(rows)
    return counts


def test_each_row_is_in_the_audit_as_a_statement_on_its_table(audited):
    with audited.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate; CREATE EXTENSION pg_stat_statements")
        connection.execute(SETUP)
        connection.execute("SELECT public.pg_stat_statements_reset()")
        task = None
        all_of_them = collections.Counter()
        for name, sql in STEPS.items():
            before, start = written(connection), len(audited.log())
            cursor = connection.execute(sql, {"task": task} if "%(task)s" in sql else None)
            if "claim" in name:
                task = cursor.fetchone()[0]
            after = written(connection)
            in_audit = audited_rows(audited.log()[start:])
            for what, count in after.items():
                rows = count - before[what]
                all_of_them[what] += rows
                # Rows that a SELECT locks are in the audit as updated.
                is_there = in_audit[what] >= rows if what[1] == "UPDATE" else in_audit[what] == rows
                assert is_there, f"{name}: {what} has {rows} more rows, and the audit {in_audit[what]}"
        never = [table for table in TABLES if not all_of_them[table, "INSERT"] and table != "tickets"]
        assert never == [], "each table is written by one of the steps"
        for (table, kind), rows in all_of_them.items():
            begins = {"INSERT": "INSERT INTO", "UPDATE": "UPDATE", "DELETE": "DELETE FROM"}[kind]
            (counted,) = connection.execute(
                "SELECT coalesce(sum(rows), 0) FROM public.pg_stat_statements WHERE query ~ %s", [rf"^\s*(WITH .*)?{begins} (acme\.)?{table}\M"]).fetchone()
            assert counted >= rows, f"pg_stat_statements has {counted} of {rows} rows: {kind} {table}"
