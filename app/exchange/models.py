"""Staging rows of a synchronisation: what differs from the school as it is, waiting to be applied in one transaction.

They live for the time of one job (`batch`) and are deleted with it. Only differences come here, so that a second
synchronisation of the same files writes nothing.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import AdminBase
from app.core.scope import SchoolScoped

PUT, CLOSE, END = "put", "close", "end"


class StagedPupil(SchoolScoped, AdminBase):
    """A pupil to create or update (`put`), or whose enrolment is to be closed (`close`)."""

    __tablename__ = "staged_pupil"
    __table_args__ = (Index("ix_staged_pupil_batch_source_id", "batch", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(8))
    is_new: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str | None] = mapped_column(String(64))
    ine: Mapped[str | None] = mapped_column(String(11))
    last_name: Mapped[str | None] = mapped_column(String(100))
    usage_name: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str | None] = mapped_column(String(100))
    first_name2: Mapped[str | None] = mapped_column(String(100))
    first_name3: Mapped[str | None] = mapped_column(String(100))
    birth_date: Mapped[date | None]
    sex: Mapped[str | None] = mapped_column(String(1))
    mef_code: Mapped[str | None] = mapped_column(String(11))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    level: Mapped[str | None] = mapped_column(String(10))


class StagedPlacement(SchoolScoped, AdminBase):
    """The new division of a pupil; none = « sans division »."""

    __tablename__ = "staged_placement"
    __table_args__ = (Index("ix_staged_placement_batch_source_id", "batch", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    is_new: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str] = mapped_column(String(80))
    division_code: Mapped[str | None] = mapped_column(String(20))


class StagedGuardian(SchoolScoped, AdminBase):
    """A guardian to create or update (`put`), or who is nobody's guardian any more (`close`)."""

    __tablename__ = "staged_guardian"
    __table_args__ = (Index("ix_staged_guardian_batch_source_id", "batch", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(8))
    is_new: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str | None] = mapped_column(String(5))
    last_name: Mapped[str | None] = mapped_column(String(100))
    usage_name: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str | None] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    phone_home: Mapped[str | None] = mapped_column(String(20))
    phone_mobile: Mapped[str | None] = mapped_column(String(20))
    phone_work: Mapped[str | None] = mapped_column(String(20))
    address1: Mapped[str | None] = mapped_column(String(80))
    address2: Mapped[str | None] = mapped_column(String(80))
    address3: Mapped[str | None] = mapped_column(String(80))
    address4: Mapped[str | None] = mapped_column(String(80))
    postal_code: Mapped[str | None] = mapped_column(String(10))
    city: Mapped[str | None] = mapped_column(String(60))
    country: Mapped[str | None] = mapped_column(String(40))


class StagedLink(SchoolScoped, AdminBase):
    """A guardian–pupil link to hold (`put`) or to end (`end`). SIECLE says all the links of a guardian; ONDE names
    those that ended."""

    __tablename__ = "staged_link"
    __table_args__ = (Index("ix_staged_link_batch_guardian_id", "batch", "guardian_id", "pupil_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(8))
    guardian_id: Mapped[str] = mapped_column(String(80))
    pupil_id: Mapped[str] = mapped_column(String(80))
    rank: Mapped[int | None]
    level: Mapped[int | None]
    kinship: Mapped[str | None] = mapped_column(String(2))
    certified: Mapped[bool] = mapped_column(default=True)


class StagedStaff(SchoolScoped, AdminBase):
    """A member of staff to create or update (`put`), or who left (`close`)."""

    __tablename__ = "staged_staff"
    __table_args__ = (Index("ix_staged_staff_batch_source_id", "batch", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(8))
    is_new: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str | None] = mapped_column(String(5))
    last_name: Mapped[str | None] = mapped_column(String(100))
    usage_name: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str | None] = mapped_column(String(100))
    birth_date: Mapped[date | None]
    function: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))


class StagedAssignment(SchoolScoped, AdminBase):
    """Who teaches or leads a division, for the staff that changed."""

    __tablename__ = "staged_assignment"
    __table_args__ = (Index("ix_staged_assignment_batch_staff_id", "batch", "staff_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    staff_id: Mapped[str] = mapped_column(String(80))
    division_code: Mapped[str] = mapped_column(String(20))
    is_class_teacher: Mapped[bool] = mapped_column(default=False)


class StagedDivision(SchoolScoped, AdminBase):
    """A division the files name. Without `label` (the pupils of SIECLE only know codes) the known label stays."""

    __tablename__ = "staged_division"
    __table_args__ = (Index("ix_staged_division_batch", "batch"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(20))
    label: Mapped[str | None] = mapped_column(String(50))
    level: Mapped[str | None] = mapped_column(String(10))


class StagedService(SchoolScoped, AdminBase):
    """A subject that a division is newly taught (`put`), or a service that the file no longer holds (`end`)."""

    __tablename__ = "staged_service"
    __table_args__ = (Index("ix_staged_service_batch", "batch"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(8))
    division_code: Mapped[str | None] = mapped_column(String(20))
    subject_code: Mapped[str | None] = mapped_column(String(10))
    election: Mapped[str | None] = mapped_column(String(1))
    staff_id: Mapped[str | None] = mapped_column(String(80))
    service_id: Mapped[int | None]


STAGED = (
    StagedPupil, StagedPlacement, StagedGuardian, StagedLink, StagedStaff, StagedAssignment, StagedDivision,
    StagedService,
)  # fmt: skip
