"""What the holder of an account may change in it (M120). Whatever could take the account away from its holder asks for
the present pass-phrase, is told to the address the account had before, and leaves a line in the trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core import clock
from app.core.crypto import new_token, token_hash
from app.core.db import portal_db
from app.core.errors import BadInput, NotFound
from app.core.mail import clean_address
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.mails import address_mail
from app.portal.models import Account, AccountKey
from app.portal.notices import mail_to, tell_holder, tell_mirror
from app.portal.policy import account_allows_digits, check_secret
from app.portal.questions import Answered, hashed, question_faults, questions_of, store
from app.portal.signin import digits_counted
from app.portal.signup import identifier_faults, identifier_key
from app.portal.signup_faults import Fault
from app.portal.visitors import Visitor, holder_of
from app.security.digits import is_digits
from app.security.passwords import PassphraseRefused, hash_passphrase, verify_passphrase

ADDRESS_LINK_LIVES = timedelta(hours=24)
ADDRESS_MAIL = "account.address"


class ChangeRefused(BadInput):
    """The account stays as it was; `faults` says all that must be corrected."""

    code = "change_refused"

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__("Rien n'a été changé.", hint="Corrigez ce qui est signalé.")
        self.faults = list(faults)


def choose_language(account_id: int, locale: str) -> None:
    """The language of the mails to come."""
    with unit_of_work(portal_db) as session:
        the_account(session, account_id).locale = locale


def change_identifier(account_id: int, identifier: str, *, proof: str, visitor: Visitor, portal_url: str) -> None:
    """Another identifier. Raises `ChangeRefused`, `TooManyAttempts`."""
    prove(account_id, proof, visitor)
    if faults := identifier_faults(identifier):
        raise ChangeRefused(faults)
    key = identifier_key(identifier)
    taken = ChangeRefused([Fault("identifier", "identifier_taken")])
    try:
        with _changing(account_id, "account.identifier") as (session, account):
            other = select(Account.id).where(Account.identifier_key == key, Account.id != account_id)
            if session.scalar(other) is not None:
                raise taken
            account.identifier, account.identifier_key = identifier, key
            tell_holder(session, account, "identifier", identifier, portal_url=portal_url)
            tell_mirror(session, account)
    except IntegrityError as error:  # taken at the same moment
        raise taken from error


def change_passphrase(account_id: int, passphrase: str, *, proof: str, visitor: Visitor, portal_url: str) -> int:
    """Another pass-phrase: every other session ends. The new epoch. Digits, where they are allowed, go with the three
    questions. Raises `ChangeRefused`, `TooManyAttempts`."""
    known = prove(account_id, proof, visitor)
    with account_scope(account_id):
        digits = account_allows_digits(portal_db.session(), account_id)
        asked = bool(questions_of(portal_db.session(), account_id))
    try:
        check_secret(passphrase, digits=digits, about=[known.identifier, known.email.partition("@")[0]])
    except PassphraseRefused as error:
        raise ChangeRefused([Fault("passphrase", "passphrase", words={"said": error.sentence()})]) from error
    if is_digits(passphrase) and not asked:
        raise ChangeRefused([Fault("passphrase", "questions_first")])
    digest = hash_passphrase(passphrase)
    with _changing(account_id, "account.new_passphrase", by="account") as (session, account):
        account.password_hash = digest
        account.epoch += 1
        _end_keys(session, account, "reset")
        tell_holder(session, account, "passphrase", portal_url=portal_url)
        return account.epoch


def change_questions(
    account_id: int, asked: Sequence[Answered], *, proof: str, visitor: Visitor, portal_url: str
) -> None:
    """The three questions asked before a forgotten secret is chosen anew (M117). Raises `ChangeRefused`."""
    prove(account_id, proof, visitor)
    if faults := question_faults(asked):
        raise ChangeRefused(faults)
    rows = hashed(asked)
    with _changing(account_id, "account.questions") as (session, account):
        store(session, account.id, rows)
        tell_holder(session, account, "questions", portal_url=portal_url)


def sign_out_everywhere(account_id: int) -> None:
    """Every session of the account ends, on every device."""
    with _changing(account_id, "account.sign_out_everywhere") as (_session, account):
        account.epoch += 1


def ask_new_address(account_id: int, email: str, *, proof: str, visitor: Visitor, portal_url: str) -> str:
    """Send a link for one use to the new address, which is the account's once it was followed; until then nothing
    changes. The address it went to. Raises `ChangeRefused`, `TooManyAttempts`."""
    prove(account_id, proof, visitor)
    try:
        address = clean_address(email)
    except BadInput as error:
        raise ChangeRefused([Fault("email", "email")]) from error
    visitor.limits.count("mail account", f"portal {account_id}")
    token, until = new_token(), clock.now() + ADDRESS_LINK_LIVES
    with _changing(account_id, "account.ask_address") as (session, account):
        _end_keys(session, account, "address")
        session.add(AccountKey(account_id=account.id, kind="address", key_hash=token_hash(token), expires_at=until,
                               email=address))  # fmt: skip
        body = address_mail(name=account.identifier, link=f"{portal_url}/nouvelle-adresse/{token}",
                            until=until.astimezone(clock.PARIS), portal_url=portal_url,
                            locale=account.locale)  # fmt: skip
        mail_to(session, account, ADDRESS_MAIL, body, key=token_hash(token), to=address)
    return address


def address_link(token: str) -> str | None:
    """The address that following this link would give to an account; None when it is dead."""
    key = _alive(portal_db.session(), token)
    return key.email if key else None


def follow_address_link(token: str, *, portal_url: str) -> bool:
    """The new address is proved: it is the account's, and the old one is told. False when the link is dead."""
    with system_scope("the link of a mail is followed by somebody not signed in"), unit_of_work(portal_db) as session:
        key = _alive(session, token)
        if key is None:
            return False
        account, before = key.account, key.account.email
        account.email, key.used_at = key.email or "", clock.now()
        _end_keys(session, account, "reset")  # those went to the address that is left
        tell_holder(session, account, "email", account.email, portal_url=portal_url, to=before)
        tell_mirror(session, account)
        record(session, "account.address", account, actor=holder_of(account))
    return True


