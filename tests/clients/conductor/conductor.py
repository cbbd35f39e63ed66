"""A conductor: a program that lets tickets move on by themselves."""

import psycopg


# region loop
def conduct(stop, pause=5):
    """Advances tickets until `stop` is set; any number of these may run at once."""
    with psycopg.connect(autocommit=True) as connection:
        while not stop.is_set():
            done = connection.execute("SELECT ticket_id, current_phase, error_code, blocking_reasons FROM advance_tickets(transitioned_by => 'conductor')").fetchall()
            for ticket, phase, code, reasons in done:
                said = {None: "entered", "review_requested": "waits for its review in", "move_failed": "cannot leave"}
                print(ticket, said.get(code, code), phase, *(reasons if code == "move_failed" else []))
            # What moved may have enabled nothing more, but what was not looked at yet may be ready.
            if all(code == "move_failed" for _, _, code, _ in done):
                stop.wait(pause)
# endregion
