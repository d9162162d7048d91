"""Who keeps an account when the pupil changes school, who does not, and which letter says so (M082, M092, M105)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from app.access.continuity import (
    Name,
    carry_over,
    guardian_accounts,
    keeping,
    keeping_pupils,
    pupil_accounts,
    same_person,
)
from app.access.managing import new_code
from app.access.models import ActivationCode, GuardianCode, Notification, PortalAccount, PupilCode
from app.access.planning import NotifyRequest, make_plan
from app.access.pupil_codes import PupilFilter, ensure_codes, new_pupil_code, pupil_lines
from app.access.queries import Selection, couples
from app.access.services import create_codes, readable
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.storage import Storage, use_storage
from app.online.services import move_services
from app.replication.models import ReplicationCommand
from app.schools.people import Guardian, GuardianLink, Pupil
from app.workflow import bulk
from tests.factories import World, add
from tests.statements import statements

session = admin_db.session
INE = "1234567890A"


@pytest.fixture
def moved(world: World) -> World:
    """Pupil 0 of school a is pupil 0 of school b, whose mother and father bear the same names; in a, mother and pupil
    hold confirmed accounts (1 and 2) made with their codes. Only a has an open service."""
    a, b = world.of[world.a], world.of[world.b]
    with school_scope(world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        ensure_codes(actor=SYSTEM)
    with system_scope("a pupil who moved"), unit_of_work():
        same = {"ine": INE, "birth_date": clock.today().replace(year=2014), "last_name": "Le Goff", "first_name": "Zoé"}
        session.execute(update(Pupil).where(Pupil.id.in_([a["pupils"][0], b["pupils"][0]])).values(same))
        for place, last, first in ((a, "LE GOFF-MARÉCHAL", "MAUDE"), (b, "Le Goff Maréchal", "Maude")):
            _named(place["mother"], last, first)
            _named(place["father"], "Le Goff", "Yann")
        for number, kind in ((1, "guardian"), (2, "pupil")):
            add(PortalAccount(id=number, identifier=f"compte{number}", kind=kind, state="confirmed",
                              created_at=clock.now(), confirmed_at=clock.now(), email=f"compte{number}@example.org"))
        _used(a, 1, guardian_id=a["mother"])
        _used(a, 2, guardian_id=None)
    session.remove()
    return world


def _named(guardian_id: int, last_name: str, first_name: str) -> None:
    session.execute(update(Guardian).where(Guardian.id == guardian_id)
                    .values(last_name=last_name, first_name=first_name))  # fmt: skip


def _used(place: dict[str, Any], account: int, **holder: Any) -> None:
    model = GuardianCode if holder["guardian_id"] else PupilCode
    mine = (model.pupil_id == place["pupils"][0]) & (model.guardian_id.is_not_distinct_from(holder["guardian_id"]))
    bulk.apply_many(model, "use", mine, actor=SYSTEM, session=session(), data={"account_id": account})


def open_and_create(school: int) -> None:
    with school_scope(school):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        ensure_codes(actor=SYSTEM)


def held(school: int) -> dict[tuple[int | None, int], int]:
    """(guardian, pupil) → account, of the codes on an account."""
    session.rollback()
    with school_scope(school):
        chosen = select(ActivationCode).where(ActivationCode.account_id.is_not(None))
        return {(code.guardian_id, code.pupil_id): code.account_id for code in session.scalars(chosen)}


@pytest.mark.row("M082", "M105")
def test_the_new_codes_join_the_accounts_of_the_school_before(moved: World) -> None:
    b = moved.of[moved.b]
    child = b["pupils"][0]
    open_and_create(moved.b)
    assert held(moved.b) == {(b["mother"], child): 1, (None, child): 2}
    with school_scope(moved.b):
        mother = session.scalars(select(GuardianCode).where(GuardianCode.guardian_id == b["mother"],
                                                            GuardianCode.pupil_id == child)).one()  # fmt: skip
        assert (mother.state, mother.carried_over_on) == ("used", clock.today())
        assert readable(mother) is not None  # until its letter has gone
    with system_scope("reads the orders"):
        orders = session.scalars(select(ReplicationCommand).where(ReplicationCommand.kind == "attach")).all()
        assert {order.payload["account_id"] for order in orders} == {1, 2}


@pytest.mark.row("M082")
def test_nothing_while_no_service_is_open_and_all_once_one_is(moved: World) -> None:
    with school_scope(moved.b):
        ensure_codes(actor=SYSTEM)
        assert held(moved.b) == {} and carry_over() == 0
        assert (None, moved.of[moved.b]["pupils"][0]) in pupil_accounts()  # « ou va bénéficier »
        move_services(["booklets"], "open", actor=SYSTEM)
        assert carry_over() == 1 and carry_over() == 0


@pytest.mark.row("M082")
@pytest.mark.parametrize("doubt", ["name", "title", "birth_date", "account", "used", "homonym here", "homonym there",
                                   "contact", "uncertified", "other authority"])  # fmt: skip
def test_whatever_is_doubtful_is_left_alone(moved: World, doubt: str) -> None:
    a, b = moved.of[moved.a], moved.of[moved.b]
    with system_scope("one difference"), unit_of_work():
        _make_doubtful(moved, a, b, doubt)
    session.remove()
    open_and_create(moved.b)
    assert not any(guardian for guardian, _pupil in held(moved.b))


def _make_doubtful(moved: World, a: dict[str, Any], b: dict[str, Any], doubt: str) -> None:
    link = (GuardianLink.guardian_id == b["mother"], GuardianLink.pupil_id == b["pupils"][0])
    change: dict[str, Any] = {
        "name": update(Guardian).where(Guardian.id == b["mother"]).values(first_name="Maud"),
        "title": update(Guardian).where(Guardian.id == b["mother"]).values(title="M."),
        "birth_date": update(Pupil).where(Pupil.id == b["pupils"][0]).values(birth_date=clock.today()),
        "account": update(PortalAccount).values(state="closed"),
        "homonym here": _same_name(b["father"], b["mother"]),
        "homonym there": _same_name(a["father"], a["mother"]),
        "contact": update(GuardianLink).where(*link).values(rank=None),
        "uncertified": update(GuardianLink).where(*link).values(certified=False),
    }
    if doubt == "other authority":
        from app.schools.models import Authority, School

        other = add(Authority(code="98", name="Académie d'ailleurs"))
        session.execute(update(School).where(School.id == moved.a).values(authority_id=other.id))
    elif doubt == "used":
        mine = GuardianCode.account_id == 1
        bulk.apply_many(GuardianCode, "invalidate", mine, actor=SYSTEM, session=session())
    else:
        session.execute(change[doubt])


def _same_name(guardian_id: int, as_of: int) -> Any:
    names = select(Guardian.last_name).where(Guardian.id == as_of).scalar_subquery()
    return update(Guardian).where(Guardian.id == guardian_id).values(last_name=names, first_name="Maude", title="MME")


@pytest.mark.row("M082", "M096")
def test_a_code_replaced_on_purpose_is_not_put_back_on_the_account(moved: World) -> None:
    """The account fell into wrong hands: « Nouveau code » ends its access for good."""
    b = moved.of[moved.b]
    open_and_create(moved.b)
    with school_scope(moved.b):
        link = session.scalar(select(GuardianLink.id).where(GuardianLink.guardian_id == b["mother"],
                                                            GuardianLink.pupil_id == b["pupils"][0]))  # fmt: skip
        new_code(link, actor=SYSTEM)
        new_pupil_code(b["pupils"][0], actor=SYSTEM)
        assert carry_over() == 0
        fresh = session.scalars(select(ActivationCode).where(ActivationCode.state == "created")).all()
        assert {code.account_id for code in fresh} == {None}


@pytest.mark.row("M092")
def test_the_continuity_letter_goes_once(moved: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for who is carried over and for no other; notified again, it is the normal letter."""
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    monkeypatch.setenv("LIVRET_REPLICATE", "02:00")
    use_storage(Storage(tmp_path))
    b = moved.of[moved.b]
    with system_scope("the mother has one child here"), unit_of_work():
        session.execute(update(GuardianLink).where(GuardianLink.guardian_id == b["mother"],
                                                   GuardianLink.pupil_id == b["pupils"][1])
                        .values(ended_on=clock.today()))  # fmt: skip
    open_and_create(moved.b)
    for expected in ({b["mother"]: True, b["father"]: False}, {b["mother"]: False, b["father"]: False}):
        with school_scope(moved.b):
            wish = NotifyRequest(modes=("paper",), only="all")
            assert {m.guardian.id: m.continuity for m in make_plan(wish).to_send} == expected
            job = jobs.submit("codes.notify", moved.b, wish.as_params(), SYSTEM, "Notifier")
        assert jobs.run_here(job.id).state == "done"
        with school_scope(moved.b):
            sent = session.scalars(select(Notification).where(Notification.job_id == job.id))
            assert {one.guardian_id: one.continuity for one in sent} == expected
            mother = session.scalars(select(GuardianCode).where(GuardianCode.guardian_id == b["mother"],
                                                                GuardianCode.account_id == 1)).one()  # fmt: skip
            assert readable(mother) is None and mother.state == "used"
    use_storage(None)


