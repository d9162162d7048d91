"""Getting back into an account without anybody else ever knowing its pass-phrase: a link for one use sent to the
account's address (M100, M122), or a slip for one use that a school hands to a pupil (M106)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core import clock
from app.core.crypto import lookup_hashes, new_token, token_hash
from app.core.db import portal_db
from app.core.errors import BadInput
from app.core.mail import NewMail, queue_mail
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.mails import reset_mail
from app.portal.models import Account, AccountKey, PortalMail
from app.portal.signup import identifier_key
from app.portal.visitors import Visitor, holder_of
from app.security.passwords import check_passphrase, hash_passphrase

LINK_LIVES = timedelta(hours=24)
MAIL_KIND = "account.reset"


class KeyRefused(BadInput):
    """The link or the slip opens nothing: wrong, used already, or too old. Which of them is not said."""

    code = "key_refused"


def give_link(session: Session, account: Account, portal_url: str) -> None:
    """Send a fresh link to the address of a confirmed account; the ones before it end."""
    token, until = new_token(), clock.now() + LINK_LIVES
    _replace(session, account, "reset", token_hash(token), until)
    body = reset_mail(name=account.identifier, link=f"{portal_url}/nouvelle-phrase/{token}",
                      until=until.astimezone(clock.PARIS), portal_url=portal_url, locale=account.locale)  # fmt: skip
    queue_mail(session, PortalMail, NewMail(
        dedupe_key=f"{MAIL_KIND}:{token_hash(token)}", to_address=account.email, subject=body.subject, text=body.text,
        html=body.html, kind=MAIL_KIND, ref=str(account.id)))  # fmt: skip


def take_slip(session: Session, account: Account, digest: str, until: datetime) -> None:
    """A slip that the school has just printed: its keyed hash, and how long it lives."""
    _replace(session, account, "slip", digest, until)


def _replace(session: Session, account: Account, kind: str, digest: str, until: datetime) -> None:
    old = update(AccountKey).where(AccountKey.account_id == account.id, AccountKey.kind == kind,
                                   AccountKey.used_at.is_(None))  # fmt: skip
    session.execute(old.values(used_at=clock.now()).execution_options(synchronize_session=False))
    session.add(AccountKey(account_id=account.id, kind=kind, key_hash=digest, expires_at=until))


def link_is_alive(token: str) -> bool:
    """Whether following this link would lead anywhere."""
    return _alive(portal_db.session(), "reset", [token_hash(token)]) is not None


def follow_link(token: str, passphrase: str) -> None:
    """Choose a new pass-phrase by a link. Raises `KeyRefused`, `PassphraseRefused`."""
    with system_scope("the link of a mail is followed by somebody not signed in"), unit_of_work(portal_db) as session:
        _use(session, _alive(session, "reset", [token_hash(token)]), passphrase)


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
    return session.scalar(
        select(AccountKey).join(AccountKey.account)
        .where(AccountKey.kind == kind, AccountKey.key_hash.in_(digests), AccountKey.used_at.is_(None),
               AccountKey.expires_at > clock.now(), Account.state == "confirmed"))  # fmt: skip


def _use(session: Session, key: AccountKey | None, passphrase: str) -> None:
    """Its sessions end everywhere: whoever knew the old pass-phrase is out."""
    if key is None:
        raise KeyRefused("Ce code ou ce lien n'est plus valable.", hint="Demandez-en un nouveau.")
    account = key.account
    check_passphrase(passphrase, about=[account.identifier, account.email.partition("@")[0]])
    account.password_hash = hash_passphrase(passphrase)
    account.epoch += 1
    key.used_at = clock.now()
    record(session, "account.new_passphrase", account, actor=holder_of(account), data={"by": key.kind})
