"""An account is made from codes that are valid, unused and well accompanied, and from nothing else (M113-M119)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from app.core.db import portal_db
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal import activation, signup
from app.portal.models import Account, PortalAuditLine, PublishedCode, PublishedPupil
from app.portal.queries import family
from app.portal.signup import SignUpRefused, create_account
from app.portal.visitors import Visitor
from app.security.throttle import TooManyAttempts
from tests.portal.conftest import (
    CLOSED,
    ELSEWHERE,
    HUGO,
    HUGO_FATHER,
    MARGUERITE,
    PASSPHRASE,
    PORTAL_URL,
    PUPILS_OWN,
    accounts,
    events,
    line,
    mails,
    new_account,
    rows,
)
from tests.statements import statements


def make(*lines: Any, visitor: Visitor, **facts: Any) -> int:
    return create_account(new_account(*lines, **facts), visitor=visitor, portal_url=PORTAL_URL)


def refusal(*lines: Any, visitor: Visitor, **facts: Any) -> list[tuple[str, str, int | None]]:
    with pytest.raises(SignUpRefused) as caught:
        make(*lines, visitor=visitor, **facts)
    return [(fault.field, fault.reason, fault.line) for fault in caught.value.faults]


@pytest.mark.row("M114", "M118")
def test_one_account_from_the_codes_of_two_children(families: Any, visitor: Visitor) -> None:
    """The account is provisional, its codes are attached, the school is told, the link leaves by mail."""
    account_id = make(line(MARGUERITE), line(HUGO), visitor=visitor)
    (account,) = accounts()
    assert (account.id, account.state, account.kind) == (account_id, "provisional", "guardian")
    assert [c.id for c in rows(PublishedCode, PublishedCode.account_id == account_id)] == [1, 2]
    told = events()
    assert [kind for kind, _ in told] == ["account.created", "code.attached", "code.attached"]
    assert told[0][1]["identifier"] == "maude.berge"
    assert [payload["code_id"] for _, payload in told[1:]] == [1, 2]
    (mail,) = mails()
    assert mail.to_address == "maude@example.org"
    assert f"{PORTAL_URL}/confirmation/" in mail.text
    assert [(a.action, a.actor_id) for a in rows(PortalAuditLine)] == [("account.create", account_id)]


@pytest.mark.row("M118")
def test_the_mail_carries_the_link_and_never_the_pass_phrase(sqlite_families: Any, visitor: Visitor) -> None:
    """What replaces the guide's mail that repeats the password."""
    make(visitor=visitor)
    (mail,) = mails()
    for body in (mail.text, mail.html, mail.subject):
        assert PASSPHRASE not in body
    assert accounts()[0].password_hash.startswith("$argon2id$")


@pytest.mark.row("M115")
@pytest.mark.parametrize("name", ["zoe anais", "ZOÉ-ANAÏS", "ZoeAnais", "Zoé–Anaïs "])
def test_the_first_name_forgives_case_accents_and_hyphens(sqlite_families: Any, visitor: Visitor, name: str) -> None:
    make(line(MARGUERITE, first_name=name), visitor=visitor)
    assert len(accounts()) == 1


@pytest.mark.row("M115")
def test_look_alikes_of_the_letter_are_understood(sqlite_families: Any, visitor: Visitor) -> None:
    """A zero read as the letter O, a one as the letter I."""
    make(line(MARGUERITE, code="OMQUXR43E7KNC"), visitor=visitor)
    assert [c.id for c in rows(PublishedCode, PublishedCode.account_id.is_not(None))] == [1]


WRONG = {
    "mistyped": line(MARGUERITE, code="0MQUXR43E7KND"),
    "another pupil's": line(MARGUERITE, code=ELSEWHERE[0]),
    "wrong first name": line(MARGUERITE, first_name="Hugo"),
    "empty after folding": line(MARGUERITE, first_name="-"),
    "wrong birth date": line(MARGUERITE, birth_date=date(2014, 1, 19)),
    "a pupil's code on the parents' form": line(PUPILS_OWN),
}


@pytest.mark.row("M115")
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_whatever_is_wrong_the_answer_is_the_same(families: Any, visitor: Visitor, wrong: Any) -> None:
    assert refusal(wrong, visitor=visitor) == [("code", "refused", 0)]
    assert accounts() == [] and events() == [] and mails() == []


@pytest.mark.row("M115")
def test_a_code_already_used_is_refused(families: Any, visitor: Visitor) -> None:
    make(visitor=visitor)
    assert refusal(visitor=visitor, identifier="somebody.else") == [("code", "refused", 0)]


