"""An agent that works the queue of workspace acme until it is empty: queue_worker.py AGENT BATCH LEASE LOG

Its connection comes from the environment. What it has completed it appends to LOG, a line a task, after
the commit. A lost connection is tried again, as an agent would. Run by the tests that kill such agents.
"""

import sys
import time

import psycopg

agent, batch, lease, log = sys.argv[1:]
DEADLINE = time.monotonic() + 600


def work(connection, done):
    while True:
        claimed = connection.execute(
            "SELECT id, attempt FROM claim_tasks(%s, %s, '{analysis}', lease => %s::interval)", (agent, int(batch), lease)).fetchall()
        for task, attempt in claimed:
            try:
                connection.execute(
                    "SELECT complete_task(%s, %s, jsonb_build_object('summary', %s::text), %s)", (task, agent, f"by {agent}", attempt))
            except psycopg.errors.ObjectNotInPrerequisiteState:
                continue  # the lease ran out and somebody else has it
            print(task, attempt, file=done, flush=True)
        if not claimed:
            (left,) = connection.execute("SELECT count(*) FROM tasks WHERE status <> 'completed'").fetchone()
            if left == 0 or time.monotonic() > DEADLINE:
                return
            time.sleep(0.02)


with open(log, "a") as done:
    while time.monotonic() < DEADLINE:
        try:
            with psycopg.connect(autocommit=True, options="-c search_path=acme,phasegate") as connection:
                work(connection, done)
            break
        except psycopg.OperationalError:
            time.sleep(0.05)
