"""What a school chooses, and what is refused with the name of the field (M063–M066, M070, M071, M073, M074)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.choices import (
    DatesWouldGo,
    set_contact,
    set_letter,
    set_lpc_delay,
    set_publication,
    set_welcome,
)
from app.online.due_dates import add_due_date
from app.online.models import ContactAddress, Ent, MarksDueDate, OnlineSetting
from app.online.queries import contact_emails, ents, known_emails, pairs
from app.online.services import move_services
from app.online.settings import settings_of_school
from app.schools.models import Authority, School
from tests.factories import World


def ent(authority: int, label: str = "ENC88") -> int:
    with system_scope("test"), unit_of_work() as session:
        row = Ent(authority_id=authority, place="VOSGES", label=label, url="https://www.enc88.fr")
        session.add(row)
        session.flush()
        return row.id


@pytest.mark.row("M065", "M066", "M073")
def test_nothing_chosen_is_the_defaults(world: World) -> None:
    with school_scope(world.a):
        chosen = settings_of_school()
        assert (chosen.letter_type, chosen.marks_publication, chosen.lpc_delay) == ("services", "continuous", 8)
        assert (chosen.welcome, chosen.contact_active) == ("", False)


@pytest.mark.row("M063")
def test_the_welcome_message_needs_no_open_service_and_is_the_schools_own(world: World) -> None:
    with school_scope(world.a):
        set_welcome("Bonjour,\r\nà bientôt ", actor=SYSTEM)
        assert settings_of_school().welcome == "Bonjour,\nà bientôt"
        set_welcome("", actor=SYSTEM)
        assert settings_of_school().welcome == ""
    with school_scope(world.b):
        assert admin_db.session.scalars(select(OnlineSetting)).all() == []


@pytest.mark.row("M063")
def test_each_change_is_a_line_and_no_change_is_none(world: World) -> None:
    with school_scope(world.a):
        for _ in range(2):
            set_welcome("Bonjour", actor=SYSTEM)
        lines = select(AuditLine.data).where(AuditLine.action == "online_setting.edit")
        assert admin_db.session.scalars(lines).all() == [{"changed": ["welcome"]}]


def test_settings_are_the_heads(world: World) -> None:
    clerk = Actor.person(1, "Sabine Loriot", [("can_show", "online_setting")])
    with school_scope(world.a):
        move_services(["marks"], "open", actor=SYSTEM)
        set_publication("scheduled", actor=SYSTEM)
        for attempt in (lambda: set_welcome("x", actor=clerk), lambda: set_letter("services", None, actor=clerk),
                        lambda: set_publication("continuous", confirmed=True, actor=clerk),
                        lambda: add_due_date("2026-12-12", [pairs()[0].key], actor=clerk)):
            with pytest.raises(Forbidden):
                attempt()
        assert settings_of_school().marks_publication == "scheduled"


@pytest.mark.row("M065")
def test_an_ent_goes_with_the_types_that_name_it(world: World) -> None:
    own = ent(world.authority)
    with system_scope("test"), unit_of_work() as session:
        other = Authority(code="98", name="Ailleurs")
        session.add(other)
        session.flush()
        elsewhere_of = other.id
    elsewhere = ent(elsewhere_of)
    with school_scope(world.a):
        assert [str(one) for one in ents()] == ["VOSGES ENC88 : https://www.enc88.fr"]
        set_letter("mixed", own, actor=SYSTEM)
        assert (settings_of_school().letter_type, settings_of_school().ent_id) == ("mixed", own)
        for letter_type, wrong in (("ent", None), ("mixed", elsewhere), ("mixed", 999)):
            with pytest.raises(BadInput, match="ENT à associer au courrier"):
                set_letter(letter_type, wrong, actor=SYSTEM)
        with pytest.raises(BadInput, match="Type de courrier"):
            set_letter("pigeon", own, actor=SYSTEM)
        set_letter("services", own, actor=SYSTEM)
        assert settings_of_school().ent_id is None


@pytest.mark.row("M066", "M071")
def test_marks_settings_wait_for_the_service_and_survive_its_closing(world: World) -> None:
    with school_scope(world.a):
        with pytest.raises(Conflict, match="Consultation des notes » est fermé"):
            set_publication("scheduled", actor=SYSTEM)
        move_services(["marks"], "open", actor=SYSTEM)
        set_publication("scheduled", actor=SYSTEM)
        add_due_date("2026-12-12", [pairs()[0].key], actor=SYSTEM)
        move_services(["marks"], "close", actor=SYSTEM)
        with pytest.raises(Conflict, match="est fermé"):
            set_publication("continuous", confirmed=True, actor=SYSTEM)
        move_services(["marks"], "open", actor=SYSTEM)
        assert settings_of_school().marks_publication == "scheduled"
        assert [len(pair.due_dates) for pair in pairs()] == [1, 0]


@pytest.mark.row("M070")
def test_back_to_continuous_asks_and_deletes_the_dates_of_this_school(world: World) -> None:
    for school in (world.a, world.b):
        with school_scope(school):
            move_services(["marks"], "open", actor=SYSTEM)
            set_publication("scheduled", actor=SYSTEM)
            add_due_date("2026-12-12", [pair.key for pair in pairs()], actor=SYSTEM)
    with school_scope(world.a):
        with pytest.raises(DatesWouldGo) as asked:
            set_publication("continuous", actor=SYSTEM)
        assert asked.value.message == "Les dates d'échéance vont être supprimées. Voulez-vous continuer?"
        assert admin_db.session.scalar(select(func.count(MarksDueDate.id))) == 2
        set_publication("continuous", confirmed=True, actor=SYSTEM)
        assert admin_db.session.scalar(select(func.count(MarksDueDate.id))) == 0
        set_publication("continuous", actor=SYSTEM)
        set_publication("scheduled", actor=SYSTEM)
    with school_scope(world.b):
        assert admin_db.session.scalar(select(func.count(MarksDueDate.id))) == 2


@pytest.mark.row("M073", "M071")
def test_the_delay_of_competences(world: World) -> None:
    with school_scope(world.a):
        with pytest.raises(Conflict, match="est fermé"):
            set_lpc_delay("10", actor=SYSTEM)
        move_services(["competences"], "open", actor=SYSTEM)
        for days in ("2", "365", " 30 "):
            set_lpc_delay(days, actor=SYSTEM)
        for wrong in ("1", "366", "-3", "8,5", "huit", "", "9" * 50, "²"):
            with pytest.raises(BadInput, match="Délai de publication"):
                set_lpc_delay(wrong, actor=SYSTEM)
        move_services(["competences"], "close", actor=SYSTEM)
        move_services(["competences"], "open", actor=SYSTEM)
        assert settings_of_school().lpc_delay == 30


@pytest.mark.row("M074")
def test_the_contact_link_needs_a_mailbox_of_the_school(world: World) -> None:
    with school_scope(world.a):
        with pytest.raises(Conflict, match="Aucun courriel de l'établissement n'est connu"):
            set_contact("yes", ["x@example.org"], actor=SYSTEM)
        with unit_of_work() as session:
            session.get_one(School, world.a).email = "ce.099@example.org"
            session.add(ContactAddress(label="Vie scolaire", email="vs@example.org"))
            session.add(ContactAddress(label="Deuxième courriel", email="ce.099@example.org"))
        assert list(known_emails()) == ["ce.099@example.org", "vs@example.org"]
        with pytest.raises(BadInput, match="au moins un"):
            set_contact("yes", [], actor=SYSTEM)
        with pytest.raises(BadInput, match=r"ailleurs@example\.org n'est pas un courriel de l'établissement"):
            set_contact("yes", ["ailleurs@example.org"], actor=SYSTEM)
        with pytest.raises(BadInput, match="Lien de contact"):
            set_contact("", ["vs@example.org"], actor=SYSTEM)
        set_contact("yes", ["vs@example.org"], actor=SYSTEM)
        assert contact_emails(settings_of_school()) == ["vs@example.org"]
        set_contact("no", ["vs@example.org"], actor=SYSTEM)
        assert contact_emails(settings_of_school()) == []
    with school_scope(world.b):
        assert known_emails() == {}


@pytest.mark.row("M074")
def test_a_mailbox_that_is_gone_receives_nothing(world: World) -> None:
    with school_scope(world.a):
        with unit_of_work() as session:
            session.add(ContactAddress(label="Vie scolaire", email="vs@example.org"))
        set_contact("yes", ["vs@example.org"], actor=SYSTEM)
        with unit_of_work() as session:
            session.delete(session.scalars(select(ContactAddress)).one())
        assert contact_emails(settings_of_school()) == []
