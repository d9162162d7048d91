"""From database rows to the frozen facts of a letter or a mail (M137)."""

from __future__ import annotations

from datetime import date

from app.access.models import ActivationCode
from app.access.queries import open_services
from app.access.services import readable
from app.core import clock
from app.schools.models import School
from app.schools.people import Guardian, Pupil
from letters.types import (
    ChildRow,
    DataProtection,
    GuardianCodeLetter,
    GuardianCodeMail,
    PortalFacts,
    Recipient,
    SchoolBlock,
)

RETENTION = "la durée de la scolarité de l'élève dans l'établissement, puis un an"


class LetterFacts:
    """What is the same in every letter of a run; `letter` and `mail` add one guardian and their children."""

    def __init__(self, school: School, portal_url: str, starts_on: date) -> None:
        self.school = school_block(school)
        self.place = school.city or school.name
        self.portal = PortalFacts(portal_url, f"{portal_url}/activer")
        self.services = tuple(service.label for service in open_services())
        self.protection = DataProtection(
            controller=f"l'établissement « {school.name} », représenté par son chef d'établissement",
            officer=school.authority.dpo_email or school.authority.name,
            retention=RETENTION,
        )
        self.written_on = clock.today()
        self.starts_on = starts_on

    def letter(self, reference: str, guardian: Guardian, children: tuple[ChildRow, ...]) -> GuardianCodeLetter:
        """The paper form."""
        return GuardianCodeLetter(
            reference=reference,
            school=self.school,
            guardian=recipient(guardian),
            children=children,
            place=self.place,
            written_on=self.written_on,
            starts_on=self.starts_on,
            portal=self.portal,
            services=self.services,
            protection=self.protection,
        )

    def mail(self, reference: str, guardian: Guardian, children: tuple[ChildRow, ...]) -> GuardianCodeMail:
        """The e-mail form: the same facts without the postal address."""
        return GuardianCodeMail(
            reference=reference,
            school=self.school,
            guardian=recipient(guardian),
            children=children,
            written_on=self.written_on,
            starts_on=self.starts_on,
            portal=self.portal,
            services=self.services,
            protection=self.protection,
        )


def recipient(guardian: Guardian) -> Recipient:
    """The addressee; usage name when there is one."""
    name = " ".join(part for part in (guardian.usage_name or guardian.last_name, guardian.first_name) if part)
    return Recipient(guardian.title_label or None, name, tuple(guardian.address_lines[:6]))


def child_row(pupil: Pupil, division: str | None, code: ActivationCode) -> ChildRow:
    """One line of the table; a used code is never printed again (M097)."""
    name = pupil.usage_name or pupil.last_name
    return ChildRow(name, pupil.first_name, division or "sans division", readable(code))


def school_block(school: School) -> SchoolBlock:
    town = " ".join(part for part in (school.postal_code, school.city) if part)
    return SchoolBlock(
        academy=school.authority.name,
        name=school.name,
        uai=school.uai,
        address=tuple(line for line in (school.address1, school.address2, town) if line),
        phone=school.phone,
        fax=school.fax,
        email=school.email,
        head_title=school.head_title or "Le chef d'établissement",
        head_name=school.head_name or None,
    )
