"""`phasegate work --command`: what a program is given, how it ends, and that nothing of it is left."""

import json
import os
import re
import signal
import stat
import textwrap
import threading

import pytest
from runner_support import APPROVED, LONG, RawServer, program, reply, running, shop, until, work, working  # noqa: F401


@pytest.fixture
def script(tmp_path):
    def write(text, name="worker.sh"):
        path = tmp_path / name
        path.write_text("#!/bin/bash\n" + textwrap.dedent(text))
        path.chmod(0o755)
        # The server's user may run as another.
        tmp_path.chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
        return path
    return write


def run(shop, path, *arguments, **kwargs):
    kwargs.setdefault("level", "agent")
    return work(shop, "--command", path, *arguments, **kwargs)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_is_given_the_task_and_its_answer_is_the_result(shop, script, tmp_path):
    (ticket,) = shop.one("INSERT INTO tickets (title) VALUES ('Apple Pay') RETURNING id")
    shop.owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    path = script(f"""\
        cat > {tmp_path}/document.json
        env > {tmp_path}/environment
        pwd > {tmp_path}/folder
        echo "looking at it" >&2
        echo '{{"summary": "Done.", "artifacts": [{{"type": "requirements_document", "content": {{"text": "x"}}}}]}}'
        """)
    ended = run(shop, path, "first", "--capabilities", "analysis", "--env", "LANGUAGE=de", "--env", "COLOUR",
                COLOUR="blue", OPENAI_API_KEY="sk-secret", PGPASSWORD="secret")
    task = shop.one("SELECT status, result -> 'summary', result -> 'runner' -> 'command', started_at IS NOT NULL FROM tasks"
                    " WHERE task_type = 'analyze_requirements'")
    assert task == ("completed", "Done.", "worker.sh", True), ended.stderr
    assert shop.one("SELECT artifact_type FROM phase_gate_artifacts WHERE ticket_id = %s", ticket) == ("requirements_document",)
    document = json.loads((tmp_path / "document.json").read_text())
    assert set(document) >= {"task", "ticket", "requirements", "artifacts", "context", "answer_schema"}
    assert document["ticket"] == {"id": str(ticket), "title": "Apple Pay"}
    assert (document["task"]["task_type"], document["task"]["attempt"]) == ("analyze_requirements", 1)
    assert document["requirements"]["required_artifacts"] == ["report"]
    # Nothing but what is named, and what a shell sets itself.
    environment = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert (environment["LANGUAGE"], environment["COLOUR"]) == ("de", "blue")
    assert set(environment) <= {"LANGUAGE", "COLOUR", "TMPDIR", "PWD", "SHLVL", "_"}
    # Its folder is its own, and gone.
    folder = (tmp_path / "folder").read_text().strip()
    assert folder == environment["TMPDIR"] and not os.path.exists(folder)
    assert "looking at it" in ended.stderr


def test_a_program_that_says_nothing_completes_work_without_a_result(shop, script):
    shop.tasks(3)
    run(shop, script("cat > /dev/null\n"), "--concurrency", "2")
    assert shop.rows("SELECT status, result, count(*) FROM tasks GROUP BY 1, 2") == [("completed", None, 3)]


@pytest.mark.parametrize(("text", "status", "why"), [
    ("echo 'The wiki is down' >&2; exit 75", "pending", "asks to be tried again (exit status 75): The wiki is down"),
    ("echo 'No such order' >&2; exit 3", "failed", "worker.sh ended with exit status 3: No such order"),
    ("kill -SEGV $$", "pending", "was ended by a signal"),
    ("echo nonsense", "failed", "cannot be used: it is not JSON"),
    ("""echo '{"artifacts": [{"path": "x"}]}'""", "failed", "against the schema"),
    (r"""printf '"\xff"'""", "failed", "not UTF-8"),
    (r"""echo '{"summary": "\u0000"}'""", "failed", "the result was refused"),
], ids=["75", "3", "signal", "prose", "schema", "bytes", "zero"])
def test_how_it_ends_says_what_becomes_of_the_task(shop, script, text, status, why):
    shop.tasks(1)
    run(shop, script(text + "\n"))
    task = shop.task("work")
    assert (task.status, task.attempts) == (status, 1), task
    assert why in task.error_message, task.error_message


