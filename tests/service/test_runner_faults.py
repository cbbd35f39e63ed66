"""`phasegate work` against an endpoint that misbehaves, a raw socket: what is tried again, what fails, and why it says it did."""

import json
import re

import pytest
from runner_support import APPROVED, RawServer, completion, reply, response, shop, work  # noqa: F401

ERROR = json.dumps({"error": {"message": "Overloaded, come back later", "type": "server_error"}})
OVERFLOW = json.dumps({"error": {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"}})
LIMITED = response(ERROR, "429 Too Many Requests", Retry_After=1)
BAD = {"approved": "perhaps"}


def cut_off(connection, _closing):
    whole = reply(APPROVED)
    connection.sendall(whole[: len(whole) // 2].encode())


def closed(_connection, _closing):
    pass


def drip(connection, closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not closing.wait(0.1):
        connection.sendall(b"1\r\n \r\n")


def silent(_connection, closing):
    closing.wait()


def flood(connection, closing):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not closing.is_set():
        connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


@pytest.mark.parametrize("fault", [
    LIMITED, response(ERROR, "500 Internal Server Error"), response("<html>", "502 Bad Gateway"), cut_off, closed, flood,
    response("{not json"), response("{}"), response('{"choices": []}'),
], ids=["429", "500", "502", "cut_off", "closed", "flood", "no_json", "no_completion", "no_choice"])
def test_what_passes_is_tried_again(shop, fault):
    shop.ticket()
    with RawServer(fault, reply(APPROVED)) as server:
        work(shop, "--openai-url", server.url, "--model", "m")
    task = shop.task("review")
    assert (task.status, task.attempts, len(server.requests)) == ("completed", 1, 2)
    # The same question, byte by byte.
    assert server.requests[0] == server.requests[1]
    if fault == LIMITED:
        assert server.times[1] - server.times[0] >= 1


@pytest.mark.parametrize(("fault", "why", "asked", "options"), [
    (response(ERROR, "500 Internal Server Error"), "answered 500: Overloaded, come back later (tried 5 times)", 5, []),
    (response(ERROR, "429 Too Many Requests", Retry_After=3600), "asks to wait 3600 s", 1, []),
    (drip, "longer than 3 s", 1, ["--timeout", "3s"]),
    (silent, "longer than 3 s", 1, ["--timeout", "3s"]),
], ids=["500", "429", "drip", "silent"])
def test_what_does_not_pass_in_time_goes_back_to_the_queue(shop, fault, why, asked, options):
    shop.ticket()
    with RawServer(fault) as server:
        work(shop, "--openai-url", server.url, "--model", "m", *options)
    task = shop.task("review")
    assert (task.status, task.attempts, len(server.requests)) == ("pending", 1, asked), task
    assert why in task.error_message, task.error_message


@pytest.mark.parametrize(("fault", "why"), [
    (response(OVERFLOW, "400 Bad Request"), "does not fit the model's context window"),
    (response('{"error": {"message": "Unknown parameter"}}', "400 Bad Request"), "answered 400: Unknown parameter"),
    (reply("{", finish="length"), "cut off at its limit of tokens"),
    (reply("", finish="content_filter"), "filter"),
    (response(json.dumps({"choices": [{"message": {"refusal": "I will not."}}]})), "the model refused: I will not."),
], ids=["overflow", "bad_request", "length", "filter", "refusal"])
def test_what_no_other_try_would_mend_fails_at_once(shop, fault, why):
    shop.ticket()
    with RawServer(fault) as server:
        work(shop, "--openai-url", server.url, "--model", "m")
    task = shop.task("review")
    assert (task.status, task.attempts, len(server.requests)) == ("failed", 1, 1), task
    assert why in task.error_message, task.error_message


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "308 Permanent Redirect"])
def test_a_wrong_key_or_model_ends_the_runner_and_not_the_whole_queue(shop, status):
    shop.ticket("One")
    shop.ticket("Two")
    with RawServer(reply(APPROVED)) as elsewhere, RawServer(response(ERROR, status, Location=f"{elsewhere.url}/chat/completions")) as server:
        ended = work(shop, "--openai-url", server.url, "--model", "m", check=4)
        assert (len(server.requests), elsewhere.requests) == (1, [])
    assert re.search(r"no task can be answered so: the endpoint answered \d+", ended.stderr)
    assert shop.rows("SELECT status, error_message LIKE %s FROM tasks WHERE kind = 'review' ORDER BY status", f"%answered {status[:3]}%") == [
        ("failed", True), ("pending", None)]


@pytest.mark.parametrize(("bad", "why"), [
    ("Sure, I approve!", "it is not JSON"),
    (BAD, "/approved"),
    ({"feedback": "Good.", "blocking_reasons": []}, "against the schema"),
    ({"approved": True, "feedback": "", "blocking_reasons": ["No."]}, "it must be one or the other"),
    ({"approved": False, "feedback": "", "blocking_reasons": []}, "say what is to be done"),
], ids=["prose", "type", "missing", "contradiction", "no_reason"])
def test_an_answer_against_the_schema_is_mended_once(shop, bad, why):
    shop.ticket()
    with RawServer(reply(bad), reply(APPROVED)) as server:
        work(shop, "--openai-url", server.url, "--model", "m")
    task = shop.task("review")
    assert (task.status, task.attempts, task.result["runner"]["repaired"]) == ("completed", 1, True)
    first, second = (json.loads(request)["messages"] for request in server.requests)
    assert second[: len(first)] == first and [message["role"] for message in second[len(first):]] == ["assistant", "user"]
    assert why in second[-1]["content"]
    assert task.result["runner"]["tokens"] == 214


def test_an_answer_that_stays_against_the_schema_fails_with_the_reason(shop):
    ticket = shop.ticket()
    with RawServer(reply(BAD)) as server:
        work(shop, "--openai-url", server.url, "--model", "m")
    task = shop.task("review")
    assert (task.status, task.attempts, len(server.requests)) == ("failed", 1, 2)
    assert re.search("neither can its second one: it is against the schema: .*perhaps.*is not of type", task.error_message)
    assert shop.one("SELECT check_gate_requirements(%s) ->> 'review'", ticket) == ("pending",)


def test_an_endpoint_that_is_not_there_is_tried_and_then_given_up(shop):
    shop.ticket()
    with RawServer(closed) as server:
        url = server.url
    work(shop, "--openai-url", url, "--model", "m")
    task = shop.task("review")
    assert task.status == "pending" and "cannot be asked" in task.error_message
    assert url not in task.error_message


def test_a_body_without_a_form_is_asked_for_as_the_endpoint_knows_it(shop):
    shop.ticket()
    with RawServer(response(completion(APPROVED))) as server:
        work(shop, "--openai-url", server.url.removesuffix("/v1"), "--model", "m", "--response-format", "json-object")
    assert json.loads(server.requests[0])["response_format"] == {"type": "json_object"}
    assert server.heads[0].startswith("POST /v1/chat/completions ")
