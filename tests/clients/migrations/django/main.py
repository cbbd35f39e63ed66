"""Django makes tables, adopts one, and finds nothing to change afterwards; moves, refusals and history go through the models."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402

from desk.models import Issue, Move  # noqa: E402

call_command("migrate", "desk", "0001", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO desk_issue (title, priority) VALUES ('Printer on fire', 1), ('Mail is late', 3)")
call_command("migrate", verbosity=0)
# Ends the program where a migration is missing.
call_command("makemigrations", check=True, dry_run=True, verbosity=0)

fire, mail = Issue.objects.order_by("id")
fire.phase_id = "PHASE_REQUIREMENTS"
fire.save(update_fields=["phase_id"])
# region refused
try:
    with transaction.atomic():
        fire.phase_id = "PHASE_DONE"
        fire.save(update_fields=["phase_id"])
except IntegrityError as error:
    code = error.__cause__.diag.constraint_name
fire.refresh_from_db()
# endregion
assert code == "invalid_transition" and fire.phase_id == "PHASE_REQUIREMENTS"
assert list(fire.history.values_list("to_phase", "transition_reason")) == [("PHASE_BACKLOG", "adopted"), ("PHASE_REQUIREMENTS", None)]
assert list(Issue.objects.filter(phase_id="PHASE_BACKLOG")) == [mail]
assert Issue.objects.create(title="No dial tone").phase_id == "PHASE_BACKLOG"
# As TransactionTestCase empties its tables, with available_apps.
call_command("flush", interactive=False, allow_cascade=True, verbosity=0)
assert not Move.objects.exists()
call_command("migrate", "desk", "0001", verbosity=0)
call_command("migrate", verbosity=0)
