"""From a line of `screens.py` to a Flask-AppBuilder view: list, show, add, edit, delete, spreadsheet (C01, C04).

FAB keeps the routes, the permissions and the menu. Reading, saving and drawing are ours: its stock versions share
filters between threads, let the address choose columns, commit by themselves and show SQL errors (traps 5, 13, 14, 15).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar

from flask import Response, abort, flash, redirect, request, send_file, url_for
from flask_appbuilder import ModelView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import delete, inspect, select
from sqlalchemy.exc import IntegrityError

from app.admin import actions, drawing
from app.admin.columns import label, name_of
from app.admin.declaration import Screen
from app.admin.form_fields import make_form
from app.admin.listing import Listing
from app.admin.menu import CATEGORIES, category_here
from app.admin.page import check_drawn_for
from app.audit.services import record
from app.core import clock
from app.core.db import admin_db
from app.core.errors import LivretError
from app.core.scope import SchoolScoped, current_scope
from app.core.uow import unit_of_work
from app.exchange.spreadsheets import MIMETYPE, SheetColumn, write_sheet
from app.schools.models import School
from app.security.manager import current_actor

FAB_ROUTES = frozenset({"list", "show", "add", "edit", "delete", "export"})
Crumbs = list[tuple[Any, str | None]]
SPOOL = 4_000_000  # bytes of a spreadsheet kept in memory before it goes to a temporary file


class LivretView(actions.ActionsMixin, ModelView):
    """The base of every generated view; `screen` is its declaration."""

    screen: ClassVar[Screen]
    search_form = add_form = edit_form = FlaskForm
    base_permissions: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        verbs = [f"can_{verb}" for verb in FAB_ROUTES if verb in self.screen.verbs]
        own = [p for p in self.base_permissions if p.startswith("can_") and p[4:] not in FAB_ROUTES]
        self.base_permissions = list(dict.fromkeys([*verbs, *own, *(f"can_{name}" for name in self.actions)]))

    @property
    def _filters(self) -> Any:
        """Built for whoever asks: FAB would share one between all threads (trap 15)."""
        return self.datamodel.get_filters(self.search_columns)

    @_filters.setter
    def _filters(self, _value: Any) -> None:
        """FAB sets one when the view is made; nobody needs it."""

    # ---- reading -------------------------------------------------------------------------------------------

    @expose("/list/")
    @has_access
    def list(self) -> str:
        """The list, filtered and sorted as the address says."""
        listing = Listing(self.screen, request.args)
        paging = listing.paging()
        return self._draw("list", **drawing.list_page(self, listing, paging))

    @expose("/show/<int:pk>")
    @has_access
    def show(self, pk: int) -> str:
        """One row and what belongs to it."""
        item = self.find(pk)
        return self._draw("show", title=name_of(self.screen, item), item=item, **drawing.show_page(self, item))

    @expose("/export.xlsx")
    @has_access
    def export(self) -> Response:
        """The list as a spreadsheet, filtered and sorted as on screen, all its pages (C04)."""
        listing = Listing(self.screen, request.args, with_options=False)
        out = SpooledTemporaryFile(SPOOL)  # noqa: SIM115 - send_file closes it with the response
        write_sheet(out, str(self.screen.words.many), self._sheet_columns(listing), drawing.sheet_rows(listing))
        out.seek(0)
        return send_file(out, mimetype=MIMETYPE, as_attachment=True, download_name=self._file_name())

    # ---- writing -------------------------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new row; its school is the current one and never comes from the form."""
        scope = current_scope()
        if issubclass(self.screen.model, SchoolScoped) and (scope is None or scope.kind != "school"):
            flash(_("Choose a school first: this is added to one school."), "warning")
            return redirect(self.list_url())
        form = make_form(self.screen)
        if request.method == "POST":
            check_drawn_for()
            pk = self._save(form, None)
            if pk is not None:
                flash(_("Added."), "success")
                return redirect(self._after(pk))
        return self._draw("form", title=self.screen.words.add, form=form, item=None)

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: int) -> Any:
        """Change a row."""
        item = self.find(pk)
        name = name_of(self.screen, item)
        form = make_form(self.screen, item)
        if request.method == "POST":
            check_drawn_for()
            if self._save(form, pk) is not None:
                flash(_("Changes saved."), "success")
                return redirect(self._after(pk))
        title = _("Edit: %(name)s", name=name)
        return self._draw("form", title=title, form=form, item=self.find(pk), name=name)

    @expose("/delete/<int:pk>", methods=["GET", "POST"])
    @has_access
    def delete(self, pk: int) -> Any:
        """Ask on GET, delete on POST."""
        item = self.find(pk)
        if request.method == "GET":
            return self._draw("delete", title=_("Delete: %(name)s", name=name_of(self.screen, item)), item=item)
        check_drawn_for()
        if self._guarded(lambda: self._delete_now(pk), _("Used elsewhere: it cannot be deleted.")) is None:
            return redirect(self._link("show", pk) or self.list_url())
        flash(_("Deleted."), "success")
        return redirect(self.list_url())

    def _save(self, form: FlaskForm, pk: int | None) -> int | None:
        """The id of what was saved, or None with the reasons on the form or in a message."""

        def work() -> int | None:
            item = self.screen.model() if pk is None else self.find(pk)
            if not form.validate():
                return None
            form.populate_obj(item)
            (self.pre_add if pk is None else self.pre_update)(item)
            item = self.insert(item) if pk is None else self.update(item)
            (self.post_add if pk is None else self.post_update)(item)
            return _key(item)

        return self._guarded(work, _("This already exists, or contradicts something already recorded."))

    def insert(self, item: Any) -> Any:
        """Store a new row and its line in the trail; a mixin may hand it to a service instead."""
        admin_db.session.add(item)
        admin_db.session.flush()
        self._record("add", item)
        return item

    def update(self, item: Any) -> Any:
        """Store the changes and a line that names the changed columns, not what they hold."""
        changed = sorted(a.key for a in inspect(item).attrs if a.history.has_changes())
        if changed:
            admin_db.session.flush()
            self._record("edit", item, data={"changed": changed})
        return item

    def _record(self, verb: str, item: Any, **facts: Any) -> None:
        record(admin_db.session(), f"{self.screen.resource}.{verb}", item, actor=current_actor(), **facts)

    def _delete_now(self, pk: int) -> int:
        item = self.find(pk)
        self.pre_delete(item)
        self._record("delete", item)
        # By statement: `session.delete` would empty the columns that point here instead of meeting the constraint.
        admin_db.session.flush()
        admin_db.session.expunge(item)
        admin_db.session.execute(delete(self.screen.model).where(key_column(self.screen.model) == pk))
        self.post_delete(item)
        return pk

    def _guarded(self, work: Callable[[], int | None], refused: str) -> int | None:
        """Run in one unit of work. What the database refuses is said in general words: its own would tell values
        and SQL (trap 13)."""
        try:
            with unit_of_work():
                return work()
        except IntegrityError:
            flash(refused, "danger")
        except LivretError as error:
            flash(error.sentence(), "danger")
        return None

    # ---- helpers -------------------------------------------------------------------------------------------

    def find(self, pk: int) -> Any:
        """The row, through the gate; 404 when it does not exist or belongs to another school."""
        statement: Any = select(self.screen.model).where(key_column(self.screen.model) == pk)
        scope = current_scope()
        if self.screen.narrow is not None and scope is not None:
            statement = statement.where(self.screen.narrow(scope))
        item = admin_db.session.scalars(statement).one_or_none() if pk < 2**31 else None
        return item if item is not None else abort(404)

    def may(self, verb: str) -> bool:
        """Whether the verb exists here and the person holds it."""
        permission = f"can_{verb}"
        return permission in self.base_permissions and self.appbuilder.sm.has_access(
            permission, self.class_permission_name
        )

    def list_url(self) -> str:
        """The list as it was left: links to a row carry its query along."""
        query = request.args.get("list", "")
        return url_for(f"{self.endpoint}.list") + (f"?{query}" if query else "")

    def get_redirect(self) -> str:
        """After an action: the list, not FAB's page history."""
        return self.list_url()

    def _link(self, verb: str, pk: int) -> str | None:
        if not self.may(verb):
            return None
        return url_for(f"{self.endpoint}.{verb}", pk=pk, list=request.args.get("list") or None)

    def _after(self, pk: int) -> str:
        return self._link("show", pk) or self.list_url()

    def _draw(self, page: str, **context: Any) -> str:
        crumbs = self._crumbs(page, context.get("title"), context.get("item"))
        return self.render_template(
            f"admin/{page}.html", **{"title": self.screen.words.many, "crumbs": crumbs, "view": self} | context
        )

    def _crumbs(self, page: str, title: Any, item: Any) -> Crumbs:
        menu = [(CATEGORIES[category_here(self.screen.menu)], None)] if self.screen.menu else []
        crumbs: Crumbs = [*menu, (self.screen.words.many, self.list_url())]
        if page in ("form", "delete") and item is not None:
            crumbs.append((name_of(self.screen, item), self._link("show", _key(item))))
            title = _("Edit") if page == "form" else _("Delete")
        return crumbs if page == "list" else [*crumbs, (title, None)]

    def _sheet_columns(self, listing: Listing) -> Sequence[SheetColumn]:
        return [SheetColumn(label(self.screen, name), drawing.sheet_kind(listing, name)) for name in listing.shown]

    def _file_name(self) -> str:
        scope = current_scope()
        school = admin_db.session.get(School, scope.id) if scope and scope.kind == "school" else None
        place = f"{school.uai}-" if school else ""
        return f"{place}{self.screen.resource.replace('_', '-')}-{clock.today():%Y-%m-%d}.xlsx"


def key_column(model: type) -> Any:
    """The mapped primary key."""
    return getattr(model, inspect(model).primary_key[0].key)


def _key(item: Any) -> int:
    return int(inspect(item).identity[0])
