"""Moving to the newest PostgreSQL, by pg_upgrade and by a dump: the same rows and objects, and everything goes on."""

import os
import re
import subprocess

import pytest

from populated import Populated, definitions, rows, violations


@pytest.fixture(params=os.environ["UPGRADE_FROM"].split())
def old(make_cluster, request):
    cluster = make_cluster(major=int(request.param))
    with cluster.connect(autocommit=True) as connection:
        assert connection.info.server_version // 10000 == cluster.major
    return cluster


@pytest.fixture
def populated(old):
    return Populated.in_cluster(old)


def content(connection):
    """Rows, and definitions without how a version writes a view's text, with the privileges that all versions have."""
    known = sorted(re.sub("(?<=arwdDxt)m", "", text) for text in definitions(connection) if not text.startswith(" SELECT"))
    return rows(connection), known


def require_same_and_go_on(connection, populated, before, major):
    assert connection.info.server_version // 10000 == major
    found, known = content(connection)
    for table, expected in before[0].items():
        assert found.pop(table) == expected, table
    assert found == {}
    assert known == before[1]
    assert violations(connection) == []
    populated.go_on(connection)


def test_pg_upgrade(make_cluster, old, populated, newest_major):
    with old.connect(autocommit=True) as connection:
        before = content(connection)
    old.stop()
    new = make_cluster(major=newest_major, upgraded=old)
    with new.connect(autocommit=True) as connection:
        require_same_and_go_on(connection, populated, before, newest_major)


def test_a_dump(make_cluster, old, populated, newest_major, tmp_path):
    """With the older version's pg_dump: minor releases after the newer one's may keep things in the catalogs that only it knows."""
    new = make_cluster(major=newest_major)

    def tool(cluster, name, *arguments):
        env = cluster.env()
        subprocess.run([os.path.join(env["PHASEGATE_BINDIR"], name), *arguments], env=os.environ | env, check=True, stdin=subprocess.DEVNULL)

    with old.connect(autocommit=True) as connection, new.connect(autocommit=True) as restored:
        before = content(connection)
        populated.make_roles(restored)
        tool(old, "pg_dump", "-Fc", "--file", tmp_path / "dump")
        tool(new, "pg_restore", "--exit-on-error", "--dbname", "postgres", tmp_path / "dump")
        require_same_and_go_on(restored, populated, before, newest_major)
