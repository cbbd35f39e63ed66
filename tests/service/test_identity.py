"""Who is who: tokens, roles, workspaces, row security, and what cannot be forged or found out."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
import uuid

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from psycopg import sql

from serving import Service, make_workspace, serving, url

LEVELS = ("reader", "agent", "reviewer", "manager")
SECRET = "a secret of thirty-two bytes or more"


class World:
    """Two workspaces, a role for each level, a login role that may become each of them, keys and tokens."""

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.suffix = uuid.uuid4().hex[:8]
        self.login = f"regress_login_{self.suffix}"
        self.owner = psycopg.connect(dbname=database, autocommit=True, options="-c search_path=shop,phasegate")
        make_workspace(database, "shop")
        make_workspace(database, "outlet")
        self.execute("CREATE ROLE {} LOGIN NOINHERIT", self.login)
        for level in LEVELS:
            self.execute("CREATE ROLE {}", self.role(level))
            self.execute("GRANT {} TO {}", self.role(level), self.login)
            for workspace in ("shop", "outlet"):
                self.owner.execute("SELECT grant_access(%s, %s, %s)", [workspace, self.role(level), level])
        (folder / "hs256").write_text(SECRET + "\n")
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        for name, key in (("rs256", self.rsa), ("es256", self.ec)):
            (folder / name).write_bytes(key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))

    def role(self, level):
        return f"regress_{level}_{self.suffix}"

    def execute(self, statement, *names):
        self.owner.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def close(self):
        for role in [self.login, *map(self.role, LEVELS)]:
            self.execute("DROP OWNED BY {}", role)
        for role in [self.login, *map(self.role, LEVELS)]:
            self.execute("DROP ROLE {}", role)
        self.owner.close()

    def config(self, **tokens):
        """A file of settings; its path."""
        lines = ["[serve]", f"roles = {json.dumps([self.role(level) for level in LEVELS])}", 'audience = "phasegate"']
        for name in ("hs256", "rs256", "es256"):
            lines += ["[[serve.keys]]", f'id = "{name}"', f'algorithm = "{name.upper()}"', f'file = "{self.folder / name}"']
        for name, (token, level, workspace, *expires) in tokens.items():
            lines += ["[[serve.tokens]]", f'name = "{name}"', f'sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"',
                      f'role = "{self.role(level)}"', f'workspace = "{workspace}"', *[f'expires = "{one}"' for one in expires]]
        path = self.folder / "phasegate.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def claims(self, level="manager", workspace="shop", name="ada", **claims):
        claims = {"role": self.role(level), "workspace": workspace, "sub": name, "exp": int(time.time()) + 600, "aud": "phasegate"} | claims
        return {key: value for key, value in claims.items() if value is not None}

    def token(self, level="manager", workspace="shop", name="ada", key=SECRET, algorithm="HS256", headers=None, **claims):
        return jwt.encode(self.claims(level, workspace, name, **claims), key, algorithm=algorithm, headers=headers)

    def url(self):
        return url(self.database, user=self.login)


def bearer(token):
    return {"headers": {"Authorization": f"Bearer {token}"}}


@pytest.fixture
def world(database, tmp_path):
    world = World(database, tmp_path)
    yield world
    world.close()


@pytest.fixture
def service(world):
    with serving(world.url(), "--config", world.config(
            ci=("token-of-ci", "agent", "shop"), old=("token-of-old", "agent", "shop", "2020-01-01T00:00:00Z"))) as service:
        yield service


def as_(service, token):
    """Calls of this token's."""
    return lambda method, path, status=200, **kwargs: service.ask(method, path, status, **bearer(token), **kwargs)


# --- tokens ------------------------------------------------------------------------------------------------------------


def test_each_kind_of_key_lets_in(world, service):
    for key, algorithm, kid in [(SECRET, "HS256", "hs256"), (world.rsa, "RS256", "rs256"), (world.ec, "ES256", None)]:
        token = world.token(key=key, algorithm=algorithm, headers={"kid": kid} if kid else None)
        assert service.get("/tickets", **bearer(token)) == []
    assert service.get("/tickets", **bearer("token-of-ci")) == []
    assert service.client.get("/api/v1/tickets", headers={"Cookie": "a=b; phasegate_token=token-of-ci"}).status_code == 200
    # Whoever watches over the service has no token.
    assert service.get("/health") and service.get("/ready")


