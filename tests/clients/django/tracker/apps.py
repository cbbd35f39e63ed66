"""Makes every connection raise phasegate's refusals as exceptions of their own."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from tracker.refusals import raise_refusals


# region app
def install(connection, **arguments):
    if raise_refusals not in connection.execute_wrappers:
        connection.execute_wrappers.append(raise_refusals)


class TrackerConfig(AppConfig):
    name = "tracker"

    def ready(self):
        connection_created.connect(install)
# endregion
