"""The welcome message (M063, M064): plain text in which « [texte](https://…) » is a link. One function shows it, to the
head in the preview and to families on the portal."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from app.core.errors import BadInput
from app.core.rich_text import clean_html
from app.core.texts import clean_text

LIMIT = 1000
FIELD = "Message d'accueil"
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]*)\)")
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")


def check_welcome(text: str) -> str:
    """The message as it is stored. Raises `BadInput`: too long, or a link to something else than http(s)."""
    kept = clean_text(text, LIMIT, FIELD) or ""
    for words, address in _LINK.findall(kept):
        if not is_web_address(address):
            raise BadInput(f"{FIELD} : l'adresse du lien « {words} » n'est pas acceptée ({address or 'vide'}).",
                           hint="Elle commence par http:// ou https://, sans espace.")  # fmt: skip
    return kept


def is_web_address(address: str) -> bool:
    """« https://www.exemple.fr/page »: http or https, with a host and no blank."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", address)
    except ValueError:
        return False


def welcome_html(text: str) -> Markup:
    """The message as families see it; whatever was typed, only text, line ends and http(s) links come out."""
    paragraphs = [part for part in _PARAGRAPH.split(text.strip()) if part]
    return clean_html("".join(f"<p>{_linked(part)}</p>" for part in paragraphs))


def _linked(text: str) -> str:
    html, last = "", 0
    for found in _LINK.finditer(text):
        html += str(escape(text[last:found.start()]))
        words, address = found.groups()
        link = f'<a href="{escape(address)}">{escape(words)}</a>'
        html += link if is_web_address(address) else str(escape(found[0]))
        last = found.end()
    return (html + str(escape(text[last:]))).replace("\n", "<br>")
