"""The least that Django needs to talk to the database. PGHOST and so on say where."""

import os
import sys

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ["PGPORT"],
        "USER": os.environ["PGUSER"],
        "NAME": os.environ["PGDATABASE"],
        # With parameters in the statement's text, as by default, or apart from it: both work.
        "OPTIONS": {"server_side_binding": "server-side" in sys.argv},
        # Behind a pooler in transaction mode, where a cursor of .iterator() would be left behind in another session.
        "DISABLE_SERVER_SIDE_CURSORS": "pooled" in sys.argv,
    }
}
INSTALLED_APPS = ["tracker"]
USE_TZ = True
