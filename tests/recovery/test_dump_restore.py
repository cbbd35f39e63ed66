"""pg_dump and restore of a whole database: the same rows and objects, everything goes on, nothing was fired."""

import psycopg
import pytest

from populated import definitions, rows, violations


def by_script(tool, source, target, folder):
    dump = tool("pg_dump", "--dbname", source)
    (folder / "dump.sql").write_bytes(dump)
    tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target, "--file", folder / "dump.sql")


def by_archive(tool, source, target, folder):
    tool("pg_dump", "-Fc", "--dbname", source, "--file", folder / "dump")
    tool("pg_restore", "-j2", "--exit-on-error", "--dbname", target, folder / "dump")


def by_directory_of_inserts(tool, source, target, folder):
    tool("pg_dump", "-Fd", "-j2", "--rows-per-insert=3", "--dbname", source, "--file", folder / "dump")
    tool("pg_restore", "--single-transaction", "--exit-on-error", "--dbname", target, folder / "dump")


def by_sections(tool, source, target, folder):
    tool("pg_dump", "-Fc", "--dbname", source, "--file", folder / "dump")
    for section in ["pre-data", "data", "post-data"]:
        tool("pg_restore", "-j2", "--exit-on-error", "--section", section, "--dbname", target, folder / "dump")


WAYS = [by_script, by_archive, by_directory_of_inserts, by_sections]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_restored_database_is_the_same_and_goes_on(populated, empty_database, tool, tmp_path, way):
    target = empty_database()
    with psycopg.connect(dbname=populated.database, autocommit=True) as source:
        before = rows(source), definitions(source)

    way(tool, populated.database, target, tmp_path)

    with psycopg.connect(dbname=target, autocommit=True) as restored:
        # That no row is new or changed means, too, that no trigger fired.
        for table, content in rows(restored).items():
            assert content == before[0].pop(table), table
        assert before[0] == {}
        assert definitions(restored) == before[1]
        assert violations(restored) == []
        populated.go_on(restored)
    # Dumping changed nothing either.
    with psycopg.connect(dbname=populated.database, autocommit=True) as source:
        populated.go_on(source)
