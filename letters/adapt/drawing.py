"""Drawing with a wording: the body, its trial on every sample, its page. Runs in the bounded process only."""

from __future__ import annotations

import re
import traceback
from functools import lru_cache
from html import unescape
from typing import Any

from jinja2 import Template, TemplateError

from .. import qr, wording
from ..errors import Fault
from ..types import ChildRow, Facts
from .language import check, environment
from .markup import as_text, check_tags, cleaned
from .texts import Text, samples

LARGEST = 150_000  # characters of a drawn body; the shipped ones have fewer than 8,000
MOST_PAGES = 3  # of a letter to the sample family


@lru_cache(maxsize=8)
def _template(source: str) -> Template:
    return environment().from_string(source)


def body(text: Text, source: str, facts: Facts) -> str:
    """The wording filled with a letter's facts, as clean HTML. Raises `Fault`."""
    symbol = "" if text.mail else qr.data_uri(facts.activation_link)  # type: ignore[attr-defined]
    known: dict[str, Any] = {text.variable: facts} | ({} if text.mail else {"qr": symbol})
    drawn, size = [], 0
    try:
        for piece in _template(source).generate(**known):
            size += len(piece)
            if size > LARGEST:
                raise Fault(f"une fois rempli, ce texte dépasse {LARGEST} caractères")
            drawn.append(piece)
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as problem:
        raise Fault(_runtime(problem), _line_of(problem)) from None
    return cleaned(text, "".join(drawn), symbol)


def _runtime(problem: Exception) -> str:
    if "sandbox" in str(problem) or "unsafe" in str(problem):
        return "ce texte demande ce qui lui est interdit"
    return f"ce texte ne peut pas être rempli ({problem})"


def _line_of(problem: Exception) -> int | None:
    """The line of the wording that was being drawn."""
    return next((frame.lineno for frame in reversed(traceback.extract_tb(problem.__traceback__))
                 if frame.filename == "<template>"), None)  # fmt: skip


def try_out(text: Text, source: str) -> None:
    """Everything that can be known of a wording without laying it out: how it is written, its tags, and each sample
    with what must not be lost. Raises `Fault`."""
    check(text, source)
    check_tags(text, source)
    for facts in samples(text.key).values():
        said = _plain(body(text, source, facts))
        if lost := [what for what, needed in _needed(text, facts) if not all(_plain(one) in said for one in needed)]:
            raise Fault(f"le courrier ne dit plus {lost[0]} ; reprenez ce passage du texte d'origine")


def _needed(text: Text, facts: Any) -> list[tuple[str, list[str]]]:
    """What a family must find whatever the words (M137–M140), unless the frame already says it."""
    children: tuple[ChildRow, ...] = facts.children
    codes = [child.code for child in children if child.code]
    always = [("l'élève et sa classe", [part for child in children for part in (child.name, child.division)]),
              ("le code d'activation", codes),
              ("la date à partir de laquelle il sert", [wording.long_date(facts.starts_on)])]  # fmt: skip
    if text.mail:
        return always
    school, protection = facts.school, facts.protection
    return [*always, ("l'adresse du portail ou de l'ENT", [wording.bare_address(facts.portal.url)]),
            ("qui signe", [school.head_title, *([school.head_name] if school.head_name else [])]),
            ("ce que la loi demande (RGPD)", [protection.controller, protection.officer])]  # fmt: skip


def _plain(html: str) -> str:
    """The words alone, to look one up."""
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]*>", "", html)))


def mail_body(text: Text, source: str, facts: Facts) -> dict[str, str]:
    """The body of a mail, as HTML and as text."""
    html = body(text, source, facts)
    return {"html": html, "text": as_text(html)}
