"""Programs that use phasegate through the libraries that applications use.

Each runs against a new workspace. It asserts everything itself, prints nothing, and fails with an exit code.
"""

import os

import psycopg
import pytest
from projects import CLIENTS, POOLED, command, output_of


def run(client, environment, *arguments):
    assert output_of([*command(client), *arguments], env={**os.environ, **environment}) == ""
    with psycopg.connect(dbname=environment["PGDATABASE"]) as owner:
        assert owner.execute("SELECT check_name FROM phasegate.check_workspace('shop') WHERE violations > 0").fetchall() == []


@pytest.mark.parametrize("client", CLIENTS)
def test_client(client, workspace):
    run(client, workspace)


@pytest.mark.parametrize("client", POOLED)
def test_client_behind_a_pooler(client, pooled_workspace):
    run(client, pooled_workspace, "pooled")
