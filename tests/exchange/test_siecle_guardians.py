"""BEE_RESPONSABLES: both generations of links, addresses, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import BadInput
from app.core.mail import clean_address
from app.exchange.records import GuardianRecord, RejectedGuardian
from app.exchange.siecle.guardians import read_guardians
from app.exchange.source_file import open_source
from tests.exchange.files import ADDRESS, lines, link, person, read, responsables


def ranks(*links: str, people: int = 4) -> dict[str, tuple[int | None, int]]:
    """Rank and level of each person for pupil 1."""
    data = responsables([person(n) for n in range(1, people + 1)], links)
    return {g.source_id: (item.rank, item.level) for g in read(data, GuardianRecord) for item in g.links}


NEW = {
    "order of the file": ((link(1, 1), link(1, 2)), {"1": (1, 1), "2": (2, 1)}),
    "who pays comes first": ((link(1, 1), link(1, 2, PAIE_FRAIS_SCOLAIRES="true")), {"1": (2, 1), "2": (1, 1)}),
    "paying written 1": ((link(1, 1), link(1, 2, PAIE_FRAIS_SCOLAIRES="1")), {"1": (2, 1), "2": (1, 1)}),
    "in charge and contact": (
        (link(1, 1), link(1, 2, NIVEAU_RESPONSABILITE=2), link(1, 3, NIVEAU_RESPONSABILITE=3)),
        {"1": (1, 1), "2": (None, 2), "3": (None, 3)},
    ),
    "a third": ((link(1, 1), link(1, 2), link(1, 3)), {"1": (1, 1), "2": (2, 1), "3": (None, 1)}),
    "a contact who pays": (
        (link(1, 1, NIVEAU_RESPONSABILITE=3, PAIE_FRAIS_SCOLAIRES="true"), link(1, 2)),
        {"1": (None, 3), "2": (1, 1)},
    ),
}
OLD = {
    "1, 2 and contact": (
        (link(1, 1, RESP_LEGAL=2), link(1, 2, RESP_LEGAL=1), link(1, 3, RESP_LEGAL=0)),
        {"1": (2, 1), "2": (1, 1), "3": (None, 3)},
    ),
    "two legal 1": ((link(1, 1, RESP_LEGAL=1), link(1, 2, RESP_LEGAL=1)), {"1": (1, 1), "2": (None, 1)}),
}


@pytest.mark.parametrize(("links", "expected"), [*NEW.values(), *OLD.values()], ids=[*NEW, *OLD])
def test_legal_1_and_legal_2(links: tuple[str, ...], expected: dict[str, tuple[int | None, int]]) -> None:
    assert ranks(*links) == expected


@pytest.mark.parametrize("links", [NEW["a third"][0], OLD["two legal 1"][0]], ids=["third", "two legal 1"])
def test_a_legal_guardian_without_rank_is_reported(links: tuple[str, ...]) -> None:
    (line,) = lines(responsables([person(1), person(2), person(3)], links))
    assert (line.severity, "sans rang" in line.message) == ("alert", True)


def only(data: bytes) -> GuardianRecord:
    """The single guardian of a file."""
    (found,) = read(data, GuardianRecord)
    return found


PEOPLE: dict[str, tuple[dict[str, Any], str, object]] = {
    "old NOM": ({"NOM_DE_FAMILLE": None, "NOM": "ANCIEN"}, "last_name", "ANCIEN"),
    "usage name": ({"NOM_USAGE": "USAGE"}, "usage_name", "USAGE"),
    "Mlle": ({"LC_CIVILITE": "MLLE"}, "title", "MME"),
    "M.": ({"LC_CIVILITE": "M."}, "title", "M."),
    "no title": ({"LC_CIVILITE": None}, "title", None),
    "no first name": ({"PRENOM": None}, "first_name", None),
    "e-mail": ({"MEL": " a.b@courriel.example.org "}, "email", "a.b@courriel.example.org"),
    "mobile": ({"TEL_PORTABLE": "+33639980001"}, "phone_mobile", "+33639980001"),
    "address": ({}, "address1", "3 rue Basse"),
    "France is not written": ({}, "country", None),
    "no address": ({"ADRESSE_ID": None}, "city", None),
}


@pytest.mark.parametrize(("fields", "name", "value"), PEOPLE.values(), ids=PEOPLE)
def test_a_field(fields: dict[str, Any], name: str, value: object) -> None:
    assert getattr(only(responsables([person(1, **fields)], [link(1, 1)])), name) == value


def test_an_address_abroad() -> None:
    abroad = (
        '<ADRESSE ADRESSE_ID="7"><LIGNE1_ADRESSE>1 Hauptstrasse</LIGNE1_ADRESSE><CODE_POSTAL>66999</CODE_POSTAL>'
        "<COMMUNE_ETRANGERE>SAARHAIN</COMMUNE_ETRANGERE><CODE_PAYS>109</CODE_PAYS><LL_PAYS>ALLEMAGNE</LL_PAYS></ADRESSE>"
    )
    found = only(responsables([person(1)], [link(1, 1)], abroad))
    assert (found.postal_code, found.city, found.country) == ("66999", "SAARHAIN", "ALLEMAGNE")


def test_a_post_box_takes_the_next_free_line() -> None:
    boxed = ADDRESS.replace("<CODE_POSTAL>", "<BOITE_POSTALE>BP 40</BOITE_POSTALE><CODE_POSTAL>")
    assert only(responsables([person(1)], [link(1, 1)], boxed)).address2 == "BP 40"


@pytest.mark.parametrize("mail", ["a@b.fr, c@d.fr", "a..b@c.fr", "a.@c.fr", "é@c.fr", "a@c_d.fr", "a@-c.fr", "a@c..fr"])
def test_an_unusable_e_mail_is_dropped_with_an_alert(mail: str) -> None:
    """What the outbox would refuse: kept, one such address would stop a whole campaign."""
    with pytest.raises(BadInput):
        clean_address(mail)
    data = responsables([person(1, MEL=mail)], [link(1, 1)])
    assert only(data).email is None
    assert "électronique" in lines(data, "alert")[0].message


def test_an_unknown_address_is_an_alert() -> None:
    assert "adresse 9" in lines(responsables([person(1, ADRESSE_ID=9)], [link(1, 1)]), "alert")[0].message


def test_somebody_linked_to_nobody_is_not_handed_over() -> None:
    assert [g.source_id for g in read(responsables([person(1), person(2)], [link(1, 1)]), GuardianRecord)] == ["1"]


def test_a_kinship_of_one_character_is_kept_raw() -> None:
    assert only(responsables([person(1)], [link(1, 1, CODE_PARENTE="6")])).links[0].kinship == "6"


def test_a_link_to_an_unknown_pupil_is_left_out_and_the_others_applied() -> None:
    data = responsables([person(1)], [link(1, 1), link(999, 1)])
    found = list(read_guardians(open_source(data, "resp.xml"), knows_pupil={"1"}.__contains__))
    blocking = [item for item in found if getattr(item, "severity", "") == "blocking"]
    assert [g.links for g in found if isinstance(g, GuardianRecord)][0][0].pupil_id == "1"
    assert ("ELEVE_ID 999" in blocking[0].message, "DUPONT1 Anne" in blocking[0].message) == (True, True)
    assert (blocking[0].file, blocking[0].line) == ("resp.xml", 4)


def test_a_link_to_an_unknown_person_is_left_out() -> None:
    assert "999" in lines(responsables([person(1)], [link(1, 1), link(1, 999)]), "blocking")[0].message


REJECTED = {
    "same id twice": responsables([person(1), person(1, PRENOM="Zoé"), person(2)], [link(1, 1), link(1, 2)]),
    "no name": responsables([person(1, NOM_DE_FAMILLE=None), person(2)], [link(1, 1), link(1, 2)]),
    "unreadable link": responsables([person(1), person(2)], [link(1, 1, NIVEAU_RESPONSABILITE=9), link(1, 2)]),
}


@pytest.mark.parametrize("data", REJECTED.values(), ids=REJECTED)
def test_a_faulty_guardian_is_left_as_it_is(data: bytes) -> None:
    assert RejectedGuardian("1") in read(data, RejectedGuardian)
    assert [g.source_id for g in read(data, GuardianRecord)] == ["2"]
    assert len(lines(data, "blocking")) == 1


def test_a_repeated_link_keeps_the_first() -> None:
    data = responsables([person(1)], [link(1, 1), link(1, 1, NIVEAU_RESPONSABILITE=3)])
    assert [item.level for item in only(data).links] == [1]
    assert "répété" in lines(data, "alert")[0].message
