"""What the pages of collective entry share: the bar that chooses class, period and subject (M031), saving the cells
of a form without a script, and the address to which a script saves them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import flash, jsonify, request, session
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf

from app.admin.columns import States
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import drawn_for
from app.booklets.cells import Cell
from app.booklets.choices import Chosen, choose
from app.booklets.entry import Change, Outcome, save_cells
from app.booklets.exemptions import exempted
from app.booklets.phrases import own_phrases
from app.booklets.rights import Writer, writer_of
from app.booklets.settings import may_enter_collectively
from app.core.errors import BadInput, Conflict
from app.core.uow import unit_of_work
from app.online.absence_entry import save_absences
from app.online.mark_entry import save_marks

BASE = "base:"  # the hidden field beside a cell: what the page showed
REMEMBERED = ("division", "period", "item")
MOST_CELLS = 2000
SAID = {
    "typing": _l("To be saved…"), "saved": _l("Saved"), "offline": _l("Waiting for the connection"),
    "refused": _l("Refused: {why}"), "clash": _l("Two versions"), "all_saved": _l("Everything is saved."),
    "waiting": _l("Being saved: {n}"), "kept": _l("Waiting for the connection: {n} kept on this computer."),
    "ended": _l("Your session has ended: {n} kept on this computer."), "sign_in": _l("Sign in again in another tab"),
    "stopped": _l("Nothing more is saved: {why}"), "mine": _l("Your version"), "theirs": _l("The other version"),
    "keep_mine": _l("Keep mine"), "take_theirs": _l("Take the other"), "merge": _l("Put both together"),
    "merging": _l("Edit the text, then leave the field to save it."), "open": _l("Open the page"),
    "forget": _l("Forget this text"), "nothing": _l("(nothing)"), "row": _l("Row"), "now": _l("Now"),
    "pasted": _l("Pasted"), "no_row": _l("no pupil for this row"), "not_understood": _l("not understood"),
    "other_name": _l("another name: {name}"), "same": _l("unchanged"), "changes": _l("Changes: {n}"),
}  # fmt: skip


class EntryPage(HandmadePage):
    """A page that fills booklets of one class in one period. `items` says what its subject selector offers (all, areas
    or none), `cycles` whether the end of a cycle is a period here, `menu_cond` in which import modes it exists."""

    category = "booklets"
    default_view = "index"
    class_permission_name = "booklet"
    needs_school = True
    items = "all"
    cycles = False
    menu_cond: Callable[[], bool] = staticmethod(may_enter_collectively)

    def chosen(self) -> tuple[Writer, Chosen]:
        """Who writes, and what is chosen: the address first, else what this person last chose on any entry page."""
        school_id()
        if not self.menu_cond():
            raise Conflict("Les bilans de cet établissement viennent d'un autre logiciel : ici, on les lit seulement.",
                           hint="La direction choisit le mode dans « Paramétrage de l'import ».")  # fmt: skip
        writer = writer_of(actor())
        kept = session.get("entry", {})
        asked = {name: request.values.get(name) or kept.get(name, "") for name in REMEMBERED}
        found = choose(writer, asked, items=self.items, cycles=self.cycles)
        now = {"division": str(found.division.id) if found.division else "",
               "period": found.period.key if found.period else "",
               "item": str(found.item.id) if found.item else kept.get("item", "")}  # fmt: skip
        if now != kept:
            session["entry"] = now
        return writer, found

    def draw_entry(self, template: str, writer: Writer, chosen: Chosen, **data: Any) -> str:
        """Render with what `entry/_parts.html` needs; `outcomes` and `typed` are of a form that was not all saved."""
        context = entry_context(data.pop("outcomes", ()), data.pop("typed", {}))
        return self.draw(template, chosen=chosen, exempted=_exempted(chosen), writer=writer, states=States("booklet"),
                         own_phrases=partial(own_phrases, actor()), **context, **data)

    def save_form(self) -> tuple[list[Outcome], dict[str, str]]:
        """See below."""
        return save_form()


class EntryCells(HandmadePage):
    """Where the pages' script saves cells, and fetches a token again after a new sign-in. It is no page to open."""

    route_base = "/entry"
    default_view = "cells"
    class_permission_name = "booklet"
    category = "booklets"
    title = _l("Entry")

    @expose("/cells", methods=["POST"])
    @has_access
    @permission_name("show")
    def cells(self) -> Any:
        """`{"user": 7, "cells": [{"cell": "line-12-comment", "value": "…", "base": "…"}]}` → one outcome for each. Who
        may write what is the business of each cell (`app.booklets.rights`)."""
        school_id()
        sent = request.get_json(silent=True)
        if not isinstance(sent, dict) or not isinstance(sent.get("cells"), list) or len(sent["cells"]) > MOST_CELLS:
            raise BadInput("Cet envoi n'est pas reconnu.", hint="Rechargez la page.")
        if sent.get("user") != actor().user_id:
            raise Conflict("Une autre personne s'est connectée dans ce navigateur : rien n'a été enregistré.",
                           hint="Votre saisie est gardée : reconnectez-vous sous votre nom.")
        outcomes = save_changes([_change(entry) for entry in sent["cells"]])
        return jsonify(outcomes=[as_json(outcome) for outcome in outcomes])

    @expose("/token")
    @has_access
    @permission_name("show")
    def token(self) -> Any:
        """Who is signed in, where, and a token for their next form."""
        return jsonify(user=actor().user_id, drawn_for=drawn_for(), token=generate_csrf())


