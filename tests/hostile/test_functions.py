"""Every function of schema phasegate, as pg_proc lists them, is called with odd values in its arguments.

Each argument gets each odd value of its type, and each two arguments each two of them, while the others have values
with which the call does something: so no odd value is hidden behind another that is refused first. A function of few
arguments is also called with every combination. Whatever comes of it, the error is one of those that docs/reference.md
documents or PostgreSQL's own about values, nothing is left behind, and the server does not even start anew.
"""

import itertools
import math

import psycopg
import pytest

from odd_values import ALONE, literal, ticket_id, values_of
from probing import ALL_CASES, ALLOWED, is_fine, one_in, probed

FULL_PRODUCT = 300

# Values with which a call does something, by argument; for others it is the first good one of the type.
USUAL = {
    "ticket_id": "good ready ticket", "task_id": "good held task", "template_id": "good template", "ticket_ids": "good tickets",
    "agent_id": "good agent", "to_phase": "good next phase", "phases": "null", "kinds": "null", "capabilities": "good capabilities", "tickets": "null", "state": "null",
    "expected_phase": "null", "attempt": "null", "artifact_type": "good text", "format": "good format", "artifacts": "good artifacts", "result": "good result", "results": "good results",
    "role": "good role", "level": "good level",
}
USUAL_OF = {
    ("block_ticket", "ticket_id"): "good testing ticket",
    ("unblock_ticket", "ticket_id"): "good blocked ticket",
    ("create_workspace", "workspace"): "63 bytes",
    ("_adopt_step", "workspace"): "63 bytes",
    ("generate_task_from_template", "ticket_id"): "good backlog ticket",
}
MAKE_TABLES = {"create_workspace", "_adopt_step", "detach_workspace"}
# NULL means all of them, which is what is said by default in another way.
MAY_BE_NULL = {(name, argument) for name in ("claim_task", "claim_tasks") for argument in ("capabilities", "kinds")}
# What adopt_workspace hands on to its steps; and what is not said is what is the default.
MAY_BE_NULL |= {("_adopt_step", argument) for argument in ("tickets", "phases", "defaults", "state")}
MAY_BE_NULL |= {("create_workspace", "defaults"), ("detach_workspace", "for_good")}


class Function:
    def __init__(self, name, strict, volatile, arguments, types, defaults):
        self.name, self.strict, self.volatile, self.arguments, self.types = name, strict, volatile, arguments, types
        self.defaults = [None] * (len(arguments) - len(defaults)) + defaults

    def usual(self, values):
        """The names of values with which the function does something."""
        def of(argument, kind):
            usual = USUAL_OF.get((self.name, argument)) or USUAL.get(argument)
            return usual if usual in values[kind] else next(value for value in values[kind] if value.startswith("good") or value == "true")
        return tuple(map(of, self.arguments, self.types))

    def required(self):
        """The places of the arguments that may not be NULL."""
        return [place for place, default in enumerate(self.defaults)
                if (default is None or not default.startswith("NULL")) and (self.name, self.arguments[place]) not in MAY_BE_NULL]

    def call(self, chosen):
        arguments = (f'(SELECT value FROM odd."{kind}" WHERE name = {literal(value)})' for kind, value in zip(self.types, chosen))
        return f"SELECT length(f::text) FROM phasegate.{self.name}({', '.join(arguments)}) f"

    def combinations(self, values):
        """Tuples of names of values, always the same in the same order: each value once, then of those of two a part."""
        usual = self.usual(values)
        found = [usual]
        for place, kind in enumerate(self.types):
            found += [usual[:place] + (value,) + usual[place + 1:] for value in values[kind]]
        single = len(found)
        choices = [[value for value in values[kind] if value not in ALONE] for kind in self.types]
        if math.prod(map(len, choices)) <= FULL_PRODUCT:
            return list(dict.fromkeys(found + one_in(29, itertools.product(*choices))))
        for first, second in itertools.combinations(range(len(choices)), 2):
            for pair in itertools.product(choices[first], choices[second]):
                chosen = list(usual)
                chosen[first], chosen[second] = pair
                found.append(tuple(chosen))
        return list(dict.fromkeys(found[:single] + one_in(61, found[single:])))


@pytest.fixture
def values(session):
    return values_of(session.info.server_version)


@pytest.fixture
def functions(session):
    rows = session.execute(
        "SELECT proname, proisstrict, provolatile = 'v', coalesce((proargnames::text[])[:pronargs], '{}'),"
        " ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS u (t, n) ORDER BY n),"
        " ARRAY(SELECT pg_get_function_arg_default(p.oid, n) FROM generate_series(1, pronargs) n WHERE n > pronargs - pronargdefaults ORDER BY n)"
        " FROM pg_proc p WHERE pronamespace = 'phasegate'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND prokind = 'f'"
        # What makes and drops tables comes last: the dead rows that it leaves in the catalogs slow down the others.
        " ORDER BY proname = ANY (%s), proname", [sorted(MAKE_TABLES)]).fetchall()
    assert len(rows) >= 40
    return [Function(*row) for row in rows]


