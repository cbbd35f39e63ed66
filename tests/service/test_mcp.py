"""`phasegate mcp` in a session of PyPI's `mcp` client: what a model is offered, does, and is told when it may not."""

import json
import subprocess
from contextlib import asynccontextmanager

import pytest
from mcp import ClientSession, MCPError, StdioServerParameters, stdio_client
from runner_support import REJECTED, program, run_async, shop  # noqa: F401

TOOLS = ["claim_task", "heartbeat_task", "complete_task", "fail_task", "get_context", "add_artifact", "check_gate", "transition_ticket", "get_history"]


@asynccontextmanager
async def session_of(shop, *arguments, level="manager", agent="mia", **environment):
    server = StdioServerParameters(command=program(), args=["mcp", "--workspace", "shop", "--agent", agent, *arguments],
                                   env=shop.environment(level, **environment))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        session.opening = await session.initialize()
        yield session


def in_session(shop, steps, *arguments, **kwargs):
    """Runs `steps(call)` in a session; call(tool, ...) gives whether it went well, and its text."""
    async def run():
        async with session_of(shop, *arguments, **kwargs) as session:
            async def call(tool, **given):
                result = await session.call_tool(tool, given)
                [content] = result.content
                return not result.is_error, content.text

            call.session = session
            await steps(call)

    run_async(run)


def test_nine_tools_of_few_words(shop):
    async def steps(call):
        tools = (await call.session.list_tools()).tools
        assert [tool.name for tool in tools] == TOOLS
        descriptions = " ".join(tool.description for tool in tools)
        everything = json.dumps([tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools])
        # All that stands in a model's window because of us: descriptions, schemas, instructions.
        counted = [shop.one("SELECT count_tokens(%s)", text)[0] for text in (descriptions, everything + call.session.opening.instructions)]
        assert counted[0] < 500 and counted[1] < 1500, counted

    in_session(shop, steps)


def test_a_ticket_goes_its_way(shop):
    (ticket,) = shop.one("INSERT INTO tickets (title) VALUES ('Apple Pay') RETURNING id")
    shop.owner.execute("UPDATE phase_gate_requirements SET requires_review = false")

    async def steps(call):
        assert await call("claim_task") == (True, "No task is on offer now.")
        assert await call("transition_ticket", ticket_id=str(ticket), to_phase="PHASE_REQUIREMENTS", reason="Sprint 12") == (
            True, "Moved from PHASE_BACKLOG to PHASE_REQUIREMENTS.")
        # Refused, with the reasons, and what to do about them.
        good, text = await call("transition_ticket", ticket_id=str(ticket), to_phase="PHASE_DESIGN")
        assert not good and text.startswith("Refused (gate_not_passed): phase gate not passed.\n")
        assert 'The artifact "report" is missing.' in text and "hand in what is missing and try again" in text
        good, text = await call("transition_ticket", ticket_id=str(ticket), to_phase="PHASE_DONE")
        assert not good and "allowed from PHASE_REQUIREMENTS: PHASE_DESIGN, PHASE_BLOCKED" in text

        good, text = await call("claim_task")
        task = json.loads(text)
        assert good and (task["task_type"], task["ticket_id"]) == ("analyze_requirements", str(ticket))
        assert "artifacts" in task["answer_schema"]["properties"]
        good, text = await call("heartbeat_task", task_id=task["task_id"])
        assert good and text.startswith("The lease ends at ")
        result = {"summary": "Analyzed.", "context": {"key_decisions": ["Tokens are kept by the provider"]}}
        assert await call("complete_task", task_id=task["task_id"], result=result) == (True, "completed")
        good, text = await call("complete_task", task_id=task["task_id"], result=result)
        assert not good and text.startswith("Refused (task_not_held)")

        task = json.loads((await call("claim_task", kinds=["work"]))[1])
        assert await call("fail_task", task_id=task["task_id"], reason="The wiki is down") == (True, "pending")
        shop.owner.execute("UPDATE tasks SET scheduled_at = NULL")
        task = json.loads((await call("claim_task"))[1])
        good, text = await call("add_artifact", ticket_id=str(ticket), artifact_type="report", content={"text": "x"}, path="report.md")
        assert good and text.endswith("is handed in.")
        assert await call("complete_task", task_id=task["task_id"]) == (True, "completed")

        good, text = await call("check_gate", ticket_id=str(ticket))
        assert good and json.loads(text)["validation_status"] == "ready"
        assert await call("transition_ticket", ticket_id=str(ticket), to_phase="PHASE_DESIGN") == (
            True, "Moved from PHASE_REQUIREMENTS to PHASE_DESIGN.")
        good, text = await call("get_context", ticket_id=str(ticket), max_tokens=200)
        assert good and "Tokens are kept by the provider" in json.loads(text)["summary"]
        good, text = await call("get_history", ticket_id=str(ticket))
        assert [(move["to"], move["by"], move["reason"]) for move in json.loads(text)][1:] == [
            ("PHASE_REQUIREMENTS", "mia", "Sprint 12"), ("PHASE_DESIGN", "mia", None)]

    in_session(shop, steps, "--capabilities", "analysis,documentation")
    assert shop.one("SELECT artifact_path, collected_by FROM phase_gate_artifacts") == ("report.md", "mia")


