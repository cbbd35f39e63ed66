"""The REST paths: each with its success, and with what it refuses."""

import json
import uuid

import psycopg
import pytest

from serving import make_workspace, serving, url

NOBODY = "01a20cf9-9d94-7028-9b72-d206ada37c3f"


@pytest.fixture
def service(database):
    make_workspace(database)
    with serving(url(database)) as service:
        service.database = database
        yield service


@pytest.fixture
def owner(service):
    with psycopg.connect(dbname=service.database, autocommit=True, options="-c search_path=shop,phasegate") as owner:
        yield owner


def ticket(service, phase="PHASE_BACKLOG", **fields):
    made = service.post("/tickets", {"title": "Customers are charged twice"} | fields, 201)
    if phase != "PHASE_BACKLOG":
        service.post(f"/tickets/{made['id']}/transition", {"to_phase": phase})
    return made["id"]


# --- tickets -----------------------------------------------------------------------------------------------------------


def test_ticket_is_made_and_read(service):
    made = service.client.post("/api/v1/tickets", json={"title": "Charged twice", "description": "Since Monday", "priority": "HIGH"})
    assert made.status_code == 201
    expected = {"title": "Charged twice", "description": "Since Monday", "priority": "HIGH", "phase_id": "PHASE_BACKLOG",
                "previous_phase_id": None}
    assert {name: made.json()[name] for name in expected} == expected
    assert service.client.get(made.headers["location"]).json() == made.json()


def test_tickets_are_listed_a_page_at_a_time(service):
    made = [ticket(service, title=f"Ticket {n}", priority="LOW" if n % 2 else "HIGH") for n in range(7)]
    moved = made[:3]
    for one in moved:
        service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})
    found, address = [], "/api/v1/tickets?limit=3"
    while address:
        answer = service.client.get(address)
        assert answer.status_code == 200 and len(answer.json()) <= 3
        found += [one["id"] for one in answer.json()]
        address = answer.links["next"]["url"] if "next" in answer.links else None
    assert found == made
    listed = lambda query: [one["id"] for one in service.get(f"/tickets?{query}")]
    assert listed("phase_id=PHASE_REQUIREMENTS") == moved
    assert listed("priority=LOW") == made[1::2]
    assert listed("text=TICKET%205") == [made[5]]
    assert listed("text=%25") == []
    assert listed("phase_id=PHASE_REQUIREMENTS&priority=LOW&limit=1") == [made[1]]
    assert listed(f"after={made[-1]}") == []
    # The next page keeps what was asked for.
    answer = service.client.get("/api/v1/tickets?priority=HIGH&limit=2&text=ticket")
    assert [one["id"] for one in service.client.get(answer.links["next"]["url"]).json()] == made[4::2]
    service.refused("GET", "/tickets?phase_id=PHASE_NONE", 422, "invalid_value")
    service.refused("GET", "/tickets?phase=PHASE_BACKLOG", 422, "invalid_query")
    service.refused("GET", "/tickets?limit=many", 422, "invalid_query")
    service.refused("GET", "/tickets?after=1", 422, "invalid_query")


def test_ticket_that_cannot_be_made_is_refused(service, owner):
    for body, words in [({}, "title"), ({"title": None}, "title"), ({"title": "x", "owner": "me"}, "owner"), ({"title": 5}, "title")]:
        assert words in service.refused("POST", "/tickets", 422, "invalid_body", json=body)["detail"]
    service.post("/tickets", {"title": ""}, 422)
    assert service.post("/tickets", {"title": "x", "priority": "SOON"}, 422)["sqlstate"] == "23514"
    assert service.post("/tickets", {"title": "x", "phase_id": "PHASE_NONE"}, 422)["sqlstate"] == "22P02"
    assert service.post("/tickets", {"title": "x", "phase_id": "PHASE_BLOCKED"}, 422)["code"] == "invalid_start"
    assert service.post("/tickets", {"title": "a\0b"}, 422)["sqlstate"] == "22021"
    assert owner.execute("SELECT count(*) FROM tickets").fetchone() == (0,)


