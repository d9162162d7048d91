"""Mails say what the paper says, as text and as HTML."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from letters.mail import FOLDERS, render_mail
from letters.samples import sample_mail
from letters.types import (
    AccountChangedMail,
    BookletAvailableMail,
    ConfirmAccountMail,
    ContactMail,
    ForgottenIdentifierMail,
    GuardianCodeMail,
    GuardianContinuityMail,
    InvitationMail,
    NewAddressMail,
    ResetPassphraseMail,
    TeacherReminderMail,
)
from tests.letters.people import ANA, used
from tests.letters.test_text import ENT, same_as_kept

CODE_MAIL = sample_mail(GuardianCodeMail)
assert isinstance(CODE_MAIL, GuardianCodeMail)
MAILS = {
    "mail_one_child": CODE_MAIL,
    "mail_one_of_two_used": replace(CODE_MAIL, children=(*CODE_MAIL.children, used(ANA))),
    "mail_two_children_no_service": replace(CODE_MAIL, children=(*CODE_MAIL.children, ANA), services=()),
    "mail_code_used": replace(CODE_MAIL, children=(used(CODE_MAIL.children[0]),)),
    "mail_continuity": sample_mail(GuardianContinuityMail),
    "mail_ent": replace(CODE_MAIL, portal=ENT, services=("un espace numérique de travail",)),
    "mail_reset_passphrase": sample_mail(ResetPassphraseMail),
    "mail_confirm_account": sample_mail(ConfirmAccountMail),
    "mail_invitation": sample_mail(InvitationMail),
    "mail_booklet_available": sample_mail(BookletAvailableMail),
    "mail_teacher_reminder": sample_mail(TeacherReminderMail),
    "mail_account_changed": sample_mail(AccountChangedMail),
    "mail_new_address": sample_mail(NewAddressMail),
    "mail_forgotten_identifier": sample_mail(ForgottenIdentifierMail),
    "mail_contact": sample_mail(ContactMail),
    "mail_contact_copy": sample_mail(ContactMail, form="copy"),
    "mail_contact_undelivered": sample_mail(ContactMail, form="undelivered"),
}


@pytest.mark.row("M137", "M112", "M139")
@pytest.mark.parametrize("name", MAILS)
def test_the_words_of_each_mail(name: str) -> None:
    body = render_mail(MAILS[name])
    same_as_kept(name, f"Objet : {body.subject}\n\n{body.text}")


@pytest.mark.parametrize("name", MAILS)
def test_the_html_says_the_same(name: str) -> None:
    body = render_mail(MAILS[name])
    seen = " ".join(re.sub(r"<[^>]*>", " ", body.html).replace("&#39;", "'").split())
    fields = ("activation_link", "confirm_url", "reset_url", "accept_url", "portal_url", "admin_url")
    links = (getattr(MAILS[name], field, None) for field in fields)
    if name == "mail_continuity":
        links = iter([CODE_MAIL.portal.url])  # the account is there: nothing to activate
    assert f'href="{next(filter(None, links))}"' in body.html
    for sentence in re.findall(r"(?:Si vous|Vous n|Protection des|En tant que)[^.:]*", body.text):
        assert " ".join(sentence.split()) in seen
    for child in getattr(MAILS[name], "children", ()):
        assert child.name in seen and (child.code or "code déjà utilisé") in seen


@pytest.mark.row("M097")
def test_a_used_code_is_in_neither_form() -> None:
    body = render_mail(MAILS["mail_one_of_two_used"])
    assert ANA.code and ANA.code not in body.text + body.html
    assert "#code=0MQUXR43E7KNC" in body.text


@pytest.mark.row("M112")
def test_the_day_the_code_works() -> None:
    assert "Dès le 23 novembre 2026" in render_mail(CODE_MAIL).text


def test_no_header_can_be_slipped_into_the_subject_and_no_markup_into_the_body() -> None:
    school = replace(CODE_MAIL.school, name="Collège\r\nBcc: x@example.org <b>")
    body = render_mail(replace(CODE_MAIL, school=school, guardian=replace(CODE_MAIL.guardian, title="<script>")))
    assert "\n" not in body.subject and body.subject.startswith("Collège Bcc: x@example.org <b> :")
    assert "<b>" not in body.html and "<script>" not in body.html
    assert "<script>," in body.text


def test_every_mail_has_its_folder() -> None:
    assert len(set(FOLDERS.values())) == len(FOLDERS)
