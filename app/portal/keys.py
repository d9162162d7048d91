"""Getting back into an account without anybody else ever knowing its pass-phrase: a link for one use sent to the
account's address (M100, M122), or a slip for one use that a school hands over (M106, and families without e-mail)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core import clock
from app.core.crypto import lookup_hashes, new_token, token_hash
from app.core.db import portal_db
from app.core.errors import BadInput
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.mails import reset_mail
from app.portal.models import Account, AccountKey, AccountQuestion, PublishedCode
from app.portal.notices import mail_to
from app.portal.policy import account_allows_digits, check_secret
from app.portal.questions import all_right, questions_of
from app.portal.signup import identifier_key
from app.portal.visitors import Visitor, holder_of
from app.security.digits import is_digits
from app.security.passwords import PassphraseRefused, hash_passphrase
from app.workflow import engine

LINK_LIVES = timedelta(hours=24)
MAIL_KIND = "account.reset"


class KeyRefused(BadInput):
    """The link or the slip opens nothing: wrong, used already, or too old. Which of them is not said."""

    code = "key_refused"


class AnswersRefused(BadInput):
    """One of the answers at least is wrong; which one is not said."""

    code = "answers_refused"


def give_link(session: Session, account: Account, portal_url: str, *, by_school: bool = False) -> bool:
    """Send a fresh link for a confirmed account; the ones before it end. False when it has nowhere to go. A link that
    the school asked for comes without the questions: the school has seen who asks."""
    addresses = _addresses(session, account)
    if not addresses:
        return False
    token, until = new_token(), clock.now() + LINK_LIVES
    _replace(session, account, "reset", token_hash(token), until, by_school=by_school)
    body = reset_mail(name=account.identifier, link=f"{portal_url}/nouvelle-phrase/{token}",
                      until=until.astimezone(clock.PARIS), portal_url=portal_url, locale=account.locale)  # fmt: skip
    for number, address in enumerate(addresses):  # one mail each: parents do not see one another's address
        mail_to(session, account, MAIL_KIND, body, key=f"{token_hash(token)}:{number}", to=address)
    return True


def _addresses(session: Session, account: Account) -> list[str]:
    """Where the link of an account goes: its own address; a pupil's goes to the parents' (M122), those of the accounts
    that hold a valid code of a guardian for the same pupil."""
    if account.kind != "pupil":
        return [account.email] if account.email else []
    own = select(PublishedCode.pupil_id).where(PublishedCode.account_id == account.id, PublishedCode.valid)
    parents = (
        select(Account.email).join(PublishedCode, PublishedCode.account_id == Account.id)
        .where(PublishedCode.pupil_id.in_(own), PublishedCode.holder == "guardian", PublishedCode.valid,
               Account.state == "confirmed", Account.email != "")
        .distinct().order_by(Account.email)
    )  # fmt: skip
    return list(session.scalars(parents))


def may_have_slip(account: Account) -> bool:
    """Who cannot use a link: pupils (M106), accounts that wait for their confirmation, and those without address. For
    anybody else a slip would let the school in."""
    waits = account.state == "provisional"
    return waits or (account.state == "confirmed" and (account.kind == "pupil" or not account.email))


def take_slip(session: Session, account: Account, digest: str, until: datetime) -> None:
    """A slip that the school has just printed: its keyed hash, and how long it lives. A provisional account lives as
    long."""
    if account.state == "provisional":
        account.confirm_until = max(account.confirm_until or until, until)
    _replace(session, account, "slip", digest, until)


def _replace(
    session: Session, account: Account, kind: str, digest: str, until: datetime, *, by_school: bool = False
) -> None:
    old = update(AccountKey).where(AccountKey.account_id == account.id, AccountKey.kind == kind,
                                   AccountKey.used_at.is_(None))  # fmt: skip
    session.execute(old.values(used_at=clock.now()).execution_options(synchronize_session=False))
    session.add(AccountKey(account_id=account.id, kind=kind, key_hash=digest, expires_at=until, by_school=by_school))


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a link that is alive: the questions to answer first (M122), whether digits may be chosen."""

    questions: tuple[str, ...]
    digits: bool