# --- moves -------------------------------------------------------------------------------------------------------------


def test_move_answers_the_ticket_and_stands_in_the_history(service, owner):
    one = ticket(service)
    moved = service.ask("POST", f"/tickets/{one}/transition", headers={"Content-Type": "application/json"}, content="""
        {"to_phase": "PHASE_REQUIREMENTS", "reason": "Sprint 12", "artifacts": {"board": [1, 2.50]},
         "expected_phase": "PHASE_BACKLOG", "transitioned_by": "planner"}""")
    assert (moved["id"], moved["phase_id"], moved["previous_phase_id"]) == (one, "PHASE_REQUIREMENTS", "PHASE_BACKLOG")
    assert moved["transition"]["transitioned_by"] == "planner"
    assert moved["transition"]["current_phase"] == "PHASE_REQUIREMENTS"
    history = service.get(f"/tickets/{one}/phase-history")
    assert [entry["to_phase"] for entry in history] == ["PHASE_BACKLOG", "PHASE_REQUIREMENTS"]
    assert (history[1]["transition_reason"], history[1]["artifacts"]) == ("Sprint 12", {"board": [1, 2.5]})
    # As the caller wrote it, not through a floating-point number.
    assert owner.execute("SELECT artifacts::text FROM phase_history WHERE artifacts IS NOT NULL").fetchone() == ('{"board": [1, 2.50]}',)
    # Where it is already nothing is done.
    again = service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"})
    assert again["transition"]["transitioned_at"] is None
    assert len(service.get(f"/tickets/{one}/phase-history")) == 2


