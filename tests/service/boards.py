"""What the tests of the board share: a workspace part of the way, roles with keys, browsers, pictures."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import uuid

import psycopg
from axe_playwright_python.sync_playwright import Axe
from psycopg import sql

from serving import ROOT, serving, url

PICTURES = pathlib.Path(os.environ["PHASEGATE_TARGET"], "tests/board")
CHROMIUM = shutil.which("chromium")
# As root Chromium wants to be told that it has no sandbox; the rest keeps it from asking its maker anything.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
# Milliseconds: far longer than any step of a page's script takes on a loaded machine.
PATIENCE = 120_000
LEVELS = ("reader", "agent", "reviewer", "manager")


def part_way(database):
    """The demo's 24 tickets part of the way, in workspace shop."""
    psql = pathlib.Path(os.environ["PHASEGATE_BINDIR"], "psql")
    subprocess.run([psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "demo/board/part_way.sql"], cwd=ROOT, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class Shop:
    """A database with the workspace; roles with keys for those who want them."""

    def __init__(self, database):
        self.database = database
        self.owner = psycopg.connect(dbname=database, autocommit=True, options="-c search_path=shop,phasegate")
        self.suffix = uuid.uuid4().hex[:8]
        self.roles = []

    def rows(self, statement, *values):
        return self.owner.execute(statement, values).fetchall()

    def one(self, statement, *values):
        row = self.owner.execute(statement, values).fetchone()
        return row[0] if row else None

    def ticket(self, title):
        return self.one("SELECT id FROM tickets WHERE title LIKE %s || '%%'", title)

    def phase(self, ticket):
        return self.one("SELECT phase_id::text FROM tickets WHERE id = %s", ticket)

    def do(self, statement, *names):
        self.owner.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def role(self, level):
        return f"regress_{level}_{self.suffix}"

    def with_keys(self, folder):
        """Roles of each level, each with a key that is called as the level; gives the file of settings and the URL."""
        login = self.role("login")
        self.roles = [login, *map(self.role, LEVELS)]
        self.do("CREATE ROLE {} LOGIN NOINHERIT", login)
        lines = ["[serve]", f"roles = {json.dumps([self.role(level) for level in LEVELS])}"]
        for level in LEVELS:
            self.do("CREATE ROLE {}", self.role(level))
            self.do("GRANT {} TO {}", self.role(level), login)
            self.owner.execute("SELECT grant_access('shop', %s, %s)", [self.role(level), level])
            digest = hashlib.sha256(f"key-of-{level}".encode()).hexdigest()
            lines += ["[[serve.tokens]]", f'name = "{level.title()}"', f'sha256 = "{digest}"', f'role = "{self.role(level)}"',
                      'workspace = "shop"']
        path = folder / "phasegate.toml"
        path.write_text("\n".join(lines) + "\n")
        return path, url(self.database, user=login)

    def close(self):
        for role in self.roles:
            self.do("DROP OWNED BY {}", role)
        for role in self.roles:
            self.do("DROP ROLE {}", role)
        self.owner.close()


class Window:
    """A browser of somebody's own, its page, and what went wrong in it."""

    def __init__(self, browser, address, **options):
        options = {"viewport": {"width": 1440, "height": 900}, "base_url": address} | options
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.address = address
        self.trouble = []
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def heard(self, message):
        # That a form was refused, or the server is away, the browser says by itself.
        if message.type in ("error", "warning") and not re.search(r"status of [45]\d\d|ERR_|net::", message.text):
            self.trouble.append(message.text)

    def open(self, path):
        self.page.goto(path)
        return self.page

    def picture(self, name, full=True):
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=full)

    def sign_in(self, level, path="/"):
        self.page.goto(path)
        self.page.get_by_label("Key").fill(f"key-of-{level}")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_text(level.title(), exact=True).wait_for()

    def live(self):
        """Waits until the page hears of changes."""
        self.page.locator("#line.live").wait_for()
        return self.page

    def check(self, what=""):
        """Nobody is kept out: no finding that axe calls serious."""
        found = Axe().run(self.page).response["violations"]
        bad = [(one["id"], one["help"], [node["html"] for node in one["nodes"]][:3]) for one in found
               if one["impact"] in ("serious", "critical")]
        assert not bad, f"{what}: {bad}"

    def fits(self):
        """Nothing of the page lies beside the window."""
        wide = self.page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"the page is {wide} pixels wider than the window"

    def close(self):
        self.context.close()
        assert not self.trouble, self.trouble


@contextlib.contextmanager
def open_to_all(shop, *arguments, **options):
    """The board as whoever is on the machine sees it, without keys."""
    with serving(url(shop.database), *arguments, **options) as service:
        yield service
