"""Making an account from one or several codes (M113-M115, M118, M119)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

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
from app.portal.policy import allows_digits, check_secret, only_digits, sign_in_page
from app.portal.questions import Answered, hashed, question_faults, store
from app.portal.signup_faults import Fault
from app.portal.visitors import Visitor, holder_of
from app.security.digits import is_digits
from app.security.passwords import PassphraseRefused, hash_passphrase
from app.workflow.engine import record_creation

MOST_LINES = 12
SHORTEST_IDENTIFIER, LONGEST_IDENTIFIER = 3, 80
IDENTIFIER = re.compile(r"[^\W_][\w.@+'-]*")


class SignUpRefused(BadInput):
    """The account cannot be made; `faults` says all that must be corrected."""

    code = "sign_up_refused"

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__("Le compte n'a pas été créé.", hint="Corrigez ce qui est signalé.")
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What the form asks for, once its lines can be read. Without e-mail (empty), the school's counter confirms."""

    holder: Holder
    lines: tuple[TypedLine, ...]
    identifier: str
    passphrase: str
    email: str
    locale: str = "fr"
    questions: tuple[Answered, ...] = ()


def identifier_key(identifier: str) -> str:
    """Two identifiers that read the same are the same."""
    return folded(unicodedata.normalize("NFKC", identifier.strip()))


def identifier_faults(identifier: str) -> list[Fault]:
    """What is wrong with an identifier, whoever has it."""
    if not SHORTEST_IDENTIFIER <= len(identifier) <= LONGEST_IDENTIFIER:
        return [Fault("identifier", "identifier_length")]
    return [] if IDENTIFIER.fullmatch(identifier) else [Fault("identifier", "identifier_characters")]


def check_identity(new: NewAccount, *, digits: bool) -> list[Fault]:
    """What is wrong with identifier, e-mail, secret and questions, whatever the codes."""
    faults = identifier_faults(new.identifier)
    try:
        _address(new.email)
    except BadInput:
        faults.append(Fault("email", "email"))
    about = [new.identifier, new.email.partition("@")[0], *(line.first_name for line in new.lines)]
    try:
        check_secret(new.passphrase, digits=digits, about=about, born=[line.birth_date for line in new.lines])
    except PassphraseRefused as error:
        faults.append(Fault("passphrase", "passphrase", words={"said": error.sentence()}))
    if digits and is_digits(new.passphrase):
        faults += question_faults(new.questions)
    return faults


def _address(typed: str) -> str:
    return clean_address(typed) if typed else ""


def create_account(new: NewAccount, *, visitor: Visitor, portal_url: str) -> int:
    """Make a provisional account and attach its codes; its id. Raises `SignUpRefused` or `TooManyAttempts`.

    Each code opens its own pupil and names its own guardian, so codes of several guardians may share an account
    (M119). Whether codes, names or dates were wrong is never told apart, and the pass-phrase is hashed either way.
    """
    digits = only_digits(new.passphrase) and sign_in_page().keypad
    if faults := [*line_faults(new.lines), *check_identity(new, digits=digits)]:
        raise SignUpRefused(faults)
    with codes_typed(new.lines, visitor):
        digest = hash_passphrase(new.passphrase)  # before the transaction: it is slow, and done whatever comes next
        asked = hashed(new.questions) if digits and is_digits(new.passphrase) else []
        try:
            with system_scope("a code is typed by somebody without account"), unit_of_work(portal_db) as session:
                return _create(session, new, digest, asked, portal_url)
        except IntegrityError as error:  # the same identifier, taken at the same moment
            raise SignUpRefused([Fault("identifier", "identifier_taken")]) from error


@contextmanager
def codes_typed(lines: Sequence[TypedLine], visitor: Visitor) -> Iterator[None]:
    """Around one attempt to use codes: counted before they are looked at, forgiven when they were right (the block
    ends without an exception)."""
    visitor.limits.count("code address", visitor.address)
    hints = sorted({codes.hint(codes.likeness(line.code)) for line in lines})
    for hint in hints:
        visitor.limits.count("code account", hint)
    yield
    visitor.limits.forgive("code address", visitor.address)
    for hint in hints:
        visitor.limits.clear("code account", hint)


def check_lines(lines: Sequence[TypedLine]) -> None:
    """Raise `SignUpRefused` for no line, too many, or the same code twice."""
    if faults := line_faults(lines):
        raise SignUpRefused(faults)


def line_faults(lines: Sequence[TypedLine]) -> list[Fault]:
    """What is wrong with the lines as such, whatever their codes open."""
    if not lines:
        return [Fault("lines", "no_line")]
    if len(lines) > MOST_LINES:
        return [Fault("lines", "too_many_lines", words={"most": MOST_LINES})]
    typed = [line.code for line in lines]
    return [Fault("code", "twice", at) for at, code in enumerate(typed) if code in typed[:at]]


def opened_codes(session: Session, holder: Holder, lines: Sequence[TypedLine]) -> list[PublishedCode]:
    """The code that each line opens. Raises `SignUpRefused` when one opens nothing."""
    found = match_lines(session, holder, lines)
    if faults := list(_refusals(found)):
        raise SignUpRefused(faults)
    return list({match.code.id: match.code for match in found if match.code}.values())


def _create(session: Session, new: NewAccount, digest: str, asked: list[tuple[str, str]], portal_url: str) -> int:
    opened = opened_codes(session, new.holder, new.lines)
    if is_digits(new.passphrase) and not allows_digits(code.pupil.school for code in opened):
        raise SignUpRefused([Fault("passphrase", "digits_not_here")])
    key = identifier_key(new.identifier)
    if session.scalar(select(Account.id).where(Account.identifier_key == key)) is not None:
        raise SignUpRefused([Fault("identifier", "identifier_taken")])
    account = Account(kind=new.holder, identifier=new.identifier, identifier_key=key, password_hash=digest,
                      email=_address(new.email), locale=new.locale, created_at=clock.now())  # fmt: skip
    session.add(account)
    session.flush()
    store(session, account.id, asked)
    record_creation(account, actor=holder_of(account), session=session)
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
