"""What a client does with tickets, and the evidence and context of them."""

from .client import Sender
from .model import BLOCKED, GATES, MOST_TICKETS, SEQUENCE, TASK_TYPES, Alternative, Ticket


class TicketWork(Sender):
    """Works on the client's own tickets."""

    # --- what operations leave -------------------------------------------------------------------------------

    def moved(self, ticket, to):
        """What a move leaves."""
        tag, left, before = self.tag, ticket.left, ticket.phase
        rank = SEQUENCE.index(to) - SEQUENCE.index(left) if to != BLOCKED else 0
        new = {("history", ticket.id, tag, before, to)}
        if rank > 0 and left in GATES:
            new |= {("result", ticket.id, left, tag, "passed"), ("gated", ticket.id, tag)}
        if rank and to not in ticket.entered:
            new |= {("generated", ticket.id, tag, kind) for kind in TASK_TYPES.get(to, [])}
        if rank > 0 and left not in ticket.folded and left in ticket.evidence.values():
            new.add(("context", ticket.id, left))
        redone = SEQUENCE[SEQUENCE.index(to):SEQUENCE.index(left) + 1] if rank < 0 else []
        stale = [artifact for artifact, phase in ticket.evidence.items() if phase in redone]
        new |= {("superseded", artifact) for artifact in stale}

        def apply():
            ticket.phase, ticket.previous = to, before
            ticket.entered.add(to)
            if rank > 0:
                ticket.folded.add(left)
            for artifact in stale:
                del ticket.evidence[artifact]
        return Alternative(new, apply)

    def stayed(self, ticket, status):
        """What a refusal that is an answer leaves: the gate's result."""
        return Alternative({("verdict", ticket.id, ticket.left, status)})

    def born(self, ticket):
        new = {("ticket", ticket.id)} | {("generated", ticket.id, self.tag, kind) for kind in TASK_TYPES.get(ticket.phase, [])}

        def apply():
            ticket.entered.add(ticket.phase)
            self.tickets[ticket.id] = ticket
        return Alternative(new | {("history", ticket.id, self.tag, None, ticket.phase)}, apply)

    def handed_in(self, ticket, artifact):
        phase = ticket.left
        return Alternative({("artifact", artifact), ("evidence", ticket.id, phase, "notes", self.tag)},
                           lambda: ticket.evidence.update({artifact: phase}))

    def named(self):
        """Makes the direct UPDATE or INSERT that follows in the transaction this operation's."""
        return ("SELECT set_config('phasegate.actor', %s, true), set_config('phasegate.reason', %s, true)", self.tag, self.tag)

    # --- tickets ---------------------------------------------------------------------------------------------

    def create(self):
        self.pick()
        if len(self.tickets) >= MOST_TICKETS:
            return
        many = self.chance.random() < 0.3
        phase = self.chance.choice(["PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN"])
        tickets = [Ticket(self.new_id(), phase, self.tag) for _ in range(self.chance.randint(4, 10) if many else 1)]
        self.go("create", self.transaction(self.named(), (
            "INSERT INTO tickets (id, title, phase_id, priority) SELECT unnest(%s::uuid[]), %s, %s::phase, %s",
            [ticket.id for ticket in tickets], self.tag, phase, self.chance.choice(["LOW", "MEDIUM", "HIGH", "CRITICAL"]))),
            [[self.born(ticket)] for ticket in tickets])

    def advance(self):
        if ticket := self.pick(Ticket.next):
            self.go("transition_ticket", self.sql(
                "SELECT transition_ticket(%s, %s, %s, %s, expected_phase => %s)", ticket.id, ticket.next(), self.tag, self.tag, ticket.phase),
                [[self.moved(ticket, ticket.next())]], ["55000"])

    def advance_directly(self):
        if ticket := self.pick(Ticket.next):
            self.go("UPDATE phase_id", self.transaction(
                self.named(), ("UPDATE tickets SET phase_id = %s::phase WHERE id = %s", ticket.next(), ticket.id)),
                [[self.moved(ticket, ticket.next())]], ["55000"])

    def advance_many(self):
        tickets = self.pick_some(Ticket.next)
        if not tickets:
            return
        to = tickets[0].next()
        parts = [[self.moved(ticket, to), self.stayed(ticket, "failed"), self.stayed(ticket, "pending")] for ticket in tickets]

        def chosen(answer):
            statuses = dict(self.connection.execute(
                "SELECT ticket_id, gate_status FROM phase_gate_results WHERE validated_by = %s AND gate_status <> 'passed'", [tag]).fetchall())
            for (id, moved), part in zip(answer, parts):
                # A refusal that says the same as the last one leaves nothing.
                yield part[0] if moved else {"failed": part[1], "pending": part[2]}.get(statuses.get(id), Alternative(set()))
        tag = self.tag
        self.go("transition_tickets", self.sql(
            "SELECT ticket_id, transitioned FROM transition_tickets(%s::uuid[], %s, %s, %s)", [ticket.id for ticket in tickets], to, tag, tag),
            parts, chosen=lambda answer: list(chosen(answer)))

    def update_many(self):
        """One UPDATE that moves tickets, all or none."""
        if tickets := self.pick_some(lambda ticket: ticket.next() and ticket.phase not in GATES):
            self.go("UPDATE of many", self.transaction(self.named(), (
                "UPDATE tickets SET phase_id = %s::phase WHERE id = ANY (%s)", tickets[0].next(), [ticket.id for ticket in tickets])),
                [[self.moved(ticket, ticket.next())] for ticket in tickets])

    def block(self):
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            self.go("block_ticket", self.sql("SELECT block_ticket(%s, %s, %s)", ticket.id, self.tag, self.tag),
                    [[self.moved(ticket, BLOCKED)]])

    def unblock(self):
        if ticket := self.pick(lambda ticket: ticket.phase == BLOCKED and ticket.previous != "PHASE_DEPLOYMENT"):
            self.go("unblock_ticket", self.sql("SELECT unblock_ticket(%s, %s, %s)", ticket.id, self.tag, self.tag),
                    [[self.moved(ticket, ticket.previous)]])

    def regress(self):
        """Back to what is done again, also out of PHASE_BLOCKED."""
        if ticket := self.pick(lambda ticket: ticket.phase == "PHASE_TESTING" or ticket.phase == BLOCKED and ticket.previous in SEQUENCE[3:]):
            to = "PHASE_DESIGN" if ticket.phase == BLOCKED else "PHASE_IMPLEMENTATION"
            self.go("regress", self.sql("SELECT transition_ticket(%s, %s, %s, %s)", ticket.id, to, self.tag, self.tag),
                    [[self.moved(ticket, to)]])

    def forbidden(self):
        if ticket := self.pick(lambda ticket: ticket.phase in SEQUENCE[:4]):
            tag = self.tag
            assert self.go("forbidden", self.sql("SELECT transition_ticket(%s, 'PHASE_DONE', %s)", ticket.id, tag), [[Alternative(
                {("history", ticket.id, tag, ticket.phase, "PHASE_DONE")})]], ["23514"]) is None

    def retitle(self):
        if ticket := self.pick():
            def titled(title):
                return Alternative(set(), lambda: setattr(ticket, "title", title))
            tag = self.tag
            self.go("title", self.sql("UPDATE tickets SET title = %s WHERE id = %s", tag, ticket.id), [[titled(tag)]],
                    resolve=lambda state: [titled(tag)] if state.tickets[ticket.id].title == tag else [])

    def together(self):
        """An artifact, a move and an added task in one transaction, after a move that is taken back."""
        if ticket := self.pick(lambda ticket: ticket.phase in ("PHASE_BACKLOG", "PHASE_DESIGN")):
            artifact, task, to = self.new_id(), self.new_id(), ticket.next()
            parts = [[self.handed_in(ticket, artifact)], [Alternative({("task", task)})]]
            ticket.evidence[artifact] = ticket.phase
            parts.append([self.moved(ticket, to)])
            del ticket.evidence[artifact]
            self.not_there[("history", ticket.id, self.tag, ticket.phase, BLOCKED)] = f"{self.tag} together, rolled back to a savepoint"
            self.go("together", self.transaction(
                self.named(),
                ("INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path) VALUES (%s, %s, %s::phase, 'notes', %s)",
                 artifact, ticket.id, ticket.phase, self.tag),
                ("!SELECT try_transition_ticket(%s, %s, %s)", ticket.id, BLOCKED, self.tag),
                ("UPDATE tickets SET phase_id = %s::phase WHERE id = %s", to, ticket.id),
                ("INSERT INTO tasks (id, ticket_id, phase_id, task_type) VALUES (%s, %s, %s::phase, 'added')", task, ticket.id, to)),
                parts)

    # --- evidence --------------------------------------------------------------------------------------------

    def hand_in(self):
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            artifact = self.new_id()
            self.go("artifact", self.sql(
                "INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path, artifact_content) VALUES (%s, %s, %s::phase, 'notes', %s, '{}')",
                artifact, ticket.id, ticket.phase, self.tag), [[self.handed_in(ticket, artifact)]])

    def validate(self):
        if ticket := self.pick(lambda ticket: ticket.phase in GATES):
            by = f"{self.tag} validates"
            parts = [[Alternative({("result", ticket.id, ticket.phase, by, "passed")}),
                      *(Alternative({("verdict", ticket.id, ticket.phase, status)}) for status in ["failed", "pending"])]]
            self.go("validate_gate", self.sql("SELECT gate_status FROM validate_gate(%s, validated_by => %s)", ticket.id, by), parts,
                    chosen=lambda answer: [one for one in parts[0] if answer[0][0] in next(iter(one.new))])

    def ask_review(self):
        if ticket := self.pick(lambda ticket: ticket.phase == "PHASE_TESTING"):
            self.go("validate_phase_completion", self.sql("SELECT id FROM validate_phase_completion(%s)", ticket.id),
                    chosen=lambda answer: [Alternative({("task", answer[0][0])})])

    def fold(self):
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            has_evidence = ticket.phase in ticket.evidence.values() and ticket.phase not in ticket.folded
            new = {("context", ticket.id, ticket.phase)} if has_evidence else set()
            phase = ticket.phase
            ticket.folded.add(phase)
            self.go("update_ticket_context", self.sql("SELECT update_ticket_context(%s)", ticket.id), [[Alternative(new)]])

    def ask_summary(self):
        if ticket := self.pick(lambda ticket: ticket.folded and not ticket.asked):
            ticket.asked = True
            # What is to be summarized is folded in first.
            ticket.folded.add(ticket.left)
            self.go("summarize_using_llm", self.sql("SELECT id FROM summarize_using_llm(%s)", ticket.id),
                    chosen=lambda answer: [Alternative({("task", answer[0][0])})])
