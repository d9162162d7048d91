"""Access continuity: who had an account in another school of the academy keeps it (M082, M092, M105).

The pupil is the same when both the INE and the birth date agree; the guardian, when the names read the same. Whatever
is doubtful (two guardians of one name) is left alone: a code on paper then does what it always does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import aliased

from app.access.models import ActivationCode, GuardianCode, PortalAccount, PupilCode
from app.access.planning import continued
from app.access.queries import Couple, open_services, year_start
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.folding import folded
from app.core.scope import ScopeMissing, current_scope, system_scope
from app.core.uow import unit_of_work
from app.replication.orders import order
from app.schools.models import School
from app.schools.people import Guardian, GuardianLink, Pupil
from app.workflow import bulk

Accounts = dict[tuple[int | None, int], int]


class _Records:
    """The pupil here and elsewhere in the academy, and the code and account elsewhere."""

    def __init__(self) -> None:
        self.here, self.there = aliased(Pupil), aliased(Pupil)
        self.mine, self.other = aliased(School), aliased(School)
        self.code, self.account = aliased(ActivationCode), aliased(PortalAccount)

    def of_one_pupil(self) -> ColumnElement[bool]:
        """INE and birth date agree: one wrong digit must not open another child."""
        there, here = self.there, self.here
        return and_(there.ine == here.ine, there.birth_date == here.birth_date, there.school_id != here.school_id)

    def of_one_academy(self) -> ColumnElement[bool]:
        """Both schools are of one academy."""
        return and_(self.other.id == self.there.school_id, self.other.authority_id == self.mine.authority_id)

    def used_code(self) -> ColumnElement[bool]:
        """A code of the pupil elsewhere that still holds its account."""
        return and_(self.code.pupil_id == self.there.id, self.code.state == "used")

    def confirmed(self) -> ColumnElement[bool]:
        """The account of the code, if it still is one."""
        return and_(self.account.id == self.code.account_id, self.account.state == "confirmed")


def carry_over(*models: type[ActivationCode]) -> int:
    """Put the unused codes of this school on the accounts that their holders made in another one; how many.

    Guardians' codes and pupils', unless `models` says which. Nothing while no service is open (M082). The portal is
    told at once: its nightly copy may be hours away.
    """
    moved = 0
    for model in models or (GuardianCode, PupilCode):
        accounts = guardian_accounts() if model is GuardianCode else pupil_accounts()
        if accounts and open_services():
            moved += _attach(model, _fresh(model, accounts))
    return moved


def guardian_accounts(pupil_ids: Collection[int] | None = None) -> Accounts:
    """(guardian, pupil) → the account of another school that is, or is going to be, carried over: of this school, or of
    the pupils named (a page of a list)."""
    link, old_link, guardian, old = (aliased(GuardianLink), aliased(GuardianLink), aliased(Guardian),
                                     aliased(Guardian))  # fmt: skip
    of = _Records()
    statement = (
        select(guardian.id, link.pupil_id, of.there.id.label("there"), old.id.label("old_id"),
               of.account.id.label("account"), of.code.used_at, *_names(guardian), *_names(old))
        .select_from(link)
        .join(guardian, guardian.id == link.guardian_id)
        .join(of.here, of.here.id == link.pupil_id)
        .join(of.there, of.of_one_pupil())
        .join(old_link, and_(old_link.pupil_id == of.there.id, old_link.school_id == of.there.school_id))
        .join(old, old.id == old_link.guardian_id)
        .join(of.mine, of.mine.id == of.here.school_id)
        .join(of.other, of.of_one_academy())
        .outerjoin(of.code, of.used_code() & (of.code.guardian_id == old.id))
        .outerjoin(of.account, of.confirmed())
        .where(link.school_id == _school_id(), link.rank.is_not(None), link.certified, link.ended_on.is_(None),
               _first_account(link.school_id, link.guardian_id, link.pupil_id))
    )  # fmt: skip
    with system_scope("an account follows from one school of the academy to the next"):
        rows = admin_db.session.execute(_only(statement, of, pupil_ids)).all()
    return _certain(_Match(*row[:6]) for row in rows if same_person(Name(*row[6:10]), Name(*row[10:])))


def pupil_accounts(pupil_ids: Collection[int] | None = None) -> Accounts:
    """(None, pupil) → the account that the pupil made with the code of another school."""
    of = _Records()
    statement = (
        select(of.here.id.label("pupil_id"), of.account.id.label("account"), of.code.used_at)
        .select_from(of.here)
        .join(of.there, of.of_one_pupil())
        .join(of.mine, of.mine.id == of.here.school_id)
        .join(of.other, of.of_one_academy())
        .join(of.code, of.used_code() & (of.code.holder == "pupil"))
        .join(of.account, of.confirmed())
        .where(of.here.school_id == _school_id(), _first_account(of.here.school_id, None, of.here.id))
        .order_by(of.code.used_at)
    )  # fmt: skip
    with system_scope("an account follows from one school of the academy to the next"):
        rows = admin_db.session.execute(_only(statement, of, pupil_ids)).all()
    return {(None, row.pupil_id): row.account for row in rows}  # the last one used stays


def keeping(lines: Collection[Couple]) -> set[tuple[int, int]]:
    """The couples of a page of a list who keep, or are going to keep, an account: in red and in words (M092)."""
    since = year_start()
    expected = guardian_accounts({line.pupil.id for line in lines})
    pairs = {(line.guardian.id, line.pupil.id): line.code for line in lines}
    return {pair for pair, code in pairs.items() if pair in expected or continued(code, since)}


def keeping_pupils(lines: Collection[Any]) -> set[int]:
    """The pupils of a page of a list who do (M102)."""
    since = year_start()
    expected = pupil_accounts({line.pupil.id for line in lines})
    return {line.pupil.id for line in lines
            if (None, line.pupil.id) in expected or continued(line.code, since)}  # fmt: skip


class Name(NamedTuple):
    """What tells whether two records are of one person. Columns and not objects: those of another school must not stay
    in the session."""

    title: str | None
    last_name: str
    usage_name: str | None
    first_name: str | None


def _names(guardian: Any) -> tuple[Any, ...]:
    return guardian.title, guardian.last_name, guardian.usage_name, guardian.first_name


def same_person(one: Name, other: Name) -> bool:
    """Whether two records name one person: a last name in common, the same first name, no other title. Files differ in
    capitals, accents and hyphens."""
    if one.title and other.title and one.title != other.title:
        return False
    names, others = ({_letters(name) for name in (person.last_name, person.usage_name) if name} - {""}
                     for person in (one, other))  # fmt: skip
    return bool(names & others) and _letters(one.first_name) == _letters(other.first_name) != ""


def _letters(name: str | None) -> str:
    return "".join(sign for sign in folded(name or "") if sign.isalnum())


class _Match(NamedTuple):
    """A guardian here, the same person's record in another school, and the account held there, if any."""

    guardian_id: int
    pupil_id: int
    there: int
    old_id: int
    account: int | None
    used_at: Any


