"""`run.py academy`: an empty, real academy in one command."""

from __future__ import annotations

import click

from app.commands.base import Result, operator, speaks_json
from app.commands.instance import open_instance
from app.commands.jobs import send_mails
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.academies import create_academy
from app.security import services
from app.security.invitations import invite
from app.security.roles import ACADEMY_ADMIN


@click.group()
def academy() -> None:
    """Académies : en créer une, avec son premier administrateur."""


@academy.command()
@click.argument("code")
@click.option("--name", required=True, metavar="NOM", help="Nom de l'académie, tel que les lettres l'impriment.")
@click.option("--admin-email", required=True, metavar="COURRIEL", help="Adresse du premier administrateur.")
@click.option("--first-name", default="Administrateur", show_default=True, metavar="PRÉNOM", help="Son prénom.")
@click.option("--last-name", default="académique", show_default=True, metavar="NOM", help="Son nom.")
@click.option("--portal-url", metavar="ADRESSE", help="Adresse du portail des familles, imprimée sur les lettres.")
@speaks_json
def create(code: str, name: str, admin_email: str, first_name: str, last_name: str, portal_url: str | None) -> Result:
    """Crée une académie vide et invite son premier administrateur par courriel (lien à usage unique).

    Rien n'est écrit si l'une des deux choses est impossible. L'accueil de l'administrateur dit la suite.
    """
    settings = open_instance()
    with system_scope("an academy is created from the command line"), unit_of_work():
        made = create_academy(code, name=name, actor=operator(), portal_url=portal_url)
        admin = services.create_user(actor=operator(), authority_id=made.id, first_name=first_name,
                                     last_name=last_name, email=admin_email)  # fmt: skip
        services.grant(admin.id, ACADEMY_ADMIN, actor=operator(), authority_id=made.id)
        invite(admin.id, actor=operator())
        facts = {"code": made.code, "name": made.name, "admin": admin.username, "invited": True}
    send_mails(settings)
    return Result(facts, [f"{facts['code']} {facts['name']} : créée, {facts['admin']} invité par courriel.",
                          "Ensuite : suivre le lien, puis les étapes de la page d'accueil."])  # fmt: skip