def test_a_program_reviews_too(shop, script):
    ticket = shop.ticket()
    run(shop, script("""echo '{"approved": true, "feedback": "", "blocking_reasons": []}'\n"""), "--kinds", "review", level="reviewer")
    assert shop.one("SELECT check_gate_requirements(%s) ->> 'review'", ticket) == ("approved",)


@pytest.mark.parametrize(("program", "why"), [("#!/no/such/interpreter\n", "could not be started"), (None, "no temporary directory")],
                         ids=["interpreter", "TMPDIR"])
def test_a_program_that_cannot_begin_ends_the_runner_and_not_the_whole_queue(shop, script, program, why):
    shop.ticket("One")
    shop.ticket("Two")
    path = script("echo '{}'")
    if program:
        path.write_text(program)
    ended = run(shop, path, "--kinds", "review", level="reviewer", check=4, **({} if program else {"TMPDIR": "/no/such/folder"}))
    assert re.search(f"no task can be answered so: .*{why}", ended.stderr)
    # The one that was claimed is for another attempt.
    assert shop.rows("SELECT status, attempts FROM tasks WHERE kind = 'review' ORDER BY attempts") == [("pending", 0), ("pending", 1)]


def test_a_title_forges_no_log_line(shop, script):
    shop.ticket("x\n2026-01-01T00:00:00Z  INFO done\x1b[2J")
    ended = run(shop, script("echo '{}'"), "--kinds", "review", level="reviewer")
    assert "\x1b" not in ended.stderr and r"x\n2026-01-01T00:00:00Z  INFO done\x1B[2J" in ended.stderr


def test_an_agents_role_cannot_approve(shop, script):
    shop.ticket()
    run(shop, script("""echo '{"approved": true, "feedback": "", "blocking_reasons": []}'\n"""), "--kinds", "review")
    task = shop.task("review")
    assert task.status == "failed" and "the result was refused: permission denied" in task.error_message


def test_output_without_end_is_not_gathered(shop, script):
    shop.tasks(1)
    ended = run(shop, script("head -c 100000000 /dev/zero | tr '\\0' x\n"))
    task = shop.task("work")
    assert task.status == "failed" and "wrote more than" in task.error_message
    assert len(ended.stderr) < 100_000


def test_error_output_is_logged_in_lines_of_a_bounded_length(shop, script):
    shop.tasks(1)
    ended = run(shop, script("head -c 300000 /dev/zero | tr '\\0' x >&2; printf '\\033[2J' >&2\n"))
    assert shop.task("work").status == "completed"
    assert max(map(len, ended.stderr.splitlines())) < 5000 and "\033" not in ended.stderr


STUBBORN = """\
    trap '' TERM
    (trap '' TERM; echo $BASHPID >> {pids}; while :; do sleep 1; done) &
    echo $$ >> {pids}
    while :; do sleep 1; done
    """


def test_after_its_time_it_is_killed_with_all_that_it_started(shop, script, tmp_path):
    shop.tasks(1)
    pids = tmp_path / "pids"
    run(shop, script(STUBBORN.format(pids=pids)), "--timeout", "5s", "--grace", "200ms")
    task = shop.task("work")
    assert (task.status, task.attempts) == ("pending", 1) and "longer than 5 s" in task.error_message
    started = pids.read_text().split()
    assert len(started) == 2
    until(lambda: not any(map(alive, started)), "the processes to be gone")


def test_what_it_leaves_behind_is_killed(shop, script, tmp_path):
    shop.tasks(1)
    pids = tmp_path / "pids"
    run(shop, script(f"sleep 1000 & echo $! > {pids}\n"))
    assert shop.task("work").status == "completed"
    until(lambda: not alive(pids.read_text().strip()), "the process to be gone")


