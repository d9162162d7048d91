"""`run.py user`: people and the roles they hold on schools."""

from __future__ import annotations

import sys
from datetime import datetime

import click
from sqlalchemy import select

from app.commands.base import Result, operator, speaks_json
from app.commands.instance import open_instance, school_of
from app.commands.jobs import send_mails
from app.core.db import admin_db
from app.core.errors import BadInput, NotFound
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import Authority
from app.security import services
from app.security.invitations import invite
from app.security.roles import ROLES

ACADEMY = "un code d'académie (deux chiffres), utile quand l'instance en a plusieurs"
DAY = click.DateTime(formats=["%Y-%m-%d", "%d/%m/%Y"])
GRANTABLE = ", ".join(key for key, kind in ROLES.items() if not kind.derived)


@click.group()
def user() -> None:
    """Personnes : les créer, leur donner un rôle sur un établissement ou sur l'académie."""


def authority_id(code: str | None) -> int:
    """The academy named, or the only one there is."""
    with system_scope("a command names an academy by its code"):
        found = {row.code: row.id for row in admin_db.session.scalars(select(Authority).order_by(Authority.code))}
    if code is None and len(found) == 1:
        return next(iter(found.values()))
    if code in found:
        return found[code]
    if not found:
        raise NotFound("Cette instance n'a pas encore d'académie.", hint="Créez-la : run.py academy create CODE "
                       "--name NOM --admin-email COURRIEL")
    raise BadInput("Précisez l'académie.", hint=f"--academy parmi : {', '.join(found)}.")


@user.command()
@click.argument("email")
@click.option("--first-name", required=True, metavar="PRÉNOM", help="Prénom.")
@click.option("--last-name", required=True, metavar="NOM", help="Nom.")
@click.option("--username", metavar="IDENTIFIANT", help="Identifiant de connexion ; par défaut l'adresse.")
@click.option("--academy", metavar="CODE", help=f"Académie de la personne : {ACADEMY}.")
@click.option("--ask", is_flag=True, help="Demande la phrase de passe (ou la lit sur l'entrée standard) au lieu "
              "d'envoyer une invitation.")
@speaks_json
def create(email: str, first_name: str, last_name: str, username: str | None, academy: str | None,
           ask: bool) -> Result:
    """Crée une personne et l'invite par courriel à choisir sa phrase de passe (lien à usage unique)."""
    settings = open_instance()
    secret = ask_passphrase() if ask else None
    with system_scope("a person is created from the command line"), unit_of_work():
        made = services.create_user(actor=operator(), authority_id=authority_id(academy), first_name=first_name,
                                    last_name=last_name, email=email, username=username, passphrase=secret)
        if not ask:
            invite(made.id, actor=operator())
        facts = {"id": made.id, "username": made.username, "email": made.email, "invited": not ask}
    send_mails(settings)
    then = "phrase de passe enregistrée" if ask else "invitation envoyée par courriel"
    return Result(facts, [f"{first_name} {last_name} ({facts['username']}) : {then}."])


def ask_passphrase() -> str:
    """Typed twice on a terminal, read from standard input otherwise: never an argument, which others can see."""
    if sys.stdin.isatty():
        return str(click.prompt("Phrase de passe", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\n")


@user.command()
@click.argument("person", metavar="IDENTIFIANT")
@click.argument("role", metavar="RÔLE")
@click.argument("uai", required=False, metavar="[UAI]")
@click.option("--academy", metavar="CODE", help=f"Pour un rôle académique : {ACADEMY}.")
@click.option("--from", "starts", type=DAY, metavar="JOUR", help="Premier jour (AAAA-MM-JJ) ; aujourd'hui par défaut.")
@click.option("--to", "ends", type=DAY, metavar="JOUR", help="Dernier jour ; sans fin par défaut.")
@speaks_json
def grant(person: str, role: str, uai: str | None, academy: str | None, starts: datetime | None,
          ends: datetime | None) -> Result:
    open_instance()
    place = school_of(uai) if uai else None
    where = f"sur {place.name} ({place.uai})" if place else "sur l'académie"
    with system_scope("a role is granted from the command line"), unit_of_work():
        found = services.find_user(person)
        if found is None:
            raise NotFound(f"Personne n'a l'identifiant « {person} ».", hint="Créez-la : run.py user create EMAIL")
        made = services.grant(found.id, role, actor=operator(), school_id=place.id if place else None,
                              authority_id=None if place else authority_id(academy),
                              starts_on=starts.date() if starts else None, ends_on=ends.date() if ends else None)
        facts = {"user": found.username, "role": role, "uai": place.uai if place else None,
                 "from": made.starts_on.isoformat(), "to": made.ends_on.isoformat() if made.ends_on else None}
    until = f" jusqu'au {facts['to']}" if facts["to"] else ""
    return Result(facts, [f"{facts['user']} : {role} {where}, à partir du {facts['from']}{until}."])


grant.help = ("Donne un rôle, avec ses dates, sur un établissement (UAI) ou sur l'académie (sans UAI).\n\n"
              f"Rôles : {GRANTABLE}.")
