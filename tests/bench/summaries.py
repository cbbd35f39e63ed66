"""P9: summarizing a context of 1 MB to 2,000 tokens. The baseline is one counting pass over its text."""

import json
import random

from . import workspaces
from .rounds import Row, at_most, interleaved
from .server import timed

BYTES = 1_000_000
BUDGET = 2000
PHASES = ("requirements", "design", "implementation", "testing")
WORDS = """
    the a an of to in and for with on that is by as it be are from or when which not one all each has can this after
    before only where other more request response client server payment order customer account ticket phase task agent
    review deadline migration schema column index transaction timeout retry webhook signature token session cache queue
    worker deployment rollback feature flag release version endpoint library module test coverage failure error log
    metric alert dashboard report document section decision risk question requirement constraint assumption approval
    idempotency latency throughput encryption certificate merchant currency refund invoice discount checkout basket
    validates stores reads writes sends receives fails returns checks updates creates deletes moves locks waits
    quickly safely twice never always again later first last new old open closed pending completed slow large small
""".split()


def sentence(source):
    """Some twelve words and a number."""
    words = source.choices(WORDS, k=source.randint(8, 16))
    return f"{' '.join(words).capitalize()} ({source.randint(1, 9999)})."


def many_points(source):
    """A context of some ten thousand decisions, risks and notes of one sentence each."""
    keys = ("key_decisions", "risks", "open_questions", "notes", "changes")
    share = BYTES // len(PHASES) // len(keys) // 78
    return {f"{phase}_phase": {key: [sentence(source) for _ in range(share)] for key in keys} for phase in PHASES}


def long_texts(source):
    """A context of few decisions and long notes, as agents write them."""
    block = {key: 10 for key in ("key_decisions", "risks", "open_questions")}
    length = BYTES // len(PHASES) // 80

    def text(sentences):
        return "\n\n".join(" ".join(sentence(source) for _ in range(8)) for _ in range(sentences // 8))

    return {
        f"{phase}_phase": {**{key: [sentence(source) for _ in range(count)] for key, count in block.items()},
                           "summary": text(24), "notes": text(length)}
        for phase in PHASES
    }


SUMMARIZE = f"SELECT summarize_context(context, {BUDGET}) FROM contexts WHERE name = %s"
COUNT = "SELECT count_tokens(text) FROM contexts WHERE name = %s"


def run(bench):
    """The rows of P9."""
    names = {"many points": many_points, "long texts": long_texts}
    with bench.server.database("bench_p9") as database:
        workspaces.make(database, "ours", configured=True)
        with database.connect(workspaces.path("ours")) as connection:
            connection.execute("CREATE TABLE contexts (name text PRIMARY KEY, context jsonb, text text)")
            for column in ("context", "text"):
                connection.execute(f"ALTER TABLE contexts ALTER {column} SET STORAGE EXTERNAL")
            for name, make in names.items():
                document = json.dumps(make(random.Random(1)))
                connection.execute("INSERT INTO contexts SELECT %s, d, d::text FROM (SELECT %s::jsonb) c (d)", (name, document))
                [tokens] = connection.execute(f"SELECT count_tokens(({SUMMARIZE}))", (name,)).fetchone()
                if not BUDGET * 0.9 <= tokens <= BUDGET:
                    raise AssertionError(f"the summary of {name} has {tokens} tokens")

            def side(sql, name):
                return lambda _: timed(connection, sql, (name,), times=5)

            figures = interleaved({name: {"ours": side(SUMMARIZE, name), "count": side(COUNT, name)} for name in names})
    return [
        Row("P9", f"summarize_context of 1 MB, {name}", "count_tokens of its text", found["ours"], found["count"], at_most(2))
        for name, found in figures.items()
    ]
