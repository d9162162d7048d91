"""The job that edits booklets (M046, M047): chunks are printed and stored one after the other, then bound in one file.

A chunk is on paper before its editions exist: whatever kills the job, no number is given without its page, and what is
done is not done again. `booklets.edit` is the only way to a numbered booklet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.booklets import issuing
from app.booklets.differences import differences
from app.booklets.edit_wish import EditWish, in_class_order
from app.booklets.facts import school_facts
from app.booklets.households import Household, households_of
from app.booklets.issuing import Issue
from app.booklets.models import Booklet
from app.booklets.printing import Bundle, Pages, Pile, note, print_pile
from app.core import clock
from app.core.errors import BadInput, Conflict
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind
from app.workflow import bulk
from config import load
from letters.booklet_types import BookletSchool, Change, ChangeSheet, Envelope, PrintedBooklet, plain
from letters.errors import LettersError, NoSpaceLeft

CHUNK = 400
PDF = "bilans.pdf"
DRAFT_PDF = "bilans-brouillon.pdf"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a chunk's `prepare` leaves to its `run_step`."""

    issues: list[Issue]
    pages: dict[int, Pages]


@job_kind
class EditBooklets(JobKind):
    """Editions (or a draft) of a pupil, a class, a level or the school, in class order or by household."""

    name = "booklets.edit"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Which booklets; those that may not be edited are explained and left out."""
        wish = EditWish.from_params(ctx.params)
        ids = in_class_order(wish.picked.where)
        if not ids:
            raise BadInput("Aucun bilan ne correspond à ce choix.", hint="Vérifiez la classe et la période.")
        refused = {} if wish.draft else _refuse(ctx, wish)
        ctx.set_result(chosen=len(ids), refused=list(refused.values()), done=0, printed=0, new_numbers=0,
                       replaced=0, unchanged=0, failed=0, pages=0, pdf=None)
        ids = [id for id in ids if id not in refused]
        for start in range(0, len(ids), CHUNK):
            yield {"ids": ids[start:start + CHUNK], "last": start + CHUNK >= len(ids)}

    def prepare(self, ctx: JobContext, payload: Any) -> Any:
        """Print a chunk, or bind the whole; repeated from its start after a crash."""
        wish = EditWish.from_params(ctx.params)
        try:
            if "bind" in payload:
                return _bind(ctx, wish)
            return _draft(ctx, payload["ids"]) if wish.draft else _edition(ctx, wish, payload["ids"])
        except NoSpaceLeft:
            raise  # the runner says what to do about a full disk
        except LettersError as error:
            raise Conflict(str(error), hint="Corrigez la fiche, puis relancez l'édition.") from error

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The paper exists: store its editions. A booklet that changed meanwhile sends its chunk round again."""
        if "bind" in payload:
            if ctx.prepared:
                artifact, pages = ctx.prepared
                issuing.place(ctx.job.id, artifact["id"], pages)
            return
        made: Printed = ctx.prepared
        if not issuing.issue(made.issues, actor=ctx.actor, job_id=ctx.job.id):
            ctx.add_steps([payload])
            ctx.line("info", "Un bilan a changé pendant l'édition : ce lot est repris.")
            return
        _count(ctx, made)
        if payload["last"]:
            ctx.add_steps([{"bind": True}])

    def finish(self, ctx: JobContext) -> None:
        """What the head reads at the end."""
        done = ctx.result
        if ctx.params["draft"]:
            ctx.message(f"Brouillons imprimés : {done['printed']}. Pages : {done['pages']}.")
            return
        ctx.message(f"Bilans édités : {done['done']} sur {done['chosen']}. Nouveaux numéros : {done['new_numbers']}, "
                    f"dont {done['replaced']} qui en remplacent un. Inchangés : {done['unchanged']}. "
                    f"Pages : {done['pages']}.")  # fmt: skip


def _refuse(ctx: JobContext, wish: EditWish) -> dict[int, dict[str, Any]]:
    """Each booklet that is not locked, or that an import stands against, with the reasons: an alert, or a
    blocking line for what an import left."""
    reasons = bulk.explain_many(Booklet, issuing.TRANSITION, wish.picked.where, actor=ctx.actor, session=ctx.session)
    names = issuing.pupil_names({id for reason in reasons for id in reason.ids})
    found: dict[int, dict[str, Any]] = {}
    for reason in reasons:
        for id in reason.ids:
            found.setdefault(id, {"pupil": names[id], "reasons": []})["reasons"].append(reason.unmet.label.fr)
            severity = "blocking" if reason.unmet.code == "no_blocking_line" else "alert"
            ctx.line(severity, f"{names[id]} : {reason.unmet.label.fr}", subject=names[id])
    return found


def _edition(ctx: JobContext, wish: EditWish, ids: Sequence[int]) -> Printed:
    issues, faults = issuing.issues_of(ids)
    _say(ctx, faults)
    ctx.session.rollback()  # no transaction stays open while pages are drawn
    on_paper = [one for one in issues if not (wish.only_changed and one.edition_id is not None)]
    url = load().portal_url.rstrip("/")
    changes = {one.booklet_id: _change(one) for one in on_paper if one.edition_id is None and one.last is not None}
    pile = _print(ctx, {one.booklet_id: one.printed(url) for one in on_paper}, changes)
    return Printed([one for one in issues if one.booklet_id not in pile.faults], pile.pages)