def forged(world):
    """Tokens that are not good, each with a name."""
    good = world.token()
    head, body, signature = good.split(".")
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    signed = lambda text, key: base64.urlsafe_b64encode(hmac.new(key, text.encode(), "sha256").digest()).rstrip(b"=").decode()
    yield "none", f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}."
    yield "None", f"{part({'alg': 'None', 'typ': 'JWT'})}.{body}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "another body", f"{head}.{part(world.claims('manager', 'outlet'))}.{signature}"
    yield "another secret", world.token(key="another secret of thirty-two bytes or more")
    yield "another RSA key", world.token(key=rsa.generate_private_key(65537, 2048), algorithm="RS256")
    yield "unknown kid", world.token(headers={"kid": "nobody"})
    yield "kid of another key", world.token(headers={"kid": "rs256"})
    # The public key is no secret: whoever has it signs with it as if it were one.
    public = (world.folder / "rs256").read_bytes()
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rs256'})}.{body}"
    yield "public key as a secret", f"{text}.{signed(text, public)}"
    yield "other algorithm", world.token(algorithm="HS512", key=SECRET * 2)
    yield "expired", world.token(exp=int(time.time()) - 3600)
    yield "not yet", world.token(nbf=int(time.time()) + 3600)
    yield "for ever", world.token(exp=None)
    yield "other audience", world.token(aud="someone")
    yield "no audience", world.token(aud=None)
    for claim in ("role", "workspace", "sub"):
        yield f"no {claim}", world.token(**{claim: None})
        yield f"empty {claim}", world.token(**{claim: ""})
        yield f"{claim} is no text", jwt.encode(world.claims(sub="x") | {claim: ["x"]}, SECRET, algorithm="HS256")
    yield "old API token", "token-of-old"
    yield "unknown API token", "token-of-nobody"
    yield "hash of a token", hashlib.sha256(b"token-of-ci").hexdigest()
    yield "dots", ".."