def goes_on(session):
    """The session does what it did before: a move writes its one row of history, in its own name."""
    with session.transaction(force_rollback=True):
        ticket = ticket_id("ready")
        session.execute("UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE id = %s", [ticket])
        rows = session.execute("SELECT from_phase, to_phase, transition_reason, transitioned_by = session_user FROM phase_history"
                               " WHERE ticket_id = %s ORDER BY created_at OFFSET 2", [ticket]).fetchall()
        assert rows == [("PHASE_TESTING", "PHASE_DEPLOYMENT", None, True)]
        assert len(session.execute("SELECT FROM phasegate.claim_task('zoe', '{implementation,testing,analysis,documentation,architecture}')").fetchall()) == 1
    return True


def test_null_where_a_value_is_required(session, functions, values):
    wrong = []
    for function in functions:
        usual = function.usual(values)
        calls = {function.call(usual[:place] + ("null",) + usual[place + 1:]): place for place in function.required()}
        for row in probed(session, calls):
            said = (row.state, row.message)
            expected = ("00000", None) if function.strict else ("22004", f"{function.arguments[calls[row.call]]} must not be null")
            if said != expected:
                wrong.append((function.name, *said, expected))
    assert wrong == []


def test_odd_values(session, functions, values):
    before = session.execute("SELECT odd.fingerprint()").fetchone()[0]
    session.execute("SET phasegate.notify = on")
    wrong, failures = [], {}
    for function in functions:
        calls = {function.call(chosen): chosen for chosen in function.combinations(values)}
        # Each third call that changes something is looked at afterwards.
        looked_at = list(calls) if ALL_CASES else list(calls)[::3]
        rest = [call for call in calls if call not in looked_at]
        at_once = 10 if function.name in MAKE_TABLES else 200
        rows = list(probed(session, looked_at, ["SELECT odd.healthy()"] if function.volatile else [], at_once))
        rows += probed(session, rest, [], at_once)
        if rows[0].state != ("0A000" if function.name == "distribute_workspace" else "00000"):
            wrong.append((function.name, "the usual call fails", rows[0]))
        for row in rows:
            if row.state == "00000":
                continue
            failures.setdefault((function.name, row.state), row.call)
            if row.step > 0 or not is_fine(row):
                wrong.append((function.name, calls[row.call], row[1:]))
        if session.execute("SELECT odd.fingerprint()").fetchone()[0] != before:
            wrong.append((function.name, "something was left behind"))
    assert wrong == []

    # The same as a client sees it: the statement fails, in a transaction of its own and in one that goes on.
    assert len(failures) > 80
    for (name, state), call in failures.items():
        with pytest.raises(psycopg.Error) as failed:
            session.execute(call)
        assert failed.value.sqlstate == state and goes_on(session), name
        with session.transaction(force_rollback=True):
            with pytest.raises(psycopg.Error) as failed, session.transaction():
                session.execute(call)
            assert failed.value.sqlstate == state and goes_on(session), name
    assert session.execute("SELECT odd.fingerprint()").fetchone()[0] == before


@pytest.mark.parametrize("text, state", [
    (r'{"a": "\u0000"}', "22P05"), (r'{"\u0000": 1}', "22P05"), (r'["\ud800"]', "22P02"), (r'["\udc00\ud800"]', "22P02"), ("[1", "22P02"), ("{'a': 1}", "22P02"),
    ("1e1000000", "22003"), ("", "22P02"),
])
def test_what_is_no_json_is_refused_by_the_server(session, text, state):
    with pytest.raises(psycopg.Error) as failed:
        session.execute("SELECT phasegate.summarize_structured(%s::text::jsonb)", [text])
    assert failed.value.sqlstate == state
    assert goes_on(session)


def test_what_succeeds_can_be_committed(session, functions, values):
    """The last test, since it leaves what it does."""
    session.execute("SET phasegate.notify = on; LISTEN phasegate_tasks")
    done = 0
    for function in functions:
        if not function.volatile or function.name == "detach_workspace":
            continue
        for chosen in function.combinations(values)[:40]:
            try:
                session.execute(function.call(chosen))
                done += 1
            except psycopg.Error as error:
                assert error.sqlstate in ALLOWED, (function.name, chosen)
        session.execute("SELECT odd.healthy()")
    assert done > 200
