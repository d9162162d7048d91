"""The words that an academy adds to the shipped list of the legal reminder (M039)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import AdminBase
from app.schools.models import Authority

WATCHED = ("origin", "politics", "religion", "union", "morals")


class WatchedWord(AdminBase):
    """A word or a few, of one of the subjects no booklet may touch. With `ignored` the shipped word of this writing is
    not watched in the academy."""

    __tablename__ = "watched_word"
    __table_args__ = (
        UniqueConstraint("authority_id", "word"),
        CheckConstraint("subject IN ('origin', 'politics', 'religion', 'union', 'morals')", "subject_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    subject: Mapped[str] = mapped_column(String(10))
    word: Mapped[str] = mapped_column(String(60))
    ignored: Mapped[bool] = mapped_column(default=False)

    authority: Mapped[Authority] = relationship()

    def __str__(self) -> str:
        return self.word