def test_refused_move_says_why_and_changes_nothing(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    move = lambda status, code, **body: service.refused("POST", f"/tickets/{one}/transition", status, code, json=body)
    gate = move(409, "gate_not_passed", to_phase="PHASE_DESIGN")
    assert gate["sqlstate"] == "55000" and gate["hint"]
    assert gate["blocking_reasons"][0] == 'The artifact "requirements_document" is missing.' and len(gate["blocking_reasons"]) == 2
    edge = move(409, "invalid_transition", to_phase="PHASE_DONE")
    assert "PHASE_DESIGN" in edge["blocking_reasons"][0]
    move(409, "phase_changed", to_phase="PHASE_DESIGN", expected_phase="PHASE_BACKLOG")
    move(422, "unknown_phase", to_phase="PHASE_NONE")
    move(422, "unknown_phase", to_phase="PHASE_DESIGN", expected_phase="PHASE_NONE")
    for body, words in [({}, "to_phase"), ({"to_phase": 1}, "to_phase"), ({"to_phase": "PHASE_DESIGN", "why": "x"}, "why"),
                        ({"to_phase": "PHASE_DESIGN", "reason": []}, "reason"), ([], "object"), ("text", "object")]:
        assert words in service.refused("POST", f"/tickets/{one}/transition", 422, "invalid_body", json=body)["detail"]
    service.refused("POST", f"/tickets/{NOBODY}/transition", 404, "ticket_not_found", json={"to_phase": "PHASE_DESIGN"})
    assert len(service.get(f"/tickets/{one}/phase-history")) == 2
    assert service.get(f"/tickets/{one}")["phase_id"] == "PHASE_REQUIREMENTS"


def test_history_is_paged(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    for _ in range(3):
        service.post(f"/tickets/{one}/block", {"reason": "Waits"})
        service.post(f"/tickets/{one}/unblock")
    whole = service.get(f"/tickets/{one}/phase-history")
    assert len(whole) == 8
    found, address = [], f"/api/v1/tickets/{one}/phase-history?limit=3"
    while address:
        answer = service.client.get(address)
        found += answer.json()
        address = answer.links["next"]["url"] if "next" in answer.links else None
    assert found == whole
    service.refused("GET", f"/tickets/{NOBODY}/phase-history", 404, "ticket_not_found")


def test_blocked_ticket_comes_back_where_it_was(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    assert service.post(f"/tickets/{one}/block", {"reason": "Waits for the bank"})["phase_id"] == "PHASE_BLOCKED"
    service.refused("POST", f"/tickets/{one}/block", 422, "invalid_body", json={})
    service.refused("POST", f"/tickets/{one}/block", 422, "invalid_argument", json={"reason": " \n"})
    back = service.client.post(f"/api/v1/tickets/{one}/unblock")  # without any body
    assert back.status_code == 200 and back.json()["phase_id"] == "PHASE_REQUIREMENTS"
    service.refused("POST", f"/tickets/{one}/unblock", 409, "ticket_not_blocked")
    service.refused("POST", f"/tickets/{NOBODY}/unblock", 404, "ticket_not_found")


def test_ways_have_their_reasons(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    ways = {way["to_phase"]: way for way in service.get(f"/tickets/{one}/transitions")}
    assert not ways["PHASE_DESIGN"]["can_transition"] and len(ways["PHASE_DESIGN"]["blocking_reasons"]) == 2
    assert ways["PHASE_BLOCKED"] == {"to_phase": "PHASE_BLOCKED", "can_transition": True, "blocking_reasons": []}
    service.refused("GET", f"/tickets/{NOBODY}/transitions", 404, "ticket_not_found")


# --- gates -------------------------------------------------------------------------------------------------------------


def test_gate_passes_with_what_it_asks_for(service, owner):
    one = ticket(service, "PHASE_REQUIREMENTS")
    failed = service.post(f"/tickets/{one}/validate-gate")
    assert failed["gate_status"] == "failed" and len(failed["blocking_reasons"]) == 2
    status = service.get(f"/tickets/{one}/gate-status")
    assert status["requirements"]["required_artifacts"] == ["requirements_document"]
    assert status["latest_result"]["id"] == failed["id"] and status["check"]["validation_status"] == "blocked"
    assert service.get(f"/tickets/{one}/gate-status?phase_id=PHASE_REQUIREMENTS") == status
    assert service.get(f"/tickets/{one}/gate-status?phase_id=PHASE_DESIGN")["phase_id"] == "PHASE_DESIGN"
    made = service.post(f"/tickets/{one}/artifacts", {
        "artifact_type": "requirements_document", "artifact_path": "docs/r.md", "collected_by": "dora",
        "content": {"length": 1520, "sections": ["Scope", "Acceptance criteria"]}}, 201)
    assert (made["artifact_type"], made["collected_by"], made["phase_id"]) == ("requirements_document", "dora", "PHASE_REQUIREMENTS")
    owner.execute("UPDATE phase_gate_requirements SET required_tasks_completed = false")
    passed = service.post(f"/tickets/{one}/validate-gate", {"phase_id": "PHASE_REQUIREMENTS"})
    assert passed["gate_status"] == "passed"
    assert service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_DESIGN"})["phase_id"] == "PHASE_DESIGN"


def test_gates_refuse_what_they_cannot_read(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    for method, path, body in [("POST", "validate-gate", {"phase_id": "PHASE_NONE"}), ("GET", "gate-status?phase_id=PHASE_NONE", None),
                               ("POST", "artifacts", {"artifact_type": "x", "phase_id": "PHASE_NONE"})]:
        service.refused(method, f"/tickets/{one}/{path}", 422, "unknown_phase", json=body)
    for method, path, body in [("POST", "validate-gate", None), ("GET", "gate-status", None), ("POST", "artifacts", {"artifact_type": "x"})]:
        service.refused(method, f"/tickets/{NOBODY}/{path}", 404, "ticket_not_found", json=body)
    service.refused("POST", f"/tickets/{one}/artifacts", 422, "invalid_body", json={"type": "x"})
    assert service.post(f"/tickets/{one}/artifacts", {"artifact_type": "x" * 200}, 422)["sqlstate"].startswith("22")


def test_artifact_over_the_limit_is_413(service, owner):
    one = ticket(service, "PHASE_REQUIREMENTS")
    content = {"text": "x" * (2 << 20)}
    service.refused("POST", f"/tickets/{one}/artifacts", 413, "artifact_too_large", json={"artifact_type": "x", "content": content})
    assert owner.execute("SELECT count(*) FROM phase_gate_artifacts").fetchone() == (0,)


# --- tasks and templates -----------------------------------------------------------------------------------------------


def test_templates_of_one_phase_and_of_all(service):
    one = service.get("/task-templates?phase_id=PHASE_REQUIREMENTS")
    assert {template["task_type"] for template in one} == {"analyze_requirements", "create_requirements_doc"}
    every = service.get("/task-templates")
    assert [template for template in every if template["phase_id"] == "PHASE_REQUIREMENTS"] == one
    phases = [template["phase_id"] for template in every]
    assert phases.index("PHASE_DESIGN") < phases.index("PHASE_TESTING") and len(every) > len(one)
    service.refused("GET", "/task-templates?phase_id=PHASE_NONE", 422, "unknown_phase")
    service.refused("GET", "/task-templates?phase=x", 422, "invalid_query")


def test_tasks_are_generated_once(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    assert service.post(f"/tickets/{one}/generate-tasks") == []
    made = service.post(f"/tickets/{one}/generate-tasks", {"phase_id": "PHASE_TESTING"})
    assert made and {task["phase_id"] for task in made} == {"PHASE_TESTING"}
    service.refused("POST", f"/tickets/{one}/generate-tasks", 422, "unknown_phase", json={"phase_id": "PHASE_NONE"})
    service.refused("POST", f"/tickets/{NOBODY}/generate-tasks", 404, "ticket_not_found")


def test_task_goes_through_its_life(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    (task,) = service.post("/tasks/claim", {"agent_id": "ada", "capabilities": ["analysis"], "lease": "1 minute"})
    assert (task["ticket_id"], task["status"], task["attempt"]) == (one, "assigned", 1)
    assert service.post("/tasks/claim", {"agent_id": "bob", "kinds": ["review"]}) == []
    path = f"/tasks/{task['id']}"
    assert service.post(f"{path}/start", {"agent_id": "ada", "attempt": 1})["status"] == "running"
    lease = service.post(f"{path}/heartbeat", {"agent_id": "ada", "attempt": 1, "lease": "2 hours"})
    assert lease["task_id"] == task["id"] and lease["lease_expires_at"] > task["lease_expires_at"]
    for verb, body in [("heartbeat", {}), ("complete", {"result": {}}), ("fail", {"error_message": "x"})]:
        service.refused("POST", f"{path}/{verb}", 409, "task_not_held", json={"agent_id": "eve"} | body)
        service.refused("POST", f"{path}/{verb}", 409, "task_not_held", json={"agent_id": "ada", "attempt": 2} | body)
    failed = service.post(f"{path}/fail", {"agent_id": "ada", "error_message": "No network", "retry": False})
    assert (failed["status"], failed["error_message"]) == ("failed", "No network")
    assert service.post(f"{path}/retry")["status"] == "pending"
    (again,) = service.post("/tasks/claim", {"agent_id": "ada", "count": 1, "capabilities": ["analysis"]})
    assert again["id"] == task["id"]
    done = service.post(f"{path}/complete", {"agent_id": "ada", "attempt": again["attempt"], "result": {"summary": "Done"}})
    assert (done["status"], done["result"]) == ("completed", {"summary": "Done"})
    service.refused("POST", f"{path}/cancel", 409, "invalid_task_transition")
    service.refused("POST", f"{path}/retry", 409, "invalid_task_transition")
    (other,) = service.get(f"/tasks?ticket_id={one}&status=pending")
    assert service.post(f"/tasks/{other['id']}/cancel", {"reason": "Not wanted"})["error_message"] == "Not wanted"
    assert service.get(f"/tasks/{other['id']}")["status"] == "cancelled"


def test_many_tasks_are_completed_at_once(service):
    ticket(service, "PHASE_REQUIREMENTS"), ticket(service, "PHASE_REQUIREMENTS")
    claimed = service.post("/tasks/claim", {"agent_id": "ada", "count": 5, "capabilities": ["analysis"]})
    results = [{"task_id": task["id"], "attempt": task["attempt"], "result": {"summary": "Done"}} for task in claimed]
    done = service.post("/tasks/complete", {"agent_id": "ada", "results": results + [{"task_id": NOBODY}]})
    assert [one["completed"] for one in done] == [True] * len(claimed) + [False]
    assert done[-1]["error_code"] == "task_not_found" and len(claimed) == 2
    service.refused("POST", "/tasks/complete", 422, "invalid_body", json={"agent_id": "ada"})
    assert service.post("/tasks/complete", {"agent_id": "ada", "results": 5}, 422)["sqlstate"].startswith("22")


def test_tickets_that_are_done_go_on(service, owner):
    owner.execute("UPDATE phase_gate_requirements SET required_artifacts = '{}', validation_criteria = '{}'")
    one = ticket(service, "PHASE_REQUIREMENTS")
    assert service.post("/advance") == []
    for task in service.get(f"/tasks?ticket_id={one}"):
        owner.execute("UPDATE tasks SET status = 'completed', assigned_agent_id = 'ada' WHERE id = %s", [task["id"]])
    (moved,) = service.post("/advance", {"max_tickets": 5, "transitioned_by": "conductor", "phases": ["PHASE_REQUIREMENTS"]})
    assert (moved["ticket_id"], moved["current_phase"], moved["transitioned_by"]) == (one, "PHASE_DESIGN", "conductor")
    assert service.post("/advance", {"max_tickets": 0}, 422)["code"] == "invalid_argument"


def test_queue_refuses_what_it_cannot_read(service):
    ticket(service, "PHASE_REQUIREMENTS")
    claim = lambda **body: service.post("/tasks/claim", body, 422)
    assert claim(agent_id="")["code"] == "invalid_argument"
    assert claim()["code"] == "null_argument"
    assert claim(agent_id="ada", count=0)["code"] == "invalid_argument"
    assert claim(agent_id="ada", kinds=["play"])["code"] == "invalid_argument"
    assert claim(agent_id="ada", phases=["PHASE_NONE"])["code"] == "unknown_phase"
    assert claim(agent_id="ada", lease="for ever")["sqlstate"] == "22007"
    assert claim(agent_id="ada", lease="-1 minute")["code"] == "invalid_argument"
    assert claim(agent_id="ada", capabilities="analysis")["code"] == "invalid_body"
    for verb, body in [("start", {}), ("heartbeat", {}), ("complete", {}), ("fail", {"error_message": "x"}), ("cancel", None), ("retry", None)]:
        body = body if body is None else {"agent_id": "ada"} | body
        service.refused("POST", f"/tasks/{NOBODY}/{verb}", 404, "task_not_found", json=body)
    service.refused("GET", f"/tasks/{NOBODY}", 404, "task_not_found")
    service.refused("GET", "/tasks?phase_id=PHASE_NONE", 422, "invalid_value")
    service.refused("GET", "/tasks?colour=red", 422, "invalid_query")


def test_tasks_are_filtered_and_paged(service):
    first, second = ticket(service, "PHASE_REQUIREMENTS"), ticket(service, "PHASE_REQUIREMENTS", title="Another")
    every = service.get("/tasks")
    assert [task["id"] for task in every] == sorted(task["id"] for task in every) and len(every) == 4
    assert {task["ticket_title"] for task in service.get(f"/tasks?ticket_id={second}")} == {"Another"}
    assert service.get("/tasks?status=completed") == [] and len(service.get("/tasks?kind=work&phase_id=PHASE_REQUIREMENTS")) == 4
    page = service.get("/tasks?limit=3")
    assert page + service.get(f"/tasks?after={page[-1]['id']}") == every
    (task,) = service.post("/tasks/claim", {"agent_id": "ada", "capabilities": ["analysis"]})
    assert [one["id"] for one in service.get("/tasks?agent_id=ada")] == [task["id"]]
    assert first != second


# --- reviews -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def review(service, owner):
    """A ticket whose phase only lacks a review, and that review."""
    owner.execute("UPDATE phase_gate_requirements SET required_artifacts = '{}', validation_criteria = '{}',"
                  " required_tasks_completed = false, requires_review = true WHERE phase_id = 'PHASE_REQUIREMENTS'")
    one = ticket(service, "PHASE_REQUIREMENTS")
    service.post(f"/tickets/{one}/artifacts", {"artifact_type": "note", "content": {"text": "x"}, "collected_by": "dora"}, 201)
    assert service.post(f"/tickets/{one}/validate-gate")["gate_status"] == "pending"
    (task,) = service.get("/reviews")
    assert task["ticket_id"] == one and task["ticket_title"] == "Customers are charged twice"
    return one, task["id"]


def test_review_is_approved_by_who_did_not_take_part(service, review):
    one, task = review
    service.refused("POST", f"/reviews/{task}/approve", 403, "reviewer_took_part", json={"reviewer": "dora"})
    assert [waiting["id"] for waiting in service.get(f"/reviews?ticket_id={one}")] == [task]
    done = service.post(f"/reviews/{task}/approve", {"reviewer": "vera", "feedback": "Complete"})
    assert (done["status"], done["result"]["approved"], done["assigned_agent_id"]) == ("completed", True, "vera")
    assert service.get("/reviews") == []
    assert service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_DESIGN"})["phase_id"] == "PHASE_DESIGN"
    service.ask("POST", f"/reviews/{task}/reject", 409, json={"reviewer": "vera", "blocking_reasons": ["No"]})


def test_review_is_rejected_with_reasons(service, review):
    one, task = review
    service.refused("POST", f"/reviews/{task}/reject", 422, "invalid_body", json={"feedback": "No"})
    service.post(f"/reviews/{task}/reject", {"reviewer": "vera", "blocking_reasons": ["The note is empty"], "feedback": "Fill it"})
    problem = service.refused("POST", f"/tickets/{one}/transition", 409, "gate_not_passed", json={"to_phase": "PHASE_DESIGN"})
    assert "The note is empty" in json.dumps(problem["blocking_reasons"])
    service.refused("POST", f"/reviews/{NOBODY}/approve", 404, "task_not_found")


def test_only_reviews_are_decided_as_reviews(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    work = service.get(f"/tasks?ticket_id={one}")[0]
    service.refused("POST", f"/reviews/{work['id']}/approve", 404, "task_not_found")
    assert service.get(f"/tasks/{work['id']}")["status"] == "pending"


# --- context -----------------------------------------------------------------------------------------------------------


def test_context_is_folded_and_summarized(service):
    one = ticket(service, "PHASE_REQUIREMENTS")
    assert service.get(f"/tickets/{one}/context")["full_context"] is None
    (task,) = service.post("/tasks/claim", {"agent_id": "ada", "capabilities": ["analysis"]})
    service.post(f"/tasks/{task['id']}/complete", {"agent_id": "ada", "result": {"summary": "Refunds go by the bank"}})
    folded = service.post(f"/tickets/{one}/update-context")
    assert folded["ticket_id"] == one and "Refunds go by the bank" in json.dumps(folded["full_context"])
    assert service.get(f"/tickets/{one}/context") == folded
    service.post(f"/tickets/{one}/update-context", {"phase_id": "PHASE_REQUIREMENTS"})
    summary = service.get(f"/tickets/{one}/context-summary?max_tokens=50")
    assert set(summary) == {"summary", "tokens"} and summary["tokens"] <= 50
    service.refused("GET", f"/tickets/{one}/context-summary?max_tokens=0", 422, "invalid_argument")
    service.refused("GET", f"/tickets/{one}/context-summary?max_tokens=x", 422, "invalid_query")
    service.refused("POST", f"/tickets/{one}/update-context", 422, "unknown_phase", json={"phase_id": "PHASE_NONE"})
    for method, path in [("GET", "context"), ("GET", "context-summary"), ("POST", "update-context")]:
        service.refused(method, f"/tickets/{NOBODY}/{path}", 404, "ticket_not_found")


# --- the workspace, the service ------------------------------------------------------------------------------------------


def test_board_and_diagram(service):
    ticket(service, "PHASE_REQUIREMENTS")
    board = {phase["phase"]: phase for phase in service.get("/board")}
    assert board["PHASE_REQUIREMENTS"]["tickets"] == 1 and board["PHASE_REQUIREMENTS"]["open_tasks"] == 2
    assert list(board)[0] == "PHASE_BACKLOG" and list(board)[-1] == "PHASE_BLOCKED"
    mermaid = service.client.get("/api/v1/diagram")
    assert mermaid.headers["content-type"].startswith("text/plain") and mermaid.text.startswith("stateDiagram-v2")
    assert service.client.get("/api/v1/diagram?format=dot").text.startswith("digraph")
    service.refused("GET", "/diagram?format=png", 422, "invalid_argument")


def test_health_and_readiness(service):
    assert service.get("/health")["status"] == "ok"
    assert service.get("/ready")["status"] == "ready"
    assert service.client.get("/health").status_code == service.client.get("/ready").status_code == 200


def test_workspace_comes_from_the_header_then_from_the_start(service):
    make_workspace(service.database, "outlet")
    one = ticket(service)
    assert service.get("/tickets", headers={"X-Workspace": "outlet"}) == []
    service.refused("GET", f"/tickets/{one}", 404, "ticket_not_found", headers={"X-Workspace": "outlet"})
    service.refused("POST", f"/tickets/{one}/transition", 404, "ticket_not_found", headers={"X-Workspace": "outlet"},
                    json={"to_phase": "PHASE_REQUIREMENTS"})
    for name in ("none", "public", "pg_catalog", "phasegate"):
        for path in ("/tickets", "/board", f"/tickets/{one}", "/tasks", "/task-templates", f"/tickets/{one}/context"):
            service.refused("GET", path, 404, "no_workspace", headers={"X-Workspace": name})
    for name in ("", "$user", "pg_temp", "x" * 64):
        service.ask("GET", "/tickets", 422, headers={"X-Workspace": name})
    assert [found["id"] for found in service.get("/tickets", headers={"X-Workspace": "shop"})] == [one]


def test_workspace_names_are_quoted(service):
    name = 'a "b", public'
    with psycopg.connect(dbname=service.database, autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace(%s)", [name])
    one = service.post("/tickets", {"title": "x"}, 201, headers={"X-Workspace": name})["id"]
    assert service.get(f"/tickets/{one}", headers={"X-Workspace": name})["id"] == one
    assert service.get("/tickets") == []


# --- requests that are none ------------------------------------------------------------------------------------------------


def test_bodies_that_cannot_be_read(service, owner):
    one = ticket(service)
    send = lambda content, kind="application/json": service.client.post(
        f"/api/v1/tickets/{one}/transition", content=content, headers={"Content-Type": kind} if kind else {})
    for content, kind, status, code in [
        ("{", "application/json", 400, "malformed_json"),
        ('{"to_phase": "PHASE_REQUIREMENTS"} x', "application/json", 400, "malformed_json"),
        (b'{"to_phase": "\xff"}', "application/json", 400, "malformed_json"),
        ('{"to_phase": "PHASE_REQUIREMENTS", "artifacts": ' + "[" * 100000, "application/json", 400, "malformed_json"),
        ('{"to_phase": "PHASE_REQUIREMENTS"}', "text/plain", 415, "unsupported_media_type"),
        ('{"to_phase": "PHASE_REQUIREMENTS"}', None, 415, "unsupported_media_type"),
        ("to_phase=PHASE_REQUIREMENTS", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ('{"to_phase": "%s"}' % ("x" * (5 << 20)), "application/json", 413, "body_too_large"),
        ("", "application/json", 422, "invalid_body"),
        # The values of the fields in their order are no object.
        ('["PHASE_REQUIREMENTS", null, null, null, null]', "application/json", 422, "invalid_body"),
        (' "PHASE_REQUIREMENTS"', "application/json", 422, "invalid_body"),
        ("null", "application/json", 422, "invalid_body"),
        ("[", "application/json", 400, "malformed_json"),
        ('{"to_phase": "PHASE_REQUIREMENTS", "artifacts": "\\u0000"}', "application/json", 422, "invalid_value"),
        ('{"to_phase": "PHASE_REQUIREMENTS", "artifacts": %s1%s}' % ("[" * 120, "]" * 120), "application/json", 200, None),
    ]:
        answer = send(content, kind)
        assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text[:300]
        if status != 200:
            assert owner.execute("SELECT count(*) FROM phase_history").fetchone() == (1,)


def test_ids_that_are_none(service):
    for id in ("1", "abc", "01a20cf9-9d94-7028-9b72-d206ada37c3", "%00", "..%2f", "null"):
        service.refused("GET", f"/tickets/{id}", 422, "invalid_id")
        service.refused("POST", f"/tickets/{id}/transition", 422, "invalid_id", json={"to_phase": "PHASE_DESIGN"})
        service.refused("POST", f"/tasks/{id}/start", 422, "invalid_id", json={})
    assert service.get(f"/tickets/{str(ticket(service)).upper()}")


def test_paths_and_methods_that_are_none(service):
    service.refused("GET", "/nothing", 404, "no_such_path")
    service.refused("DELETE", f"/tickets/{uuid.uuid4()}", 405, "method_not_allowed")
    service.refused("GET", "/tasks/claim/x", 404, "no_such_path")


def test_answers_are_kept_by_nobody(service):
    answer = service.client.get("/api/v1/tickets")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_user_trigger_that_refuses_is_a_conflict_and_leaves_nothing(service, owner):
    one = ticket(service)
    owner.execute("CREATE FUNCTION shop.frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'frozen until Monday'; END $$")
    owner.execute("CREATE TRIGGER a_frozen AFTER UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION shop.frozen()")
    problem = service.ask("POST", f"/tickets/{one}/transition", 409, json={"to_phase": "PHASE_REQUIREMENTS"})
    assert problem["title"] == "frozen until Monday" and problem["sqlstate"] == "P0001"
    assert owner.execute("SELECT phase_id::text, (SELECT count(*) FROM phase_history) FROM tickets").fetchone() == ("PHASE_BACKLOG", 1)


def test_path_prefix(database):
    make_workspace(database)
    with serving(url(database), "--path-prefix", "/flow/") as service:
        assert service.first.strip().endswith("/flow/")
        assert service.client.get("/flow/api/v1/health").status_code == 200
        assert service.client.get("/api/v1/health").status_code == 404
        # nginx sends whoever asks for one to the other: neither may send them back.
        for home in ("/flow", "/flow/", "/flow/?text=x"):
            page = service.client.get(home)
            assert page.status_code == 200 and "<h1>Board</h1>" in page.text and "no-store" in page.headers["cache-control"], home
        made = service.client.post("/flow/api/v1/tickets", json={"title": "x"})
        assert service.client.get(made.headers["location"]).json() == made.json()
        assert service.client.get("/flow/openapi.json").json()["servers"] == [{"url": "/flow"}]


def test_tickets_of_an_application_s_own_table_are_followed_when_it_is_renamed(service, owner):
    owner.execute("CREATE TABLE public.issues (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL)")
    owner.execute("SELECT create_workspace('flow', tickets => 'public.issues')")
    flow = {"headers": {"X-Workspace": "flow"}}
    one = service.post("/tickets", {"title": "x"}, 201, **flow)["id"]
    assert service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"}, **flow)["title"] == "x"
    owner.execute("ALTER TABLE public.issues RENAME TO things")
    assert service.post(f"/tickets/{one}/block", {"reason": "x"}, **flow)["phase_id"] == "PHASE_BLOCKED"
    # Another table of the name it had, with a ticket of the same id.
    owner.execute("CREATE TABLE public.issues (LIKE public.things)")
    owner.execute("ALTER TABLE public.things RENAME TO kept; INSERT INTO public.issues SELECT * FROM public.kept; UPDATE public.issues SET title = 'planted'")
    owner.execute("ALTER TABLE public.issues RENAME TO things")
    assert service.post(f"/tickets/{one}/unblock", **flow)["title"] == "x"
    assert [ticket["title"] for ticket in service.get("/tickets", **flow)] == ["x"]
    assert len(service.get(f"/tickets/{one}/phase-history", **flow)) == 4
