"""Making an account from one or several codes (M113-M115, M118, M119)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as default

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.db import portal_db
from app.core.errors import BadInput
from app.core.folding import folded
from app.core.mail import clean_address
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.activation import Holder, Match, TypedLine, match_lines
from app.portal.confirmation import send_link
from app.portal.events import tell_school
from app.portal.models import Account, PublishedCode
from app.portal.visitors import Visitor, holder_of
from app.security.passwords import PassphraseRefused, check_passphrase, hash_passphrase
from app.workflow.engine import record_creation

MOST_LINES = 12
SHORTEST_IDENTIFIER, LONGEST_IDENTIFIER = 3, 80
IDENTIFIER = re.compile(r"[^\W_][\w.@+'-]*")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to correct: `field` is the form's, `line` the child's (from 0), `words` fill the message."""

    field: str
    reason: str
    line: int | None = None
    words: dict[str, object] = default(default_factory=dict)


class SignUpRefused(BadInput):
    """The account cannot be made; `faults` says all that must be corrected."""

    code = "sign_up_refused"

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__("Le compte n'a pas été créé.", hint="Corrigez ce qui est signalé.")
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What the form asks for, once its lines can be read."""

    holder: Holder
    lines: tuple[TypedLine, ...]
    identifier: str
    passphrase: str
    email: str
    locale: str = "fr"


def identifier_key(identifier: str) -> str:
    """Two identifiers that read the same are the same."""
    return folded(unicodedata.normalize("NFKC", identifier.strip()))


def check_identity(new: NewAccount) -> list[Fault]:
    """What is wrong with identifier, e-mail and pass-phrase, whatever the codes."""
    faults = []
    if not SHORTEST_IDENTIFIER <= len(new.identifier) <= LONGEST_IDENTIFIER:
        faults.append(Fault("identifier", "identifier_length"))
    elif not IDENTIFIER.fullmatch(new.identifier):
        faults.append(Fault("identifier", "identifier_characters"))
    try:
        clean_address(new.email)
    except BadInput:
        faults.append(Fault("email", "email"))
    about = [new.identifier, new.email.partition("@")[0], *(line.first_name for line in new.lines)]
    try:
        check_passphrase(new.passphrase, about=about)
    except PassphraseRefused as error:
        faults.append(Fault("passphrase", "passphrase", words={"said": error.sentence()}))
    return faults


def create_account(new: NewAccount, *, visitor: Visitor, portal_url: str) -> int:
    """Make a provisional account and attach its codes; its id. Raises `SignUpRefused` or `TooManyAttempts`.

    Each code opens its own pupil and names its own guardian, so codes of several guardians may share an account
    (M119). Whether codes, names or dates were wrong is never told apart, and the pass-phrase is hashed either way.
    """
    if faults := [*_check_lines(new.lines), *check_identity(new)]:
        raise SignUpRefused(faults)
    visitor.limits.count("code address", visitor.address)
    hints = {codes.hint(line.code) for line in new.lines}
    for hint in sorted(hints):
        visitor.limits.count("code account", hint)
    digest = hash_passphrase(new.passphrase)  # before the transaction: it is slow, and done whatever comes next
    try:
        with system_scope("a code is typed by somebody who has no account yet"), unit_of_work(portal_db) as session:
            account = _create(session, new, digest, portal_url)
    except IntegrityError as error:  # the same identifier, taken at the same moment
        raise SignUpRefused([Fault("identifier", "identifier_taken")]) from error
    visitor.limits.forgive("code address", visitor.address)
    for hint in sorted(hints):
        visitor.limits.clear("code account", hint)
    return account


def _check_lines(lines: tuple[TypedLine, ...]) -> list[Fault]:
    if not lines:
        return [Fault("lines", "no_line")]
    if len(lines) > MOST_LINES:
        return [Fault("lines", "too_many_lines", words={"most": MOST_LINES})]
    typed = [line.code for line in lines]
    return [Fault("code", "twice", at) for at, code in enumerate(typed) if code in typed[:at]]


def _create(session: Session, new: NewAccount, digest: str, portal_url: str) -> int:
    found = match_lines(session, new.holder, new.lines)
    if faults := list(_refusals(found)):
        raise SignUpRefused(faults)
    key = identifier_key(new.identifier)
    if session.scalar(select(Account.id).where(Account.identifier_key == key)) is not None:
        raise SignUpRefused([Fault("identifier", "identifier_taken")])
    account = Account(kind=new.holder, identifier=new.identifier, identifier_key=key, password_hash=digest,
                      email=clean_address(new.email), locale=new.locale, created_at=clock.now())  # fmt: skip
    session.add(account)
    session.flush()
    record_creation(account, actor=holder_of(account), session=session)
    opened = [match.code for match in found if match.code]
    tell_school(session, "account.created", [_as_told(account)])
    attach_codes(session, account, [code.id for code in opened])
    send_link(session, account, portal_url, [code.pupil.school.name for code in opened],
              next((code.guardian_name for code in opened if code.guardian_name), None))  # fmt: skip
    return account.id


def _refusals(found: list[Match]) -> Iterable[Fault]:
    for at, match in enumerate(found):
        if match.school_closed:
            yield Fault("code", "school_closed", at)
        elif match.code is None:
            yield Fault("code", "refused", at)


def attach_codes(session: Session, account: Account, code_ids: list[int]) -> None:
    """Put codes on an account. A code that somebody else attached meanwhile refuses the whole."""
    moment = clock.now()
    free = update(PublishedCode).where(
        PublishedCode.id.in_(code_ids), PublishedCode.account_id.is_(None), PublishedCode.valid
    )
    held = free.values(account_id=account.id, attached_at=moment)
    taken = session.execute(held.execution_options(synchronize_session=False))
    if taken.rowcount != len(set(code_ids)):  # type: ignore[attr-defined]
        raise SignUpRefused([Fault("code", "refused", 0)])
    told = [{"code_id": code_id, "account_id": account.id, "at": moment.isoformat()} for code_id in sorted(code_ids)]
    tell_school(session, "code.attached", told)


def _as_told(account: Account) -> dict[str, object]:
    return {
        "account_id": account.id,
        "kind": account.kind,
        "identifier": account.identifier,
        "email": account.email,
        "created_at": account.created_at.isoformat(),
    }