@pytest.mark.row("M115")
def test_an_invalidated_code_is_refused(families: Any, visitor: Visitor) -> None:
    with system_scope("test"), unit_of_work(portal_db) as session:
        session.execute(update(PublishedCode).where(PublishedCode.id == 1).values(valid=False))
    assert refusal(visitor=visitor) == [("code", "refused", 0)]


@pytest.mark.row("M115")
def test_one_wrong_line_refuses_the_whole_and_names_it(families: Any, visitor: Visitor) -> None:
    assert refusal(line(MARGUERITE), line(HUGO, birth_date=date(2000, 1, 1)), visitor=visitor) == [
        ("code", "refused", 1)]
    assert rows(PublishedCode, PublishedCode.account_id.is_not(None)) == []


@pytest.mark.row("M115")
def test_a_school_without_open_service_is_said_to_who_holds_the_code(families: Any, visitor: Visitor) -> None:
    """Only to them: with a wrong birth date the answer is the ordinary one."""
    assert refusal(line(CLOSED), visitor=visitor) == [("code", "school_closed", 0)]
    assert refusal(line(CLOSED, birth_date=date(2000, 1, 1)), visitor=visitor) == [("code", "refused", 0)]


@pytest.mark.row("M115")
@pytest.mark.parametrize("misread", ["3BO7NDEEYE5RI", "3BO7NDEEYESR1", "38O7NDEEYE5R1"])
def test_look_alikes_open_only_with_the_right_name_and_date(families: Any, visitor: Visitor, misread: str) -> None:
    """O for 0, B for 8, 5 for S, 1 for I, together; and never a hint at which part was wrong."""
    for wrong in ({"first_name": "Hugues"}, {"birth_date": date(2012, 2, 7)}):
        assert refusal(line(HUGO, code=misread, **wrong), visitor=visitor) == [("code", "refused", 0)]
    assert accounts() == []
    account_id = make(line(HUGO, code=misread), visitor=visitor)
    assert [code.id for code in rows(PublishedCode, PublishedCode.account_id == account_id)] == [2]


@pytest.mark.row("M115")
def test_look_alikes_are_counted_as_one_attempt_of_ten(families: Any, visitor: Visitor) -> None:
    """One count for all the variants of a code: writing it otherwise gives no further attempt."""
    for number in range(10):
        refusal(line(HUGO, code=("38O7", "3BO7", "3B07")[number % 3] + "NDEEYE5R1", first_name="Hugues"),
                visitor=visitor)
    with pytest.raises(TooManyAttempts):
        make(line(HUGO, code="38O7NDEEYE5R1"), visitor=visitor)


@pytest.mark.row("M115")
def test_right_or_wrong_takes_the_same_steps(sqlite_families: Any, visitor: Visitor, count_calls: Any) -> None:
    """Same statements, same hashes, same comparisons: nothing can be learnt from the time."""
    looked_up, hashed = count_calls(activation, "lookup_hashes"), count_calls(signup, "hash_passphrase")
    compared = count_calls(activation, "_same")
    seen = []
    for wrong in (*WRONG.values(), line(CLOSED)):
        for calls in (looked_up, hashed, compared):
            calls.clear()
        readings = len(activation.codes.readings(wrong.code))
        with statements(portal_db) as sent:
            refusal(wrong, visitor=visitor)
        seen.append((len(looked_up) - readings, len(hashed), len(compared), len(sent)))
        visitor.limits.storage.reset()
    assert set(seen) == {(0, 1, 3, seen[0][3])}


@pytest.mark.row("M119")
def test_a_joint_account_opens_what_its_codes_open_and_nothing_more(families: Any, visitor: Visitor) -> None:
    """Father's and mother's codes on one account: both their names, both children, no third child, no third person."""
    account_id = make(line(MARGUERITE), line(HUGO), line(HUGO_FATHER), visitor=visitor)
    with account_scope(account_id):
        shown = family()
    assert [child.first_name for child in shown.children] == ["Hugo", "Zoé-Anaïs"]
    assert [[held.guardian for held in child.codes] for child in shown.children] == [
        ["Mme BERGÉ Maude", "M. BERGÉ Paul"], ["Mme BERGÉ Maude"]]
    assert shown.greeted == ("Maude", "Paul")
    with account_scope(account_id):
        assert {p.id for p in portal_db.session.query(PublishedPupil)} == {11, 12}
        assert {c.id for c in portal_db.session.query(PublishedCode)} == {1, 2, 3}


