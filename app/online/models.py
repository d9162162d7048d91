"""Online services (téléservices) of a school. Closing one keeps its settings (DESIGN §4)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import AdminBase
from app.core.keys import school_unique
from app.core.scope import SchoolScoped
from app.workflow.stateful import Stateful

SERVICES = {
    "absences": "Consultation des absences",
    "competences": "Consultation du livret personnel de compétences",
    "marks": "Consultation des notes",
    "b2i": "Brevet informatique et internet",
    "booklets": "Consultation des livrets scolaires",
}


class OnlineService(Stateful, SchoolScoped, AdminBase):
    """Téléservice: open or closed in a school. A school has one row per national service."""

    __tablename__ = "online_service"
    __workflow__ = "service"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "code"),
        CheckConstraint("state IN ('closed', 'open')", "state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))

    @property
    def label(self) -> str:
        """The name families read."""
        return SERVICES.get(self.code, self.code)

    def __str__(self) -> str:
        return self.label