def test_work_whose_lease_is_lost_ends_and_is_not_handed_in(shop, script, tmp_path):
    shop.tasks(1)
    pids = tmp_path / "pids"
    with working(shop, "--command", script(STUBBORN.format(pids=pids)), "--lease", "5s", "--grace", "100ms", "--poll", "1h", level="agent") as process:
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2, "the program")
        # Away for longer than its lease, in the eyes of the database; somebody else has it now.
        shop.owner.execute("UPDATE tasks SET lease_expires_at = now() - interval '1 hour'")
        (task, attempt) = shop.one("SELECT id, attempt FROM claim_task('other', lease => '1 hour')")
        assert attempt == 2
        until(lambda: not any(map(alive, pids.read_text().split())), "the processes to be gone")
        shop.owner.execute("SELECT complete_task(%s, 'other', '{\"summary\": \"By the other.\"}', 2)", [task])
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
        assert "it is not held any more" in process.log()
    task = shop.task("work")
    assert (task.status, task.assigned_agent_id, task.result, task.attempts) == ("completed", "other", {"summary": "By the other."}, 2)


def test_what_was_claimed_again_under_the_same_name_is_not_completed_by_the_first(shop, script, tmp_path):
    shop.tasks(1)
    go = tmp_path / "go"
    os.mkfifo(go)
    # No sign of life comes in time to tell that it is lost.
    path = script(f"read < {go}; echo '{{\"summary\": \"By the first.\"}}'\n")
    with working(shop, "--command", path, "--lease", "1h", "--once", level="agent") as process:
        until(lambda: shop.task("work").status == "running", "the task")
        shop.owner.execute("UPDATE tasks SET lease_expires_at = now() - interval '1 hour'")
        assert shop.one("SELECT attempt FROM claim_task('model', lease => '1 hour')") == (2,)
        go.write_text("go\n")
        assert process.wait(LONG) == 0
        assert "it is not held any more" in process.log()
    task = shop.task("work")
    assert (task.status, task.result, task.attempts) == ("assigned", None, 2)


def test_the_lease_is_kept_while_it_works(shop, script, tmp_path):
    shop.tasks(1)
    go = tmp_path / "go"
    os.mkfifo(go)
    with working(shop, "--command", script(f"read < {go}\n"), "--lease", "4s", "--poll", "1h", level="agent") as process:
        (first,) = until(lambda: shop.one("SELECT lease_expires_at FROM tasks WHERE status = 'running'"), "the task")
        # Two leases later it is still held.
        until(lambda: shop.one("SELECT lease_expires_at > %s + interval '8 seconds' FROM tasks", first)[0], "signs of life")
        assert shop.rows("SELECT id FROM claim_task('other')") == []
        go.write_text("go\n")
        until(lambda: shop.task("work").status == "completed", "the task")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
    assert shop.task("work").attempts == 1


def test_told_to_stop_it_gives_back_what_is_not_finished(shop, script, tmp_path):
    shop.tasks(2)
    shop.owner.execute("UPDATE tasks SET max_attempts = 1")
    pids = tmp_path / "pids"
    with working(shop, "--command", script(STUBBORN.format(pids=pids)), "--concurrency", "2", "--grace", "100ms", level="agent") as process:
        until(lambda: pids.exists() and len(pids.read_text().split()) == 4, "the programs")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
    # To be had at once, with as many attempts as before, and without a word of a failure.
    assert shop.rows("SELECT status, scheduled_at, error_message, max_attempts - attempts, count(*) FROM tasks GROUP BY 1, 2, 3, 4") == [
        ("pending", None, None, 1, 2)]
    until(lambda: not any(map(alive, pids.read_text().split())), "the processes to be gone")