# Kind of cell → who writes it; all others are of booklets.
SAVERS: Mapping[str, Callable[..., list[Outcome]]] = {"mark": save_marks, "absence": save_absences}


@unit_of_work()
def save_changes(changes: Sequence[Change]) -> list[Outcome]:
    """Each change through the service of its kind, in one unit of work; the outcomes in the order given."""
    savers = [SAVERS.get(change.cell.kind, save_cells) for change in changes]
    found = {save: iter(save([change for change, own in zip(changes, savers, strict=True) if own is save],
                             actor=actor())) for save in dict.fromkeys(savers)}  # fmt: skip
    return [next(found[save]) for save in savers]


def save_form() -> tuple[list[Outcome], dict[str, str]]:
    """Save what changed in the form that was sent; what was not kept, with all that was typed, to draw it again."""
    outcomes = save_changes(changes_from(request.form))
    tell(outcomes)
    left = [outcome for outcome in outcomes if not outcome.kept]
    return left, {o.cell.name: request.form.getlist(o.cell.name)[-1] for o in left}


def entry_context(outcomes: Iterable[Outcome] = (), typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `entry/_parts.html` needs around its cells."""
    return {"outcomes": {o.cell.name: o for o in outcomes}, "typed": typed or {}, "user": actor().user_id,
            "words": script_words()}  # fmt: skip


def _change(entry: Any) -> Change:
    if not isinstance(entry, dict) or not isinstance(entry.get("cell"), str):
        raise BadInput("Cet envoi n'est pas reconnu.", hint="Rechargez la page.")
    value, base = entry.get("value"), entry.get("base")
    if not all(part is None or isinstance(part, str) for part in (value, base)):
        raise BadInput("Cet envoi n'est pas reconnu.", hint="Rechargez la page.")
    return Change(Cell.named(entry["cell"]), value, base)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome for the script."""
    return {"cell": outcome.cell.name, "state": outcome.state, "value": outcome.shown, "by": outcome.by,
            "message": outcome.message}  # fmt: skip


def changes_from(form: Any) -> list[Change]:
    """The cells of a form that differ from what the page showed. A group of buttons of which none is pressed sends
    nothing: nothing changes there."""
    changes = []
    for name in form:
        if name.startswith(BASE) and (cell := name.removeprefix(BASE)) in form:
            value, base = form.getlist(cell)[-1], form[name]
            if _plain(value) != _plain(base):
                changes.append(Change(Cell.named(cell), value, base))
    return changes


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def tell(outcomes: Iterable[Outcome]) -> None:
    """Say how many cells were saved and how many were not."""
    states = [outcome.state for outcome in outcomes]
    saved, left = states.count("saved"), sum(state in ("refused", "clash") for state in states)
    if saved:
        flash(ngettext("%(num)d entry was saved.", "%(num)d entries were saved.", saved), "success")
    if left:
        flash(ngettext("%(num)d entry could not be saved: see beside it why. What you typed is still there.",
                       "%(num)d entries could not be saved: see beside them why. What you typed is still there.", left),
              "danger")  # fmt: skip
    if not states:
        flash(_("Nothing had changed."), "info")


def _exempted(chosen: Chosen) -> str | None:
    """Why the head marked the chosen subject « not assessed » for the class."""
    if not (chosen.division and chosen.period and chosen.item):
        return None
    return exempted(chosen.division.id, chosen.period.position, chosen.period.count).get(chosen.item.id)


def script_words() -> dict[str, str]:
    """What the script says, in the reader's language."""
    return {name: str(text) for name, text in SAID.items()}
