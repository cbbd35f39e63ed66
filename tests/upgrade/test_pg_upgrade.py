"""pg_upgrade to the newest version: the same rows and objects, and everything goes on."""

import os
import re

import pytest

from populated import Populated, definitions, rows, violations


def same_in_all_versions(found):
    """Without how a version writes a view's text, and with the privileges that all versions have."""
    return sorted(re.sub("(?<=arwdDxt)m", "", text) for text in found if not text.startswith(" SELECT"))


@pytest.mark.parametrize("old_version", os.environ["UPGRADE_FROM"].split())
def test_an_upgraded_cluster_is_the_same_and_goes_on(make_cluster, old_version):
    old = make_cluster(major=old_version)
    populated = Populated()
    with old.connect(autocommit=True) as connection:
        assert connection.info.server_version // 10000 == int(old_version)
        connection.execute("CREATE EXTENSION phasegate")
        populated.make_roles(connection)
        populated.fill(connection)
        before = rows(connection), same_in_all_versions(definitions(connection))
    old.stop()

    new = make_cluster(upgraded=old)
    with new.connect(autocommit=True) as connection:
        assert connection.info.server_version // 10000 == int(os.environ["PG_MAJOR"])
        for table, content in rows(connection).items():
            assert content == before[0].pop(table), table
        assert before[0] == {}
        assert same_in_all_versions(definitions(connection)) == before[1]
        assert violations(connection) == []
        populated.go_on(connection)
