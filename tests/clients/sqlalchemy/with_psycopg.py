"""SQLAlchemy with psycopg 3. PGHOST and so on say where."""

import sys

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import scenario
from models import raise_refusals


def make_engine(pooled):
    # region psycopg
    # Behind a pooler in transaction mode the next transaction may run in another session of the server,
    # where a statement that psycopg prepared in this one does not exist.
    arguments = {"prepare_threshold": None} if pooled else {}
    engine = create_engine("postgresql+psycopg://", connect_args=arguments)
    raise_refusals(engine)
    # endregion
    return engine


engine = make_engine(pooled="pooled" in sys.argv)
with Session(engine) as session:
    scenario.run(session)
engine.dispose()
