"""The board against other sites, other roles, and whoever gets hold of a browser."""

import contextlib
import http.server
import re
import threading

import httpx
import pytest

from boards import LEVELS
from serving import serving, url

READY = "Checkout says"
OWN = {"Sec-Fetch-Site": "same-origin"}


@contextlib.contextmanager
def another_site(page):
    """Another site with one page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Another name than the board's, so that it is another site for browsers.
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def signed_in(service, level, **headers):
    """A client with the cookie of somebody who signed in."""
    client = httpx.Client(base_url=service.address, trust_env=False, timeout=60, headers=OWN | headers)
    answer = client.post("/sign-in", data={"key": f"key-of-{level}"})
    assert answer.status_code == 303, answer.text
    return client


# --- forms of other sites ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {},
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site", "Origin": "SELF"},
])
def test_forms_of_other_sites_are_refused(keyed, shop, headers):
    ticket = shop.ticket(READY)
    before = shop.rows("SELECT count(*), max(updated_at) FROM tasks"), shop.phase(ticket)
    client = signed_in(keyed, "manager")
    client.headers = {name: value.replace("SELF", keyed.address) for name, value in headers.items()}
    for path, form in [(f"/tickets/{ticket}/move", {"to_phase": "PHASE_IMPLEMENTATION"}), ("/queue", {"action": "retry", "all": "1", "show": "failed"}),
                       (f"/tickets/{ticket}/artifact", {"artifact_type": "x"}), ("/new", {"title": "x"}), ("/sign-out", {}),
                       ("/sign-in", {"key": "key-of-reader"})]:
        answer = client.post(path, data=form)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers, path
    assert (shop.rows("SELECT count(*), max(updated_at) FROM tasks"), shop.phase(ticket)) == before
    client.headers = {"Origin": keyed.address}
    assert client.post(f"/tickets/{ticket}/move", data={"to_phase": "PHASE_IMPLEMENTATION"}).status_code == 303


def test_another_site_cannot_make_a_browser_send_a_form(keyed, service, shop, window):
    ticket = shop.ticket(READY)
    for target, sign_in in ((keyed, True), (service, False)):
        one = window(target)
        if sign_in:
            one.sign_in("manager")
        form = (f'<form method="post" action="{target.address}/tickets/{ticket}/move"><input name="to_phase" value="PHASE_IMPLEMENTATION">'
                "</form><script>document.forms[0].submit()</script>")
        with another_site(form) as address:
            one.page.goto(address)
            one.page.wait_for_url(f"{target.address}/**")
        assert shop.phase(ticket) == "PHASE_DESIGN"


def test_no_page_is_shown_in_a_frame(service, window):
    one = window(service)
    with another_site(f'<iframe src="{service.address}/"></iframe>') as address:
        one.page.goto(address)
        one.page.wait_for_load_state("networkidle")
        assert "phasegate" not in one.page.frames[1].content()
    one.trouble.clear()
    for path in ("/", "/reviews", "/queue", "/machine", "/sign-in", "/new"):
        headers = service.client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"] and headers["x-frame-options"] == "DENY", path
        assert "unsafe" not in headers["content-security-policy"]


# --- keys --------------------------------------------------------------------------------------------------------------


def test_sign_in_keeps_the_key_where_scripts_do_not_find_it(keyed, window):
    one = window(keyed)
    one.open("/queue?show=failed")
    assert one.page.url.endswith("/sign-in?next=%2Fqueue%3Fshow%3Dfailed")
    one.check("sign-in")
    one.picture("sign_in", full=False)
    one.page.get_by_label("Key").fill("wrong")
    one.page.get_by_role("button", name="Sign in").click()
    assert "The key is not known" in one.page.get_by_role("alert").inner_text()
    one.page.get_by_label("Key").fill("key-of-agent")
    one.page.get_by_role("button", name="Sign in").click()
    # Where one wanted to go.
    one.page.wait_for_url("**/queue?show=failed")
    assert one.page.evaluate("document.cookie") == ""
    cookie, = one.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/" and cookie["expires"] == -1
    one.page.get_by_role("button", name="Sign out").click()
    one.page.wait_for_url("**/sign-in")
    assert one.context.cookies() == []
    # The browser has not kept the page, either.
    one.page.go_back()
    one.page.get_by_label("Key").wait_for()


def test_signed_out_in_between_nothing_is_done_and_nothing_typed_is_lost(keyed, shop, window):
    ticket = shop.ticket(READY)
    for script in (True, False):
        one = window(keyed, java_script_enabled=script)
        one.sign_in("manager", f"/tickets/{ticket}")
        one.page.goto(f"/tickets/{ticket}")
        one.page.get_by_label("Reason").fill("A long reason")
        one.context.clear_cookies()
        one.page.get_by_role("button", name="Move to Implementation").click()
        one.page.locator(".answer.refused").wait_for()
        assert "You are signed out, and nothing was done" in one.page.locator(".answer.refused").inner_text()
        assert shop.phase(ticket) == "PHASE_DESIGN"
        if script:
            assert one.page.get_by_label("Reason").input_value() == "A long reason"
            continue
        with one.context.expect_page() as opened:
            one.page.get_by_role("link", name="Sign in").click()
        opened.value.get_by_label("Key").fill("key-of-manager")
        opened.value.get_by_role("button", name="Sign in").click()
        opened.value.wait_for_url("**/")
        one.page.reload()
        assert shop.phase(ticket) == "PHASE_IMPLEMENTATION"
        assert shop.one("SELECT transition_reason FROM phase_history WHERE ticket_id = %s ORDER BY created_at DESC, id DESC LIMIT 1",
                        ticket) == "A long reason"


def test_cookie_is_secure_where_the_browser_came_by_https(keyed):
    host = keyed.address.removeprefix("http://")
    for origin, secure in ((f"https://{host}", True), (f"http://{host}", False)):
        answer = keyed.client.post("/sign-in", data={"key": "key-of-reader"}, headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"})
        attributes = answer.headers["set-cookie"].split("; ")[1:]
        assert ("Secure" in attributes) == secure and "HttpOnly" in attributes and "SameSite=Lax" in attributes


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
                                    "javascript:alert(1)", "http:evil.example", "/%0d%0aSet-Cookie:x=y", "\r\nLocation: https://evil.example"])
def test_sign_in_leads_nowhere_else(keyed, wanted):
    answer = keyed.client.post("/sign-in", data={"key": "key-of-reader", "next": wanted}, headers=OWN)
    assert answer.status_code == 303
    target = httpx.URL(keyed.address).join(answer.headers["location"])
    # Browsers take a backslash for a slash.
    assert "\\" not in answer.headers["location"]
    assert (target.scheme, target.netloc) == (httpx.URL(keyed.address).scheme, httpx.URL(keyed.address).netloc)
    assert "location" not in keyed.client.get("/sign-in", params={"next": wanted}).headers


def test_forged_and_broken_cookies_sign_nobody_in(keyed):
    for cookie in ("phasegate_token=wrong", "phasegate_token=" + "a" * 5000, "phasegate_token=a.b.c", "phasegate_token=\"key-of-reader\""):
        answer = keyed.client.get("/", headers={"Cookie": cookie})
        assert answer.status_code == 303 and answer.headers["location"] == "/sign-in?next=%2F", cookie
    answer = keyed.client.post("/queue", data={"action": "retry"}, headers=OWN)
    assert answer.status_code == 401


# --- roles -------------------------------------------------------------------------------------------------------------

CONTROLS = {
    "reader": set(),
    "agent": {"retry", "cancel", "hand in"},
    "reviewer": {"retry", "cancel", "hand in", "approve", "reject"},
    "manager": {"retry", "cancel", "hand in", "approve", "reject", "move", "block", "check", "new"},
}
BUTTONS = {"move": "Move to Implementation", "block": "Block", "check": "Check the gate", "hand in": "Hand in", "retry": "Retry",
           "cancel": "Cancel", "approve": "Approve", "reject": "Reject"}


@pytest.mark.parametrize("level", LEVELS)
def test_controls_are_there_for_what_the_role_may_do_and_the_database_decides(keyed, shop, window, level):
    one = window(keyed)
    one.sign_in(level)
    ready, failed = shop.ticket(READY), shop.ticket("Show prices")
    shop.owner.execute("INSERT INTO phase_gate_requirements (phase_id) VALUES ('PHASE_DESIGN')")
    found = set()
    for path in ("/", f"/tickets/{ready}", f"/tickets/{failed}", "/reviews", "/queue?show=failed"):
        page = one.open(path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for name, button in BUTTONS.items():
            if page.get_by_role("button", name=re.compile(f"^{button}")).count():
                found.add(name)
        if page.get_by_role("link", name="New ticket").count():
            found.add("new")
    assert found == CONTROLS[level]
    if level != "manager":
        one.picture(f"as_{level}")
    # Whoever sends the form all the same is told so by the database, in place.
    client = signed_in(keyed, level)
    answer = client.post(f"/tickets/{ready}/move", data={"to_phase": "PHASE_IMPLEMENTATION", "reason": "I may"})
    if level == "manager":
        assert answer.status_code == 303
        assert shop.one("SELECT transitioned_by FROM phase_history WHERE ticket_id = %s ORDER BY created_at DESC, id DESC LIMIT 1", ready) == "Manager"
    else:
        assert answer.status_code == 403 and "Permission denied for table tickets" in answer.text
        assert shop.phase(ready) == "PHASE_DESIGN"
    review = shop.one("SELECT id FROM tasks WHERE kind = 'review' AND status = 'pending' ORDER BY id LIMIT 1")
    answer = client.post(f"/reviews/{review}", data={"verdict": "approve", "feedback": "typed"})
    assert answer.status_code == (303 if level in ("reviewer", "manager") else 403)


def test_rows_that_a_role_may_not_see_are_not_there(keyed, shop, window):
    hidden = shop.ticket(READY)
    shop.owner.execute("ALTER TABLE tickets ENABLE ROW LEVEL SECURITY")
    shop.owner.execute("CREATE POLICY most ON tickets USING (title NOT LIKE 'Checkout says%')")
    client = signed_in(keyed, "manager")
    for path in ("/", "/phases/PHASE_DESIGN", "/queue?show=done", "/reviews"):
        assert "Checkout says" not in client.get(path).text, path
    assert client.get(f"/tickets/{hidden}").status_code == 404
    assert client.get(f"/tickets/{hidden}").text.count(str(hidden)) == 0
    answer = client.post(f"/tickets/{hidden}/move", data={"to_phase": "PHASE_IMPLEMENTATION"})
    assert answer.status_code == 404 and shop.phase(hidden) == "PHASE_DESIGN"


def test_page_of_one_role_is_never_shown_to_another(keyed):
    manager, reader = signed_in(keyed, "manager"), signed_in(keyed, "reader")
    for path in ("/", "/reviews", "/queue", "/machine"):
        pages = [client.get(path) for client in (manager, reader)]
        for page in pages:
            assert page.headers["cache-control"] == "private, no-store" and "Cookie" in page.headers["vary"]
        assert "Manager" in pages[0].text and "Manager" not in pages[1].text
    assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', pages[0].text)
    assert assets
    for asset in assets:
        answer = keyed.client.get(asset)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]


def test_path_prefix_is_kept_everywhere(shop, tmp_path, window):
    config, database_url = shop.with_keys(tmp_path)
    with serving(database_url, "--config", config, "--path-prefix", "/flow/board", workspace=None) as service:
        one = window(service)
        page = one.open("/flow/board")
        assert page.url == f"{service.address}/flow/board/sign-in?next=%2F"
        page.get_by_label("Key").fill("key-of-manager")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/flow/board")
        cookie, = one.context.cookies()
        assert cookie["path"] == "/flow/board"
        for path in ("", "/reviews", "/queue", "/machine", f"/tickets/{shop.ticket(READY)}", "/phases/PHASE_DESIGN"):
            page.goto(f"/flow/board{path}")
            addresses = page.evaluate("[...document.querySelectorAll('[href],[src],[action],[hx-post],[data-events]')].flatMap(e => "
                                      "['href', 'src', 'action', 'hx-post', 'data-events'].map(n => e.getAttribute(n))).filter(a => a)")
            outside = [one for one in addresses if not re.match(r"/flow/board(/|$)|[?#]", one)]
            assert len(addresses) > 8 and not outside, (path, outside)
        page.goto(f"/flow/board/tickets/{shop.ticket(READY)}")
        one.live()
        page.get_by_role("button", name="Move to Implementation").click()
        page.get_by_text("The ticket has moved").wait_for()
        assert page.url.startswith(f"{service.address}/flow/board/tickets/")


def test_database_that_is_away_is_no_matter_of_the_key(shop, tmp_path):
    config, _ = shop.with_keys(tmp_path)
    with serving("postgresql://nobody@127.0.0.1:1/none", "--config", config, "--path-prefix", "/flow", workspace=None) as service:
        # Whose workspace it is was not asked yet.
        answer = service.client.post("/flow/sign-in", data={"key": "key-of-reader"}, headers=OWN)
        assert answer.status_code == 503 and "The database cannot be reached now" in answer.text and "set-cookie" not in answer.headers
        for home in ("/flow", "/flow/", "/flow/queue"):
            page = service.client.get(home, headers={"Cookie": "phasegate_token=key-of-reader"})
            assert page.status_code == 503 and page.headers["content-type"].startswith("text/html"), home
            assert "The database cannot be reached now" in page.text
            away = service.client.get(home)
            assert away.headers["location"].startswith("/flow/sign-in?next=%2F") and "flow" not in away.headers["location"][6:]


def test_names_that_lead_to_this_machine_are_not_the_board(service):
    assert service.client.get("/", headers={"Host": "rebound.example"}).status_code == 421


def test_workspace_that_is_none_is_said(shop):
    shop.owner.execute("SELECT create_workspace('nowhere')")
    with serving(url(shop.database), workspace="nowhere") as service:
        shop.owner.execute("DROP SCHEMA nowhere CASCADE")
        answer = service.client.get("/")
        assert answer.status_code in (404, 409) and "workspace" in answer.text
