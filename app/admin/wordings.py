"""« Textes des courriers »: the academy adapts the words of letters and mails, with a preview (M137–M140); schools read
what their families get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from flask import Response, abort, flash, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.access import wordings
from app.access.wordings import Wording
from app.admin.handmade import HandmadePage, actor
from app.admin.page import check_drawn_for
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from letters.adapt.desk import Preview, WordingRefused, preview_wording
from letters.adapt.markup import without_look
from letters.adapt.schema import variables
from letters.adapt.texts import LONGEST, TEXTS, Text, samples
from letters.mail import render_mail
from letters.wording import long_date

LABELS = {
    "guardian_code": _l("Letter of codes to a guardian"),
    "guardian_code.email": _l("E-mail of codes to a guardian"),
    "guardian_continuity": _l("Continuity letter to a guardian"),
    "guardian_continuity.email": _l("Continuity e-mail to a guardian"),
    "pupil_code": _l("Letter of the code to a pupil"),
    "pupil_continuity": _l("Continuity letter to a pupil"),
}
SAMPLES = {
    "services": _l("Online services only"), "mixed": _l("ENT and online services"), "ent": _l("ENT only"),
    "several": _l("Several children"), "used": _l("Code already used"),
    "closed": _l("No service open yet, school without contact details"),
}  # fmt: skip
PARTS = {
    "shared/codes.html": _l("Table of the codes"), "shared/services.html": _l("Services that are open"),
    "shared/closing.html": _l("Greeting and signature"), "shared/privacy.html": _l("Data protection"),
    "shared/mail_codes.html": _l("Table of the codes"), "shared/mail_services.html": _l("Services that are open"),
    "shared/mail_button.html": _l("Button that leads to the portal"),
}  # fmt: skip
# A mail is looked at as it is sent, with its look inside it: a page of its own that may do nothing else.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class Tried:
    """What a draft looks like, or why it looks like nothing; `line` counts from 1."""

    drawn: Preview | None = None
    problem: str | None = None
    line: int | None = None

    @property
    def html(self) -> Markup:
        """The mail's body, cleaned: nothing in it acts or fetches."""
        return Markup(without_look(self.drawn.html) if self.drawn else "")  # noqa: S704


