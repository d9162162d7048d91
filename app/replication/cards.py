"""The administrative data that a record card shows (M141). A guardian's leave the school only once a confirmed account
holds a code that names that very guardian: what nobody can read is not on the portal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.access.models import ActivationCode, PortalAccount
from app.schools.people import Guardian, GuardianLink


def guardian_cards(session: Session) -> dict[int, dict[str, Any]]:
    """By code held by an account: the data of the guardian it names. Called in the school's scope."""
    link = and_(GuardianLink.school_id == ActivationCode.school_id,
                GuardianLink.guardian_id == ActivationCode.guardian_id,
                GuardianLink.pupil_id == ActivationCode.pupil_id)  # fmt: skip
    wanted = (
        select(ActivationCode.id, GuardianLink.rank, Guardian)
        .join(Guardian, and_(Guardian.id == ActivationCode.guardian_id, Guardian.school_id == ActivationCode.school_id))
        .join(GuardianLink, link)
        .join(PortalAccount, PortalAccount.id == ActivationCode.account_id)
        .where(PortalAccount.state == "confirmed")
    )
    return {code_id: _card(rank, guardian) for code_id, rank, guardian in session.execute(wanted)}


def _card(rank: int | None, guardian: Guardian) -> dict[str, Any]:
    return {"capacity": str(rank or ""), "address": "\n".join(guardian.address_lines),
            "phone_home": guardian.phone_home, "phone_mobile": guardian.phone_mobile,
            "phone_work": guardian.phone_work, "email": guardian.email}  # fmt: skip


def pupil_card(pupil: Any, programme: str | None) -> dict[str, Any]:
    """What the child's part adds to the name, the birth date and the class."""
    others = ", ".join(name for name in (pupil.first_name2, pupil.first_name3) if name)
    return {"other_names": others, "programme": programme or ""}
