"""`phasegate call`: every function of the extension, from a shell."""

import json
import re
import subprocess
import uuid

import pytest
from runner_support import LONG, program, shop  # noqa: F401


def call(shop, *arguments, check=0, level="manager", stdin=None, **environment):
    command = [program(), "call", *map(str, arguments)]
    given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    ended = subprocess.run(command, env=shop.environment(level, PHASEGATE_WORKSPACE="shop", **environment), capture_output=True, text=True,
                           timeout=LONG, **given)
    assert ended.returncode == check, (arguments, ended.stdout, ended.stderr)
    return ended


def as_json(shop, *arguments, **kwargs):
    return json.loads(call(shop, *arguments, "--json", **kwargs).stdout)


CATALOG = """
    SELECT p.proname, obj_description(p.oid, 'pg_proc'), p.pronargs - p.pronargdefaults,
           coalesce(p.proargnames, '{}'), ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t)
      FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
      JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'phasegate'
     WHERE p.prokind = 'f' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND left(p.proname, 1) <> '_'
     ORDER BY p.proname
"""


def test_every_function_is_listed_explained_and_reached(shop):
    ticket = shop.ticket()
    functions = shop.rows(CATALOG)
    assert len(functions) > 40
    listed = call(shop).stdout
    known = {
        "ticket_id": str(ticket), "ticket_ids": str(ticket), "workspace": "shop", "role": shop.role("agent"), "level": "agent",
        "phase_id": "PHASE_REQUIREMENTS", "current_phase": "PHASE_REQUIREMENTS", "from_phase": "PHASE_REQUIREMENTS", "to_phase": "PHASE_DESIGN",
        "context": '{"summary": "s"}', "results": "[]", "artifact_type": "report", "template_id": str(shop.one("SELECT id FROM task_templates LIMIT 1")[0]),
    }
    by_type = {"uuid": str(uuid.uuid4()), "text": "x", "name": "x", "integer": "1", "bigint": "1", "jsonb": "{}", "boolean": "true",
               "interval": "1 day", "timestamp with time zone": "2026-01-01", "text[]": "a,b", "uuid[]": str(ticket)}
    for name, comment, required, names, types in functions:
        assert re.search(rf"^  {name} ", listed, re.M), name
        assert call(shop, name, "--help").stdout.startswith(f"{comment}\n\n{name}(")
        if name == "detach_workspace":
            # It would leave nothing to call the others in.
            continue
        arguments = [f"{argument}={known.get(argument, by_type[kind])}" for argument, kind in list(zip(names, types))[:required]]
        for form in ([], ["--json"]):
            command = [program(), "call", name, *arguments, *form]
            environment = shop.environment("manager", PHASEGATE_WORKSPACE="shop") | {"PGUSER": shop.owner.info.user}
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG, stdin=subprocess.DEVNULL)
            if ended.returncode == 0:
                if form:
                    json.loads(ended.stdout)
            else:
                # Reached, and refused by it, in its own words.
                assert ended.returncode == 1, (name, ended.stderr)
                state = json.loads(ended.stderr)["error"] if form else None
                assert not form or (state["code"] and state["message"]), (name, ended.stderr)


