"""A queue of 10,000 tasks, a crew of eight agents to work it, and what must be true in the end."""

import collections
import os
import random
import signal
import subprocess
import sys
import time

from mixed_load.check import unhealthy

# A fourth of the tasks waits for two others and a fourth for that one, so that completions race.
SETUP = """
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (title) SELECT 't' || n FROM generate_series(1, 2500) n;
WITH made AS (
    SELECT id AS ticket, uuid_v7() AS a, uuid_v7() AS b, uuid_v7() AS c, uuid_v7() AS d FROM tickets)
INSERT INTO tasks (id, ticket_id, phase_id, priority, required_capabilities, max_attempts, dependencies)
SELECT x.id, ticket, 'PHASE_BACKLOG', x.priority, '["analysis"]', 1000, x.waits_for
  FROM made, LATERAL (VALUES (a, 'LOW', NULL), (b, 'MEDIUM', NULL), (c, 'HIGH', jsonb_build_array(a, b)),
                             (d, 'CRITICAL', jsonb_build_array(c))) AS x (id, priority, waits_for);
-- What happened, kept by triggers in the same transactions: nobody holds an attempt twice, nothing is done twice.
CREATE TABLE held (task uuid, attempt integer, agent text, PRIMARY KEY (task, attempt));
CREATE TABLE done (task uuid PRIMARY KEY, attempt integer, agent text);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'assigned' THEN
        INSERT INTO acme.held VALUES (NEW.id, NEW.attempts, NEW.assigned_agent_id);
    ELSE
        IF EXISTS (SELECT FROM acme.tasks d WHERE NEW.dependencies->'depends_on' ? d.id::text AND d.ticket_id = NEW.ticket_id AND d.status <> 'completed') THEN
            RAISE 'completed before what it waits for';
        END IF;
        INSERT INTO acme.done VALUES (NEW.id, NEW.attempts, NEW.assigned_agent_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record AFTER UPDATE ON tasks FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('assigned', 'completed')) EXECUTE FUNCTION record();
"""


class Crew:
    """Eight agents at work. One that is killed is replaced by another of the same name."""

    def __init__(self, folder, env):
        self.folder = folder
        self.env = {**os.environ, **env}
        self.agents = {}
        for number in range(8):
            self.hire(number)

    def hire(self, number):
        log = os.path.join(self.folder, f"agent-{number}")
        # Some take one task at a time, some a handful.
        batch = str(1 + number % 2 * 9)
        self.agents[number] = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(__file__), "queue_worker.py"), f"agent-{number}", batch, "1 second", log],
            env=self.env, stdin=subprocess.DEVNULL)

    def kill_one(self):
        number = random.randrange(8)
        self.agents[number].send_signal(signal.SIGKILL)
        self.agents[number].wait()
        self.hire(number)

    def wait(self):
        for agent in self.agents.values():
            assert agent.wait(timeout=660) == 0

    def disband(self):
        for agent in self.agents.values():
            agent.kill()
            agent.wait()

    def completed(self):
        """What the agents believe to have completed: how often each task and attempt."""
        told = collections.Counter()
        for name in os.listdir(self.folder):
            with open(os.path.join(self.folder, name)) as log:
                # The last line of one that was killed may be torn.
                told.update(line for line in log if line.endswith("\n"))
        return told


def wait_for(connect, share):
    """Until that share of the tasks is completed."""
    with connect(autocommit=True) as connection:
        while connection.execute("SELECT count(*) FROM acme.done").fetchone()[0] < share * 10000:
            time.sleep(0.05)


def check(connection, crew):
    connection.execute("SET search_path = acme, phasegate")

    def number(sql):
        return connection.execute(sql).fetchone()[0]

    assert number("SELECT count(*) FROM tasks WHERE status = 'completed'") == 10000
    assert number("SELECT count(*) FROM tasks") == 10000
    assert number("SELECT count(*) FROM done") == 10000
    # The attempt that was completed is the last one that was held, and the same agent's.
    assert number("""SELECT count(*) FROM tasks k JOIN done d ON d.task = k.id AND d.attempt = k.attempts AND d.agent = k.assigned_agent_id
                       JOIN held h ON h.task = d.task AND h.attempt = d.attempt AND h.agent = d.agent""") == 10000
    assert unhealthy(connection) == []
    told = crew.completed()
    assert max(told.values()) == 1
    assert {line.split()[0] for line in told} <= {str(row[0]) for row in connection.execute("SELECT task FROM done")}
    return number("SELECT count(*) FROM held") - 10000
