"""What a client does with tasks: its own tickets' it adds and cancels, anybody's it claims and works."""

from psycopg.types.json import Jsonb

from .client import Sender
from .model import ARTIFACTS, CAPABILITIES, GONE, TASK_TYPES, Alternative, Held


class TaskWork(Sender):
    """Adds tasks, and works those it is given."""

    def add_tasks(self):
        """Two tasks, the second waiting for the first, in one INSERT."""
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            first, second = self.new_id(), self.new_id()
            self.go("add tasks", self.sql(
                "INSERT INTO tasks (id, ticket_id, phase_id, task_type, dependencies) VALUES (%s, %s, %s::phase, 'added', NULL), "
                "(%s, %s, %s::phase, 'added', jsonb_build_array(%s::text))",
                first, ticket.id, ticket.phase, second, ticket.id, ticket.phase, str(first)),
                [[Alternative({("task", first), ("task", second)}, lambda: self.added.append(second))]])

    def cancel(self):
        self.pick()
        if self.added:
            task = self.added.pop(self.chance.randrange(len(self.added)))
            self.go("cancel_task", self.sql("SELECT id, attempts, assigned_agent_id FROM cancel_task(%s, %s)", task, self.tag),
                    refusals=["23514", "P0002"], chosen=lambda answer: [Alternative({("log", task, answer[0][1], "cancelled", answer[0][2])})])

    def claim(self):
        self.pick()
        if len(self.held) >= 12:
            return
        count = self.chance.choice([1, 1, 1, 5])
        columns = "id, ticket_id, phase_id, kind, task_type, attempt, lease_expires_at"
        text = f"SELECT {columns} FROM claim_task(%s, %s, lease => '1 hour')" if count == 1 else \
            f"SELECT {columns} FROM claim_tasks(%s, {count}, %s, lease => '1 hour')"
        self.go("claim", self.sql(text, self.agent, CAPABILITIES), chosen=lambda answer: [self.holds(*row) for row in answer],
                resolve=self.find_claims)

    def holds(self, task, ticket, phase, kind, type, attempt, lease):
        def apply():
            self.claimed.add((task, attempt))
            self.held[task] = Held(task, ticket, phase, kind, type, attempt, lease)
        return Alternative({("log", task, attempt, "assigned", self.agent)}, apply)

    def find_claims(self, state):
        """The claim that was in doubt: what the log has under this agent's name and no answer told of."""
        # A claim puts back at once what it finds to be of a ticket that is blocked by now, and does not answer with it.
        put_back = {(task, attempt) for task, attempt, status, _ in state.log if status == "pending"}
        for task, attempt, status, agent in state.log:
            if agent == self.agent and status == "assigned" and (task, attempt) not in self.claimed | put_back:
                row = state.tasks[task]
                yield self.holds(task, row.ticket, row.phase, row.kind, row.type, attempt, row.lease)

    def pick_task(self, wanted=lambda task: True):
        self.pick()
        found = [task for task in self.held.values() if wanted(task)]
        return self.chance.choice(found) if found else None

    def finish(self, task, status, apply, *more):
        """What it leaves that a held task changes its status; its agent stays known but for one that is pending again."""
        agent = None if status == "pending" else self.agent
        return Alternative({("log", task.id, task.attempt, status, agent), *more}, apply)

    def start(self):
        if task := self.pick_task(lambda task: task.status == "assigned"):
            done = self.finish(task, "running", lambda: setattr(task, "status", "running"))
            if self.go("start_task", self.sql("SELECT start_task(%s, %s, %s)", task.id, self.agent, task.attempt), [[done]], GONE) is None:
                self.drop(task)

    def heartbeat(self):
        if task := self.pick_task():
            def renew(lease):
                return Alternative(set(), lambda: setattr(task, "lease", lease))
            answer = self.go("heartbeat_task", self.sql("SELECT heartbeat_task(%s, %s, '2 hours', %s)", task.id, self.agent, task.attempt),
                             refusals=GONE, chosen=lambda answer: [renew(answer[0][0])],
                             resolve=lambda state: [renew(max(task.lease, state.tasks[task.id].lease or task.lease))])
            if answer is None:
                self.drop(task)

    def complete(self):
        task = self.pick_task(lambda task: not task.unfit)
        if not task:
            return
        artifacts = {**ARTIFACTS.get(task.type, {}), "log": None}
        result = {
            "work": {"summary": self.tag, "context": {"key_decisions": [self.tag]},
                     "artifacts": [{"type": kind, "path": self.tag, "content": content} for kind, content in artifacts.items()]},
            "review": {"approved": self.chance.random() < 0.9, "feedback": self.tag},
            "summary": {"summary": self.tag},
        }[task.kind]
        kinds = artifacts if task.kind == "work" else []
        done = self.finish(task, "completed", lambda: self.held.pop(task.id),
                           *(("evidence", task.ticket, task.phase, kind, self.tag) for kind in kinds))
        if self.chance.random() < 0.5:
            text = "SELECT complete_task(%s, %s, %s, %s)"
            run = self.sql(text, task.id, self.agent, Jsonb(result), task.attempt)
        else:
            # Says so by its row count where the task is no longer held.
            text = "UPDATE tasks SET status = 'completed', result = coalesce(result, '{}') || %s WHERE id = %s AND assigned_agent_id = %s AND attempts = %s AND status IN ('assigned', 'running') RETURNING id"
            run = self.sql(text, Jsonb(result), task.id, self.agent, task.attempt)
        answer = self.go("complete", run, [[done]], [*GONE, "42501"], chosen=lambda answer: [done] if answer else [])
        if answer is None and self.refusal == "42501":
            task.unfit = True
        elif not answer:
            self.drop(task)

    def fail(self):
        task = self.pick_task(lambda task: task.unfit) or self.pick_task(lambda task: self.chance.random() < 0.2)
        if task:
            parts = [[self.finish(task, status, lambda: self.held.pop(task.id)) for status in ["pending", "failed"]]]
            answer = self.go("fail_task", self.sql(
                "SELECT status FROM fail_task(%s, %s, %s, %s, %s)", task.id, self.agent, self.tag, self.chance.random() < 0.9, task.attempt),
                parts, GONE, chosen=lambda answer: [parts[0][0 if answer[0][0] == "pending" else 1]])
            if answer is None:
                self.drop(task)

    def drop(self, task):
        """Its adder cancelled it. A transaction that only came at a bad moment leaves it held."""
        if self.refusal not in self.tolerated:
            self.held.pop(task.id, None)
