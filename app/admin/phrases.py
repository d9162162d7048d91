"""« Mes phrases »: one's own bank of sentences, offered beside the comments of the entry pages."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.phrases import FIRST_NAME, drop_phrase, keep_phrase, own_phrase, own_phrases, subjects_of_school
from app.core.errors import BadInput, Conflict


class PhrasesPage(HandmadePage):
    """Nobody else sees these sentences."""

    route_base = "/phrases"
    default_view = "index"
    class_permission_name = "booklet"
    category = "booklets"
    needs_school = True
    title = _l("My sentences")

    @expose("/")
    @has_access
    @permission_name("fill")
    def index(self) -> str:
        """The bank, with a form to add one; with `edit`, the form of one."""
        school_id()
        key = _number(request.args.get("edit"))
        edited = own_phrase(key, actor()) if key else None
        return self._page(edited=key, text=edited.text if edited else "", item=edited.item_code if edited else "")

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self) -> Any:
        """Add a sentence or change one."""
        check_drawn_for()
        school_id()
        text, item = request.form.get("text", ""), request.form.get("item", "")
        key = _number(request.form.get("phrase"))
        try:
            keep_phrase(text, item, actor=actor(), phrase_id=key or None)
        except (BadInput, Conflict) as error:
            return self._page(edited=key, text=text, item=item, problem=error.sentence())
        flash(_("The sentence is in your bank."), "success")
        return self.home()

    @expose("/delete", methods=["POST"])
    @has_access
    @permission_name("fill")
    def delete(self) -> Any:
        """Take one out."""
        check_drawn_for()
        school_id()
        if key := _number(request.form.get("phrase")):
            drop_phrase(key, actor=actor())
            flash(_("The sentence is deleted."), "success")
        return self.home()

    def _page(self, **data: Any) -> str:
        return self.draw("entry/phrases.html", phrases=own_phrases(actor()), subjects=subjects_of_school(),
                         limit=COMMENT_LENGTH, placeholder=FIRST_NAME, **data)  # fmt: skip


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
