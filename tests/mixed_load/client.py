"""Sending operations, and remembering what came of them."""

import collections
import random
import uuid

import psycopg

from .model import Lost, Operation


class Sender:
    """A client's connection, its random numbers, and everything that it was told. `told` hears of every acknowledged operation."""

    def __init__(self, number, seed, told=lambda: None):
        self.number, self.seed, self.told = number, seed, told
        self.agent = f"agent-{number}"
        # Errors that any operation may meet.
        self.tolerated = ("40001",)
        self.tickets = {}
        self.held = {}
        self.added = []
        self.claimed = set()
        self.there = {}
        self.not_there = {}
        self.doubt = None
        self.refusal = None
        self.refused = collections.Counter()
        self.settled = collections.Counter()
        self.connection = None
        self.count = 0

    def begin(self, connection, number):
        self.connection, self.round = connection, number
        self.chance = random.Random(f"{self.seed}/{self.number}/{number}")

    def go(self, what, run, parts=(), refusals=(), chosen=None, resolve=None):
        """Sends an operation. The answer, or None where it was refused (`self.refusal` has the SQLSTATE)."""
        operation = self.doubt = Operation(self.tag, what, list(parts), resolve)
        self.refusal = None
        try:
            answer = run(operation)
            alternatives = chosen(answer) if chosen else [part[0] for part in operation.parts]
        except psycopg.Error as error:
            # 57P01: a process that saw that the server's first one is gone, before its own end came.
            if error.sqlstate in (None, "57P01"):
                raise Lost from error
            if error.sqlstate not in (*refusals, *self.tolerated):
                raise
            self.doubt, self.refusal = None, error.sqlstate
            self.refused[error.sqlstate] += 1
            # These a later operation may well leave.
            its_own = [fact for fact in operation.facts() if fact[0] not in ("context", "superseded", "verdict")]
            self.not_there.update(dict.fromkeys(its_own, f"{self.tag} {what}, refused"))
            if self.connection.info.transaction_status:
                self.roll_back()
            return None
        self.doubt = None
        for alternative in alternatives:
            self.take(operation, alternative)
        self.told()
        return answer

    def roll_back(self):
        try:
            self.connection.execute("ROLLBACK")
        except psycopg.OperationalError as error:
            raise Lost from error

    def take(self, operation, alternative):
        """An alternative came true."""
        for fact in alternative.new:
            self.there[fact] = f"{operation.tag} {operation.what}"
            # Refused once, and tried again.
            self.not_there.pop(fact, None)
        alternative.apply()

    def sql(self, text, *arguments):
        def run(_):
            cursor = self.connection.execute(text, arguments)
            return cursor.fetchall() if cursor.description else []
        return run

    def transaction(self, *statements):
        """Statements with their arguments, in one transaction; one that begins with ! is rolled back alone."""
        def run(operation):
            operation.sent = False
            self.connection.execute("BEGIN")
            for text, *arguments in statements:
                if text.startswith("!"):
                    self.connection.execute("SAVEPOINT s")
                self.connection.execute(text.removeprefix("!"), arguments)
                if text.startswith("!"):
                    self.connection.execute("ROLLBACK TO SAVEPOINT s")
            operation.sent = True
            self.connection.execute("COMMIT")
            return True
        return run

    @property
    def tag(self):
        return f"{self.agent}.{self.round}.{self.count}"

    def pick(self, wanted=lambda ticket: True):
        """A ticket of its own; starts an operation by counting it."""
        self.count += 1
        found = [ticket for ticket in self.tickets.values() if wanted(ticket)]
        return self.chance.choice(found) if found else None

    def pick_some(self, wanted):
        self.pick()
        phases = sorted({ticket.phase for ticket in self.tickets.values() if wanted(ticket)})
        if not phases:
            return []
        phase = self.chance.choice(phases)
        return [ticket for ticket in self.tickets.values() if ticket.phase == phase and wanted(ticket)][:12]

    def new_id(self):
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)
