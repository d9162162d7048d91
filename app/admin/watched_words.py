"""« Mots à relire »: what the check before locking points out as a subject of the legal reminder (M039)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, in_school
from app.admin.page import check_drawn_for
from app.booklets.models import WATCHED
from app.booklets.watching import WORD_LENGTH, add_word, ignore_word, take_off, watched_words
from app.core.errors import BadInput, Conflict

SUBJECTS = {"origin": _l("Origin"), "politics": _l("Politics"), "religion": _l("Religion"), "union": _l("Trade union"),
            "morals": _l("Morals")}  # fmt: skip
assert tuple(SUBJECTS) == WATCHED


class WatchedWordsPage(HandmadePage):
    """The shipped words and the academy's own, by subject."""

    route_base = "/watched-words"
    default_view = "index"
    class_permission_name = "watched_word"
    category = "academy"
    title = _l("Words to read again")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list."""
        return self._page()

    def _page(self, problem: str | None = None) -> str:
        if in_school():
            raise Conflict("Les mots à relire se règlent pour toute l'académie.",
                           hint="Utilisez « Changer d'établissement ».")  # fmt: skip
        subject = request.args.get("subject", "")
        search = request.args.get("search", "")[:WORD_LENGTH]
        return self.draw("setup/watched_words.html", words=watched_words(subject, search), subjects=SUBJECTS,
                         subject=subject, search=search, limit=WORD_LENGTH, problem=problem)  # fmt: skip

    @expose("/add", methods=["POST"])
    @has_access
    @permission_name("edit")
    def add(self) -> Any:
        """Watch one more."""
        check_drawn_for()
        try:
            add_word(request.form.get("word", ""), request.form.get("kind", ""), actor=actor())
        except BadInput as error:
            return self._page(error.sentence()), error.status
        return self._done()

    @expose("/ignore", methods=["POST"])
    @has_access
    @permission_name("edit")
    def ignore(self) -> Any:
        """Watch a shipped word no more, or again."""
        check_drawn_for()
        ignore_word(request.form.get("word", ""), "again" not in request.form, actor=actor())
        return self._done()

    @expose("/<int:pk>/take-off", methods=["POST"])
    @has_access
    @permission_name("edit")
    def take_off(self, pk: int) -> Any:
        """Take one of the academy's own off."""
        check_drawn_for()
        take_off(pk, actor=actor())
        return self._done()

    def _done(self) -> Any:
        flash(_("The list is in force at once."), "success")
        return self.home(**{name: request.form[name] for name in ("subject", "search") if request.form.get(name)})
