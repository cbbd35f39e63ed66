"""Mixed load by clients that remember what they were told: for the tests that kill the server, and the soak.

Each client has tickets of its own, which it makes, moves, blocks and documents, and works everybody's tasks.
Before it sends an operation it notes the facts that the operation must leave behind, all of them or none
(check.py reads them back). What it then does depends on its random numbers, and on which tasks the others have
left it.
"""

from .model import SETUP, Lost
from .tasks import TaskWork
from .tickets import TicketWork

__all__ = ["SETUP", "Client", "Lost"]


class Client(TicketWork, TaskWork):
    """A client of workspace acme."""

    def work(self, connection, number):
        """Works until the connection breaks; `number` tells this stretch of work from others."""
        self.begin(connection, number)
        try:
            while True:
                self.step()
        except Lost:
            pass

    def step(self):
        self.chance.choices(list(OPERATIONS), OPERATIONS.values())[0](self)

    def checkpoint(self):
        self.pick()
        self.go("CHECKPOINT", self.sql("CHECKPOINT"))


# What clients do, and how often.
OPERATIONS = {
    Client.create: 2, Client.advance: 8, Client.advance_directly: 8, Client.advance_many: 3, Client.update_many: 2,
    Client.block: 3, Client.unblock: 4, Client.regress: 2, Client.forbidden: 1, Client.retitle: 2, Client.together: 3,
    Client.hand_in: 6, Client.validate: 3, Client.ask_review: 2, Client.fold: 2, Client.ask_summary: 1,
    Client.add_tasks: 2, Client.cancel: 1, Client.claim: 22, Client.start: 14, Client.heartbeat: 5, Client.complete: 22,
    Client.fail: 3, Client.checkpoint: 0.2,
}
