"""Statistics of codes: a school's tables (M107, M108), the names behind each count, and the schools of an academy."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.queries import count_uncertified
from app.access.statistics import Figures, SchoolLine, SchoolStatistics, school_lines, school_statistics
from app.access.statistics_names import FIGURES, SORTS, NameLine, Names, Wanted
from app.access.statistics_rows import Holder
from app.access.statistics_sheets import (
    COLUMNS,
    NO_DIVISION,
    NO_GROUP,
    TITLES,
    school_columns,
    school_rows,
    table_columns,
    table_rows,
)
from app.admin.form_values import id_of
from app.admin.handmade import HandmadePage, asked_page, in_school, school_id
from app.core.errors import BadInput, NotFound
from app.core.folding import folded
from app.exchange.spreadsheets import SheetColumn

PAGE = 50
FIGURE_TITLES: dict[Holder, dict[str, Any]] = {
    "pupil": {"people": _l("All pupils"), "refused": _l("Online services refused"), "notified": _l("Code notified"),
              "notified_year": _l("Code notified in the current year"), "accounts": _l("With an account"),
              "accounts_year": _l("Account created in the current year"), "no_account": _l("Without account")},
    "guardian": {"people": _l("All guardians"), "refused": _l("Online services refused"),
                 "notified": _l("Code notified"), "notified_year": _l("Code notified in the current year"),
                 "accounts": _l("With an account"), "accounts_year": _l("Account created in the current year"),
                 "no_account": _l("Without account")},
}  # fmt: skip


class Head(NamedTuple):
    """A heading that sorts: its words, where it leads, how it is sorted now, and whether it is above figures."""

    label: Any
    link: str | None
    sorted: str
    number: bool = False


class StatisticsPage(HandmadePage):
    """What both pages share. In a school, its tables; for the academy, its schools."""

    holder: Holder
    default_view = "index"
    class_permission_name = "code_statistics"
    category = "academy"
    school_category = "online"

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The tables of the school, or every school of the academy with its line."""
        if in_school():
            return self._tables(self._school(school_id()))
        found = self._schools()
        pages = asked_page(PAGE, len(found))
        total = sum((line.figures for line in found), Figures())
        return self.draw("codes/statistics_schools.html", rows=found[pages.page * PAGE:(pages.page + 1) * PAGE],
                         pages=pages, total=total, heads=self._school_heads(), search=_search(), **self._words())

    @expose("/school/<int:pk>")
    @has_access
    @permission_name("list")
    def school(self, pk: int) -> str:
        """The tables of one school; one that is out of reach does not exist."""
        found = self._school(pk)
        return self._tables(found, title=found.school.name, crumbs=((found.school.name, None),))

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """What the first view shows, all pages, with typed numbers (C04)."""
        if in_school():
            return self._table_sheet(self._school(school_id()))
        return self.sheet(str(self.title), str(self.title), school_columns(self.holder),
                          school_rows(self.holder, self._schools()))  # fmt: skip

    @expose("/school/<int:pk>/export.xlsx")
    @has_access
    @permission_name("export")
    def export_school(self, pk: int) -> Any:
        """The tables of one school as a spreadsheet."""
        return self._table_sheet(self._school(pk))

    @expose("/names")
    @has_access
    @permission_name("show")
    def names(self) -> str:
        """The people behind a figure."""
        school_id()
        wanted = self._wanted()
        found = Names(wanted)
        part, pages = self._part(found), asked_page(PAGE, found.count())
        title = f"{FIGURE_TITLES[self.holder][wanted.figure]} · {part or found.school.name}"
        return self.draw("codes/statistics_names.html", title=title, crumbs=((title, None),), wanted=wanted, part=part,
                         rows=found.lines(limit=PAGE, offset=pages.page * PAGE), pages=pages,
                         figures=FIGURE_TITLES[self.holder], heads=_name_heads(self.holder, wanted))  # fmt: skip

    @expose("/names.xlsx")
    @has_access
    @permission_name("export")
    def export_names(self) -> Any:
        """The same people, all pages, sorted as on screen (C04)."""
        school_id()
        wanted = self._wanted()
        found = Names(wanted)
        part = self._part(found)
        title = str(FIGURE_TITLES[self.holder][wanted.figure])
        columns = [SheetColumn(str(head.label), kind, 36 if kind == "text" else 24)
                   for head, kind in zip(_name_heads(self.holder, wanted), _kinds(wanted), strict=True)]  # fmt: skip
        rows = (_name_cells(wanted, line) for line in found.lines())
        return self.sheet(f"{title} - {part}" if part else title, title, columns, rows)

    # ---- helpers ---------------------------------------------------------------------------------------------

    def _school(self, pk: int) -> SchoolStatistics:
        found = school_statistics(self.holder, pk)
        if found is None:
            raise NotFound("Cet établissement n'existe pas.")
        return found

    def _tables(self, found: SchoolStatistics, **frame: Any) -> str:
        ecole = found.school.kind == "ecole" and self.holder == "guardian" and in_school()
        return self.draw("codes/statistics.html", found=found, uncertified=count_uncertified() if ecole else 0,
                         named=in_school() and self.may("show"), **frame, **self._words())  # fmt: skip

    def _words(self) -> dict[str, Any]:
        return {"columns": COLUMNS[self.holder], "holder": self.holder, "percent": shown_percent,
                "no_group": NO_GROUP, "no_division": NO_DIVISION}  # fmt: skip

    def _table_sheet(self, found: SchoolStatistics) -> Any:
        return self.sheet(f"{found.school.uai} - {self.title}", str(self.title), table_columns(self.holder),
                          table_rows(self.holder, found))  # fmt: skip

    def _schools(self) -> list[SchoolLine]:
        """The schools found by name, UAI or town, in the order asked for; a percentage of nobody comes last."""
        words = folded(_search()).split()
        found = [line for line in school_lines(self.holder)
                 if all(word in folded(f"{line.uai} {line.name} {line.city or ''}") for word in words)]  # fmt: skip
        name, turned = _sort(["name", *(column.name for column in COLUMNS[self.holder])], "name")
        known = [line for line in found if _value(line, name) is not None]
        rest = [line for line in found if _value(line, name) is None]
        return sorted(known, key=lambda line: _value(line, name), reverse=turned) + rest

    def _school_heads(self) -> list[Head]:
        titles = [("name", _("School"), False), *((one.name, one.title, True) for one in COLUMNS[self.holder])]
        now = _sort([name for name, _title, _number in titles], "name")
        return [_head(name, title, now, number) for name, title, number in titles]

    def _wanted(self) -> Wanted:
        figure, sort = request.args.get("figure", "people"), request.args.get("sort", "name")
        if figure not in FIGURES:
            raise BadInput("Ce chiffre n'existe pas.", hint="Revenez aux statistiques.")
        group, division = (id_of(text) if (text := request.args.get(name)) else None for name in ("group", "division"))
        return Wanted(self.holder, figure, group, division, sort if sort.removeprefix("-") in SORTS else "name")

    def _part(self, found: Names) -> str | None:
        """« 3EME GENE · 3A », « Sans division »; None for the whole school. Raises `NotFound`."""
        empty = [NO_GROUP[found.school.kind]] if found.wanted.group == 0 else []
        empty += [NO_DIVISION] if found.wanted.division == 0 else []
        return " · ".join(str(label) for label in (found.label(), *empty) if label) or None


