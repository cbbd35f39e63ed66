"""Tables that the migrations of other tools made are adopted by a migration of theirs, as the pages in docs/how-to/migrations say.

Afterwards the tool finds nothing to change. Each program asserts everything itself, prints nothing, and fails with an exit code.
"""

import os
import pathlib
import re
import shutil

import psycopg
import pytest
from projects import HERE, node, output_of, python

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
TOOLS = {
    "alembic": lambda: python("sqlalchemy", "../migrations/alembic/main.py"),
    "django": lambda: python("django", "../migrations/django/main.py"),
    "typeorm": lambda: node("migrations/typeorm", "main.js"),
}
# Where the tests are set up by hand there may be no Ruby.
if shutil.which("ruby"):
    TOOLS["rails"] = lambda: ["ruby", "-W0", HERE / "migrations/rails/main.rb"]


@pytest.fixture
def environment(database):
    """The environment of an application whose role owns the database, and nothing else."""
    role = f"owner_{database}"
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"ALTER DATABASE {database} OWNER TO {role}")
        connection.execute(f"ALTER SCHEMA public OWNER TO {role}")
    yield {**os.environ, "PGHOST": os.environ["PHASEGATE_TCP_HOST"], "PGUSER": role, "PGDATABASE": database}
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}")


def is_whole(database):
    with psycopg.connect(dbname=database) as owner:
        assert owner.execute("SELECT check_name, example FROM phasegate.check_workspace('flow') WHERE violations > 0").fetchall() == []


@pytest.mark.parametrize("tool", TOOLS)
def test_what_migrations_made_is_adopted(tool, environment):
    assert output_of(TOOLS[tool](), env=environment) == ""
    is_whole(environment["PGDATABASE"])


PRISMA = """
    CREATE TABLE "Issue" (
        "id" SERIAL NOT NULL, "title" TEXT NOT NULL, "priority" INTEGER NOT NULL DEFAULT 3,
        "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP(3) NOT NULL,
        CONSTRAINT "Issue_pkey" PRIMARY KEY ("id")
    );
    CREATE INDEX "Issue_priority_idx" ON "Issue"("priority");
    INSERT INTO "Issue" ("title", "updatedAt") VALUES ('Printer on fire', now());
"""
FLYWAY = """
    CREATE TABLE issues (id bigserial PRIMARY KEY, title varchar(200) NOT NULL, status varchar(30) NOT NULL DEFAULT 'new');
    INSERT INTO issues (title) VALUES ('Printer on fire'), ('Mail is late');
"""


@pytest.mark.parametrize(("page", "tables", "move"), [
    ("prisma", PRISMA, """UPDATE "Issue" SET phase_id = CAST('PHASE_REQUIREMENTS'::text AS flow.phase) WHERE id = 1"""),
    ("flyway", FLYWAY, "UPDATE issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = 1"),
])
def test_migrations_in_sql_are_applied(page, tables, move, environment, tmp_path):
    """As the tool does it: each file of the page in a transaction of its own, but where the page says that it is in none."""
    text = (ROOT / f"docs/how-to/migrations/{page}.md").read_text("utf-8")
    files = re.findall(r"^`[^`]*\.sql`[^\n]*:\n\n```sql migration\n(.*?)^```$", text, re.M | re.S)
    assert files
    for number, script in enumerate([tables, *files, move]):
        file = tmp_path / f"{number}.sql"
        file.write_text(script)
        together = [] if "CALL " in script else ["-1"]
        output_of([os.path.join(os.environ["PHASEGATE_BINDIR"], "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *together, "-f", file], env=environment)
    with psycopg.connect(dbname=environment["PGDATABASE"]) as owner:
        assert owner.execute("SELECT to_phase::text FROM flow.phase_history ORDER BY created_at DESC LIMIT 1").fetchone() == ("PHASE_REQUIREMENTS",)
    is_whole(environment["PGDATABASE"])
