from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Issue", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("title", models.TextField()),
            ("priority", models.IntegerField(default=3)),
            ("created_at", models.DateTimeField(db_default=Now())),
        ]),
    ]
