"""What the form of an EPI or AP group says."""

from __future__ import annotations

import re
from typing import Any

from app.admin.form_values import id_of
from app.booklets.project_store import SharedChanges, Teaching
from app.booklets.projects import GroupChanges
from app.core.errors import BadInput
from app.security.manager import current_standing

_PAIR = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_MEMBER = "member-"


def in_college() -> bool:
    """EPI and AP exist in collèges only (M050)."""
    here = current_standing()
    return here is not None and here.place.school_kind == "college"


def changes_from(form: Any) -> GroupChanges:
    """The changes of a group that its form asks for. Fields that are frozen are not sent."""
    teachers = frozenset(_pairs(form.getlist("teacher"))) if "base_teachers" in form else None
    project = form.get("project")
    shared = SharedChanges(
        id_of(project) if project else None, form.get("title"), form.get("base_title"), form.get("comment"),
        form.get("base_comment"), teachers, frozenset(_pairs(form.get("base_teachers", "").split())),
    )  # fmt: skip
    comments = {member: (form[f"{_MEMBER}{member}-comment"], form.get(f"base:{_MEMBER}{member}-comment", ""))
                for member in _members(form)}  # fmt: skip
    return GroupChanges(shared, comments, [id_of(text) for text in form.getlist("remove")],
                        [id_of(text) for text in form.getlist("add")])  # fmt: skip


def _members(form: Any) -> list[int]:
    """The members whose comment is on the page and was changed."""
    found = []
    for name in form:
        number = name.removeprefix(_MEMBER).removesuffix("-comment")
        if name == f"{_MEMBER}{number}-comment" and number.isdigit() and _plain(form[name]) != _plain(
                form.get(f"base:{name}", "")):  # fmt: skip
            found.append(id_of(number))
    return found


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _pairs(texts: list[str]) -> list[Teaching]:
    found = [_PAIR.fullmatch(text) for text in texts]
    if None in found:
        raise BadInput("Un enseignant n'est pas reconnu.", hint="Rechargez la page et recommencez.")
    return [(int(pair[1]), int(pair[2])) for pair in found if pair]