def test_a_review_is_claimed_with_its_evidence(shop):
    ticket = shop.ticket(content="It will be fine.")

    async def steps(call):
        task = json.loads((await call("claim_task"))[1])
        assert task["review"]["artifacts"][0]["content"] == {"text": "It will be fine."}
        assert task["answer_schema"]["required"] == ["approved", "feedback", "blocking_reasons"]
        good, text = await call("complete_task", task_id=task["task_id"], result={"approved": "no"})
        assert not good and text.startswith("Refused (invalid_result)")
        assert (await call("complete_task", task_id=task["task_id"], result=REJECTED))[0]

    in_session(shop, steps, "--kinds", "review", level="reviewer")
    assert shop.one("SELECT check_gate_requirements(%s) ->> 'review'", ticket) == ("rejected",)


def test_who_it_is_and_what_it_may_is_not_the_models_to_say(shop):
    (ticket,) = shop.one("INSERT INTO tickets (title) VALUES ('Apple Pay') RETURNING id")
    shop.tasks(1)

    async def steps(call):
        good, text = await call("claim_task", agent_id="somebody")
        assert not good and text.startswith("Wrong arguments:") and "agent_id" in text
        # Nor in what it hands in.
        task = json.loads((await call("claim_task"))[1])
        good, text = await call("complete_task", task_id=task["task_id"], result={"artifacts": [{"type": "report", "collected_by": "dora"}]})
        assert not good and "mia" in text, text
        # The role may not move tickets.
        good, text = await call("transition_ticket", ticket_id=str(ticket), to_phase="PHASE_REQUIREMENTS")
        assert not good and "permission denied" in text

    in_session(shop, steps, level="agent")


def test_a_task_that_somebody_else_has_by_now_is_told_apart_under_the_same_name(shop):
    shop.tasks(1)

    async def steps(call):
        task = json.loads((await call("claim_task"))[1])["task_id"]
        shop.owner.execute("UPDATE tasks SET lease_expires_at = now() - interval '1 hour'")
        assert shop.one("SELECT attempt FROM claim_task('mia')") == (2,)
        good, text = await call("complete_task", task_id=task.upper())
        assert not good and "task_not_held" in text

    in_session(shop, steps)


@pytest.mark.parametrize(("tool", "given", "told"), [
    ("get_history", {}, '"ticket_id" is a required property'),
    ("get_history", {"ticket_id": "nonsense"}, "invalid input syntax for type uuid"),
    ("get_history", {"ticket_id": "01a20da8-8392-74db-88b3-c1dc72bf180a"}, "Refused (ticket_not_found)"),
    ("fail_task", {"task_id": "x", "reason": None}, "/reason"),
])
def test_wrong_calls_are_told_in_words(shop, tool, given, told):
    async def steps(call):
        good, text = await call(tool, **given)
        assert not good and told in text, text

    in_session(shop, steps)


def test_an_unknown_tool_is_an_error_of_the_protocol(shop):
    async def steps(call):
        with pytest.raises(MCPError, match="there is no tool drop_everything"):
            await call("drop_everything")

    in_session(shop, steps)


def test_lines_that_are_no_messages_are_answered_and_the_session_goes_on(shop):
    opening = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": opening}),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        '{"jsonrpc": "2.0", "id": 2, "method": ',
        r'''{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "get_history", "arguments": {"ticket_id": "\ud800"}}}''',
        '{"jsonrpc": "2.0", "id": 4}',
        json.dumps({"jsonrpc": "2.0", "id": 5, "method": "tools/list"}),
    ]
    with subprocess.Popen([program(), "mcp", "--workspace", "shop", "--agent", "mia"], env=shop.environment("agent"), text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        server.stdin.write("".join(line + "\n" for line in lines))
        server.stdin.flush()
        answers = [json.loads(server.stdout.readline()) for _ in range(5)]
        server.stdin.close()
        assert server.wait(60) == 0
    told = sorted((str(answer["id"]), answer.get("error", {}).get("code")) for answer in answers)
    assert told == [("1", None), ("4", -32600), ("5", None), ("None", -32700), ("None", -32700)]


def test_a_database_that_goes_away_and_comes_back_is_survived(make_cluster):
    cluster = make_cluster()
    with cluster.connect(autocommit=True) as owner:
        owner.execute("CREATE EXTENSION phasegate")
        owner.execute("SELECT phasegate.create_workspace('shop')")
        (ticket,) = owner.execute("INSERT INTO shop.tickets (title) VALUES ('Apple Pay') RETURNING id").fetchone()
    server = StdioServerParameters(command=program(), args=["mcp", "--workspace", "shop", "--agent", "mia"], env=cluster.env() | {"PGDATABASE": "postgres"})

    async def run():
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            assert not (await session.call_tool("get_history", {"ticket_id": str(ticket)})).is_error
            cluster.stop("immediate")
            result = await session.call_tool("get_history", {"ticket_id": str(ticket)})
            assert result.is_error and "cannot be reached" in result.content[0].text
            # On the same port, as far as the program knows.
            cluster.start()
            if cluster.env()["PGPORT"] == server.env["PGPORT"]:
                assert not (await session.call_tool("get_history", {"ticket_id": str(ticket)})).is_error

    run_async(run)
