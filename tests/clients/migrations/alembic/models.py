"""The application's models. The first migration made the table; phasegate came to it with the second."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, FetchedValue, ForeignKey, Identity, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import UserDefinedType


class Base(DeclarativeBase):
    __mapper_args__ = {"eager_defaults": True}


# region models
class Phase(UserDefinedType):
    """The workspace's enum; values are str."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **options):
        return "flow.phase"


class Issue(Base):
    __tablename__ = "issues"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(server_default="3")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # What adoption added, as far as the application reads it.
    phase_id: Mapped[str] = mapped_column(Phase, server_default=FetchedValue(), server_onupdate=FetchedValue())
    ticket_uuid: Mapped[UUID] = mapped_column(server_default=FetchedValue(), unique=True)
    history: Mapped[list["Move"]] = relationship(order_by="Move.created_at", viewonly=True)


class Move(Base):
    __tablename__ = "phase_history"
    __table_args__ = {"schema": "flow"}

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("issues.ticket_uuid"))
    from_phase: Mapped[str | None] = mapped_column(Phase)
    to_phase: Mapped[str] = mapped_column(Phase)
    transition_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
# endregion


class Comment(Base):
    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)