def test_a_question_to_a_model_is_given_back_as_well(shop):
    shop.ticket()
    asked = threading.Event()

    def silent(_connection, closing):
        asked.set()
        closing.wait()

    with RawServer(silent) as server, working(shop, "--openai-url", server.url, "--model", "m", level="reviewer") as process:
        assert asked.wait(LONG)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
    task = shop.task("review")
    assert (task.status, task.error_message, task.max_attempts - task.attempts) == ("pending", None, 3)


def test_options_may_follow_the_program_or_not(shop, script, tmp_path):
    shop.tasks(1)
    path = script(f"""echo "$@" > {tmp_path}/arguments\n""")
    # All after -- is the program's, its own --once too.
    work(shop, "--command", path, "--", "-v", "--once", "--agent", "x", level="agent")
    assert (tmp_path / "arguments").read_text() == "-v --once --agent x\n"


@pytest.mark.parametrize(("arguments", "why"), [
    ([], "who answers?"),
    (["--command", "/no/such/program"], "there is no program"),
    (["--openai-url", "http://127.0.0.1:9/v1"], "needs --model"),
    (["--openai-url", "localhost", "--model", "m"], "no address"),
    (["--openai-url", "http://127.0.0.1:9/v1", "--model", "m", "--kinds", "work"], "work is for a program"),
])
def test_what_cannot_work_is_said_before_anything_is_claimed(shop, arguments, why):
    shop.tasks(1)
    ended = work(shop, *arguments, check=2)
    assert why in ended.stderr
    assert shop.task("work").attempts == 0


def test_a_database_that_refuses_or_is_away_is_told_apart(shop, script):
    path = script("true\n")
    ended = work(shop, "--command", path, workspace="nowhere", check=1)
    assert "no_workspace" in ended.stderr
    ended = work(shop, "--command", path, check=3, PGPORT="1", PGHOST="127.0.0.1")
    assert "cannot be reached" in ended.stderr


def test_progress_is_json_for_programs_that_read_it(shop, script):
    shop.tasks(1)
    ended = run(shop, script("echo hello >&2\n"), "--log-format", "json")
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    (task,) = shop.one("SELECT id::text FROM tasks")
    assert {line["message"] for line in lines if line.get("task") == task} >= {'working: chore of "Many tasks"', "hello"}


def test_a_role_that_may_not_move_tickets_is_told_before_anything_is_claimed(shop, script):
    shop.tasks(1)
    ended = work(shop, "--advance", "--command", script("true\n"), level="agent", check=1)
    assert "permission denied" in ended.stderr
    assert shop.task("work").attempts == 0


def test_a_database_that_comes_back_finds_the_runner_waiting(make_cluster, script, tmp_path):
    cluster = make_cluster()
    with cluster.connect(autocommit=True, options="-c search_path=shop,phasegate") as owner:
        owner.execute("CREATE EXTENSION phasegate")
        owner.execute("SELECT phasegate.create_workspace('shop')")
        owner.execute("INSERT INTO tickets (title) VALUES ('One')")
        owner.execute("INSERT INTO tasks (ticket_id, phase_id, description) SELECT id, 'PHASE_BACKLOG', 'Chore' FROM tickets")
    go = tmp_path / "go"
    os.mkfifo(go)
    began = tmp_path / "began"
    command = [program(), "work", "--workspace", "shop", "--agent", "ada", "--poll", "100ms", "--command", script(f"touch {began}; read < {go}\n")]
    port = cluster.env()["PGPORT"]
    with running(command, cluster.env() | {"PGDATABASE": "postgres"}) as process:
        until(began.exists, "the program")
        cluster.stop("immediate")
        # It ends while there is nobody to hand it in to.
        go.write_text("go\n")
        until(lambda: "handing in again" in process.log(), "the runner to find the database away")
        cluster.start()
        if cluster.env()["PGPORT"] == port:
            until(lambda: "done, after" in process.log(), "the result to be handed in")
            with cluster.connect() as owner:
                assert owner.execute("SELECT status, attempts FROM shop.tasks").fetchone() == ("completed", 1)
