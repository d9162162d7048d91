"""Attaching a child to an account that exists, and detaching one (M119, M120)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import update

from app.audit.services import record
from app.core.db import portal_db
from app.core.errors import Conflict, NotFound
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.accounts import prove, the_account
from app.portal.activation import TypedLine
from app.portal.events import tell_school
from app.portal.models import PublishedCode
from app.portal.notices import tell_holder
from app.portal.signin import use_codes
from app.portal.signup import attach_codes, check_lines, codes_typed, opened_codes
from app.portal.visitors import Visitor, holder_of


def attach_children(account_id: int, lines: Sequence[TypedLine], *, visitor: Visitor, portal_url: str) -> int:
    """Put the codes of more children on the account, used at once: its holder is signed in. How many.

    The codes are checked and throttled as those of a new account. Raises `SignUpRefused`, `TooManyAttempts`.
    """
    check_lines(lines)
    with codes_typed(lines, visitor), system_scope("codes of no account yet are typed"), unit_of_work(portal_db) as db:
        account = the_account(db, account_id)
        opened = opened_codes(db, "pupil" if account.kind == "pupil" else "guardian", lines)
        attach_codes(db, account, [code.id for code in opened])
        use_codes(db, account.id)
        tell_holder(db, account, "attached", _names(opened), portal_url=portal_url)
        record(db, "account.attach", account, actor=holder_of(account), data={"codes": [code.id for code in opened]})
    return len(opened)


def detach_child(account_id: int, code_id: int, *, proof: str, visitor: Visitor, portal_url: str) -> None:
    """Take a code off the account: it may then open another one, with the first name and the birth date. Raises
    `NotFound`, `Conflict` for a pupil's only code, `ChangeRefused` and `TooManyAttempts`."""
    held_code(account_id, code_id)
    prove(account_id, proof, visitor)
    with account_scope(account_id), unit_of_work(portal_db) as session:
        account = the_account(session, account_id)
        code = held_code(account_id, code_id)
        if account.kind == "pupil":
            raise Conflict("Un élève garde son propre code.")
        free = update(PublishedCode).where(PublishedCode.id == code.id, PublishedCode.account_id == account_id)
        freed = free.values(account_id=None, attached_at=None, card=None, digest="")
        session.execute(freed.execution_options(synchronize_session=False))
        tell_school(session, "code.detached", [{"code_id": code.id, "account_id": account_id}])
        tell_holder(session, account, "detached", _names([code]), portal_url=portal_url)
        record(session, "account.detach", account, actor=holder_of(account), data={"codes": [code.id]})


def held_code(account_id: int, code_id: int) -> PublishedCode:
    """A valid code of the account. Raises `NotFound` for any other, be it nobody's or somebody's."""
    with account_scope(account_id):
        code = portal_db.session.get(PublishedCode, code_id, populate_existing=True)
        if code is None or code.account_id != account_id or not code.valid:
            raise NotFound()
        _names([code])  # loads the pupil while the account's scope lets it through
        return code


def _names(codes: Iterable[PublishedCode]) -> str:
    """« Zoé BERGÉ, Hugo BERGÉ », each child once."""
    return ", ".join(dict.fromkeys(f"{code.pupil.first_name} {code.pupil.last_name}" for code in codes))