def the_account(session: Session, account_id: int) -> Account:
    """The account of whoever is signed in. Raises `NotFound` when it has just been closed."""
    account = session.get(Account, account_id, populate_existing=True)
    if account is None or account.state != "confirmed":
        raise NotFound()
    return account


def prove(account_id: int, passphrase: str, visitor: Visitor) -> Account:
    """The present pass-phrase, asked again and throttled as a sign-in: a screen left open gives no account away."""
    with account_scope(account_id):
        account = the_account(portal_db.session(), account_id)
        key = account.identifier_key
        with visitor.limits.sign_in(key, visitor.address), digits_counted(passphrase, key, visitor):
            if not verify_passphrase(account.password_hash, passphrase):
                raise ChangeRefused([Fault("proof", "proof")])
    return account


@contextmanager
def _changing(account_id: int, action: str, **data: object) -> Iterator[tuple[Session, Account]]:
    """One transaction on the account of whoever is signed in, with its line in the trail."""
    with account_scope(account_id), unit_of_work(portal_db) as session:
        account = the_account(session, account_id)
        yield session, account
        record(session, action, account, actor=holder_of(account), data=data)


def _end_keys(session: Session, account: Account, kind: str) -> None:
    old = update(AccountKey).where(AccountKey.account_id == account.id, AccountKey.kind == kind,
                                   AccountKey.used_at.is_(None))  # fmt: skip
    session.execute(old.values(used_at=clock.now()).execution_options(synchronize_session=False))


def _alive(session: Session, token: str) -> AccountKey | None:
    return session.scalar(
        select(AccountKey).join(AccountKey.account)
        .where(AccountKey.kind == "address", AccountKey.key_hash == token_hash(token), AccountKey.used_at.is_(None),
               AccountKey.expires_at > clock.now(), Account.state == "confirmed"))  # fmt: skip