class LetterWordingsPage(HandmadePage):
    """The texts, and the page of each with its editor."""

    route_base = "/letter-wordings"
    default_view = "index"
    class_permission_name = "letter_wording"
    category = "academy"
    school_category = "online"
    title = _l("Words of the letters")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Every text: the product's, or the academy's since when."""
        return self.draw("letters/index.html", wordings=wordings.wordings(), labels=LABELS)

    @expose("/<key>")
    @has_access
    @permission_name("list")
    def show(self, key: str) -> Any:
        """One text with what it looks like; for the academy its editor, with an earlier version when asked for."""
        now = wordings.wording(_known(key))
        asked = request.args.get("version", "")
        source = wordings.version(key, int(asked)).text or now.text.original if _is_number(asked) else now.source
        return self._page(now, source, _try(key, source, _sample(key, request.args)))

    @expose("/<key>/preview", methods=["POST"])
    @has_access
    @permission_name("edit")
    def preview(self, key: str) -> Any:
        """A draft as it would be; a script asks for that part of the page alone."""
        check_drawn_for()
        now = wordings.wording(_known(key))
        tried = _try(key, _draft(), _sample(key, request.form))
        if "part" in request.args:
            return self.render_template("letters/_preview.html", tried=tried, text=now.text)
        return self._page(now, _draft(), tried)

    @expose("/<key>/save", methods=["POST"])
    @has_access
    @permission_name("edit")
    def save(self, key: str) -> Any:
        """Put the draft in force; what cannot be drawn is refused with its line and the old text stays."""
        check_drawn_for()
        now = wordings.wording(_known(key))
        try:
            wordings.save_wording(key, request.form.get("source", ""), base=_base(), actor=actor())
        except (BadInput, Conflict) as error:
            tried = Tried(problem=error.sentence(), line=error.data.get("line_of_text"))
            return self._page(now, _draft(), tried, refused=True), error.status
        flash(_("The text is in force: the next letters and e-mails will have it."), "success")
        return redirect(url_for("LetterWordingsPage.show", key=key))

    @expose("/<key>/reset", methods=["POST"])
    @has_access
    @permission_name("edit")
    def reset(self, key: str) -> Any:
        """« Revenir au texte d'origine », after a question."""
        return self._act(key, _("Go back to the original text? Yours stays among the earlier versions."),
                         _("Back to the original"),
                         lambda: wordings.reset(key, base=_base(), actor=actor()))  # fmt: skip

    @expose("/<key>/restore/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def restore(self, key: str, pk: int) -> Any:
        """Put an earlier version back, after a question."""
        wordings.version(_known(key), pk)
        return self._act(key, _("Put this version back in force? The present one stays among the earlier versions."),
                         _("Put back"), lambda: wordings.restore(key, pk, base=_base(), actor=actor()))  # fmt: skip

    @expose("/<key>/sample")
    @has_access
    @permission_name("list")
    def sample(self, key: str) -> Any:
        """The text in force with invented people: the letter as PDF, the e-mail as it is sent."""
        now, name = wordings.wording(_known(key)), _sample(key, request.args)
        if now.text.mail:
            try:
                whole = render_mail(samples(key)[name], own=now.source if now.own else None)  # type: ignore[arg-type]
            except WordingRefused:
                abort(404)
            return Response(whole.html, headers={"Content-Security-Policy": MAIL_POLICY})
        drawn = _try(key, now.source, name, pictures=False).drawn or abort(404)
        return send_file(BytesIO(drawn.pdf), mimetype="application/pdf", download_name=f"{key}-{name}.pdf")

    def _act(self, key: str, question: str, action: str, act: Any) -> Any:
        check_drawn_for()
        label = LABELS[_known(key)]
        if not request.form.get("confirmed"):
            return self.draw("setup/confirm.html", question=question, lines=[label],
                             kept=[("base", str(_base()))], action=action)  # fmt: skip
        try:
            act()
        except (BadInput, Conflict) as error:
            flash(error.sentence(), "danger")
        else:
            flash(_("The text is in force: the next letters and e-mails will have it."), "success")
        return redirect(url_for("LetterWordingsPage.show", key=key))

    def _page(self, now: Wording, source: str, tried: Tried, *, refused: bool = False) -> str:
        key = now.text.key
        return self.draw(
            "letters/show.html", title=LABELS[key], crumbs=((LABELS[key], None),), now=now, source=source, tried=tried,
            refused=refused, versions=wordings.versions(key), limit=LONGEST, text=now.text, facts=_facts(now.text),
            samples={name: SAMPLES[name] for name in SAMPLES if name in samples(key)},
            sample=_sample(key, request.values), parts=PARTS,
        )  # fmt: skip


def _facts(text: Text) -> list[tuple[str, str]]:
    """Every fact a text may name, with what it is in the example."""
    example = samples(text.key)["several" if "several" in samples(text.key) else "services"]
    return [(path, _shown(value)) for path, value in variables(text.variable, example)]


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, date):
        return long_date(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) and isinstance(value[0], str) else (
        str(_("list")) if isinstance(value, tuple) else str(value))  # fmt: skip


def _try(key: str, source: str, sample: str, *, pictures: bool = True) -> Tried:
    admin_db.session.rollback()  # no transaction stays open while pages are laid out
    try:
        return Tried(preview_wording(key, source, sample, pictures=pictures))
    except WordingRefused as refused:
        return Tried(problem=str(refused), line=refused.line)


def _draft() -> str:
    return request.form.get("source", "")[: 4 * LONGEST].replace("\r\n", "\n")


def _known(key: str) -> str:
    if key not in TEXTS:
        abort(404)
    return key


def _sample(key: str, given: Any) -> str:
    asked = given.get("sample", "services")
    return asked if asked in samples(key) else "services"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _base() -> int:
    given = request.form.get("base", "")
    return int(given) if _is_number(given) else 0