def test_values_of_each_type_go_in_and_come_out(shop):
    ticket = shop.ticket("Ticket with 'quotes' and \"more\"")
    # A single value is by itself, in the form of a shell.
    assert call(shop, "get_current_phase", f"ticket_id={ticket}").stdout == "PHASE_REQUIREMENTS\n"
    assert as_json(shop, "get_current_phase", f"ticket_id={ticket}") == "PHASE_REQUIREMENTS"
    assert call(shop, "get_valid_transitions", "current_phase=PHASE_REQUIREMENTS").stdout == "PHASE_DESIGN\nPHASE_BLOCKED\n"
    # Objects keep the order of their columns, and NULLs are there.
    moved = as_json(shop, "try_transition_ticket", f"ticket_id={ticket}", "to_phase=PHASE_DONE", "reason:=null")
    assert list(moved) == [row[0] for row in shop.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'phasegate.transition_attempt'::regclass AND attnum > 0 ORDER BY attnum")]
    assert (moved["transitioned"], moved["transitioned_at"], moved["error_code"]) == (False, None, "invalid_transition")
    shown = call(shop, "try_transition_ticket", f"ticket_id={ticket}", "to_phase=PHASE_DONE").stdout
    assert re.search(r"^transitioned_at +\| NULL$", shown, re.M) and re.search(r"^error_code +\| invalid_transition$", shown, re.M)
    # No rows are no failure.
    assert as_json(shop, "claim_task", "agent_id=bob", "capabilities=") == []
    assert call(shop, "claim_task", "agent_id=bob").stdout == "(0 rows)\n"


@pytest.mark.parametrize("capabilities", [
    "capabilities=analysis,other", "capabilities={analysis,other}", 'capabilities=["analysis", "other"]', 'capabilities:=["analysis", "one, two"]'])
def test_arrays_may_be_written_as_people_do(shop, capabilities):
    shop.owner.execute("INSERT INTO tickets (title) VALUES ('Apple Pay')")
    shop.owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    [task] = as_json(shop, "claim_task", "agent_id=ada", capabilities, "phases:=null", "lease=1 hour")
    assert task["task_type"] == "analyze_requirements" and task["attempt"] == 1


def test_documents_come_from_arguments_files_and_standard_input(shop, tmp_path):
    shop.tasks(3)
    result = {"summary": "It's \"done\": 100 % = all", "outputs": [1, None, {"a": [True]}]}
    (tmp_path / "result.json").write_text(json.dumps(result))
    for given in (f"result={json.dumps(result)}", f"result=@{tmp_path}/result.json", "result=@-"):
        [task] = as_json(shop, "claim_task", "agent_id=ada")
        done = as_json(shop, "complete_task", f"task_id={task['id']}", "agent_id=ada", given, "attempt:=1", stdin=json.dumps(result))
        assert (done["status"], done["result"]) == ("completed", result)
    ended = call(shop, "complete_task", f"task_id={task['id']}", "agent_id=ada", "result=@/no/such", check=2)
    assert "cannot read /no/such" in ended.stderr


def test_a_refusal_says_why_and_its_status_is_1(shop):
    (ticket,) = shop.one("INSERT INTO tickets (title) VALUES ('Apple Pay') RETURNING id")
    shop.owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    move = ["transition_ticket", f"ticket_id={ticket}", "to_phase=PHASE_DESIGN"]
    ended = call(shop, *move, check=1)
    assert ended.stdout == "" and ended.stderr.startswith("phasegate: phase gate not passed (gate_not_passed, SQLSTATE 55000)\nDETAIL:")
    error = json.loads(call(shop, *move, "--json", check=1).stderr)["error"]
    assert (error["code"], error["sqlstate"]) == ("gate_not_passed", "55000")
    assert 'The artifact "report" is missing.' in error["blocking_reasons"]


def test_what_others_wrote_does_nothing_to_a_terminal(shop):
    (ticket,) = shop.one("INSERT INTO tickets (title) VALUES (E'a\\x1b]0;b\\x07\\u009b2J') RETURNING id")
    shop.owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    claimed = call(shop, "claim_task", "agent_id=ada", "capabilities=analysis").stdout
    assert r"a\x1B]0;b\x07\u009B2J" in claimed and not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", claimed)
    ended = call(shop, "transition_ticket", f"ticket_id={ticket}", "to_phase=\x1b[2J", check=1)
    assert r"\x1B[2J" in ended.stderr and "\x1b" not in ended.stderr


@pytest.mark.parametrize(("arguments", "told"), [
    (["no_such_task"], r"there is no function no_such_task; .*claim_task"),
    (["claim_task"], r"claim_task needs the argument \"agent_id\"\n\nClaims the best task"),
    (["claim_task", "agent=ada"], r"claim_task takes no argument \"agent\""),
    (["claim_task", "agent_id=a", "agent_id=b"], "is given twice"),
    (["claim_task", "ada"], "write NAME=VALUE"),
    (["claim_task", "agent_id:=ada"], "is not JSON"),
    (["claim_task", "agent_id=ada", "lease:={}"], "is of type interval, and what is given does not fit"),
])
def test_a_wrong_call_is_told_what_is_wrong_and_its_status_is_2(shop, arguments, told):
    assert re.search(told, call(shop, *arguments, check=2).stderr)


def test_a_database_that_cannot_be_reached_is_status_3(shop):
    ended = call(shop, "phase_diagram", check=3, PGHOST="127.0.0.1", PGPORT="1")
    assert "the database cannot be reached" in ended.stderr
    # Help is there without one.
    text = call(shop, "--help", PGHOST="127.0.0.1", PGPORT="1").stdout
    assert "Exit status: 0 done" in text and "The functions are not listed" in text


def test_help_is_for_reading(shop):
    for arguments in (["--help"], ["work", "--help"], ["mcp", "--help"], ["call", "--help"], ["serve", "--help"]):
        ended = subprocess.run([program(), *arguments], env=shop.environment("manager"), capture_output=True, text=True, check=True)
        assert "Usage:" in ended.stdout and ended.stderr == ""
        # No more than fits beside something else on a screen; the functions' list is the catalog's.
        own = ended.stdout.split("Functions; ")[0]
        assert max(map(len, own.splitlines())) <= 120, arguments


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(shell):
    script = subprocess.run([program(), "completions", shell], capture_output=True, text=True, check=True).stdout
    assert "context-window" in script and "call" in script
    if shell == "bash":
        check = 'source /dev/stdin; COMP_WORDS=(phasegate work --con); COMP_CWORD=2; _phasegate phasegate --con work; printf "%s\\n" "${COMPREPLY[@]}"'
        completed = subprocess.run(["bash", "-c", check], input=script, capture_output=True, text=True, check=True).stdout.split()
        assert set(completed) >= {"--concurrency", "--context-window"}
