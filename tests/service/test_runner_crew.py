"""Several runners on one queue, killed again and again: every task is done once."""

import random
import signal
import stat
import time

from runner_support import LONG, program, shop, until  # noqa: F401
import subprocess

TASKS = 120


def test_three_runners_one_killed_every_second(shop, tmp_path):
    shop.tasks(TASKS, max_attempts=1000)
    # The database's own count of completions, whoever makes them.
    shop.owner.execute("CREATE TABLE public.completions (task_id uuid, agent text)")
    shop.owner.execute(
        "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " INSERT INTO public.completions VALUES (NEW.id, NEW.assigned_agent_id); RETURN NULL; END $$")
    shop.owner.execute("CREATE TRIGGER note AFTER UPDATE OF status ON tasks FOR EACH ROW"
                       " WHEN (NEW.status = 'completed' AND OLD.status <> 'completed') EXECUTE FUNCTION public.note()")
    worker = tmp_path / "worker.sh"
    worker.write_text("#!/bin/bash\nsleep 0.1\necho '{\"summary\": \"Done.\"}'\n")
    worker.chmod(0o755)
    tmp_path.chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)

    def start():
        command = [program(), "work", "--workspace", "shop", "--agent", "crew", "--command", str(worker), "--lease", "1s",
                   "--poll", "200ms", "--concurrency", "2"]
        return subprocess.Popen(command, env=shop.environment("agent"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    # All of one name: only their attempts tell them apart.
    dice = random.Random(1)
    runners = [start() for _ in range(3)]
    killed = 0
    end = time.monotonic() + 5 * LONG
    try:
        while shop.one("SELECT count(*) FROM tasks WHERE status <> 'completed'") != (0,):
            assert time.monotonic() < end, shop.rows("SELECT status, count(*) FROM tasks GROUP BY 1")
            time.sleep(1)
            number = dice.randrange(3)
            runners[number].send_signal(signal.SIGKILL)
            runners[number].wait()
            killed += 1
            runners[number] = start()
    finally:
        for runner in runners:
            runner.send_signal(signal.SIGTERM)
        codes = [runner.wait(LONG) for runner in runners]
    # One that was started just now may not listen yet.
    assert killed >= 3 and set(codes) <= {0, -signal.SIGTERM}
    assert shop.one("SELECT count(*), count(DISTINCT task_id) FROM public.completions") == (TASKS, TASKS)
    # Some were taken from those that were killed.
    assert shop.one("SELECT count(*) > 0 FROM tasks WHERE attempts > 1")[0]
    assert shop.one("SELECT sum(violations) FROM check_workspace()") == (0,)
