# region migration
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Func

import desk.models


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("SELECT phasegate.create_workspace('flow', tickets => 'desk_issue')",
                                  "SELECT phasegate.detach_workspace('flow', for_good => true)"),
            ],
            # What makemigrations writes of the models by itself.
            state_operations=[
                migrations.AddField("issue", "phase_id", desk.models.PhaseField(db_default="PHASE_BACKLOG")),
                migrations.AddField("issue", "ticket_uuid", models.UUIDField(
                    unique=True, db_default=Func(function="phasegate.uuid_v7"), editable=False)),
                migrations.CreateModel("Move", [
                    ("id", models.UUIDField(primary_key=True, serialize=False)),
                    ("issue", models.ForeignKey("desk.issue", django.db.models.deletion.DO_NOTHING, to_field="ticket_uuid",
                                                db_column="ticket_id", related_name="history")),
                    ("from_phase", desk.models.PhaseField(null=True)),
                    ("to_phase", desk.models.PhaseField()),
                    ("transition_reason", models.TextField(null=True)),
                    ("created_at", models.DateTimeField()),
                ], {"managed": False, "db_table": 'flow"."phase_history', "ordering": ["created_at"]}),
            ],
        ),
    ]
# endregion
