"""The OpenAPI document: it is one, says what is so, and what is tried out by it holds."""

import os
import re
import subprocess

import openapi_spec_validator
import psycopg
import pytest

from serving import make_workspace, serving, url


@pytest.fixture
def service(database):
    make_workspace(database)
    with serving(url(database)) as service:
        service.database = database
        yield service


@pytest.fixture
def document(service):
    return service.client.get("/openapi.json").json()


def operations(document):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


def test_document_is_openapi_31(document):
    assert document["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        assert operation["summary"] and operation["tags"], (method, path)
        assert any(status.startswith("2") for status in operation["responses"]), (method, path)


def test_every_path_of_the_contract_is_there(document):
    contract = """
        POST /tickets/{id}/transition   GET /tickets/{id}/phase-history   POST /tickets/{id}/generate-tasks
        GET /task-templates   POST /tickets/{id}/validate-gate   GET /tickets/{id}/gate-status   POST /tickets/{id}/artifacts
        GET /tickets/{id}/context   GET /tickets/{id}/context-summary   POST /tickets/{id}/update-context
        GET /tickets   POST /tickets   GET /tickets/{id}   POST /tickets/{id}/block   POST /tickets/{id}/unblock
        GET /tickets/{id}/transitions   POST /tasks/claim   POST /tasks/{id}/start   POST /tasks/{id}/heartbeat
        POST /tasks/{id}/complete   POST /tasks/{id}/fail   POST /tasks/{id}/cancel   GET /tasks   GET /reviews
        POST /reviews/{id}/approve   POST /reviews/{id}/reject   GET /board   GET /diagram   GET /health   GET /ready   GET /events"""
    there = {f"{method.upper()} {path.removeprefix('/api/v1')}" for path, method, _ in operations(document)}
    assert {" ".join(one.split()) for one in re.findall(r"(?:GET|POST) \S+", contract)} <= there


# Schema: the composite type, and what the document may leave out or add.
TYPES = {"Transition": "transition", "HistoryEntry": "history_entry", "GateResult": "gate_result", "Artifact": "artifact",
         "Task": "task", "TaskTemplate": "task_template", "ClaimedTask": "claimed_task",
         "TransitionAttempt": "transition_attempt", "TaskAttempt": "task_attempt"}


def test_document_names_what_the_extension_answers(service, document):
    with psycopg.connect(dbname=service.database) as connection:
        for schema, composite in TYPES.items():
            columns = {name for (name,) in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = ('phasegate.' || %s)::regclass AND attnum > 0 AND NOT attisdropped", [composite])}
            named = set(document["components"]["schemas"][schema]["properties"])
            assert named <= columns, (schema, named - columns)
            if schema != "ClaimedTask":
                assert named == columns, (schema, columns - named)


def test_page_of_the_document_loads_nothing_from_elsewhere(service):
    page = service.client.get("/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text and not re.search(r"(src|href)=\"(https?:)?//", page.text)
    for path, method, operation in operations(service.client.get("/openapi.json").json()):
        assert path in page.text and operation["summary"][:20] in page.text
    assert service.client.get("/docs.css").headers["content-type"].startswith("text/css")


def test_nothing_is_found_by_trying_out(service, tmp_path):
    """schemathesis sends what the document allows and what it forbids, in sequences too."""
    with psycopg.connect(dbname=service.database, autocommit=True, options="-c search_path=shop,phasegate") as owner:
        owner.execute("UPDATE phase_transitions SET requires_gate = false")
        owner.execute("INSERT INTO tickets (title) VALUES ('One'), ('Two')")
        owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    # Which phases there are is a workspace's data: the document cannot say so, and what it allows may be refused for its value.
    (tmp_path / "schemathesis.toml").write_text(
        'checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "413", "422", "5xx"]\n')
    command = [f"{os.environ['PHASEGATE_TARGET']}/venv/bin/schemathesis", "run", f"{service.address}/openapi.json",
               "--exclude-path", "/api/v1/events", "--max-examples", os.environ.get("PHASEGATE_EXAMPLES", "40"), "--seed", "1",
               "--no-color", "--suppress-health-check", "all", "--request-timeout", "30", "--generation-database", "none"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " 500 " not in service.log()
