"""The application's models: its own, and what it reads of phasegate's."""

from django.db import models
from django.db.models import Func
from django.db.models.functions import Now


# region models
class PhaseField(models.TextField):
    """The workspace's enum; values are str."""

    def db_type(self, connection):
        return "flow.phase"


class Issue(models.Model):
    title = models.TextField()
    priority = models.IntegerField(default=3)
    created_at = models.DateTimeField(db_default=Now())
    # What adoption added, as far as the application reads it.
    phase_id = PhaseField(db_default="PHASE_BACKLOG")
    ticket_uuid = models.UUIDField(unique=True, db_default=Func(function="phasegate.uuid_v7"), editable=False)


class Move(models.Model):
    id = models.UUIDField(primary_key=True)
    issue = models.ForeignKey(Issue, models.DO_NOTHING, to_field="ticket_uuid", db_column="ticket_id", related_name="history")
    from_phase = PhaseField(null=True)
    to_phase = PhaseField()
    transition_reason = models.TextField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = 'flow"."phase_history'
        ordering = ["created_at"]
# endregion
