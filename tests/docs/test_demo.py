"""The demonstration's scripts run to their end."""

import os
import subprocess


def test_demo(database):
    psql = subprocess.run(
        [f"{os.environ['PHASEGATE_BINDIR']}/psql", "-X", "-q", "-d", database, "-v", "ON_ERROR_STOP=1",
         "-f", "demo/demo.sql"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=os.environ["PHASEGATE_ROOT"],
    )
    assert psql.returncode == 0, psql.stdout
    assert "all 24 tickets are done" in psql.stdout
    assert psql.stdout.count("ERROR:") == 2, psql.stdout
