"""Single-use links (C05): 72 hours, once, the latest only, and readable nowhere but in the mail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.core.actor import SYSTEM, Actor
from app.core.clock import frozen, now
from app.core.db import admin_db
from app.core.errors import Forbidden
from app.core.scope import system_scope
from app.jobs.models import MailOutbox
from app.security.invitations import LinkDead, accept, compose, invite, send_recovery
from app.security.models import Invitation
from app.security.passwords import PassphraseRefused
from app.security.services import create_user
from tests.factories import World
from tests.security.conftest import PASSPHRASE, Campus, add_person

pytestmark = pytest.mark.row("C05")


def newcomer(world: World, name: str = "zoe") -> int:
    """Somebody without a pass-phrase."""
    with system_scope("test"):
        return create_user(actor=SYSTEM, authority_id=world.authority, first_name="Zoé", last_name="Neuve",
                           email=f"{name}@example.org").id


def links() -> list[str]:
    """What the mails in the outbox will say, oldest first: the secret part of their links."""
    with system_scope("test"):
        mails = admin_db.session.scalars(select(MailOutbox).order_by(MailOutbox.id)).all()
        texts = [compose(admin_db.session(), mail)[0] for mail in mails]
    admin_db.session.rollback()
    return [re.findall(r"#jeton=(\S+)", text)[0] for text in texts]


def send(user_id: int) -> str:
    """Invite and read the mail."""
    with system_scope("test"):
        invite(user_id, actor=SYSTEM)
    return links()[-1]


def test_once(world: World) -> None:
    """The person chooses, signs in; the link is then dead."""
    token = send(newcomer(world))
    user_id = accept(token, PASSPHRASE)
    with system_scope("test"):
        assert admin_db.session.get_one(User, user_id).password.startswith("$argon2id$")
    with pytest.raises(LinkDead):
        accept(token, "nuage vert parapluie")


@pytest.mark.parametrize(("hours", "good"), [(71.9, True), (72.1, False)])
def test_72_hours(world: World, hours: float, good: bool) -> None:
    """Not a minute longer."""
    token = send(newcomer(world))
    with frozen(now() + timedelta(hours=hours)):
        if good:
            assert accept(token, PASSPHRASE)
        else:
            with pytest.raises(LinkDead):
                accept(token, PASSPHRASE)


def test_sending_again_ends_the_link_before(world: World) -> None:
    """One good link at most."""
    user_id = newcomer(world)
    with system_scope("test"):
        invite(user_id, actor=SYSTEM)
    first = links()[0]
    second = None
    with system_scope("test"):
        invite(user_id, actor=SYSTEM)
        with pytest.raises(LinkDead):
            accept(first, PASSPHRASE)
        mail = admin_db.session.scalars(select(MailOutbox).order_by(MailOutbox.id.desc())).first()
        second = re.findall(r"#jeton=(\S+)", compose(admin_db.session(), mail)[0])[0]
    assert accept(second, PASSPHRASE) == user_id


def test_a_weak_pass_phrase_leaves_the_link_good(world: World) -> None:
    """Nothing is half-done."""
    token = send(newcomer(world))
    with pytest.raises(PassphraseRefused):
        accept(token, "motdepasse1234")
    assert accept(token, PASSPHRASE)


def test_no_table_holds_a_link(world: World) -> None:
    """Neither the invitation nor the outbox: the mail's text is written when it leaves."""
    token = send(newcomer(world))
    with system_scope("test"):
        stored = admin_db.session.scalars(select(Invitation)).one()
        mail = admin_db.session.scalars(select(MailOutbox)).one()
        assert token not in (stored.token_hash, mail.text, mail.html, mail.ref, mail.subject) and mail.text == ""


def test_who_may_invite(world: World) -> None:
    """The right is asked by the service, whoever calls it."""
    user_id = newcomer(world)
    with system_scope("test"), pytest.raises(Forbidden):
        invite(user_id, actor=Actor.person(1, "Paul", [("can_list", "person")]))


@pytest.mark.parametrize("name", ["nobody@example.org", "closed@example.org"])
def test_recovery_is_silent_about_strangers(world: World, name: str) -> None:
    """No mail for whoever is unknown or closed; one for whoever is known, by identifier or address."""
    closed = add_person(world, "closed")
    with system_scope("test"):
        admin_db.session.get_one(User, closed).active = False
        admin_db.session.commit()
    send_recovery(name)
    assert links() == []
    add_person(world, "claire")
    send_recovery("Claire@Example.org")
    assert len(links()) == 1


def test_the_whole_way_in_the_browser(campus: Campus) -> None:
    """The link's page, a pass-phrase, and inside; the address carries nothing that a log would keep."""
    academy = campus.client("academy_admin")
    made = academy.post("/people/add", "/people/add", first_name="Zoé", last_name="Neuve", email="zoe@example.org")
    page = made.headers["Location"]
    number = page.rpartition("/")[2]
    with system_scope("test"):
        from app.schools.models import School
        from app.security.services import find_role

        uai = admin_db.session.get_one(School, campus.world.a).uai
        role = find_role(admin_db.session(), "secretary").role_id
    admin_db.session.remove()
    academy.post("/role-grants/add", page, user_id=number, role_id=str(role), uai=uai, starts_on="", ends_on="")
    assert academy.post(f"{page}/invite", page).status_code == 302
    token = links()[0]
    admin_db.session.remove()
    visitor = campus.client()
    choose = {"token": f"http://127.0.0.1:8080/invitation#jeton={token}", "passphrase": PASSPHRASE}
    assert visitor.post("/invitation/", "/invitation/", **choose, again="something else here").status_code == 422
    assert visitor.post("/invitation/", "/invitation/", **choose, again=PASSPHRASE).headers["Location"] == "/"
    assert visitor.get("/pupil/list/").status_code == 200
    assert campus.client().sign_in("zoe@example.org").status_code == 302
    assert visitor.post("/invitation/", "/invitation/", **choose, again=PASSPHRASE).status_code == 410


def test_a_forgotten_pass_phrase(campus: Campus) -> None:
    """The page says the same for everybody, and is limited."""
    visitor = campus.client()
    for name in ("head@example.org", "nobody@example.org"):
        answer = visitor.post("/forgotten", "/forgotten", username=name)
        assert answer.headers["Location"] == "/login/"
    assert len(links()) == 1
    admin_db.session.remove()
    statuses = {visitor.post("/forgotten", "/forgotten", username="nobody@example.org").status_code for _ in range(6)}
    assert statuses == {302, 429}
