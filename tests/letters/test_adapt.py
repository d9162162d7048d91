"""An academy's words for letters: what they may hold, what they may not, and what becomes of them when drawn."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from pathlib import Path

import pytest

from letters import codec
from letters.adapt import desk, texts
from letters.adapt.desk import Desk, WordingRefused, check_wording, preview_wording
from letters.adapt.markup import as_text, cleaned, without_look
from letters.adapt.schema import variables
from letters.adapt.steady import same_for_all
from letters.adapt.texts import TEXTS, samples
from letters.errors import RenderFailed
from letters.mail import render_mail
from letters.render import render_batch
from letters.samples import sample_letter
from tests.letters.people import LEO, letter, text_of, words_of
from tests.letters.test_batch import families

PAPER = TEXTS["guardian_code"]
OWN = PAPER.original.replace("<p>{{ letter.guardian.salutation }}</p>",
                             "<p>{{ letter.guardian.salutation }}</p>\n<p>La rectrice vous salue.</p>")  # fmt: skip
NAMED = PAPER.original.replace("<p>{{ letter.guardian.salutation }}</p>",
                               "<p>À l'attention de {{ letter.guardian.name | upper }}, bonjour.</p>")  # fmt: skip


def line_of(mark: str, source: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if mark in line)


@pytest.mark.row("M137", "M139", "M140")
@pytest.mark.parametrize("key", list(TEXTS))
def test_the_shipped_words_can_be_kept_as_they_are(key: str) -> None:
    check_wording(key, TEXTS[key].original)
    assert {"services", "mixed", "ent"} <= samples(key).keys()


@pytest.mark.row("M137")
@pytest.mark.parametrize("name", ["guardian_code", "guardian_continuity", "pupil_code", "pupil_continuity"])
def test_the_shipped_words_as_an_academy_s_give_the_same_page(name: str, tmp_path: Path) -> None:
    asked = sample_letter(name)
    render_batch([asked], tmp_path / "shipped.pdf", stencils=False)
    render_batch([asked], tmp_path / "own.pdf", stencils=False, own={name: TEXTS[name].original})
    assert words_of((tmp_path / "own.pdf").read_bytes()) == words_of((tmp_path / "shipped.pdf").read_bytes())


@pytest.mark.row("M137")
def test_an_academy_s_words_are_printed_by_stencil_as_by_plain_rendering(tmp_path: Path) -> None:
    asked = families(6)
    assert same_for_all(PAPER, OWN)
    for name, stencils in (("quick", True), ("plain", False)):
        render_batch(asked, tmp_path / f"{name}.pdf", stencils=stencils, own={"guardian_code": OWN})
    quick, plain = ((tmp_path / f"{name}.pdf").read_bytes() for name in ("quick", "plain"))
    assert words_of(quick) == words_of(plain)
    assert text_of(quick).count("La rectrice vous salue.") == 6


@pytest.mark.row("M137")
def test_words_that_name_the_family_are_laid_out_one_by_one(tmp_path: Path) -> None:
    """A stencil would show the name of nobody, or break the line at the wrong word."""
    assert not same_for_all(PAPER, NAMED)
    asked = families(4)
    result = render_batch(asked, tmp_path / "named.pdf", own={"guardian_code": NAMED})
    read = " ".join(text_of((tmp_path / "named.pdf").read_bytes()).split())
    assert len(result.page_ranges) == 4
    for one in asked:
        assert f"À l'attention de {one.guardian.name.upper()}, bonjour." in read


@pytest.mark.parametrize(
    ("added", "steady"),
    [
        ("{% if letter.portal.ent %}x{% endif %}", True),
        ("{% if letter.children | length > 2 %}x{% endif %}", True),
        ("{% for child in letter.children %}{% if child.code %}x{% endif %}{% endfor %}", True),
        ("{{ letter.school.name | upper }}", True),
        ("{% for line in letter.school.address %}{{ line }}{% endfor %}", True),
        ("{% set who = letter.guardian.name %}", False),
        ("{% if letter.guardian.name == 'X' %}x{% endif %}", False),
        ("{% for child in letter.children %}{{ child.first_name }}{% endfor %}", False),
        ("{% for child in letter.children %}{% if child.division == '6A' %}x{% endif %}{% endfor %}", False),
        ("{% for one in letter.children %}{% if one.code == 'x' %}x{% endif %}{% endfor %}", False),
        ("{{ (letter.children | first).division }}", False),
        ("{{ letter.children[0].division }}", False),
        ("{{ letter['guardian']['name'] }}", False),
        ("{{ letter.reference }}", False),
        ("{{ letter.children | selectattr('division') | list | length }}", False),
        ("{{ letter.guardian.address | join(' ') }}", False),
        ("{{ letter.activation_link }}", False),
    ],
)
def test_what_is_the_same_for_a_whole_school(added: str, steady: bool) -> None:
    assert same_for_all(PAPER, PAPER.original + added) is steady


REFUSED = [
    ("{{ letter.__class__.__mro__ }}", "n'existe pas"),
    ('{{ letter["__class__"] }}', "n'existe pas"),
    ('{{ letter | attr("__class__") }}', "filtre « attr »"),
    ('{{ letter.children | selectattr("__class__.__mro__") | list }}', "interdit"),
    ('{{ letter.children | join(", ", "__class__") }}', "interdit"),
    ("{{ letter.guardian.name.upper() }}", "pas possible ici"),
    ('{{ "%s" % letter }}', "pas possible ici"),
    ("{{ 9 ** 9 ** 9 }}", "pas possible ici"),
    ("{{ [1] * 999999999 }}", "pas possible ici"),
    ("{% for i in range(9) %}x{% endfor %}", "pas possible ici"),
    ("{% include '/etc/passwd' %}", "ne peut pas être incluse"),
    ("{% include '../config.py' %}", "ne peut pas être incluse"),
    ("{% include 'guardian_code/fields.py' %}", "ne peut pas être incluse"),
    ("{% include letter.place %}", "ne peut pas être incluse"),
    ("{% include 'shared/mail_codes.html' %}", "ne peut pas être incluse"),
    ("{% extends 'shared/frame.html' %}", "pas possible ici"),
    ("{% from 'shared/button.html' import button %}", "pas possible ici"),
    ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "pas possible ici"),
    ("{% set letter = 'x' %}", "déjà pris"),
    ("{% for a in letter.services %}" * 3 + "x" + "{% endfor %}" * 3, "deux boucles"),
    ("{{ letter.place | safe }}", "filtre « safe »"),
    ("{{ letter.guardian.nom }}", "vouliez-vous écrire « letter.guardian.name » ?"),
    ("{{ lettre.place }}", "« lettre » n'existe pas"),
    ("{{ qui }}", "« qui » n'existe pas"),
    ("{% if letter.place %}", "n'est pas fermée"),
    ("{{ letter.place", "attendu|fermée|incorrecte"),
    ("{% si letter.place %}", "l'instruction « si »"),
    ('<img src="http://127.0.0.1/x.png">', "QR code"),
    ('<img src="{{ letter.place }}" alt="x"><img src="/etc/passwd">', "QR code"),
    ('<p style="background:url(http://x)">x</p>', "attribut « style »"),
    ('<p onclick="x">x</p>', "attribut « onclick »"),
    ("<script>x</script>", "balise « script »"),
    ("<style>@import url(http://x);</style>", "balise « style »"),
    ("<link rel=stylesheet href=http://x>", "balise « link »"),
    ('<pdf:barcode value="1"/>', "balise « pdf:barcode »"),
    ('<td rowspan="6000" colspan="6000">x</td>', "attribut « rowspan »"),
    ("<im{{ letter.place }}g>", "balise « im…g »"),
    ('<td width="{{ letter.place }}">x</td>', "ne peut pas être une donnée"),
    ("<!DOCTYPE html>", "nouveau document"),
]


@pytest.mark.row("M137")
@pytest.mark.parametrize(("added", "said"), REFUSED)
def test_hostile_and_mistaken_words_are_refused_with_their_line(added: str, said: str) -> None:
    source = f"{PAPER.original}\n{added}\n"
    with pytest.raises(WordingRefused, match=f"(?s).*({said})") as refused:
        check_wording("guardian_code", source)
    assert refused.value.line == len(PAPER.original.splitlines()) + 2


def test_the_first_fault_is_named_with_its_line_in_the_middle_of_a_text() -> None:
    source = PAPER.original.replace("{{ letter.place }}", "{{ letter.lieu }}")
    with pytest.raises(WordingRefused) as refused:
        check_wording("guardian_code", source)
    assert refused.value.line == line_of("letter.lieu", source) == 3
    assert str(refused.value).startswith("Ligne 3 : « letter.lieu » n'existe pas")


def test_words_that_double_themselves_end_within_their_memory_and_time() -> None:
    source = PAPER.original + '{% set a = "xxxxxxxxxx" %}' + "{% set a = a ~ a %}" * 60 + "{{ a }}"
    before = time.monotonic()
    with pytest.raises(WordingRefused, match="trop de mémoire"):
        check_wording("guardian_code", source)
    assert time.monotonic() - before < desk.SECONDS
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert used < 1 << 30, "in kB: nothing of it happened here"


def test_a_huge_page_is_refused() -> None:
    loops = "{% for child in letter.children %}{% for one in letter.services %}"
    lines = f"<p>{loops}{'mot ' * 4000}{{% endfor %}}{{% endfor %}}</p>"
    with pytest.raises(WordingRefused, match="dépasse 150000 caractères"):
        check_wording("guardian_code", PAPER.original + lines)
    with pytest.raises(WordingRefused, match="aurait 42 pages"):
        check_wording("guardian_code", PAPER.original + "<p>x</p>" * 1800)
    with pytest.raises(WordingRefused, match="dépasse 20000 caractères"):
        check_wording("guardian_code", "x" * 20_001)


def test_a_process_that_takes_too_long_is_ended() -> None:
    with Desk(seconds=0.05) as slow, pytest.raises(WordingRefused, match="trop de temps"):
        slow.ask("check", PAPER, PAPER.original)
    with Desk(memory=60 * 2**20) as small, pytest.raises(WordingRefused):
        small.ask("check", PAPER, PAPER.original)


def test_what_is_nested_without_end_is_refused() -> None:
    for source in ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "{% if 1 %}" * 900 + "{% endif %}" * 900):
        with pytest.raises(WordingRefused):
            check_wording("guardian_code", PAPER.original + source)


@pytest.mark.row("M137")
@pytest.mark.parametrize(
    ("cut", "said"),
    [
        ('{% include "shared/codes.html" %}', "l'élève et sa classe"),
        ('{% include "shared/privacy.html" %}', "ce que la loi demande"),
        ('{% include "shared/closing.html" %}', "qui signe"),
        ("<b>{{ letter.starts_on | long_date }}</b>", "la date à partir de laquelle"),
        ("<b>{{ letter.portal.url | bare_address }}</b>", "l'adresse du portail"),
    ],
)
def test_what_a_family_must_find_cannot_be_lost(cut: str, said: str) -> None:
    with pytest.raises(WordingRefused, match=said):
        check_wording("guardian_code", PAPER.original.replace(cut, ""))


def test_data_never_become_markup_in_an_academy_s_words() -> None:
    """Names go through the escape of the template and the cleaning after it."""
    from letters.adapt.drawing import body

    hostile = replace(letter(), guardian=replace(letter().guardian, name="<img src=x><td rowspan=9>&<b>"))
    drawn = body(PAPER, "<p>{{ letter.guardian.name }}</p><{{ letter.place }}>", replace(hostile, place="script"))
    assert "&lt;img src=x&gt;&lt;td rowspan=9&gt;&amp;&lt;b&gt;" in drawn
    assert "<script" not in drawn and "<img" not in drawn


def test_what_cleaning_leaves() -> None:
    symbol = "data:image/png;base64,AAAA"
    html = (f'<img src="{symbol}"><img src="data:image/png;base64,BBBB"><img src="http://x/y.png">'
            '<p style="color:red">a<td rowspan="9">b<!-- c --><iframe src=x></iframe><style>d</style>')  # fmt: skip
    assert cleaned(PAPER, html, symbol) == f'<img src="{symbol}"><img><img><p>ab</p>'
    mail = TEXTS["guardian_code.email"]
    kept = cleaned(mail, '<p style="color:red;background:url(http://x/y.png)">a</p><a href="javascript:x">b</a>'
                         '<img src="http://x">')  # fmt: skip
    assert "color:red" in kept.replace(" ", "")
    assert not any(word in kept for word in ("url", "javascript", "<img"))
    assert without_look(kept).startswith("<p>a</p>")


@pytest.mark.row("M137")
def test_a_mail_says_in_text_what_its_html_says() -> None:
    mail = TEXTS["guardian_code.email"]
    own = mail.original.replace("<p>{{ mail.guardian.salutation }}</p>",
                                '<p>{{ mail.guardian.salutation }}</p><p>Lisez <a href="https://aide.example">l\'aide</a>'
                                "<br>ou venez&nbsp;:</p><ul><li>lundi</li><li>mardi</li></ul>")  # fmt: skip
    check_wording("guardian_code.email", own)
    facts = samples("guardian_code.email")["several"]
    body = render_mail(facts, own=own)  # type: ignore[arg-type]
    assert "Lisez l'aide : https://aide.example\nou venez :\n\n- lundi\n- mardi" in body.text
    for child in facts.children:  # type: ignore[attr-defined]
        assert child.name in body.text and child.name in body.html
        assert not child.code or (child.code in body.text and child.code in body.html)
    assert "Protection des données personnelles (RGPD)" in body.text and "RGPD" in body.html
    assert "1. ouvrez le portail" in body.text
    shipped = render_mail(facts)  # type: ignore[arg-type]
    assert body.subject == shipped.subject and shipped.text != body.text


def test_text_of_tables_and_numbers() -> None:
    table = "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>"
    html = f"{table}<ol><li>x</li><li>y</li></ol><p>z</p>"
    assert as_text(html) == "A · B\n1 · 2\n\n1. x\n2. y\n\nz"


@pytest.mark.row("M137")
def test_words_that_fail_on_a_real_letter_stop_the_batch(tmp_path: Path) -> None:
    """A wording can hold for every sample and fail on a family; the batch stops, says why, and leaves no file."""
    doubled = "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}"
    trap = PAPER.original + "{% if letter.guardian.name == 'PIÈGE' %}" + doubled + "{% endif %}"
    check_wording("guardian_code", trap)
    asked = [letter(), letter(LEO, guardian=replace(letter().guardian, name="PIÈGE"))]
    with pytest.raises(RenderFailed, match="mémoire|processus|texte adapté"):
        render_batch(asked, tmp_path / "x.pdf", own={"guardian_code": trap})
    assert list(tmp_path.iterdir()) == []


def test_the_preview_is_the_letter(tmp_path: Path) -> None:
    drawn = preview_wording("guardian_code", OWN, "mixed")
    assert "La rectrice vous salue." in text_of(drawn.pdf) and "Mon ENT" in text_of(drawn.pdf)
    assert drawn.pages == len(drawn.pictures) >= 1
    assert drawn.steady and not preview_wording("guardian_code", NAMED, "mixed", pictures=False).steady
    assert all(picture.startswith("iVBOR") for picture in drawn.pictures), "PNG"
    assert preview_wording("guardian_code", OWN, "mixed", pictures=False).pictures == ()


def test_one_process_serves_many_mails_and_is_replaced() -> None:
    mail = TEXTS["guardian_code.email"]
    facts = codec.dump(samples(mail.key)["services"])
    with Desk() as kept:
        first = kept.ask("mail", mail, mail.original, facts=facts)
        process = kept._process
        assert kept.ask("mail", mail, mail.original, facts=facts) == first and kept._process is process
        with pytest.raises(WordingRefused):
            kept.ask("mail", mail, "{{ mail.nom }}", facts=facts)
        assert kept.ask("mail", mail, mail.original, facts=facts) == first, "a fault costs one mail"
        process.kill()  # type: ignore[union-attr]
        process.wait()  # type: ignore[union-attr]
        with pytest.raises(WordingRefused, match="arrêté le processus"):
            kept.ask("mail", mail, mail.original, facts=facts)
        assert kept.ask("mail", mail, mail.original, facts=facts) == first
        kept._asked = desk.MANY
        before = kept._process
        assert kept.ask("mail", mail, mail.original, facts=facts) == first and kept._process is not before


def test_the_list_beside_the_editor_names_only_what_exists() -> None:
    for key, text in TEXTS.items():
        found = dict(variables(text.variable, samples(key)["services"]))
        loop = "{% for child in " + text.variable + ".children %}{{ child.name }}{% endfor %}"
        said = "".join("{{ " + path + " }}\n" for path in found if not path.startswith("child."))
        check_wording(key, text.original + loop + said.replace(f"{{{{ {text.variable}.activation_link }}}}", ""))
        assert f"{text.variable}.school.name" in found and "child.code" in found


def test_every_key_fits_its_column() -> None:
    assert all(len(key) <= 40 for key in TEXTS)
    assert all(len(text.original) < texts.LONGEST / 4 for text in TEXTS.values())
