"""Rules of the check before locking: each looks at one text and says what it found, as words to show. Hints only: a
rule is kept simple enough to be explained in one sentence, and leaves out what it cannot tell."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from app.core.folding import folded

DATA = Path(__file__).parent / "data"
SHORT, NEARLY = 15, 0.95
_TOKEN = re.compile(r"\w+(?:-\w+)*")
_AGAIN = frozenset({"nous", "vous"})  # « nous nous », « vous vous » are French
# « Il faut », « il n'a pas », « il y a »: what may well not be about the pupil.
_IMPERSONAL = frozenset((
    "faut", "fallait", "faudra", "faudrait", "y", "est", "etait", "sera", "serait", "convient", "conviendrait", "reste",
    "restait", "manque", "manquait", "semble", "semblait", "suffit", "suffirait", "importe", "vaut", "vaudrait",
    "arrive", "s", "n", "ne", "a",
))  # fmt: skip

Key = tuple[str, ...]  # a first name or a watched expression: its folded words


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text, where it stands, and as it is compared."""

    start: int
    end: int
    word: str


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules know of the pupil and the class. `names` are the class's first names (folded words → as written),
    `own` the pupil's; `watched` is expression → subject; `limit` the text's; `twins` how many others say the same."""

    names: Mapping[Key, str] = field(default_factory=dict)
    own: frozenset[Key] = frozenset()
    sex: str | None = None
    watched: Mapping[Key, str] = field(default_factory=dict)
    limit: int = 600
    twins: int = 0
    personal: bool = True


def tokens(text: str) -> list[Token]:
    """The words of a text; « d'Alix » gives « d » and « alix », « Jean-Luc » is one."""
    return [Token(found.start(), found.end(), folded(found[0])) for found in _TOKEN.finditer(text)]


def key_of(text: str) -> Key:
    """How a first name or an expression is compared."""
    return tuple(token.word for token in tokens(text))


def mask(text: str) -> str:
    """How two texts are compared to be the same: words only."""
    return " ".join(key_of(text))


def _found(words: Sequence[Token], keys: Mapping[Key, str]) -> Iterator[tuple[int, Key]]:
    """Where each of these keys stands among the words; the longest at a place."""
    longest = max((len(key) for key in keys), default=0)
    for at in range(len(words)):
        for size in range(min(longest, len(words) - at), 0, -1):
            key = tuple(token.word for token in words[at:at + size])
            if key in keys:
                yield at, key
                break


def other_names(text: str, context: Context) -> list[str]:
    """First names of other pupils of the class. A name followed by a capital that begins no sentence is somebody
    known (« Victor Hugo », « Louis XIV »)."""
    if not context.personal:
        return []
    words = tokens(text)
    others = {key: name for key, name in context.names.items() if key not in context.own}
    return _once(others[key] for at, key in _found(words, others) if not _somebody_known(text, words, at + len(key)))


def _somebody_known(text: str, words: Sequence[Token], following: int) -> bool:
    if following >= len(words):
        return False
    between = text[words[following - 1].end:words[following].start]
    return between == " " and text[words[following].start].isupper()


def same_text(_text: str, context: Context) -> list[str]:
    """The same text for other pupils of the class in the same place."""
    return [str(context.twins)] if context.twins else []


def too_short(text: str, context: Context) -> list[str]:
    """Fewer than 15 characters."""
    return [str(len(text))] if context.personal and len(text) < SHORT else []


def nearly_full(text: str, context: Context) -> list[str]:
    """Within five per cent of the limit: probably cut short."""
    return [f"{len(text)} / {context.limit}"] if len(text) >= NEARLY * context.limit else []


def watched(text: str, context: Context) -> list[str]:
    """Words of the subjects that the legal reminder names (M039)."""
    words = tokens(text)
    return _once(text[words[at].start:words[at + len(key) - 1].end] for at, key in _found(words, context.watched))


def doubled(text: str, _context: Context) -> list[str]:
    """The same word twice running."""
    words = tokens(text)
    pairs = zip(words, words[1:], strict=False)
    return _once(f"{text[one.start:one.end]} {text[two.start:two.end]}" for one, two in pairs
                 if one.word == two.word and not one.word.isdigit() and one.word not in _AGAIN
                 and text[one.end:two.start].isspace())  # fmt: skip


def wrong_pronoun(text: str, context: Context) -> list[str]:
    """A text that begins with « Il » for a girl (but for « Il faut » …) or with « Elle » for a boy: at the beginning a
    pronoun can only stand for the pupil."""
    words = tokens(text)
    if not context.personal or len(words) < 2 or text[:words[0].start].strip():
        return []
    first, second = words[0].word, words[1].word
    wrong = {"F": first in ("il", "ils") and second not in _IMPERSONAL, "M": first in ("elle", "elles")}
    return [text[words[0].start:words[1].end]] if wrong.get(context.sex or "") else []


Rule = Callable[[str, Context], list[str]]
RULES: Mapping[str, Rule] = {
    "other_name": other_names, "watched": watched, "same_text": same_text, "pronoun": wrong_pronoun,
    "doubled": doubled, "short": too_short, "nearly_full": nearly_full,
}  # fmt: skip


def _once(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def excerpt(text: str, what: str, around: int = 40) -> str:
    """The text around what was found, on one line; its beginning when it is not in there."""
    at = text.find(what)
    if at < 0:
        at = next((token.start for token in tokens(text) if token.word in key_of(what)[:1]), 0)
    start, end = max(0, at - around), min(len(text), at + len(what) + around)
    cut = " ".join(text[start:end].split())
    return ("… " if start else "") + cut + (" …" if end < len(text) else "")


@cache
def common_names() -> frozenset[Key]:
    """First names that are words too (Rose, Pierre, Claire): they are not looked for."""
    return frozenset(key_of(row["first_name"]) for row in _rows("common_first_names.csv"))


@cache
def shipped_list() -> tuple[tuple[str, str], ...]:
    """The shipped expressions of the legal reminder as they are written, each with its subject."""
    return tuple((row["word"], row["subject"]) for row in _rows("watched_words.csv"))


@cache
def shipped_words() -> Mapping[Key, str]:
    """The same as they are compared → subject."""
    return {key_of(word): subject for word, subject in shipped_list()}


def names_to_look_for(names: Iterable[str]) -> dict[Key, str]:
    """Those of these first names that are no common word and have three letters at least."""
    found = {key_of(name): name for name in names}
    return {key: name for key, name in found.items() if len("".join(key)) > 2 and key not in common_names()}


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
