"""examples/openhands_review.py, a reviewer made with the OpenHands SDK, against a server that plays the model.

The SDK needs CPython 3.12 and half a gigabyte, and so is not among the requirements of the tests. To have this test run:

    python3.12 -m venv target/venv-openhands && target/venv-openhands/bin/pip install openhands-sdk==1.58.2
"""

import json
import os
import pathlib

import pytest
from runner_support import APPROVED, REJECTED, ROOT, fakellm, shop, work  # noqa: F401

PYTHON = pathlib.Path(os.environ["PHASEGATE_TARGET"]) / "venv-openhands/bin/python"
EXAMPLE = ROOT / "examples/openhands_review.py"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason=f"{PYTHON} is missing: openhands-sdk")


def finishing(name, answer, text):
    call = {"name": "finish", "arguments": {"message": json.dumps(answer)}}
    return {"name": name, "when": {"tools_include": "finish", "messages_contain": text}, "respond": {"tool_calls": [call]}}


def test_it_approves_and_rejects(shop, tmp_path):
    good = shop.ticket("Invoices by mail", content="Numbers: 41 of 97.")
    bad = shop.ticket("Apple Pay", content="It will be fine.")
    with fakellm(tmp_path, [finishing("good", APPROVED, "41 of 97"), finishing("bad", REJECTED, "It will be fine")]) as url:
        ended = work(shop, "--kinds", "review", "--env", "LLM_MODEL=openai/fake-1", "--env", f"LLM_BASE_URL={url}", "--env", "LLM_API_KEY=x",
                     "--command", PYTHON, EXAMPLE, agent="openhands")
    assert shop.rows("SELECT ticket_id, status, result ->> 'approved', result -> 'runner' ->> 'model' FROM tasks WHERE kind = 'review' ORDER BY id") == [
        (good, "completed", "true", "openai/fake-1"), (bad, "completed", "false", "openai/fake-1")], ended.stderr
    assert shop.one("SELECT check_gate_requirements(%s) ->> 'review'", bad) == ("rejected",)


def test_an_answer_that_is_none_fails_and_a_model_that_is_away_is_tried_again(shop, tmp_path):
    shop.ticket(content="It will be fine.")
    options = ["--kinds", "review", "--env", "LLM_MODEL=openai/fake-1", "--env", "LLM_API_KEY=x"]
    with fakellm(tmp_path, [{"name": "down", "when": {}, "respond": {"status": 401, "error": "No."}}]) as url:
        work(shop, *options, "--env", f"LLM_BASE_URL={url}", "--command", PYTHON, EXAMPLE, agent="openhands")
    task = shop.task("review")
    assert task.status == "pending" and "exit status 75" in task.error_message
    shop.owner.execute("UPDATE tasks SET scheduled_at = NULL")
    with fakellm(tmp_path, [{"name": "prose", "when": {}, "respond": {"content": "I approve!"}}]) as url:
        work(shop, *options, "--env", f"LLM_BASE_URL={url}", "--command", PYTHON, EXAMPLE, agent="openhands")
    task = shop.task("review")
    assert task.status == "failed" and "The agent's answer is not JSON" in task.error_message