@pytest.mark.row("M119")
def test_a_code_of_one_school_opens_nothing_of_another(families: Any, visitor: Visitor) -> None:
    account_id = make(line(ELSEWHERE), visitor=visitor)
    with account_scope(account_id):
        assert [child.first_name for child in family().children] == ["Nils"]


@pytest.mark.row("M113")
def test_a_pupil_makes_an_account_with_the_pupils_code(families: Any, visitor: Visitor) -> None:
    """On the pupils' form only; a parent's code does not work there."""
    assert refusal(line(HUGO), visitor=visitor, holder="pupil") == [("code", "refused", 0)]
    account_id = make(line(PUPILS_OWN), visitor=visitor, holder="pupil")
    with account_scope(account_id):
        assert family().greeted == ("Hugo",)


def test_the_identifier_is_one_persons_whatever_its_case_and_accents(families: Any, visitor: Visitor) -> None:
    make(visitor=visitor, identifier="Zoé.Bergé")
    assert refusal(line(ELSEWHERE), visitor=visitor, identifier="zoe.BERGE") == [
        ("identifier", "identifier_taken", None)]


def test_a_taken_identifier_is_told_only_to_who_holds_a_code(families: Any, visitor: Visitor) -> None:
    """Otherwise the form would tell anybody who has an account."""
    make(visitor=visitor)
    wrong = line(HUGO, birth_date=date(2001, 1, 1))
    assert refusal(wrong, visitor=visitor) == [("code", "refused", 0)]


@pytest.mark.parametrize(("facts", "field"), [
    ({"identifier": "ab"}, "identifier"), ({"identifier": "maude bergé"}, "identifier"),
    ({"identifier": "#12"}, "identifier"), ({"email": "maude"}, "email"), ({"email": "a@b.org, c@d.org"}, "email"),
    ({"passphrase": "trop court"}, "passphrase"), ({"passphrase": "maude.berge2"}, "passphrase"),
])
def test_bad_identity_is_refused_before_the_codes_are_looked_at(
    sqlite_families: Any, visitor: Visitor, facts: dict[str, str], field: str
) -> None:
    with statements(portal_db) as sent:
        assert [fault[0] for fault in refusal(visitor=visitor, **facts)] == [field]
    assert sent == []


def test_the_same_code_twice_is_said(sqlite_families: Any, visitor: Visitor) -> None:
    assert refusal(line(HUGO), line(HUGO), visitor=visitor) == [("code", "twice", 1)]


def test_no_line_and_too_many_lines(sqlite_families: Any, visitor: Visitor) -> None:
    many = new_account(*[line(HUGO, code=f"{n:013d}") for n in range(13)])
    with pytest.raises(SignUpRefused) as caught:
        create_account(many, visitor=visitor, portal_url=PORTAL_URL)
    assert caught.value.faults[0].reason == "too_many_lines"


def test_guessing_around_one_code_is_slowed_down(families: Any, visitor: Visitor) -> None:
    """Whoever found a letter cannot try birth dates for long, not even from many places."""
    for day in range(10):
        there = Visitor(f"198.51.100.{day}", visitor.limits)
        refusal(line(MARGUERITE, birth_date=date(2014, 2, day + 1)), visitor=there)
    with pytest.raises(TooManyAttempts) as caught:
        make(visitor=Visitor("203.0.113.9", visitor.limits))
    assert caught.value.wait > 60
    assert accounts() == []


def test_guessing_from_one_place_is_slowed_down(sqlite_families: Any, visitor: Visitor) -> None:
    for n in range(30):
        refusal(line(MARGUERITE, code=f"{n:04X}222222222"), visitor=visitor)
    with pytest.raises(TooManyAttempts):
        make(visitor=visitor)


def test_the_code_attached_meanwhile_wins(sqlite_families: Any, visitor: Visitor, monkeypatch: Any) -> None:
    """Two forms with one code, at the same moment: the second finds it taken and leaves nothing behind."""
    real = signup.match_lines

    def slow(session: Any, holder: Any, lines: Any) -> Any:
        found = real(session, holder, lines)
        other = Account(identifier="other", identifier_key="other", password_hash="x", email="o@example.org")
        session.add(other)
        session.flush()
        session.execute(update(PublishedCode).where(PublishedCode.id == 1).values(account_id=other.id))
        return found

    monkeypatch.setattr(signup, "match_lines", slow)
    assert refusal(visitor=visitor) == [("code", "refused", 0)]
    assert accounts() == [] and mails() == []