def behind_link(token: str) -> Behind | None:
    """What following this link asks for; None when it leads nowhere."""
    session = portal_db.session()
    key = _alive(session, "reset", [token_hash(token)])
    if key is None:
        return None
    with account_scope(key.account_id):
        digits = account_allows_digits(session, key.account_id)
    return Behind(tuple(one.question for one in _asked(session, key)), digits)


def follow_link(token: str, passphrase: str, answers: Sequence[str] = (), *, visitor: Visitor) -> None:
    """Choose a new pass-phrase by a link, once the account's questions are answered: counted by account, before and
    outside the transaction. Raises `KeyRefused`, `AnswersRefused`, `PassphraseRefused`, `TooManyAttempts`."""
    with system_scope("the link of a mail is followed by somebody not signed in"):
        key = _alive(portal_db.session(), "reset", [token_hash(token)])
        if key and (asked := _asked(portal_db.session(), key)):
            who = str(key.account_id)
            visitor.limits.count("answers account", who)
            if not all_right(asked, answers):
                raise AnswersRefused("Ces réponses ne sont pas toutes justes.")
            visitor.limits.clear("answers account", who)
        with unit_of_work(portal_db) as session:
            _use(session, _alive(session, "reset", [token_hash(token)]), passphrase)


def _asked(session: Session, key: AccountKey) -> list[AccountQuestion]:
    return [] if key.by_school else questions_of(session, key.account_id)


def follow_slip(identifier: str, slip: str, passphrase: str, *, visitor: Visitor) -> None:
    """Choose a new pass-phrase by a slip, throttled. Raises `KeyRefused`, `PassphraseRefused`, `TooManyAttempts`."""
    key = identifier_key(identifier)[:200]
    with visitor.limits.sign_in(key, visitor.address), system_scope("a slip is typed by somebody not signed in"):
        digests = lookup_hashes(plain_slip(slip))
        with unit_of_work(portal_db) as session:
            found = _alive(session, "slip", digests)
            _use(session, found if found and found.account.identifier_key == key else None, passphrase)


def plain_slip(text: str) -> str:
    """A slip's code as it is hashed: case, spaces and dashes do not count, I and O are read as 1 and 0."""
    return "".join(c for c in text.upper() if c.isalnum())[:40].translate(str.maketrans("IO", "10"))


def _alive(session: Session, kind: str, digests: list[str]) -> AccountKey | None:
    states = ("confirmed", "provisional") if kind == "slip" else ("confirmed",)
    return session.scalar(
        select(AccountKey).join(AccountKey.account)
        .where(AccountKey.kind == kind, AccountKey.key_hash.in_(digests), AccountKey.used_at.is_(None),
               AccountKey.expires_at > clock.now(), Account.state.in_(states)))  # fmt: skip


def _use(session: Session, key: AccountKey | None, passphrase: str) -> None:
    """Its sessions end everywhere: whoever knew the old pass-phrase is out. A slip confirms an account that waited: the
    counter has seen who holds it."""
    if key is None:
        raise KeyRefused("Ce code ou ce lien n'est plus valable.", hint="Demandez-en un nouveau.")
    account = key.account
    digits = account_allows_digits(session, account.id)
    check_secret(passphrase, digits=digits, about=[account.identifier, account.email.partition("@")[0]])
    if is_digits(passphrase) and not questions_of(session, account.id):
        raise PassphraseRefused("Ce compte n'a pas de questions : choisissez une phrase de passe.")
    account.password_hash = hash_passphrase(passphrase)
    account.epoch += 1
    key.used_at = clock.now()
    if account.state == "provisional":
        engine.apply(account, "confirm", actor=holder_of(account), session=session)
    record(session, "account.new_passphrase", account, actor=holder_of(account), data={"by": key.kind})
