"""Sessions that may not write: what reads works, what writes is refused by PostgreSQL's own error."""

import psycopg
import pytest

from function_calls import READS, WRITES, answers, require_refusal_of_writes
from populated import rows


def test_every_function_reads_or_writes(connect):
    """By what it is declared as. uuid_v7 is the only one that is neither: it is VOLATILE and writes nothing."""
    declared = dict(connect().execute("""
        SELECT proname, bool_or(provolatile = 'v') FROM pg_proc
         WHERE pronamespace = 'phasegate'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND prokind = 'f' GROUP BY proname""").fetchall())
    assert declared.pop("uuid_v7")
    assert {name for name, writes in declared.items() if not writes} == READS.keys()
    assert {name for name, writes in declared.items() if writes} == WRITES.keys()


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_read_only_session_reads_and_does_not_write(populated, isolation):
    with psycopg.connect(dbname=populated.database, autocommit=True) as writable, psycopg.connect(dbname=populated.database, autocommit=True) as reader:
        expected = answers(writable)
        before = rows(writable)
        reader.execute("SET default_transaction_read_only = on")
        reader.execute(f"SET default_transaction_isolation = '{isolation}'")
        # Twice: reading for the first time fills caches, and the second time does not.
        assert answers(reader) == expected
        with reader.transaction():
            assert answers(reader) == expected
        require_refusal_of_writes(reader)
        assert answers(reader) == expected
        assert rows(writable) == before