@pytest.mark.row("M092")
def test_the_year_after_it_is_the_normal_letter(moved: World) -> None:
    open_and_create(moved.b)
    with school_scope(moved.b):
        with unit_of_work():
            session.execute(update(GuardianCode).where(GuardianCode.account_id == 1)
                            .values(carried_over_on=clock.today().replace(year=2025)))
        assert not any(message.continuity for message in make_plan(NotifyRequest()).messages)


@pytest.mark.row("M092", "M102")
def test_lists_tell_who_keeps_an_account_before_and_after(moved: World) -> None:
    """« Ont ou vont bénéficier de la continuité d'accès »."""
    b = moved.of[moved.b]
    expected = {(b["mother"], b["pupils"][0])}
    with school_scope(moved.b):
        assert keeping(couples(Selection())) == expected
    open_and_create(moved.b)
    with school_scope(moved.b):
        assert keeping(couples(Selection())) == expected
        assert keeping_pupils(pupil_lines(PupilFilter())) == {b["pupils"][0]}


@pytest.mark.row("M105")
def test_a_pupils_continuity_letter_can_be_printed_again_until_the_next_year(
    moved: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    use_storage(Storage(tmp_path))
    child = moved.of[moved.b]["pupils"][0]
    open_and_create(moved.b)
    for carried, expected in (("today", True), ("today", True), ("last year", False)):
        with school_scope(moved.b):
            if carried == "last year":
                with unit_of_work():
                    session.execute(update(PupilCode).where(PupilCode.pupil_id == child)
                                    .values(carried_over_on=clock.today().replace(year=2025)))
            job = jobs.submit("codes.notify_pupils", moved.b, {"pupil": child}, SYSTEM, "Notifier")
        assert jobs.run_here(job.id).state == "done"
        with school_scope(moved.b):
            told = session.scalars(select(Notification).where(Notification.job_id == job.id)).one()
            assert told.continuity is expected
    use_storage(None)


@pytest.mark.row("M082")
def test_a_school_sees_nothing_of_the_other_one(moved: World) -> None:
    """Names of the school before are compared, and nothing of it stays in the session or in a list."""
    open_and_create(moved.b)
    session.remove()
    with school_scope(moved.b):
        guardian_accounts()
        assert {item.school_id for item in session.identity_map.values() if hasattr(item, "school_id")} <= {moved.b}
        assert all(line.pupil.school_id == moved.b for line in pupil_lines(PupilFilter()))


def test_a_page_of_a_list_asks_one_statement_whatever_its_length(moved: World) -> None:
    with school_scope(moved.b), statements() as said:
        guardian_accounts(moved.of[moved.b]["pupils"])
    assert len([line for line in said if line.startswith("SELECT")]) == 1


@pytest.mark.parametrize(("one", "other", "same"), [
    (("MME", "LE GOFF", None, "ZOE"), ("MME", "Le Goff", None, "Zoé"), True),
    ((None, "Durand", "Le-Goff", "Zoé"), ("MME", "Le Goff", None, "Zoé"), True),
    (("MME", "Le Goff", None, None), ("MME", "Le Goff", None, None), False),
    (("M.", "Le Goff", None, "Dominique"), ("MME", "Le Goff", None, "Dominique"), False),
    (("MME", "Le Goff", None, "Zoé"), ("MME", "Le Gof", None, "Zoé"), False),
])  # fmt: skip
def test_one_person_in_two_files(one: Any, other: Any, same: bool) -> None:
    assert same_person(Name(*one), Name(*other)) is same
