"""docs/how-to/agents.md does what it says: its commands in their order, its configuration, and what it hands to an agent."""

import json
import os
import pathlib
import re
import subprocess
import textwrap

import psycopg
import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client
from runner_support import APPROVED, LONG, ROOT, RawServer, program, reply, run_async

PAGE = (ROOT / "docs/how-to/agents.md").read_text("utf-8")
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```\n(?:\n?^```text\n(?P<output>.*?)^```\n)?", re.M | re.S)
ROLES = ["shop_agent", "shop_reviewer", "shop_conductor"]


def blocks(kind):
    return [block for block in BLOCK.finditer(PAGE) if block["kind"] == kind]


@pytest.fixture
def place(database, tmp_path):
    """Runs pieces of the page in a folder, against a database and an endpoint of the test's own."""
    with psycopg.connect(dbname=database, autocommit=True, options="-c search_path=shop,phasegate") as owner:
        owner.execute("SELECT phasegate.create_workspace('shop')")
        [setup, *_] = blocks("sql")
        owner.execute(re.sub(r" \\g /dev/null", ";", setup["text"]))
        with RawServer(reply(APPROVED)) as server:
            tmp_path.chmod(0o777)

            def put(text):
                at = f"@{os.environ['PHASEGATE_TCP_HOST']}:{os.environ['PGPORT']}/{database}"
                return text.replace("@localhost/shop", at).replace("https://api.openai.com/v1", server.url)

            def run(text, **environment):
                paths = [str(pathlib.Path(program()).parent), os.environ["PHASEGATE_BINDIR"], os.environ["PATH"]]
                kept = {name: value for name, value in os.environ.items() if not name.startswith(("PHASEGATE_", "DATABASE_URL"))}
                ended = subprocess.run(["bash", "-euo", "pipefail", "-c", put(text)], cwd=tmp_path, env=kept | environment | {"PATH": ":".join(paths)},
                                       capture_output=True, text=True, timeout=LONG, stdin=subprocess.DEVNULL)
                assert ended.returncode == 0, text + ended.stderr
                return ended.stdout

            run.owner, run.server, run.put, run.folder = owner, server, put, tmp_path
            yield run
        for role in ROLES:
            owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_its_commands_do_what_it_says(place):
    for block in blocks("sh"):
        output = place(block["text"])
        if block["output"] is not None:
            assert output.strip() == block["output"].strip(), block["text"]
    assert len(place.server.requests) == 1
    assert place.owner.execute("SELECT sum(violations) FROM check_workspace()").fetchone() == (0,)


def test_its_file_of_settings_is_taken(place):
    [block] = blocks("toml")
    key = place.folder / "key"
    key.write_text("sk-secret\n")
    (place.folder / "phasegate.toml").write_text(place.put(block["text"]).replace("/run/credentials/phasegate/openai", str(key)))
    for (task,) in place.owner.execute("SELECT id FROM tasks").fetchall():
        place.owner.execute("UPDATE tasks SET status = 'assigned', assigned_agent_id = 'ada' WHERE id = %s", [task])
        place.owner.execute("SELECT complete_task(%s, 'ada')", [task])
    place.owner.execute("SELECT validate_phase_completion(id) FROM tickets")
    place("phasegate --config phasegate.toml work --once")
    assert place.owner.execute("SELECT status, assigned_agent_id FROM tasks WHERE kind = 'review'").fetchone() == ("completed", "judge")
    assert "bearer sk-secret" in place.server.heads[0].lower()


def test_its_configuration_of_mcp_starts_a_server(place):
    [block] = blocks("json")
    entry = json.loads(place.put(block["text"]))["mcpServers"]["phasegate"]
    server = StdioServerParameters(command=program(), args=entry["args"], env=entry["env"])
    assert entry["command"] == "phasegate"

    async def run():
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            [sentence] = re.findall(r"The tools are (.*?); together", PAGE, re.S)
            assert {tool.name for tool in (await session.list_tools()).tools} == set(re.findall(r"`(\w+)`", sentence))
            claimed = await session.call_tool("claim_task", {})
            assert json.loads(claimed.content[0].text)["task_type"] == "analyze_requirements"

    run_async(run)


def test_an_agent_with_a_shell_can_follow_what_it_is_handed(place):
    [block] = blocks("markdown")
    words = textwrap.dedent(block["text"])
    commands = [re.sub(r"\s*\n\s*", " ", command) for command in re.findall(r"`(phasegate call [^`]*)`", words, re.S)]
    claim, status, heartbeat, complete, fail = (next(command for command in commands if f"call {name} " in command) for name in (
        "claim_task", "gate_status", "heartbeat_task", "complete_task", "fail_task"))
    environment = {"DATABASE_URL": place.put("postgresql://shop_agent@localhost/shop"), "PHASEGATE_WORKSPACE": "shop", "AGENT": "shell"}
    [result] = re.findall(r"`(\{\"summary\".*?\})`", words, re.S)
    (place.folder / "result.json").write_text(json.dumps(json.loads(result.replace("\n", " "))))
    for ending, ended in ((complete, "completed"), (fail, "pending")):
        place(claim, **environment)
        [task] = json.loads((place.folder / "task.json").read_text())
        environment |= {"TASK": task["id"], "ATTEMPT": str(task["attempt"]), "TICKET": task["ticket_id"]}
        assert "required_artifacts" in place(status, **environment)
        for command in (heartbeat, ending):
            place(command, **environment)
        assert place.owner.execute("SELECT status FROM tasks WHERE id = %s", [task["id"]]).fetchone() == (ended,)
    place(claim, **environment)
    assert json.loads((place.folder / "task.json").read_text()) == []
    # What it says about words that do not work is true.
    with pytest.raises(AssertionError, match="task_not_held"):
        place(heartbeat, **environment)
    assert "claim_task" in place("phasegate call", **environment)
