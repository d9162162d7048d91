"""The texts that the check before locking reads: all those of the classes at hand, in a few statements."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select

from app.booklets.cells import OVERALL_LENGTH, SYNTHESIS_LENGTH
from app.booklets.check_rules import Context, Key, key_of, mask, names_to_look_for, shipped_words
from app.booklets.models import Attainment, Booklet, GroupPupil, Pathway, Project, ProjectGroup, WatchedWord
from app.booklets.models.content import COMMENT_LENGTH
from app.core.db import admin_db
from app.curriculum.models import TeachingItem
from app.curriculum.reference import PATHWAYS
from app.schools.models import School

COLUMNS = ("id", "state", "model", "school_id", "division_id", "position", "period_count", "last_name", "first_name",
           "first_names", "sex", "division_label", "overall_comment", "life_comment")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A text in a booklet. `name` is its cell's (« line-12-comment ») or, for a group's collective comment,
    « group-3-comment »; `where` its French name; `target` the subject's or the group's id. A text that several pupils
    share by nature is not `personal`; `twins` says with which texts it is compared (None: with none)."""

    booklet_id: int
    name: str
    where: str
    text: str
    limit: int = COMMENT_LENGTH
    target: int = 0
    kind: str = ""
    personal: bool = True
    twins: str | None = None


class Texts:
    """The booklets asked for with the texts of their whole classes, which some rules compare."""

    def __init__(self, booklet_ids: Collection[int]) -> None:
        self.asked = frozenset(booklet_ids)
        columns = [getattr(Booklet, name) for name in COLUMNS]
        terms = {_term(row) for row in admin_db.session.execute(select(*columns).where(Booklet.id.in_(self.asked)))}
        self.booklets = {row.id: row for row in admin_db.session.execute(
            select(*columns).where(or_(*(_is_of(term) for term in terms))).order_by(Booklet.last_name, Booklet.id)
            if terms else select(*columns).where(Booklet.id.in_([])))}  # fmt: skip
        self.places = [*_own(self.booklets.values()), *_lines(self.booklets), *_others(self.booklets)]
        self._names: dict[Any, dict[Key, str]] = {}
        names = defaultdict(list)
        for row in self.booklets.values():
            names[_term(row)].append(row.first_name)
        self._names = {term: names_to_look_for(found) for term, found in names.items()}
        self._masks = {place.name: mask(place.text) for place in self.places if place.twins}
        self._twins = Counter(self._twin(place) for place in self.places if place.twins)
        self._watched = _watched()

    def _twin(self, place: Place) -> tuple[Any, ...]:
        return _term(self.booklets[place.booklet_id]), place.twins, self._masks[place.name]

    def to_check(self) -> Iterator[tuple[Place, Context]]:
        """Each text of the booklets asked for, with what the rules need to know."""
        for place in self.places:
            if place.booklet_id in self.asked:
                booklet = self.booklets[place.booklet_id]
                yield place, Context(
                    self._names[_term(booklet)], _own_names(booklet), booklet.sex, self._watched, place.limit,
                    self._twins[self._twin(place)] - 1 if place.twins else 0, place.personal)  # fmt: skip


def _term(booklet: Any) -> tuple[int | None, int, int]:
    """Class and period; pupils without a class are compared with nobody else's."""
    return booklet.division_id if booklet.division_id is not None else -booklet.id, booklet.position, \
        booklet.period_count


def _is_of(term: tuple[int | None, int, int]) -> Any:
    division_id = term[0] or 0
    of_class = Booklet.division_id == division_id if division_id > 0 else Booklet.id == -division_id
    return and_(of_class, Booklet.position == term[1], Booklet.period_count == term[2])


def _own_names(booklet: Any) -> frozenset[Key]:
    """All first names of the pupil, together and each alone."""
    parts = [booklet.first_name, *booklet.first_names.split(","), *booklet.first_names.replace(",", " ").split()]
    return frozenset(key_of(part) for part in parts)


def _own(booklets: Any) -> Iterator[Place]:
    for row in booklets:
        limit, where = ((SYNTHESIS_LENGTH, "Synthèse") if row.model == "cycle" else
                        (OVERALL_LENGTH, "Appréciation générale"))  # fmt: skip
        if row.overall_comment:
            yield Place(row.id, f"booklet-{row.id}-overall_comment", where, row.overall_comment, limit, kind="overall",
                        twins="overall")  # fmt: skip
        if row.life_comment:
            yield Place(row.id, f"booklet-{row.id}-life_comment", "Vie scolaire", row.life_comment, kind="life",
                        twins="life")  # fmt: skip


def _lines(booklets: Mapping[int, Any]) -> Iterator[Place]:
    rows = admin_db.session.execute(
        select(Attainment.id, Attainment.booklet_id, Attainment.item_id, Attainment.comment, TeachingItem.label)
        .join(TeachingItem, and_(TeachingItem.id == Attainment.item_id, TeachingItem.school_id == Attainment.school_id))
        .where(Attainment.booklet_id.in_(booklets), Attainment.comment.is_not(None))
        .order_by(Attainment.booklet_id, TeachingItem.position, TeachingItem.id)
    )  # fmt: skip
    for row in rows:
        yield Place(row.booklet_id, f"line-{row.id}-comment", row.label, row.comment, target=row.item_id, kind="line",
                    twins=f"line-{row.item_id}")  # fmt: skip


def _others(booklets: Mapping[int, Any]) -> Iterator[Place]:
    """Pathways, EPI and AP. A pathway's text and a group's are the class's: nobody is blamed for sharing them."""
    paths = select(Pathway.booklet_id, Pathway.code, Pathway.text).where(Pathway.booklet_id.in_(booklets))
    for row in admin_db.session.execute(paths.order_by(Pathway.booklet_id, Pathway.code)):
        yield Place(row.booklet_id, f"pathway-{row.booklet_id}-{row.code}", PATHWAYS[row.code], row.text,
                    kind="pathway", personal=False)  # fmt: skip
    members = (
        select(GroupPupil.id, GroupPupil.booklet_id, GroupPupil.comment, ProjectGroup.id.label("group_id"),
               ProjectGroup.comment.label("shared"), Project.kind, Project.title)
        .join(ProjectGroup, and_(ProjectGroup.id == GroupPupil.group_id,
                                 ProjectGroup.school_id == GroupPupil.school_id))
        .join(Project, and_(Project.id == ProjectGroup.project_id, Project.school_id == ProjectGroup.school_id))
        .where(GroupPupil.booklet_id.in_(booklets)).order_by(GroupPupil.booklet_id, Project.title)
    )  # fmt: skip
    for member in admin_db.session.execute(members):
        where, facts = f"{member.kind.upper()} « {member.title} »", {"target": member.group_id, "kind": member.kind}
        if member.comment:
            yield Place(member.booklet_id, f"member-{member.id}-comment", where, member.comment,
                        twins=f"group-{member.group_id}", **facts)  # fmt: skip
        if member.shared:
            yield Place(member.booklet_id, f"group-{member.group_id}-comment", f"{where}, appréciation collective",
                        member.shared, personal=False, **facts)  # fmt: skip


def _watched() -> dict[Key, str]:
    """The shipped words, the academy's, without those it ignores."""
    found = dict(shipped_words())
    rows = admin_db.session.execute(
        select(WatchedWord.subject, WatchedWord.word, WatchedWord.ignored)
        .where(WatchedWord.authority_id.in_(select(School.authority_id)))
    )  # fmt: skip
    for row in rows:
        if row.ignored:
            found.pop(key_of(row.word), None)
        else:
            found[key_of(row.word)] = row.subject
    found.pop((), None)
    return found