def test_tokens_that_are_not_good_are_401(world, service):
    tried = list(forged(world))
    for name, token in tried:
        problem = service.ask("GET", "/tickets", 401, **bearer(token))
        assert problem["code"] == "unauthorized", name
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "token-of-ci"}, {"Cookie": "phasegate_token=x"}):
        answer = service.client.get("/api/v1/tickets", headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    for _, token in tried:
        assert len(token) < 8 or token not in service.log()
    assert "token-of-ci" not in service.log()


def test_nothing_secret_is_in_a_log_line(world):
    password = "of-the-login-role"
    target = url(world.database, user=world.login, password=password)
    token = world.token()
    with serving(target, "--config", world.config(ci=("token-of-ci", "agent", "shop")), "--log", "trace") as service:
        service.get("/tickets", **bearer(token))
        service.get("/tickets", **bearer("token-of-ci"))
        service.ask("GET", "/tickets", 401, **bearer("wrong-" + token))
        service.client.get(f"/api/v1/tickets?text={token}", **bearer(token))
        service.client.get("/api/v1/tickets", headers={"Cookie": "phasegate_token=token-of-ci"})
    log = service.log() + service.first
    assert log
    for secret in (token, token.split(".")[2], "token-of-ci", SECRET, password):
        assert secret not in log


def test_role_has_to_be_one_of_the_listed(world, service):
    for role in (world.login, "postgres", "pg_monitor", "nobody"):
        problem = service.ask("GET", "/tickets", 403, **bearer(world.token(role=role)))
        assert problem["code"] == "role_not_allowed"
    world.execute("REVOKE {} FROM {}", world.role("reader"), world.login)
    problem = service.ask("GET", "/tickets", 403, **bearer(world.token("reader")))
    assert problem["code"] == "role_not_allowed" and problem["sqlstate"] == "42501"


# --- workspaces --------------------------------------------------------------------------------------------------------


def test_token_of_one_workspace_never_reaches_the_other(world, service):
    shop, outlet = as_(service, world.token(workspace="shop")), as_(service, world.token(workspace="outlet"))
    one = shop("POST", "/tickets", 201, json={"title": "Of the shop"})["id"]
    for path in (f"/tickets/{one}", f"/tickets/{one}/context", f"/tickets/{one}/gate-status", f"/tickets/{one}/transitions"):
        assert outlet("GET", path, 404)["code"] == "ticket_not_found"
    assert outlet("GET", "/tickets") == [] and outlet("GET", f"/tickets/{one}/phase-history", 404)
    for path, body in [("transition", {"to_phase": "PHASE_REQUIREMENTS"}), ("block", {"reason": "x"}), ("validate-gate", {}),
                       ("artifacts", {"artifact_type": "x"}), ("generate-tasks", {}), ("update-context", {})]:
        assert outlet("POST", f"/tickets/{one}/{path}", 404, json=body)["code"] == "ticket_not_found"
    # The header chooses among what the token is for, which is one.
    answer = service.client.get("/api/v1/tickets", headers=bearer(world.token(workspace="outlet"))["headers"] | {"X-Workspace": "shop"})
    assert answer.status_code == 403 and answer.json()["code"] == "wrong_workspace"
    assert service.client.get("/api/v1/tickets", headers=bearer(world.token())["headers"] | {"X-Workspace": "shop"}).status_code == 200
    for name in ("none", "public", "phasegate", "pg_catalog"):
        problem = service.ask("GET", "/tickets", 404, **bearer(world.token(workspace=name)))
        assert problem["code"] == "no_workspace"
    for name in ("$user", "pg_temp", "x" * 64):
        service.ask("GET", "/tickets", 422, **bearer(world.token(workspace=name)))


# --- roles -------------------------------------------------------------------------------------------------------------


def test_roles_may_what_their_level_may(world, service):
    who = {level: as_(service, world.token(level, name=level)) for level in LEVELS}
    one = who["manager"]("POST", "/tickets", 201, json={"title": "x"})["id"]
    who["manager"]("POST", f"/tickets/{one}/transition", json={"to_phase": "PHASE_REQUIREMENTS"})
    rank = LEVELS.index
    for method, path, body, least in [
        ("GET", "/tickets", None, "reader"), ("GET", f"/tickets/{one}", None, "reader"), ("GET", "/board", None, "reader"),
        ("GET", f"/tickets/{one}/phase-history", None, "reader"), ("GET", f"/tickets/{one}/gate-status", None, "reader"),
        ("GET", f"/tickets/{one}/context", None, "reader"), ("GET", f"/tickets/{one}/transitions", None, "reader"),
        ("GET", "/tasks", None, "reader"), ("GET", "/reviews", None, "reader"), ("GET", "/task-templates", None, "reader"),
        ("POST", "/tasks/claim", {"capabilities": ["nothing"], "kinds": ["summary"]}, "agent"),
        ("POST", f"/tickets/{one}/artifacts", {"artifact_type": "x"}, "agent"),
        ("POST", "/tickets", {"title": "y"}, "manager"), ("POST", f"/tickets/{one}/validate-gate", {}, "manager"),
        ("POST", f"/tickets/{one}/block", {"reason": "x"}, "manager"), ("POST", f"/tickets/{one}/unblock", {}, "manager"),
        ("POST", f"/tickets/{one}/generate-tasks", {}, "manager"),
    ]:
        for level in LEVELS:
            allowed = rank(level) >= rank(least)
            status = 403 if not allowed else 201 if path == "/tickets" and method == "POST" or path.endswith("artifacts") else 200
            problem = who[level](method, path, status, **({"json": body} if body is not None else {}))
            if not allowed:
                assert problem["code"] == "permission_denied" and problem["sqlstate"] == "42501", (level, path, problem)


def test_login_role_itself_may_nothing(world):
    with psycopg.connect(dbname=world.database, user=world.login) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM shop.tickets")


def test_what_row_security_hides_is_not_there(world, service):
    world.owner.execute("INSERT INTO tickets (title) VALUES ('Everybody''s'), ('secret')")
    world.owner.execute("ALTER TABLE tickets ENABLE ROW LEVEL SECURITY")
    world.owner.execute("CREATE POLICY seen ON tickets USING (title <> 'secret')")
    (seen,) = world.owner.execute("SELECT id::text FROM tickets WHERE title <> 'secret'").fetchone()
    (secret,) = world.owner.execute("SELECT id::text FROM tickets WHERE title = 'secret'").fetchone()
    for level in LEVELS:
        ask = as_(service, world.token(level, name=level))
        assert [ticket["id"] for ticket in ask("GET", "/tickets")] == [seen]
        assert {task["ticket_id"] for task in ask("GET", "/tasks")} <= {seen}
        for path in (f"/tickets/{secret}", f"/tickets/{secret}/context", f"/tickets/{secret}/gate-status"):
            assert ask("GET", path, 404)["code"] == "ticket_not_found"
    manager = as_(service, world.token())
    assert manager("POST", f"/tickets/{secret}/transition", 404, json={"to_phase": "PHASE_REQUIREMENTS"})["code"] == "ticket_not_found"
    assert world.owner.execute("SELECT phase_id::text FROM tickets WHERE title = 'secret'").fetchone() == ("PHASE_BACKLOG",)


# --- names -------------------------------------------------------------------------------------------------------------


def test_names_come_from_the_token_and_cannot_be_forged(world, service):
    manager = as_(service, world.token(name="ada"))
    one = manager("POST", "/tickets", 201, json={"title": "x"})["id"]
    moved = manager("POST", f"/tickets/{one}/transition", json={"to_phase": "PHASE_REQUIREMENTS"})
    assert moved["transition"]["transitioned_by"] == "ada"
    assert {entry["transitioned_by"] for entry in manager("GET", f"/tickets/{one}/phase-history")} == {"ada"}
    assert manager("POST", f"/tickets/{one}/artifacts", 201, json={"artifact_type": "x"})["collected_by"] == "ada"
    agent = as_(service, world.token("agent", name="bob"))
    (task,) = agent("POST", "/tasks/claim", json={"capabilities": ["analysis"]})
    assert task["assigned_agent_id"] == "bob"
    before = world.owner.execute("SELECT (SELECT count(*) FROM phase_history), (SELECT count(*) FROM phase_gate_artifacts),"
                                 " (SELECT array_agg(assigned_agent_id ORDER BY id) FROM tasks)").fetchone()
    for ask, path, body in [
        (manager, f"/tickets/{one}/block", {"reason": "x", "transitioned_by": "eve"}),
        (manager, f"/tickets/{one}/transition", {"to_phase": "PHASE_BLOCKED", "transitioned_by": "eve"}),
        (manager, f"/tickets/{one}/artifacts", {"artifact_type": "x", "collected_by": "eve"}),
        (agent, "/tasks/claim", {"agent_id": "eve", "capabilities": ["requirements", "documentation", "analysis"]}),
        (manager, f"/tasks/{task['id']}/complete", {"agent_id": "bob", "result": {"artifacts": [{"type": "x", "collected_by": "bob"}]}}),
    ]:
        assert ask("POST", path, 403, json=body)["sqlstate"] == "42501", path
    after = world.owner.execute("SELECT (SELECT count(*) FROM phase_history), (SELECT count(*) FROM phase_gate_artifacts),"
                                " (SELECT array_agg(assigned_agent_id ORDER BY id) FROM tasks)").fetchone()
    assert after == before
    # Another holder's task is not ada's, whoever she says she is.
    assert manager("POST", f"/tasks/{task['id']}/heartbeat", 409, json={})["code"] == "task_not_held"
    assert agent("POST", f"/tasks/{task['id']}/complete", json={"result": {"summary": "Done"}})["status"] == "completed"


def test_worker_cannot_review_as_somebody_else(world, service):
    world.owner.execute("UPDATE phase_gate_requirements SET required_artifacts = '{}', validation_criteria = '{}',"
                        " required_tasks_completed = false, requires_review = true")
    manager = as_(service, world.token(name="planner"))
    one = manager("POST", "/tickets", 201, json={"title": "x"})["id"]
    manager("POST", f"/tickets/{one}/transition", json={"to_phase": "PHASE_REQUIREMENTS"})
    worker = as_(service, world.token("reviewer", name="dora"))
    worker("POST", f"/tickets/{one}/artifacts", 201, json={"artifact_type": "note", "content": {"text": "x"}})
    manager("POST", f"/tickets/{one}/validate-gate")
    (review,) = worker("GET", "/reviews")
    assert worker("POST", f"/reviews/{review['id']}/approve", 403)["code"] == "reviewer_took_part"
    assert worker("POST", f"/reviews/{review['id']}/approve", 403, json={"reviewer": "vera"})["sqlstate"] == "42501"
    agent = as_(service, world.token("agent", name="vera"))
    assert agent("POST", f"/reviews/{review['id']}/approve", 403)["code"] == "permission_denied"
    done = as_(service, world.token("reviewer", name="vera"))("POST", f"/reviews/{review['id']}/approve")
    assert done["assigned_agent_id"] == "vera"


# --- what it refuses to start with ---------------------------------------------------------------------------------------


def refusal(*arguments, **kwargs):
    """Why a service does not start."""
    service = Service(*arguments, **kwargs)
    try:
        status = service.process.wait(20)
    except subprocess.TimeoutExpired:
        service.kill()
        pytest.fail("it serves")
    service.reader.join(20)
    assert status == 2 and service.first == "", service.log()
    return service.log()


def test_without_keys_only_the_machine_itself_is_listened_to(database):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        assert "without keys" in refusal(url(database), listen=address)


def test_workspace_that_is_not_there_is_said_at_once(database):
    make_workspace(database)
    for name in ("shoq", "public", "pg_catalog", "$user"):
        assert f'there is no workspace "{name}"' in refusal(url(database), workspace=name)


def test_login_role_with_rights_is_refused(world):
    config = world.config()
    grants = [("ALTER ROLE {} SUPERUSER", "ALTER ROLE {} NOSUPERUSER", "is a superuser"),
              ("ALTER ROLE {} BYPASSRLS", "ALTER ROLE {} NOBYPASSRLS", "bypasses row security"),
              ("GRANT pg_execute_server_program TO {}", "REVOKE pg_execute_server_program FROM {}", "pg_execute_server_program"),
              ("ALTER ROLE {} INHERIT", "ALTER ROLE {} NOINHERIT", "by itself")]
    for grant, revoke, words in grants:
        world.execute(grant, world.login)
        if words == "by itself":  # from version 16 on a grant has what the role had when it was made
            world.execute("GRANT {} TO {}", world.role("reader"), world.login)
        assert words in refusal(world.url(), "--config", config), grant
        world.execute(revoke, world.login)
    with serving(world.url(), "--config", config) as service:
        service.ask("GET", "/tickets", 401)


def test_login_role_is_looked_at_on_each_new_connection(world):
    with serving(world.url(), "--config", world.config()) as service:
        assert service.get("/tickets", **bearer(world.token())) == []
        world.execute("ALTER ROLE {} BYPASSRLS", world.login)
        world.owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [world.login])
        service.refused("GET", "/tickets", 503, "misconfigured", **bearer(world.token()))
        world.execute("ALTER ROLE {} NOBYPASSRLS", world.login)
        assert service.get("/tickets", **bearer(world.token())) == []


