"""SQLAlchemy with asyncpg. PGHOST and so on say where."""

import asyncio
import sys
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

import scenario
from models import InvalidTransition, Ticket, raise_refusals
from statements import act_as


def make_engine(pooled):
    # region asyncpg
    # asyncpg prepares every statement. Behind a pooler in transaction mode neither it nor SQLAlchemy may keep
    # one, and no two clients may give theirs the same name.
    arguments = {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4()}__",
    } if pooled else {}
    engine = create_async_engine("postgresql+asyncpg://", connect_args=arguments)
    raise_refusals(engine.sync_engine)
    # endregion
    return engine


async def move(session, ticket, phase, actor):
    # region move
    await session.execute(act_as(actor))
    ticket.phase_id = phase
    await session.commit()
    # endregion


async def main():
    engine = make_engine(pooled="pooled" in sys.argv)
    async with AsyncSession(engine) as session:
        await session.run_sync(scenario.run)
    # Nothing is fetched behind the program's back, so what triggers change has to come with the UPDATE.
    async with AsyncSession(engine, expire_on_commit=False) as session:
        ticket = Ticket(title="Apple Pay on the cart page")
        session.add(ticket)
        await session.commit()
        await move(session, ticket, "PHASE_REQUIREMENTS", "planner")
        assert ticket.previous_phase_id == "PHASE_BACKLOG"
        try:
            await move(session, ticket, "PHASE_DONE", "planner")
            raise AssertionError("the move was not refused")
        except InvalidTransition:
            await session.rollback()
        await session.refresh(ticket)
        assert ticket.phase_id == "PHASE_REQUIREMENTS"
    await engine.dispose()


asyncio.run(main())
