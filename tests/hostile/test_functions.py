"""Every function of schema phasegate, as pg_proc lists them, is called with odd values in its arguments.

A function of few arguments is called with every combination of the odd values of their types. One of many is called
with every combination of every two arguments, the others having values with which the call does something: an odd
value is not hidden behind another that is refused first.
"""

import itertools
import math

import pytest

from conftest import ALLOWED, PRESENT, leaks
from odd_values import LARGE, literal, values_of

import collections
SEEN=collections.defaultdict(list)
FULL_PRODUCT = 600

# Values with which a call does something, by argument; what is not here has the first good one of its type.
USUAL = {
    "ticket_id": "good ready ticket", "task_id": "good held task", "template_id": "good template", "ticket_ids": "good tickets",
    "agent_id": "good agent", "to_phase": "good next phase", "target_phase": "good phase", "from_phase": "good phase", "phase_id": "good phase",
    "current_phase": "good phase", "phases": "null", "kinds": "null", "capabilities": "good capabilities", "expected_phase": "null", "attempt": "null",
    "artifact_type": "good text", "format": "good format", "workspace": "good present", "artifacts": "good artifacts", "result": "good result",
}
USUAL_FOR = {
    ("block_ticket", "ticket_id"): "good testing ticket",
    ("unblock_ticket", "ticket_id"): "good blocked ticket",
    ("create_workspace", "workspace"): "63 bytes",
    ("generate_task_from_template", "ticket_id"): "good deployment ticket",
}
# NULL means something to these, although it is not their default.
MAY_BE_NULL = {("claim_task", "capabilities"), ("claim_task", "kinds"), ("claim_tasks", "capabilities"), ("claim_tasks", "kinds")}


class Function:
    def __init__(self, name, strict, volatile, arguments, types, defaults):
        self.name, self.strict, self.volatile, self.arguments, self.types = name, strict, volatile, arguments, types
        self.defaults = [None] * (len(arguments) - len(defaults)) + defaults

    def usual(self, place, values):
        name, kind = self.arguments[place], self.types[place]
        usual = USUAL_FOR.get((self.name, name)) or USUAL.get(name)
        return usual if usual in values[kind] else next(value for value in values[kind] if value.startswith("good") or value == "true")

    def required(self, place):
        return self.defaults[place] is None or not self.defaults[place].startswith("NULL") and (self.name, self.arguments[place]) not in MAY_BE_NULL

    def call(self, chosen):
        arguments = (f'(SELECT value FROM odd."{kind}" WHERE name = {literal(value)})' for kind, value in zip(self.types, chosen))
        return f"SELECT max(length(f::text)) FROM phasegate.{self.name}({', '.join(arguments)}) f"

    def combinations(self, values):
        """Each a tuple of the names of values, the usual one first; always the same in the same order."""
        usual = tuple(self.usual(place, values) for place in range(len(self.types)))
        found = [usual]
        for place, kind in enumerate(self.types):
            found += [usual[:place] + (value,) + usual[place + 1:] for value in values[kind]]
        choices = [[value for value in values[kind] if value not in LARGE] for kind in self.types]
        if math.prod(map(len, choices)) <= FULL_PRODUCT:
            return list(dict.fromkeys(found + list(itertools.product(*choices))))
        for first, second in itertools.combinations(range(len(choices)), 2):
            for pair in itertools.product(choices[first], choices[second]):
                chosen = list(usual)
                chosen[first], chosen[second] = pair
                found.append(tuple(chosen))
        return list(dict.fromkeys(found))


@pytest.fixture
def functions(session):
    rows = session.execute(
        "SELECT proname, proisstrict, provolatile = 'v', coalesce((proargnames::text[])[:pronargs], '{}'),"
        " ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS u (t, n) ORDER BY n),"
        " ARRAY(SELECT pg_get_function_arg_default(p.oid, n) FROM generate_series(1, pronargs) n WHERE n > pronargs - pronargdefaults ORDER BY n)"
        " FROM pg_proc p WHERE pronamespace = 'phasegate'::regnamespace AND prorettype <> 'trigger'::regtype ORDER BY proname").fetchall()
    assert len(rows) >= 40
    return [Function(*row) for row in rows]


@pytest.fixture
def values(session):
    return values_of(session.info.server_version)


def test_odd_values(session, functions, values):
    before = session.execute("SELECT odd.fingerprint()").fetchone()[0]
    faults = []
    for function in functions:
        combinations = function.combinations(values)
        calls = {function.call(chosen): chosen for chosen in combinations}
        afterwards = ["SELECT odd.healthy()"] if function.volatile else []
        import time; t=time.time()
        rows = session.execute("SELECT * FROM odd.probe(%s, %s)", [list(calls), afterwards]).fetchall()
        print(function.name, len(calls), sum(r[2]=='00000' for r in rows), time.time()-t)
        if rows[0][2] != "00000":
            faults.append((function.name, "the usual call fails", *rows[0][2:]))
        import re, collections
        for r in rows:
            m = re.sub(r'[0-9a-f-]{36}','UUID', ' | '.join(str(x)[:300].replace(chr(10),' // ') for x in r[3:6] if x))
            SEEN[(r[2], m[:600])].append(function.name)
        for call, step, state, message, detail, hint, context in rows:
            told = (function.name, calls[call], state, message, detail, hint)
            if state != "00000" and (state not in ALLOWED or step > 0 or leaks(message, detail, hint, context)):
                faults.append(told)
        if session.execute("SELECT odd.fingerprint()").fetchone()[0] != before:
            faults.append((function.name, "left something behind"))
    with open('/tmp/h-hostile/seen.txt','w') as f:
        for (a,m),fs in sorted(SEEN.items()): print(a, m, len(fs), sorted(set(fs))[:5], file=f)
    assert faults == []
