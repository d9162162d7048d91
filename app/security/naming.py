"""What roles are called. A role of an academy is stored as « 3:Assistant »: two academies may choose one name."""

from __future__ import annotations

from app.security import roles

# For letters and mails, which are French whatever the reader's screen.
FRENCH = {
    roles.HEAD: "Chef d'établissement",
    roles.SECRETARY: "Secrétariat",
    roles.TEACHER: "Enseignant",
    roles.CLASS_TEACHER: "Professeur principal",
    roles.CPE: "CPE",
    roles.LIBRARIAN: "Professeur documentaliste",
    roles.ACADEMY_ADMIN: "Administrateur académique",
}


def french_role(name: str) -> str:
    """The role's French name, from what the database calls it."""
    return FRENCH.get(name, own_name(name))


def shown_role(name: str) -> str:
    """The role's name on screen, in the reader's language."""
    return str(roles.ROLES[name].label) if name in roles.ROLES else own_name(name)


def own_name(name: str) -> str:
    """« Assistant » for « 3:Assistant »."""
    return name.partition(":")[2] or name


def stored_name(authority_id: int, name: str) -> str:
    """« 3:Assistant » for « Assistant »."""
    return f"{authority_id}:{name}"
