"""The least that Django needs. PGHOST and so on say where."""

import os

DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
                         "USER": os.environ["PGUSER"], "NAME": os.environ["PGDATABASE"]}}
INSTALLED_APPS = ["desk"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
