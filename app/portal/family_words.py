"""What a family writes to its school: a message (M135, M136), or an error on its record card (M141). The portal knows
no address of the school: the words go to the school's side with the events, within a minute, and leave from there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core import clock
from app.core.crypto import new_token
from app.core.db import portal_db
from app.core.errors import NotFound
from app.core.mail import one_line
from app.core.scope import account_scope
from app.core.uow import unit_of_work
from app.portal.accounts import ChangeRefused, the_account
from app.portal.events import tell_school
from app.portal.models import PublishedCode, PublishedPupil, PublishedSchool
from app.portal.signup_faults import Fault
from app.portal.visitors import Visitor, holder_of

LONGEST_SUBJECT, LONGEST_WORDS = 120, 4000


def write_to_school(account_id: int, pupil_id: int, subject: str, words: str, *, visitor: Visitor) -> None:
    """A message of the guardians of an account to the school of one of their children. Raises `NotFound` when the
    school's contact link is not active, `ChangeRefused`, `TooManyAttempts`."""
    contact_of(account_id, pupil_id)
    subject, words = one_line(subject), _plain(words)
    _check(("subject", subject, LONGEST_SUBJECT), ("words", words, LONGEST_WORDS))
    visitor.limits.count("contact account", str(account_id))
    visitor.limits.count("contact day", str(account_id))
    with account_scope(account_id), unit_of_work(portal_db) as session:
        account = the_account(session, account_id)
        school = contact_of(account_id, pupil_id)
        codes = _codes(session, PublishedCode.school_id == school.id, PublishedCode.holder == "guardian")
        told = {"ref": new_token(), "account_id": account.id, "school_id": school.id, "pupil_id": pupil_id,
                "code_ids": [code.id for code in codes], "email": account.email, "subject": subject, "words": words,
                "at": clock.now().isoformat()}  # fmt: skip
        tell_school(session, "contact.message", [told])
        record(session, "account.contact", account, actor=holder_of(account), data={"school_id": school.id})


def contact_of(account_id: int, pupil_id: int) -> PublishedSchool:
    """The school of a child of the account, if its guardians may write to it. Raises `NotFound`."""
    with account_scope(account_id):
        session = portal_db.session()
        pupil = session.scalar(select(PublishedPupil).where(PublishedPupil.id == pupil_id))
        own = _codes(session, PublishedCode.pupil_id == pupil_id, PublishedCode.holder == "guardian")
        if pupil is None or not own or not pupil.school.contact:
            raise NotFound()
        return pupil.school


def point_out(account_id: int, code_id: int, about: str, words: str, *, visitor: Visitor) -> None:
    """An error on the card of the guardian whom a code names, or on the pupil's. Raises `NotFound`, `ChangeRefused`,
    `TooManyAttempts`."""
    _own_code(account_id, code_id, about)
    words = _plain(words)
    _check(("words", words, LONGEST_WORDS))
    visitor.limits.count("contact account", str(account_id))
    visitor.limits.count("contact day", str(account_id))
    with account_scope(account_id), unit_of_work(portal_db) as session:
        account = the_account(session, account_id)
        code = _own_code(account_id, code_id, about)
        told = {"code_id": code.id, "about": about, "words": words, "at": clock.now().isoformat()}
        tell_school(session, "card.error", [told])
        record(session, "account.card_error", account, actor=holder_of(account), data={"code": code.id})


def _own_code(account_id: int, code_id: int, about: str) -> PublishedCode:
    """A valid code of the account that can be about this person. Raises `NotFound`."""
    with account_scope(account_id):
        code = next(iter(_codes(portal_db.session(), PublishedCode.id == code_id)), None)
    if code is None or about not in (("guardian", "pupil") if code.holder == "guardian" else ("pupil",)):
        raise NotFound()
    return code


def _codes(session: Session, *where: Any) -> list[PublishedCode]:
    """Valid codes of the account in scope."""
    return list(session.scalars(select(PublishedCode).where(PublishedCode.valid, *where).order_by(PublishedCode.id)))


def _check(*fields: tuple[str, str, int]) -> None:
    faults = [Fault(name, "missing") for name, text, _most in fields if not text.strip()]
    faults += [Fault(name, "too_long", words={"most": most}) for name, text, most in fields if len(text) > most]
    if faults:
        raise ChangeRefused(faults)


def _plain(text: str) -> str:
    """Lines of text, without what is neither a letter nor a line end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c for c in line if c.isprintable() or c == "\t").rstrip() for line in lines).strip()
