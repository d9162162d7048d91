"""What a school chose for its pages goes out with its row, and the academy's services leave at once (M063, M074)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.actor import SYSTEM
from app.core.scope import academy_scope, school_scope
from app.core.uow import unit_of_work
from app.online.choices import set_contact, set_welcome
from app.online.models import AcademicService
from app.online.services import move_services, offer_to_schools
from app.portal.models import PublishedSchool
from app.portal.policy import sign_in_page
from app.replication.orders import apply_commands, order_revocations
from app.replication.services import replicate
from app.schools.models import Authority, School
from tests.factories import World
from tests.portal.conftest import rows
from tests.replication.conftest import in_school, published_codes


def shown(school: int) -> PublishedSchool:
    return next(row for row in rows(PublishedSchool) if row.id == school)


def in_scope(school: int, work: Callable[[], Any]) -> None:
    with school_scope(school):
        work()


def diary(world: World) -> str:
    """The academy's homework diary, open in school a."""
    with academy_scope(world.authority), unit_of_work() as session:
        service = AcademicService(authority_id=world.authority, label="Cahier de textes", url="https://cahier.example.org")
        session.add(service)
        offer_to_schools(service)
        code = f"academic-{service.id}"
    in_scope(world.a, lambda: move_services([code], "open", actor=SYSTEM))
    return code


@pytest.mark.row("M063", "M125")
def test_the_welcome_message_goes_out_as_clean_html(schools: World) -> None:
    replicate()
    assert (shown(schools.a).welcome, shown(schools.a).contact, shown(schools.a).other_services) == ("", False, [])
    in_scope(schools.a, lambda: set_welcome("Bonjour,\n[site](https://a.fr) <b>", actor=SYSTEM))
    assert replicate().schools == 1, "only this school is compared"
    assert shown(schools.a).welcome == ('<p>Bonjour,<br><a href="https://a.fr" rel="noopener noreferrer nofollow">site'
                                        "</a> &lt;b&gt;</p>")
    assert shown(schools.b).welcome == ""
    assert replicate(full=True).rows == 0


@pytest.mark.row("M116", "M121")
def test_the_academys_choices_for_the_sign_in_page_go_out(schools: World) -> None:
    replicate()
    assert {(row.secret, row.message) for row in rows(PublishedSchool)} == {("passphrase", "")}
    with academy_scope(schools.authority), unit_of_work() as session:
        academy = session.get_one(Authority, schools.authority)
        academy.portal_secret, academy.portal_message = "keypad", "Portail fermé dimanche."
    assert replicate().schools >= 2, "every school of the academy is compared"
    assert {(row.secret, row.message) for row in rows(PublishedSchool)} == {("keypad", "Portail fermé dimanche.")}
    assert sign_in_page().keypad and sign_in_page().messages == (("", "Portail fermé dimanche."),)
    assert replicate(full=True).rows == 0


@pytest.mark.row("M074")
def test_contact_is_a_yes_or_a_no_and_never_an_address(schools: World) -> None:
    in_school(schools.a, lambda s: setattr(s.get_one(School, schools.a), "email", "ce.099@example.org"))
    in_scope(schools.a, lambda: set_contact("yes", ["ce.099@example.org"], actor=SYSTEM))
    replicate()
    assert shown(schools.a).contact is True
    assert "ce.099@example.org" not in str(vars(shown(schools.a)))
    in_school(schools.a, lambda s: setattr(s.get_one(School, schools.a), "email", None))
    replicate()
    assert shown(schools.a).contact is False, "nobody would read the messages"


@pytest.mark.row("M059")
def test_services_of_the_academy_are_published_where_they_are_open(schools: World) -> None:
    code = diary(schools)
    replicate()
    assert shown(schools.a).other_services == [
        {"code": code, "label": "Cahier de textes", "url": "https://cahier.example.org"}]
    assert shown(schools.a).services == ["booklets", "marks"]
    assert shown(schools.b).other_services == []
    in_scope(schools.a, lambda: move_services([code], "close", actor=SYSTEM))
    order_revocations()
    apply_commands()
    assert shown(schools.a).other_services == [], "it does not wait for the night"


@pytest.mark.row("M059")
def test_codes_stay_valid_while_only_the_academys_service_is_open(schools: World) -> None:
    diary(schools)
    in_scope(schools.a, lambda: move_services(["booklets", "marks"], "close", actor=SYSTEM))
    replicate()
    assert (shown(schools.a).services, len(shown(schools.a).other_services)) == ([], 1)
    assert all(code.valid for code in published_codes())