def _draft(ctx: JobContext, ids: Sequence[int]) -> Printed:
    facts, faults = issuing.read_facts(ids)
    _say(ctx, faults)
    ctx.session.rollback()
    pile = _print(ctx, {id: issuing.draft_of(id, said) for id, said in facts.items()}, {})
    return Printed([], pile.pages)


def _print(ctx: JobContext, documents: dict[int, PrintedBooklet], changes: dict[int, Change]) -> Pile:
    """One part of the file, with a note of what it holds beside it."""
    part = ctx.folder / f"part-{ctx.step_number:05d}.pdf"

    def told(done: int) -> None:
        ctx.check_cancelled()
        ctx.progress(done, len(documents), f"{done} bilans sur {len(documents)} dans ce lot")

    pile = print_pile(documents, part, told)
    note(part.with_suffix(".json"), pile.pages, changes)
    _say(ctx, pile.faults)
    for id, lost in pile.lost.items():
        name = documents[id].booklet.pupil.name
        ctx.line("alert", f"{name} : caractères absents des polices, imprimés par un carré : {lost}", subject=name)
    return pile


def _say(ctx: JobContext, faults: dict[int, str]) -> None:
    names = issuing.pupil_names(faults) if faults else {}
    for id, why in faults.items():
        ctx.line("blocking", f"{names[id]} : bilan non imprimé. {why}", subject=names[id])
    if faults:
        ctx.count(failed=len(faults))


def _change(one: Issue) -> Change:
    assert one.last is not None
    said = differences(one.last.facts, plain(one.facts)) or ("Présentation",)
    return Change(one.facts.pupil.name, one.facts.division, one.last.number, one.number, said)


def _count(ctx: JobContext, made: Printed) -> None:
    new = [one for one in made.issues if one.edition_id is None]
    replaced = sum(one.last is not None for one in new)
    ctx.count(done=len(made.issues), printed=len(made.pages), new_numbers=len(new), replaced=replaced,
              unchanged=len(made.issues) - len(new))  # fmt: skip


def _bind(ctx: JobContext, wish: EditWish) -> Any:
    """One file: what replaces what, then the booklets in class order, or envelope by envelope."""
    wanted = None if wish.draft else issuing.issued_by(ctx.job.id)
    bundle = Bundle.read(ctx.folder, wanted)
    if not bundle.sheets:
        return None
    order = [page for sheet in _change_sheets(ctx, bundle) for page in sheet]
    ordered = in_class_order(Booklet.id.in_(list(bundle.sheets)))
    if wish.copies == "household":
        order += _by_household(ctx, bundle, ordered)
    else:
        order += [page for id in ordered for page in bundle.sheets[id]]
    name = DRAFT_PDF if wish.draft else PDF
    out = ctx.folder / name
    bundle.bind(order, out)
    ctx.set_result(pdf=name, pages=len(order))
    at = {page: number for number, page in reversed(list(enumerate(order, start=1)))}
    pages = {id: (at[sheet[0]], at[sheet[0]] + bundle.own[id] - 1) for id, sheet in bundle.sheets.items()}
    return ctx.artifact(name, out, "application/pdf"), pages


def _change_sheets(ctx: JobContext, bundle: Bundle) -> list[list[int]]:
    if not bundle.changes:
        return []
    ids = in_class_order(Booklet.id.in_(list(bundle.changes)))
    sheet = ChangeSheet("changements", school_facts(), clock.today(), tuple(bundle.changes[id] for id in ids))
    for change in sheet.changes:
        what = ", ".join(change.changes)
        said = f"{change.pupil} : n° {change.old_number} remplacé par {change.new_number} ({what})."
        ctx.line("info", said, subject=change.pupil)
    return bundle.add([sheet], ctx.folder / "changes.pdf")


def _by_household(ctx: JobContext, bundle: Bundle, ordered: list[int]) -> list[int]:
    """An address, then its booklets; what nobody can be written to about goes last, and is said."""
    homes, without = households_of(ordered)
    names = issuing.pupil_names(ordered)
    for id in without:
        ctx.line("alert", f"{names[id]} : aucun responsable légal avec une adresse, bilan placé à la fin.",
                 subject=names[id])  # fmt: skip
    school = school_facts()
    covers = [_envelope(home, school, names) for home in homes]
    sheets = bundle.add(covers, ctx.folder / "envelopes.pdf")
    order = []
    for cover, home in zip(sheets, homes, strict=True):
        order += cover + [page for id in home.booklets for page in bundle.sheets[id]]
    return order + [page for id in without for page in bundle.sheets[id]]


def _envelope(home: Household, school: BookletSchool, names: dict[int, str]) -> Envelope:
    return Envelope(f"E{home.booklets[0]}", school, home.recipient, tuple(names[id] for id in home.booklets))
