"""A workspace's tables. They are phasegate's to create, so nothing here is managed by migrations."""

import json

from django.db import connection, models
from django.db.models import Func
from django.db.models.functions import Now


# region models
class PhaseField(models.TextField):
    """The workspace's enum; values are str. The type is what Django casts to where it casts, as in bulk_update()."""

    def db_type(self, connection):
        return "phase"


class Ticket(models.Model):
    id = models.UUIDField(primary_key=True, db_default=Func(function="uuid_v7"), editable=False)
    title = models.TextField()
    description = models.TextField(null=True)
    priority = models.CharField(max_length=20, db_default="MEDIUM")
    phase_id = PhaseField(db_default="PHASE_BACKLOG")
    # These are set by phasegate's triggers; refresh_from_db() reads them.
    previous_phase_id = PhaseField(null=True, editable=False)
    context = models.JSONField(null=True, editable=False)
    phase_entered_at = models.DateTimeField(db_default=Now(), editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        managed = False
        db_table = "tickets"

    def save(self, **options):
        # Django writes every column unless it is told which, and would put back the context that it has read once.
        if not self._state.adding:
            options.setdefault("update_fields", ["title", "description", "priority", "phase_id"])
        super().save(**options)


class Task(models.Model):
    id = models.UUIDField(primary_key=True, editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="tasks")
    phase_id = PhaseField()
    task_type = models.CharField(max_length=100)
    status = models.CharField(max_length=50)
    result = models.JSONField(null=True)

    class Meta:
        managed = False
        db_table = "tasks"


class Artifact(models.Model):
    id = models.UUIDField(primary_key=True, db_default=Func(function="uuid_v7"), editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="artifacts")
    phase_id = PhaseField()
    artifact_type = models.CharField(max_length=100)
    artifact_content = models.JSONField(null=True)

    class Meta:
        managed = False
        db_table = "phase_gate_artifacts"
# endregion


# region functions
def act_as(actor, reason=""):
    """Who moves tickets in this transaction, and why. Like SET LOCAL, which takes no parameters."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('phasegate.actor', %s, true), set_config('phasegate.reason', %s, true)", [actor, reason])


def transition_ticket(ticket, phase, reason=None, expected_phase=None):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT transition_ticket(%s, %s, reason => %s, expected_phase => %s)", [ticket.id, phase, reason, expected_phase])
    ticket.refresh_from_db()


def claim_task(agent, capabilities):
    """A Task, with what else claim_task() gives as further attributes, or None."""
    return next(iter(Task.objects.raw("SELECT * FROM claim_task(%s, %s)", [agent, capabilities])), None)


def complete_task(task, agent, result):
    [done] = Task.objects.raw(
        "SELECT * FROM complete_task(%s, %s, %s, attempt => %s)", [task.id, agent, json.dumps(result), task.attempt])
    return done


def history(ticket):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_phase, transition_reason, transitioned_by FROM get_phase_history(%s)", [ticket.id])
        return cursor.fetchall()
# endregion
