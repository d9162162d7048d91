"""What the generated pages show: plain values for the templates, ready formatted and linked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import current_app, request, url_for
from markupsafe import Markup
from sqlalchemy import inspect

from app.admin.columns import States, choices_of, formatter, is_relation, label, value_of
from app.admin.declaration import Screen
from app.admin.life import life_of, workflow_url
from app.admin.listing import PAGE_SIZES, Listing, Paging

RELATED_ROWS = 10


def list_page(view: Any, listing: Listing, paging: Paging) -> dict[str, Any]:
    """Everything the list template needs."""
    screen = view.screen
    query = request.query_string.decode("ascii", "replace")
    export = url_for(f"{view.endpoint}.export") + (f"?{query}" if query else "")
    return {
        "listing": listing,
        "pages": Pages(screen, paging),
        "heads": [_head(screen, listing, name) for name in listing.shown],
        "rows": table_rows(view, listing, paging, query),
        "counted": screen.words.counted(paging.count),
        "sizes": [(size, address(screen, psize=size, page=None)) for size in PAGE_SIZES],
        "bulk": view.visible_actions("multiple"),
        "add_url": url_for(f"{view.endpoint}.add") if view.may("add") else None,
        "export_url": export if view.may("export") else None,
    }


class Pages:
    """A `Paging` with its links, for the pager macro."""

    def __init__(self, screen: Screen, paging: Paging) -> None:
        self._screen, self._paging = screen, paging

    def __getattr__(self, name: str) -> Any:
        return getattr(self._paging, name)

    def link(self, page: int) -> str:
        """Address of a page."""
        return address(self._screen, page=page)


def address(screen: Screen, **changes: Any) -> str:
    """The present list with some of its arguments (page, psize, oc, od) changed."""
    names = {"page": "page_", "psize": "psize_", "oc": "_oc_", "od": "_od_"}
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if v}
    kept |= {names[key] + screen.name: value for key, value in changes.items()}
    return url_for(f"{screen.name}.list", **{k: v for k, v in kept.items() if v is not None})


def _head(screen: Screen, listing: Listing, name: str) -> dict[str, Any]:
    order = listing.order or ("", "")
    sorted_ = order[1] if order[0] == name else ""
    then = "desc" if sorted_ == "asc" else "asc"
    link = address(screen, oc=name, od=then, page=None) if name in listing.sortable else None
    kind = sheet_kind(listing, name)
    return {"name": name, "label": label(screen, name), "sorted": sorted_, "link": link, "kind": kind}


def table_rows(
    view: Any, listing: Listing, paging: Paging, query: str = "", without: str = ""
) -> list[dict[str, Any]]:
    """Rows with their cells formatted and the addresses this person may follow from them."""
    formats = {n: formatter(view.screen, name) for n, name in enumerate(listing.shown) if not _about(name, without)}
    links = _row_links(view, query)
    return [
        {
            "id": row[0],
            "cells": [format_(row[n + 1]) for n, format_ in formats.items()],
            "links": {verb: f"{before}{row[0]}{after}" for verb, before, after in links},
        }
        for row in listing.rows(paging)
    ]


def _row_links(view: Any, query: str) -> list[tuple[str, str, str]]:
    """For each verb allowed here, what stands before and after the key in its address: 150 times on a page."""
    extra: dict[str, Any] = {"list": query} if query else {}
    verbs = [verb for verb in ("show", "edit", "delete") if view.may(verb)]
    shapes = [(verb, url_for(f"{view.endpoint}.{verb}", pk=0, **extra)) for verb in verbs]
    parts = [(verb, *shape.partition(f"/{verb}/0")) for verb, shape in shapes]
    return [(verb, f"{before}/{verb}/", after) for verb, before, _key, after in parts]


def _about(name: str, relation: str) -> bool:
    """Whether a column repeats what the page is already about: `pupil.full_name` on a pupil's page."""
    return bool(relation) and name.split(".")[0] == relation


def sheet_rows(listing: Listing) -> Iterator[list[Any]]:
    """Rows for the spreadsheet: typed values, the words of choices, no markup."""
    words = [_word(listing.screen, name) for name in listing.shown]
    for row in listing.every_row():
        yield [value if word is None else word(value) for word, value in zip(words, row[1:], strict=True)]


def sheet_kind(listing: Listing, name: str) -> str:
    """text, number, date, moment or tick; words instead of values are text."""
    spoken = choices_of(listing.screen, name) is not None or name in listing.screen.formatters
    return "text" if spoken else listing.columns[name].kind


def _word(screen: Screen, name: str) -> Any:
    choices = choices_of(screen, name)
    if choices is not None:
        words = {key: str(text) for key, text in choices.items()}
        return lambda value: words.get(value, value)
    if name in screen.formatters:
        format_ = screen.formatters[name]
        return lambda value: _text(format_(value))
    return None


def _text(shown: Any) -> Any:
    return shown.striptags() if isinstance(shown, Markup) else shown


def show_page(view: Any, item: Any) -> dict[str, Any]:
    """The groups of a row, its life where a workflow says it, and the parts of other lists that belong to it."""
    screen = view.screen
    return {
        "groups": [(g.title, [_detail(view, item, name) for name in g.fields]) for g in screen.shown],
        "related": [part for part in (_related(item, r.screen, r.by) for r in screen.related) if part],
        "acts": view.visible_actions("single"),
        "life": life_of(item, page_of),
        "pk": inspect(item).identity[0],
    }


def _detail(view: Any, item: Any, name: str) -> dict[str, Any]:
    value = value_of(item, name)
    href = None
    if is_relation(view.screen.model, name) and value is not None:
        href = page_of(value)
    elif isinstance(choices := choices_of(view.screen, name), States):
        href = workflow_url(choices.workflow)
    shown = formatter(view.screen, name)(value)
    return {"label": label(view.screen, name), "value": shown if shown is not None else "", "href": href}


def _views() -> list[Any]:
    return list(current_app.extensions["appbuilder"].baseviews)


def page_of(item: Any) -> str | None:
    """The page of another row, generated or made by hand, if it has one and the person may open it."""
    for view in _views():
        shown = view.screen.model if hasattr(view, "screen") else getattr(view, "shows", None)
        if shown is type(item) and view.may("show"):
            return url_for(f"{view.endpoint}.show", pk=inspect(item).identity[0])
    return None


def _related(item: Any, name: str, by: str) -> dict[str, Any] | None:
    view = next((v for v in _views() if type(v).__name__ == name), None)
    if view is None or not view.may("list"):  # FAB draws related lists without asking (trap 6)
        return None
    arguments: dict[str, Any] = {f"_flt_0_{by}": str(inspect(item).identity[0])}
    listing = Listing(view.screen, arguments, with_options=False)
    paging = listing.paging()
    shown = Paging(0, RELATED_ROWS, paging.count)
    return {
        "title": view.screen.words.many,
        "counted": view.screen.words.counted(paging.count),
        "heads": [label(view.screen, column) for column in listing.shown if not _about(column, by)],
        "rows": table_rows(view, listing, shown, without=by) if paging.count else [],
        "all_url": url_for(f"{view.endpoint}.list", **arguments) if paging.count > RELATED_ROWS else None,
    }