def _certain(matches: Iterable[_Match]) -> Accounts:
    """The last account used of each couple, where each record has one counterpart and no more."""
    of_couple: dict[tuple[int, int], list[_Match]] = defaultdict(list)
    claims: dict[tuple[int, int], set[int]] = defaultdict(set)
    for match in matches:
        of_couple[match.guardian_id, match.pupil_id].append(match)
        claims[match.pupil_id, match.old_id].add(match.guardian_id)
    found: Accounts = {}
    for couple, mine in of_couple.items():
        records = {(match.there, match.old_id) for match in mine}
        once = len(records) == len({there for there, _old in records})
        held = [match for match in mine if match.account is not None]
        if once and held and all(len(claims[couple[1], match.old_id]) == 1 for match in mine):
            last = max(held, key=lambda match: match.used_at)
            found[couple] = last.account or 0
    return found


def _school_id() -> int:
    scope = current_scope()
    if scope is None or scope.kind != "school":
        raise ScopeMissing("continuity is looked for from one school")
    return scope.id


def _only(statement: Any, of: _Records, pupil_ids: Collection[int] | None) -> Any:
    return statement if pupil_ids is None else statement.where(of.here.id.in_(pupil_ids))


def _first_account(school_id: Any, guardian_id: Any, pupil_id: Any) -> ColumnElement[bool]:
    """A code that was replaced here after it had an account was replaced on purpose: it is not put back."""
    earlier = aliased(ActivationCode)
    holder = earlier.guardian_id.is_(None) if guardian_id is None else earlier.guardian_id == guardian_id
    served = and_(earlier.school_id == school_id, earlier.pupil_id == pupil_id, holder,
                  or_(earlier.account_id.is_not(None), earlier.used_at.is_not(None)))  # fmt: skip
    return ~exists().where(served)


def _fresh(model: type[ActivationCode], accounts: Accounts) -> dict[int, int]:
    """The unused codes of these couples, with the account each one joins."""
    unused = select(model.id, model.guardian_id, model.pupil_id).where(
        model.state.in_(("created", "notified")), model.account_id.is_(None),
        model.pupil_id.in_({pupil for _guardian, pupil in accounts}))  # fmt: skip
    return {row.id: accounts[couple] for row in admin_db.session.execute(unused)
            if (couple := (row.guardian_id, row.pupil_id)) in accounts}  # fmt: skip


@unit_of_work()
def _attach(model: type[ActivationCode], accounts: dict[int, int]) -> int:
    if not accounts:
        return 0
    session, joined = admin_db.session(), case(accounts, value=model.id)
    for code_id, account_id in accounts.items():
        order(session, "attach", code_id=code_id, account_id=account_id)
    return bulk.apply_many(model, "carry_over", model.id.in_(accounts), actor=SYSTEM, session=session,
                           data={"account_id": joined}).moved  # fmt: skip