class PupilStatisticsPage(StatisticsPage):
    """« Synthèse des codes élèves » (M107)."""

    route_base = "/statistics/pupils"
    holder = "pupil"
    title = TITLES["pupil"]


class GuardianStatisticsPage(StatisticsPage):
    """« Synthèse des codes responsables » (M108)."""

    route_base = "/statistics/guardians"
    holder = "guardian"
    title = TITLES["guardian"]


def shown_percent(value: Decimal | None) -> str:
    """« 37,93 % », « 50 % »: two decimals at most, none for nothing (M110)."""
    return "–" if value is None else f"{format_decimal(value, format='#,##0.##')}\N{NO-BREAK SPACE}%"


def _search() -> str:
    return request.args.get("search", "").strip()[:100]


def _sort(known: list[str], default: str) -> tuple[str, bool]:
    """(column, turned round) as the address asks, among those there are."""
    asked = request.args.get("sort", default)
    name = asked.removeprefix("-")
    return (name, asked.startswith("-")) if name in known else (default, False)


def _head(name: str, label: Any, now: tuple[str, bool], number: bool = False) -> Head:
    """The first click on figures shows the greatest first."""
    sorted_ = ("desc" if now[1] else "asc") if now[0] == name else ""
    turned = sorted_ == "asc" or (number and not sorted_)
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key not in ("sort", "page")}
    link = url_for(request.endpoint or "", **(kept | {"sort": f"-{name}" if turned else name}))
    return Head(label, link, sorted_, number)


def _value(line: SchoolLine, name: str) -> Any:
    return (folded(line.name), line.uai) if name == "name" else getattr(line.figures, name)


def _name_heads(holder: Holder, wanted: Wanted) -> list[Head]:
    now = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
    first = _("Pupil") if holder == "pupil" else _("Guardian")
    found = [_head("name", first, now)]
    if wanted.by_division:
        found.append(_head("division", _("Division"), now))
    if holder == "guardian":
        found.append(Head(_("Pupils"), None, ""))
    return [*found, Head(_("Online services refused"), None, ""), _head("notified", _("Notified on"), now),
            _head("account", _("Account created on"), now)]  # fmt: skip


def _kinds(wanted: Wanted) -> list[str]:
    return ["text", *(["text"] if wanted.by_division else []), *(["text"] if wanted.holder == "guardian" else []),
            "tick", "date", "date"]  # fmt: skip


def _name_cells(wanted: Wanted, line: NameLine) -> list[Any]:
    children = ", ".join(f"{c.name} ({c.division})" if c.division else c.name for c in line.children)
    return [line.person.shown_name, *([line.division] if wanted.by_division else []),
            *([children] if wanted.holder == "guardian" else []), line.refused, line.notified_on, line.account_on]
