"""What the readers hand over, one record at a time. Nothing here knows a database.

Named tuples: frozen like dataclasses, five times cheaper to make (a school has some ten thousand), and their
order of fields is what the digest of a record is taken over.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

Severity = Literal["info", "alert", "blocking"]


class Line(NamedTuple):
    """One line of a report, in French: what was met, and where to correct it (M026, M027)."""

    severity: Severity
    message: str
    file: str | None = None
    line: int | None = None


class Header(NamedTuple):
    """What a file says about itself: school, year of September, day of the export."""

    uai: str | None = None
    year: int | None = None
    exported_on: date | None = None


class PupilRecord(NamedTuple):
    """Élève. `ends_on` is a leaving date, past or to come; `level` and `cycle` are ONDE's words."""

    source_id: str
    ine: str | None
    last_name: str
    usage_name: str | None
    first_name: str
    first_name2: str | None
    first_name3: str | None
    birth_date: date
    sex: str | None
    mef_code: str | None
    starts_on: date | None
    ends_on: date | None
    level: str | None = None
    line: int | None = None

    @property
    def shown_name(self) -> str:
        """« NOM Prénom », the usage name when there is one."""
        return f"{self.usage_name or self.last_name} {self.first_name}"


class PlacementRecord(NamedTuple):
    """The class of a pupil; no division = « sans division ». Comes before or after the pupil."""

    pupil_id: str
    division: str | None
    line: int | None = None


class RejectedPupil(NamedTuple):
    """A pupil left out (unreadable, or same INE or identifier twice): what was read of it must not be applied, and
    what is already known of it stays. Empty when the record does not even say whom it is about."""

    source_id: str


class RejectedGuardian(NamedTuple):
    """A guardian left out: what is already known of it stays as it is."""

    source_id: str


class DivisionRecord(NamedTuple):
    """Division (classe). `mef_codes` are the programmes taught in it, when the file says so."""

    code: str
    label: str
    mef_codes: tuple[str, ...] = ()
    line: int | None = None


class GuardianLinkRecord(NamedTuple):
    """Guardian–pupil link. `rank` 1 or 2 = légal 1, 2; `level` 1 = représentant légal, 2 = en charge, 3 = contact."""

    guardian_id: str
    pupil_id: str
    rank: int | None
    level: int
    kinship: str | None
    certified: bool = True


class GuardianRecord(NamedTuple):
    """Responsable, with the postal address and the links that were accepted."""

    source_id: str
    title: str | None
    last_name: str
    usage_name: str | None
    first_name: str | None
    email: str | None
    phone_home: str | None
    phone_mobile: str | None
    phone_work: str | None
    address1: str | None
    address2: str | None
    address3: str | None
    address4: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    links: tuple[GuardianLinkRecord, ...] = ()
    line: int | None = None

    @property
    def shown_name(self) -> str:
        """« NOM Prénom »."""
        return " ".join(part for part in (self.usage_name or self.last_name, self.first_name) if part)


class StaffRecord(NamedTuple):
    """Personnel. In STS an identifier is unique with its type only: `source_id` is « epp:123 »."""

    source_id: str
    title: str | None
    last_name: str
    usage_name: str | None
    first_name: str | None
    birth_date: date | None
    function: str | None
    email: str | None = None
    line: int | None = None

    @property
    def shown_name(self) -> str:
        """« NOM Prénom »."""
        return " ".join(part for part in (self.usage_name or self.last_name, self.first_name) if part)


class AssignmentRecord(NamedTuple):
    """Who teaches or leads a division."""

    staff_id: str
    division: str
    is_class_teacher: bool
    line: int | None = None


class ServiceRecord(NamedTuple):
    """A subject taught to a division, by one teacher or by nobody named yet. `election` is S, O, F…"""

    division: str
    subject: str
    election: str
    staff_id: str | None
    line: int | None = None


class ChildName(NamedTuple):
    """A child as ONDE's guardians name it: there is no identifier."""

    last_name: str
    usage_name: str | None
    first_name: str
    division: str | None


class NamedGuardianRecord(NamedTuple):
    """A guardian of ONDE, with children still to be found by name."""

    guardian: GuardianRecord
    children: tuple[ChildName, ...]


PupilEvent = PupilRecord | PlacementRecord | RejectedPupil | DivisionRecord | Line
GuardianEvent = GuardianRecord | NamedGuardianRecord | RejectedGuardian | Line
StaffEvent = StaffRecord | DivisionRecord | AssignmentRecord | ServiceRecord | Line