def test_settings_that_cannot_be_used_are_named(world):
    path = world.folder / "bad.toml"
    for text, words in [
        ("[serve]\nport = 80", "port"), ("serve = 1", "line 1"), ("[serve]\nroles = 1", "roles"),
        ("[[serve.tokens]]\nname = 'a'\nsha256 = 'x'\nrole = 'r'\nworkspace = 'w'", "roles"),
        ("[serve]\nroles = ['r']\n[[serve.tokens]]\nname = 'a'\nsha256 = 'x'\nrole = 'r'\nworkspace = 'w'", "sha256"),
        ("[serve]\nroles = ['r']\n[[serve.keys]]\nalgorithm = 'none'\nfile = '%s'" % (world.folder / "hs256"), "algorithm"),
        ("[serve]\nroles = ['r']\n[[serve.keys]]\nalgorithm = 'HS256'\nfile = '%s'" % (world.folder / "rs256"), "PEM"),
        ("[serve]\nroles = ['r']\n[[serve.keys]]\nalgorithm = 'RS256'\nfile = '%s'" % (world.folder / "hs256"), "RS256"),
        ("[serve]\nroles = ['r']\n[[serve.keys]]\nalgorithm = 'RS256'\nfile = '/nowhere'", "/nowhere"),
        ("[serve]\nstatement_timeout = 'soon'", "soon"),
    ]:
        path.write_text(text + "\n")
        assert words in refusal(world.url(), "--config", path), text


# --- browsers ----------------------------------------------------------------------------------------------------------


def test_pages_of_other_sites_cannot_write(database):
    make_workspace(database)
    with serving(url(database)) as service:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            service.refused("POST", "/tickets", 403, "cross_site", json={"title": "x"}, headers=headers)
        service.post("/tickets", {"title": "x"}, 201, headers={"Origin": service.address, "Sec-Fetch-Site": "same-origin"})
        # A name that was made to lead here.
        for host in ("evil.example", "127.0.0.1.evil.example:80"):
            service.refused("GET", "/tickets", 421, "host_not_allowed", headers={"Host": host})
        assert service.get("/tickets", headers={"Host": "localhost:1"})
        answer = service.client.options("/api/v1/tickets", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
        assert not [name for name in answer.headers if name.startswith("access-control")]
