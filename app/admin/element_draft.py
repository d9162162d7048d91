"""Programme elements while they are edited: what a form holds, and what its buttons do to it (M033, M034)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from app.admin.listing import whole_number
from app.booklets.class_elements import OtherList
from app.core.db import admin_db
from app.core.folding import folded
from app.curriculum.models import ELEMENT_LENGTH, TeachingItem
from app.curriculum.proposals import ProposalGroup, proposals


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields as they are being edited: texts in order, the list they began with (`base`), the help panel, what
    somebody else wrote meanwhile (`theirs`) or what is wrong (`problem`)."""

    texts: tuple[str, ...]
    base: str
    helped: bool = False
    search: str = ""
    theirs: Sequence[str] | None = None
    problem: str = ""
    focus: int = -1

    @classmethod
    def sent(cls, form: Any) -> Draft:
        """What a form holds."""
        texts = tuple(text.replace("\r\n", "\n") for text in form.getlist("element")[:100])
        return cls(texts, form.get("base", ""), form.get("helped") == "1", form.get("search", "")[:100])

    def after(self, form: Any, others: Sequence[OtherList]) -> Draft:
        """What the fields become by the button that was pressed (every one but « save »)."""
        if "insert" in form:
            return replace(self._with([form["insert"][:ELEMENT_LENGTH]]), helped=True)
        act, _colon, number = form.get("act", "").partition(":")
        if act == "copy":
            chosen = next((other for other in others if other.key == form.get("source")), None)
            return self._with([text for text in chosen.texts if text not in self.texts] if chosen else [])
        if act == "help":
            return replace(self, helped=not self.helped)
        if act == "add":
            return replace(self, texts=(*self.texts, ""), focus=len(self.texts))
        return replace(self, texts=_moved(self.texts, act, whole_number(number)))

    def _with(self, more: Sequence[str]) -> Draft:
        kept = tuple(text for text in self.texts if text.strip())
        return replace(self, texts=(*kept, *more), focus=len(kept))


def _moved(texts: tuple[str, ...], act: str, at: int) -> tuple[str, ...]:
    found = list(texts)
    if act == "delete" and at < len(found):
        del found[at]
    to = at + {"up": -1, "down": 1}.get(act, 0)
    if at < len(found) and 0 <= to < len(found):
        found[at], found[to] = found[to], found[at]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Panel:
    """The proposals to insert, in groups, for a subject and a level."""

    item: str
    level: str
    groups: Sequence[ProposalGroup] = field(default_factory=tuple)


def panel_for(item_id: int, level_code: str, label: str, search: str = "") -> Panel:
    """What can be inserted (M034); `search` keeps the texts in which it is found, without regard to accents."""
    item = admin_db.session.scalars(select(TeachingItem).where(TeachingItem.id == item_id)).one()
    groups = proposals(item.code, level_code)
    if wanted := folded(search.strip()):
        kept = [(g.heading, tuple(text for text in g.texts if wanted in folded(text))) for g in groups]
        groups = [ProposalGroup(heading, texts) for heading, texts in kept if texts]
    return Panel(item.label, label, groups)
