"""Alembic makes tables, adopts one, and finds nothing to change afterwards; moves, refusals and history go through the models."""

import io
import pathlib

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Issue

engine = create_engine("postgresql+psycopg://")
config = Config(stdout=io.StringIO())
config.set_main_option("script_location", str(pathlib.Path(__file__).parent))
config.attributes["engine"] = engine

command.upgrade(config, "0001")
with engine.begin() as connection:
    connection.execute(text("INSERT INTO issues (title) VALUES ('Printer on fire'), ('Mail is late')"))
command.upgrade(config, "head")
# Raises where the models and the database differ.
command.check(config)

with Session(engine) as session:
    fire, mail = session.scalars(select(Issue).order_by(Issue.id))
    fire.phase_id = "PHASE_REQUIREMENTS"
    session.commit()
    # region refused
    try:
        fire.phase_id = "PHASE_DONE"
        session.commit()
    except IntegrityError as error:
        session.rollback()
        code = error.orig.diag.constraint_name
    # endregion
    assert code == "invalid_transition"
    assert fire.phase_id == "PHASE_REQUIREMENTS"
    assert [(move.to_phase, move.transition_reason) for move in fire.history] == [("PHASE_BACKLOG", "adopted"), ("PHASE_REQUIREMENTS", None)]
    assert session.scalars(select(Issue).where(Issue.phase_id == "PHASE_BACKLOG")).all() == [mail]
    session.add(Issue(title="No dial tone"))
    session.commit()
    # As a test suite empties its tables.
    session.execute(text("TRUNCATE issues CASCADE"))
    session.commit()
    assert session.execute(text("SELECT count(*) FROM flow.phase_history")).scalar() == 0
command.downgrade(config, "0001")
command.upgrade(config, "head")
command.check(config)
engine.dispose()
