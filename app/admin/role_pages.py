"""The role editor: what each role may do, how far it is from the shipped table, and roles of one's own (C05)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor
from app.core.db import admin_db
from app.core.errors import LivretError
from app.security import people, role_services, roles
from app.security.naming import shown_role
from app.security.seeding import drift, held_by
from app.security.services import held_on_academy


@dataclass(frozen=True, slots=True)
class Box:
    """One cell of the editor: a verb on a resource. `mine`: the editor holds it and may give it."""

    name: str
    label: Any
    ticked: bool
    shipped: bool
    mine: bool


class RolesPage(HandmadePage):
    """Roles of the academy: shipped and own."""

    route_base = "/roles"
    default_view = "index"
    class_permission_name = "role"
    category = "academy"
    title = _l("Roles and rights")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Every role with its holders; what was changed against the shipped table is shown."""
        drifted = {found.role_id: found for found in drift(admin_db.session())}
        rows = [(p, people.holders(p.role_id), drifted.get(p.role_id)) for p in people.known_roles()]
        return self.draw("academy/roles.html", rows=rows)

    @expose("/<int:pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: int) -> str:
        """One role: its table, editable for whoever may."""
        return self._draw_role(pk, None)

    @expose("/<int:pk>/edit", methods=["POST"])
    @has_access
    @permission_name("edit")
    def edit(self, pk: int) -> Any:
        """Store the ticked boxes."""
        wanted = _ticked()
        try:
            role_services.edit_role(pk, wanted, actor=actor(), authority_id=g.standing.authority_id)
        except LivretError as refused:
            flash(refused.sentence(), "danger")
            return self._draw_role(pk, wanted), refused.status
        flash(_("The role is changed. It holds from the next page on."), "success")
        return redirect(url_for("RolesPage.show", pk=pk))

    @expose("/<int:pk>/reset", methods=["POST"])
    @has_access
    @permission_name("edit")
    def reset(self, pk: int) -> Any:
        """Give a shipped role back what the table says."""
        role_services.reset_role(pk, actor=actor(), authority_id=g.standing.authority_id)
        flash(_("The role is as shipped again."), "success")
        return redirect(url_for("RolesPage.show", pk=pk))

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def add(self) -> Any:
        """A role of one's own, from the permission table."""
        wanted, level = _ticked(), "academy" if request.values.get("level") == "academy" else "school"
        if request.method == "POST":
            try:
                made = role_services.create_role(
                    request.form.get("name", ""), wanted, actor=actor(), authority_id=g.standing.authority_id,
                    level=level,
                )  # fmt: skip
                flash(_("The role is created."), "success")
                return redirect(url_for("RolesPage.show", pk=made.role_id))
            except LivretError as refused:
                flash(refused.sentence(), "danger")
        return self.draw(
            "academy/role_add.html", title=_("Add a role"), crumbs=((_("Add a role"), None),), level=level,
            table=table(wanted, frozenset(), level), name=request.form.get("name", ""),
        )  # fmt: skip

    def _draw_role(self, pk: int, wanted: frozenset[roles.Permission] | None) -> str:
        profile = people.role_profile(pk)
        held = held_by(admin_db.session(), pk) if wanted is None else wanted
        shipped = roles.shipped(profile.key) if profile.key else frozenset()
        name = shown_role(profile.role.name)
        return self.draw(
            "academy/role.html", title=name, crumbs=((name, None),), profile=profile, holders=people.holders(pk),
            table=table(held, shipped, profile.level), missing=shipped - held if profile.key else frozenset(),
            extra=held - shipped if profile.key else frozenset(), editable=role_services.may_edit(profile), words=words,
        )  # fmt: skip


def table(
    held: frozenset[roles.Permission], shipped: frozenset[roles.Permission], level: str
) -> list[tuple[Any, list[Box]]]:
    """The rows of the editor: each resource with the boxes of its verbs."""
    mine = held_on_academy(admin_db.session(), g.standing.user_id, g.standing.authority_id)
    rows = []
    for resource in roles.RESOURCES.values():
        pairs = [(verb, roles.permission(resource.name, verb)) for verb in sorted(resource.verbs)]
        boxes = [
            Box(f"{resource.name}:{verb}", roles.VERB_LABELS[verb], pair in held, pair in shipped, pair in mine)
            for verb, pair in pairs
            if pair in roles.offered(level)
        ]
        if boxes:
            rows.append((resource.label, boxes))
    return rows


def words(found: frozenset[roles.Permission]) -> list[str]:
    """Permissions as people read them: « Élèves : modifier »."""
    return sorted(
        f"{roles.RESOURCES[resource].label} : {roles.VERB_LABELS[verb.removeprefix('can_')]}"
        for verb, resource in found
        if resource in roles.RESOURCES
    )


def _ticked() -> frozenset[roles.Permission]:
    pairs = (value.partition(":") for value in request.form.getlist("permission"))
    return frozenset(roles.permission(resource, verb) for resource, _colon, verb in pairs)
