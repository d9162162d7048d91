"""The HTML of a wording: which tags it may hold, what is left of it once drawn, and the same as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import nh3

from ..errors import Fault
from .language import environment
from .texts import Text

PRINTED = "\ue000"  # stands for « {{ … }} » while tags are read
TABLE = {"table": {"class", "width", "align"}, "thead": {"class"}, "tbody": {"class"}, "tr": {"class", "align"},
         "td": {"class", "width", "align", "valign"}, "th": {"class", "width", "align", "valign"}}  # fmt: skip
WORDS = {"p": {"class", "align"}, "div": {"class", "align"}, "span": {"class"}, "b": {"class"}, "strong": {"class"},
         "br": set(), "ul": {"class"}, "ol": {"class"}, "li": {"class"}}  # fmt: skip
PAPER = WORDS | TABLE | {"img": {"src", "alt"}}
MAIL = WORDS | TABLE | {"a": {"href", "title"}, "i": set(), "em": set(), "u": set(), "h2": set()}
# In mails the product's own parts carry their look with them; nothing among these can name a file or an address.
LOOK = {"background-color", "border-bottom", "border-collapse", "border-radius", "color", "display", "font-family",
        "font-size", "font-weight", "margin", "padding", "text-align", "text-decoration", "white-space", "width",
        "word-break"}  # fmt: skip
ADDRESS = re.compile(rf"(https?://|mailto:).+|{PRINTED}", re.IGNORECASE | re.DOTALL)


def check_tags(text: Text, source: str) -> None:
    """Raises `Fault` for the first tag or attribute that a wording may not hold, with its line."""
    reader = _Tags(text)
    reader.feed(_without_instructions(source))
    reader.close()


def _without_instructions(source: str) -> str:
    """The text with each `{{ … }}` as one mark and each `{% … %}` gone, lines kept."""
    kept = []
    for _line, kind, value in environment().lex(source):
        if kind == "data":
            kept.append(value)
        else:  # begin and end marks swallow the blanks around them, line ends included
            kept.append((PRINTED if kind == "variable_begin" else "") + "\n" * value.count("\n"))
    return "".join(kept)


class _Tags(HTMLParser):
    def __init__(self, text: Text) -> None:
        super().__init__(convert_charrefs=True)
        self._mail = text.mail
        self._tags = MAIL if text.mail else PAPER

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = self._tags.get(tag)
        if allowed is None:
            self._refuse(f"la balise « {tag.replace(PRINTED, '…')} » n'est pas possible ici")
            return
        for name, value in attrs:
            if name not in allowed:
                self._refuse(f"l'attribut « {name.replace(PRINTED, '…')} » de la balise « {tag} » n'est pas possible")
            self._value(tag, name, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def _value(self, tag: str, name: str, value: str) -> None:
        if name == "src" and value != PRINTED:
            self._refuse("la seule image possible est le QR code : src=\"{{ qr }}\"")
        elif name == "href" and not ADDRESS.fullmatch(value):
            self._refuse("un lien mène à une adresse complète : https://… ou mailto:…")
        elif name not in ("src", "href", "title", "alt") and PRINTED in value:
            self._refuse(f"l'attribut « {name} » ne peut pas être une donnée")

    def handle_decl(self, decl: str) -> None:
        self._refuse("un texte de courrier ne commence pas un nouveau document")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def handle_pi(self, data: str) -> None:
        self.handle_decl(data)

    def _refuse(self, said: str) -> None:
        raise Fault(said, self.getpos()[0])


def cleaned(text: Text, html: str, qr: str = "") -> str:
    """What is left of a drawn wording: the allowed tags, closed, whatever the data did between them."""
    tags = MAIL if text.mail else PAPER
    attributes = {tag: set(names) for tag, names in tags.items()}
    if text.mail:
        attributes |= {tag: names | {"style"} for tag, names in attributes.items()}
        attributes["th"] |= {"scope"}

    def keep(tag: str, name: str, value: str) -> str | None:
        return None if name == "src" and value != qr else value

    return nh3.clean(
        html, tags=set(tags), attributes=attributes, attribute_filter=keep, link_rel=None,
        url_schemes={"http", "https", "mailto", "data"}, strip_comments=True,
        filter_style_properties=LOOK if text.mail else None, clean_content_tags={"script", "style"},
    )  # fmt: skip


def without_look(html: str) -> str:
    """A mail's body without its look, for pages whose policy allows no style of its own."""
    return nh3.clean(html, tags=set(MAIL), attributes={tag: set(names) for tag, names in MAIL.items()}, link_rel=None)


def as_text(html: str) -> str:
    """Cleaned HTML as the text of a mail: a line for each paragraph, item and row of a table; links with their
    address."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    lines = [" ".join(line.replace("\xa0", " ").split()) for line in "".join(writer.said).split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._numbers: list[int | None] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if tag in ("ul", "ol"):
            self._numbers.append(0 if tag == "ol" else None)
        if tag in ("p", "div", "ul", "ol", "table", "h2"):
            self.said.append("\n\n")
        elif tag == "br":
            self.said.append("\n")
        elif tag == "li":
            self.said.append(f"\n{self._bullet()} ")
        elif tag == "a":
            self._link = given.get("href") or ""

    def _bullet(self) -> str:
        if not self._numbers or self._numbers[-1] is None:
            return "-"
        self._numbers[-1] += 1
        return f"{self._numbers[-1]}."

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "div", "ul", "ol", "table", "h2"):
            self.said.append("\n\n")
        if tag in ("ul", "ol") and self._numbers:
            self._numbers.pop()
        elif tag in ("td", "th"):
            self.said.append(" · ")
        elif tag == "tr":
            if self.said and self.said[-1] == " · ":
                self.said.pop()
            self.said.append("\n")
        elif tag == "a" and self._link:
            self.said.append(f" : {self._link.removeprefix('mailto:')}")
            self._link = ""

    def handle_data(self, data: str) -> None:
        self.said.append(re.sub(r"\s+", " ", data))
