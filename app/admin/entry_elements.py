"""« Saisie collective des éléments de programme » (M032–M034), and the same for one pupil.

The fields are drawn by the server: adding a line, moving or deleting one, inserting a proposal or copying another
class's list are sent like saving is, and come back with what was typed. The script does the same without asking.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.element_draft import Draft, panel_for
from app.admin.entry_page import EntryPage
from app.admin.handmade import actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.choices import Chosen
from app.booklets.class_elements import (
    ClassList,
    Place,
    Written,
    class_levels,
    class_lists,
    other_lists,
    write_class_elements,
)
from app.booklets.line_elements import ListChanged
from app.booklets.pupil_elements import adapted_pupils, pupil_list, write_pupil_elements
from app.booklets.rights import Target, Writer
from app.core.errors import BadInput
from app.curriculum.models import ELEMENT_LENGTH

SAVE = "save"


class ElementsPage(EntryPage):
    """The list of the class, then its fields."""

    route_base = "/entry/elements"
    title = _l("Collective entry of programme elements")

    @expose("/")
    @has_access
    @permission_name("fill")
    def index(self) -> str:
        """What is entered; with `edit`, the fields (M032)."""
        return self._page(None)

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self) -> Any:
        """Store the list, or draw the fields again as a button of theirs asks."""
        check_drawn_for()
        draft = Draft.sent(request.form)
        if request.form.get("act") != SAVE or "insert" in request.form:
            return self._page(draft, edited=True)
        _writer, chosen = self.chosen()
        place, _levels = _place(chosen)
        if place is None:
            return self.home()
        try:
            tell_written(write_class_elements(place, draft.texts, draft.base, actor=actor()))
        except BadInput as error:
            return self._page(replace(draft, problem=error.sentence()))
        except ListChanged as changed:
            return self._page(replace(draft, theirs=changed.now, base=changed.base, problem=changed.sentence()))
        return self.home(level=place.level_code or None)

    def _page(self, draft: Draft | None, *, edited: bool = False) -> str:
        writer, chosen = self.chosen()
        place, levels = _place(chosen)
        if place is None:
            return self.draw_entry("entry/elements.html", writer, chosen, place=None)
        found = class_lists(place)
        mine = found.get(place.level_code, ClassList(place.level_code, (), ()))
        others = other_lists(place)
        refusal = _refusal(writer, chosen, place)
        if draft is None and request.args.get("edit") and not refusal:
            draft = Draft(mine.texts or ("",), mine.key)
        elif draft is not None and edited:
            draft = draft.after(request.form, others)
        level = place.level_code or (next(iter(levels)) if len(levels) == 1 else "")
        panel = panel_for(place.item_id, level, levels.get(level, ""), draft.search) if draft else None
        return self.draw_entry("entry/elements.html", writer, chosen, place=place, levels=levels, lists=found,
                               mine=mine, others=others, draft=draft, panel=panel, refusal=refusal,
                               pupils=adapted_pupils(place), limit=ELEMENT_LENGTH)  # fmt: skip

    @expose("/pupil")
    @has_access
    @permission_name("fill")
    def pupil(self) -> Any:
        """One pupil's elements; `line` is the line of their booklet."""
        return self._pupil(None) if request.args.get("line") else self.home()

    @expose("/pupil/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save_pupil(self) -> Any:
        """Store one pupil's list, or draw the fields again."""
        check_drawn_for()
        if not request.args.get("line"):
            return self.home()
        draft = Draft.sent(request.form)
        if request.form.get("act") != SAVE or "insert" in request.form:
            return self._pupil(draft.after(request.form, ()))
        try:
            write_pupil_elements(_line(), draft.texts, draft.base, actor=actor())
        except BadInput as error:
            return self._pupil(replace(draft, problem=error.sentence()))
        except ListChanged as changed:
            return self._pupil(replace(draft, theirs=changed.now, base=changed.base, problem=changed.sentence()))
        flash(_("The pupil's programme elements are saved."), "success")
        place = pupil_list(_line(), actor=actor()).place
        return redirect(url_for("ElementsPage.index", division=place.division_id, item=place.item_id,
                                period=f"{place.position}-{place.period_count}"))  # fmt: skip

    def _pupil(self, draft: Draft | None) -> str:
        school_id()
        found = pupil_list(_line(), actor=actor())
        if draft is None:
            draft = Draft(found.texts or ("",), found.key)
        panel = panel_for(found.item.id, found.place.level_code, found.place.level_code, draft.search)
        return self.draw("entry/pupil_elements.html", title=found.name, crumbs=((found.name, None),), found=found,
                         draft=draft, panel=panel, limit=ELEMENT_LENGTH, user=actor().user_id)  # fmt: skip


def _line() -> int:
    text = request.values.get("line", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _refusal(writer: Writer, chosen: Chosen, place: Place) -> str | None:
    assert chosen.item is not None
    return writer.refusal(Target("line", "elements", place.term, place.item_id, chosen.item.area_id))


def _place(chosen: Chosen) -> tuple[Place | None, dict[str, str]]:
    """The class, period, subject and level that the address names; the levels there are."""
    if chosen.division is None or chosen.period is None or chosen.item is None:
        return None, {}
    term = (chosen.division.id, chosen.period.position, chosen.period.count)
    levels = class_levels(term)
    asked = request.values.get("level", "")
    return Place(*term, chosen.item.id, asked if len(levels) > 1 and asked in levels else ""), levels


def tell_written(written: Written) -> None:
    """How many booklets changed, how many could not, who keeps something of their own."""
    parts = [ngettext("Saved: %(num)d booklet was updated.", "Saved: %(num)d booklets were updated.", written.changed)]
    if written.sealed:
        parts.append(ngettext("%(num)d locked booklet did not change.", "%(num)d locked booklets did not change.",
                              written.sealed))  # fmt: skip
    if written.own:
        parts.append(ngettext("%(num)d pupil keeps an entry of their own.", "%(num)d pupils keep entries of their own.",
                              written.own))  # fmt: skip
    flash(" ".join(parts), "success")

