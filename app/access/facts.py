"""From database rows to the frozen facts of a letter or a mail (M137)."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.access.models import ActivationCode
from app.access.queries import open_services
from app.access.services import readable
from app.access.slips import Slip
from app.access.wordings import own_words
from app.core import clock
from app.online.models import OnlineSetting
from app.online.settings import settings_of_school
from app.schools.models import School
from app.schools.people import Guardian, Pupil
from letters.adapt.texts import text_for
from letters.types import (
    ChildRow,
    DataProtection,
    GuardianCodeLetter,
    GuardianCodeMail,
    GuardianContinuityLetter,
    GuardianContinuityMail,
    PortalFacts,
    PupilCodeLetter,
    PupilContinuityLetter,
    Recipient,
    SchoolBlock,
)

ENT = "un espace numérique de travail"
RETENTION = "la durée de la scolarité de l'élève dans l'établissement, puis un an"


class LetterFacts:
    """What is the same in every letter of a run; `letter` and `mail` add one guardian and their children,
    `pupil_letter` one pupil."""

    def __init__(self, school: School, portal_url: str, starts_on: date) -> None:
        self.school = school_block(school)
        self.place = school.city or school.name
        chosen = settings_of_school()
        self.portal = _way_in(portal_url, chosen)
        self.services = _services(chosen)
        self.protection = DataProtection(
            controller=f"l'établissement « {school.name} », représenté par son chef d'établissement",
            officer=school.authority.dpo_email or school.authority.name,
            retention=RETENTION,
        )
        self.written_on = clock.today()
        self.starts_on = starts_on
        self.own_words = own_words(school.authority_id)

    def letter(
        self, reference: str, guardian: Guardian, children: tuple[ChildRow, ...], *, continuity: bool = False
    ) -> GuardianCodeLetter:
        """The paper form; `continuity` for who keeps an account (M139)."""
        kind = GuardianContinuityLetter if continuity else GuardianCodeLetter
        return kind(guardian=recipient(guardian), children=children, place=self.place, **self._common(reference))

    def mail(
        self, reference: str, guardian: Guardian, children: tuple[ChildRow, ...], *, continuity: bool = False
    ) -> GuardianCodeMail:
        """The e-mail form: the same facts without the postal address."""
        kind = GuardianContinuityMail if continuity else GuardianCodeMail
        return kind(guardian=recipient(guardian), children=children, **self._common(reference))

    def pupil_letter(self, reference: str, pupil: ChildRow, *, continuity: bool = False) -> PupilCodeLetter:
        """What a pupil is handed (M140)."""
        kind = PupilContinuityLetter if continuity else PupilCodeLetter
        return kind(pupil=pupil, place=self.place, **self._common(reference))

    def words_for(self, mail: GuardianCodeMail) -> str | None:
        """The academy's own words for a mail, if it has any."""
        text = text_for(mail)
        return self.own_words.get(text.key) if text is not None else None

    def _common(self, reference: str) -> dict[str, Any]:
        return {"reference": reference, "school": self.school, "written_on": self.written_on,
                "starts_on": self.starts_on, "portal": self.portal, "services": self.services,
                "protection": self.protection}  # fmt: skip


def recipient(guardian: Guardian) -> Recipient:
    """The addressee; usage name when there is one."""
    name = " ".join(part for part in (guardian.usage_name or guardian.last_name, guardian.first_name) if part)
    return Recipient(guardian.title_label or None, name, tuple(guardian.address_lines[:6]))


def _way_in(portal_url: str, chosen: OnlineSetting) -> PortalFacts:
    """The address that letters print: the portal's, or the ENT's as soon as there is one (M065)."""
    if chosen.letter_type != "services" and chosen.ent is not None:
        return PortalFacts(chosen.ent.url, chosen.ent.url, chosen.ent.label)
    return PortalFacts(portal_url, f"{portal_url}/activer", None)


def _services(chosen: OnlineSetting) -> tuple[str, ...]:
    """What letters list: the open services, the ENT, or both (M065)."""
    opened = () if chosen.letter_type == "ent" else tuple(service.label for service in open_services())
    return opened if chosen.letter_type == "services" else (*opened, ENT)


def child_row(pupil: Pupil, division: str | None, code: ActivationCode, link_id: int | None = None) -> ChildRow:
    """One line of the table; a used code is never printed again (M097). With a link, the codes of its slips."""
    name = pupil.usage_name or pupil.last_name
    slips = () if link_id is None else (Slip("guardian", link_id).code, Slip("pupil", link_id).code)
    return ChildRow(name, pupil.first_name, division or "sans division", readable(code), slips)


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
