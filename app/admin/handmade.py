"""Base of the pages made by hand: same frame, same breadcrumb, same protection as the generated screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from tempfile import TemporaryFile
from typing import Any

from flask import redirect, request, send_file, url_for
from flask_appbuilder import BaseView

from app.admin.listing import Paging, whole_number
from app.admin.menu import CATEGORIES
from app.core.actor import Actor
from app.core.errors import Conflict
from app.core.scope import current_scope
from app.exchange.spreadsheets import MIMETYPE, SheetColumn, write_sheet


class HandmadePage(BaseView):
    """A page of the menu bar. `title` and `category` make its breadcrumb; `resource` is what permissions name.
    A page that `needs_school` is no entry of the menu bar for who works on the whole academy; `shows` is the entity
    that its `show` route is about, for links to it from elsewhere. `school_category` is where the page stands for who
    works in one school, when that is not where the academy finds it; `menu_cond` says whether the page is an entry of
    the menu bar at this moment (`staticmethod(may_enter_collectively)`: it follows the import mode, M005)."""

    title: Any = ""
    category: str = "online"
    school_category: str | None = None
    needs_school: bool = False
    shows: type | None = None
    menu_cond: Callable[[], bool] | None = None

    def draw(self, template: str, *, title: Any = None, crumbs: tuple[Any, ...] = (), **data: Any) -> str:
        """Render in the frame. `crumbs` are (label, address) pairs below the page's own."""
        own = (self.title, self.own_address())
        category = self.school_category if self.school_category and in_school() else self.category
        trail = [(CATEGORIES[category], None), own, *crumbs]
        return self.render_template(template, title=title or self.title, crumbs=trail, view=self, **data)

    def own_address(self) -> str:
        """Where the page's title leads; a page of one thing says its list's."""
        return url_for(f"{self.endpoint}.{self.default_view}")

    def may(self, verb: str, resource: str | None = None) -> bool:
        """Whether the person holds a permission (on this page's resource unless said otherwise)."""
        return self.appbuilder.sm.has_access(f"can_{verb}", resource or self.class_permission_name)

    def sheet(self, name: str, title: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Any]]) -> Any:
        """A list as a spreadsheet to save (C04)."""
        out = TemporaryFile()  # noqa: SIM115 - send_file closes it with the response
        write_sheet(out, title, columns, rows)
        out.seek(0)
        return send_file(out, mimetype=MIMETYPE, as_attachment=True, download_name=f"{name}.xlsx")

    def home(self, **arguments: Any) -> Any:
        """Back to the page's first view."""
        return redirect(url_for(f"{self.endpoint}.{self.default_view}", **arguments))

    def to_job(self, job_id: int) -> Any:
        """To the progress of a job just submitted."""
        return redirect(url_for("JobsPage.show", pk=job_id))


class HandPages(Paging):
    """The pager of a handmade list: links keep the address's filters, `page` changes."""

    def link(self, page: int) -> str:
        """Address of a page."""
        kept: dict[str, Any] = request.args.to_dict(flat=False)
        kept.pop("page", None)
        return url_for(request.endpoint or "", **kept, **(request.view_args or {}), page=page)


def asked_page(size: int, count: int) -> HandPages:
    """The page the address asks for, within what exists; the first one when it is not a number."""
    number = whole_number(request.args.get("page"))
    return HandPages(min(number, max(0, (count - 1) // size)), size, count)


def actor() -> Actor:
    """Who is signed in."""
    from app.security.manager import current_actor

    return current_actor()


def in_school() -> bool:
    """Whether the person works in one school at this moment."""
    scope = current_scope()
    return scope is not None and scope.kind == "school"


def school_id() -> int:
    """The current school; pages of one school refuse to be opened on the whole academy."""
    scope = current_scope()
    if scope is None or scope.kind != "school":
        raise Conflict("Choisissez d'abord un établissement.", hint="Utilisez « Changer d'établissement ».")
    return scope.id
