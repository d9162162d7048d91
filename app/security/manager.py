"""The security manager of the admin application: few overrides of Flask-AppBuilder's, each closing a trap.

Roles come from grants on the current place (`app.security.queries`), permissions from a cache by role version,
sign-in from argon2 and our own throttles. None of FAB's user, role, registration or reset views and none of its
security API is registered: whoever may edit users or roles there is Admin (SECURITY_TRAPS 9, 10, 12).
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import Role, User
from flask_limiter import Limiter
from flask_login import LoginManager, current_user

from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import system_scope
from app.security import roles
from app.security.models import Throttle
from app.security.queries import Standing, places_of, standing
from app.security.web import client_address


class LivretSecurityManager(SecurityManager):
    """See the module."""

    def __init__(self, appbuilder: Any) -> None:
        super().__init__(appbuilder)
        from app.admin.entering import install

        install(self)

    def register_views(self) -> None:
        """Our sign-in page, and nothing of FAB's."""
        from app.admin.signing import ChangeSchool, Invitation, OwnPassphrase, SignIn

        self.auth_view = SignIn()
        for view in (self.auth_view, ChangeSchool, Invitation, OwnPassphrase):
            self.appbuilder.add_view_no_menu(view)

    def create_db(self) -> None:
        """Tables come from migrations, roles from `app.security.seeding`: a web process writes neither."""

    def create_login_manager(self, app: Flask) -> LoginManager:
        """Flask-Login over our sessions; its own cookie protection has nothing to protect."""
        manager = super().create_login_manager(app)
        manager.session_protection = None
        return manager

    def create_limiter(self, app: Flask) -> Limiter:
        """FAB's `@limit` counts in our table too, never in one process's memory (SECURITY_TRAPS 9)."""
        limiter = Limiter(
            key_func=client_address,
            storage_uri="livret://",
            storage_options={"db": admin_db, "model": Throttle},  # type: ignore[dict-item]
        )
        limiter.init_app(app)
        return limiter

    def load_user(self, pk: str) -> User | None:
        """The user of this session, as long as the account is open."""
        if str(session.owner_id) != str(pk):  # type: ignore[attr-defined]
            return None
        user = self.session.get(User, int(pk))
        return user if user is not None and user.active else None

    def before_request(self) -> Any:  # type: ignore[override]
        """Who acts, and in which scope; somebody without a place is led to choose one."""
        from app.admin.entering import enter

        g.user = current_user
        return enter()

    def get_user_roles(self, user: Any) -> list[Role]:
        """The roles granted on the current place today, with that of class teacher when a class is led."""
        here = current_standing()
        if here is None or not user.is_authenticated or user.id != here.user_id:
            return []
        return [found for role in here.roles if (found := self.session.get(Role, role.id))]

    def get_user_permissions(self, user: Any) -> set[tuple[str, str]]:
        """What those roles let one do here."""
        here = current_standing()
        return set(here.permissions) if here and user.is_authenticated and user.id == here.user_id else set()

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether the signed-in person may do this here; nobody else may anything."""
        here = current_standing()
        return here is not None and (permission_name, view_name) in here.permissions

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """No permission is public: a public page says so itself (`app.security.access`)."""
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """An entry appears with its page, for whoever may use it: there are no rights on menus of their own."""
        items = [item for category in self.appbuilder.menu.get_list() for item in (category, *category.childs)]
        return {item.name for item in items if self._may_see(item)} & set(menu_names or ())

    def _may_see(self, item: Any) -> bool:
        if item.childs:
            return any(self._may_see(child) for child in item.childs)
        view = item.baseview
        if view is None:
            return False
        permission = getattr(getattr(view, view.default_view), "_permission_name", None)
        return permission is not None and self.has_access(f"can_{permission}", view.class_permission_name)

    def auth_user_db(self, username: str, password: str) -> User | None:
        """FAB's own way in, for whatever may call it: ours, with its throttles."""
        from app.security.signing import authenticate

        return authenticate(username, password, client_address())


def current_standing() -> Standing | None:
    """What the signed-in person is in the current place; None before sign-in or without a place."""
    found: Standing | None = g.get("standing")
    return found


def current_actor() -> Actor:
    """Who acts in this request, with what they may do here."""
    if not current_user.is_authenticated:
        return Actor("nobody", None, "", frozenset())
    here = current_standing()
    return Actor.person(current_user.id, current_user.get_full_name(), here.permissions if here else ())


def actor_for_user(user_id: int, school_id: int | None) -> Actor:
    """Somebody acting outside a request (a job they started): on a school, or on their academy without `school_id`.

    Permissions are those of today, so that a job of somebody who lost the role can do nothing more.
    """
    session = admin_db.session()
    with system_scope("permissions of a person outside a request"):
        user = session.get(User, user_id)
        if user is None or not user.active:
            return Actor("user", user_id, "", frozenset())
        held: set[roles.Permission] = set()
        if school_id is not None:
            here = standing(session, user_id, "school", school_id)
            held |= here.permissions if here else set()
        else:
            academies = [place for place in places_of(session, user_id) if place.kind == "academy"]
            for place in academies:
                here = standing(session, user_id, "academy", place.id)
                held |= here.permissions if here else set()
        return Actor.person(user_id, user.get_full_name(), held)
