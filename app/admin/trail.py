"""The acts of the trail in words: those of a workflow come from its file, the others are here (DESIGN §4)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.security.roles import RESOURCES, VERB_LABELS
from app.workflow.history import label_of

ACTS: dict[str, Any] = {
    "access_refusal.create": _l("Refusal of access stored"), "access_refusal.lift": _l("Access allowed again"),
    "access_refusal.undo": _l("Refusal entered by mistake undone"),
    "pupil_refusal.create": _l("Online services refused for a pupil"),
    "pupil_refusal.lift": _l("Online services allowed again to a pupil"),
    "pupil_refusal.undo": _l("Refusal entered by mistake undone"),
    "notification.return": _l("Letter or e-mail entered as come back"),
    "notification.undo_return": _l("Return entered by mistake undone"),
    "job.send_now": _l("Sent off before its hour"),
    "account.reset": _l("Link for a new pass-phrase asked for"), "account.slip": _l("Access slip made"),
    "account.contact": _l("Message written to the school"),
    "account.card_error": _l("Error reported on the record card"),
    "card_error.handle": _l("Reported error handled"), "card_error.reopen": _l("Reported error taken up again"),
    "account.cancel": _l("Provisional account cancelled"),
    "account.forgotten_identifier": _l("Forgotten identifier sent"),
    "account.forgotten_passphrase": _l("Link sent to who forgot the pass-phrase"),
    "account.new_passphrase": _l("New pass-phrase chosen"), "account.identifier": _l("Identifier changed"),
    "account.questions": _l("Questions changed"),
    "account.ask_address": _l("Link sent to a new address"), "account.address": _l("E-mail address changed"),
    "account.sign_out_everywhere": _l("Signed out on every device"),
    "account.attach": _l("Child attached to an account"), "account.detach": _l("Child detached from an account"),
    "booklet.change": _l("Entry in a booklet"), "booklet.drop": _l("Empty booklet removed"),
    "booklet.waive": _l("Warning set aside"), "booklet.restore": _l("Warning pointed out again"),
    "class_exemption.set": _l("Subject marked not assessed for a class"),
    "class_exemption.end": _l("Subject assessed again in a class"),
    "entry.close": _l("Last day of entry set"), "entry.reopen": _l("Entry reopened for a teacher"),
    "entry.end_reopening": _l("Reopening of entry taken back"),
    "group.create": _l("Group made"), "group.change": _l("Group changed"), "group.delete": _l("Group deleted"),
    "letter_wording.save": _l("Words of a letter adapted"),
    "letter_wording.restore": _l("Earlier words of a letter put back"),
    "letter_wording.reset": _l("Words of a letter back to the original"),
    "online_setting.activate": _l("Online services activated"),
    "online_setting.add_date": _l("Due date of marks added"),
    "online_setting.remove_date": _l("Due date of marks removed"),
    "period_scheme.associate": _l("Classes associated with periods"),
    "guardian_link.certify": _l("Legal guardian certified"),
    "guardian_link.withdraw": _l("Certification of a legal guardian taken back"),
    "staff.account": _l("Account of a member of staff"),
    "test_paper.mark": _l("Mark entered"), "absence.change": _l("Half-day of absence changed"),
    "mark.spreadsheet": _l("Marks entered by a spreadsheet"),
    "absence.spreadsheet": _l("Absences entered by a spreadsheet"),
    "pupil.spreadsheet": _l("Pupils changed by a spreadsheet"),
    "guardian.spreadsheet": _l("Guardians changed by a spreadsheet"),
    "staff.spreadsheet": _l("Staff changed by a spreadsheet"),
    "school.synchronise": _l("Pupil base synchronised"), "school.create": _l("School created"),
    "academy.create": _l("Academy created"),
    "person.create": _l("Person created"), "person.sign_in": _l("Sign-in"), "person.accept": _l("Invitation accepted"),
    "person.passphrase": _l("Pass-phrase changed"), "role_grant.give": _l("Role given"),
    "role_grant.end": _l("Role ended"), "role.create": _l("Role created"),
    "watched_word.add": _l("Word to read again added"), "watched_word.ignore": _l("Word no longer pointed out"),
    "watched_word.watch_again": _l("Word pointed out again"),
    "watched_word.take_off": _l("Word to read again taken off"),
}  # fmt: skip


def action_words(action: str) -> str:
    """« Bilan verrouillé » for `booklet.lock`, « Élèves : Modifier » for `pupil.edit`. A name nobody knows stands."""
    if label := label_of(action) or ACTS.get(action):
        return str(label)
    resource, _dot, verb = action.partition(".")
    if resource in RESOURCES and verb in VERB_LABELS:
        return f"{RESOURCES[resource].label} : {VERB_LABELS[verb]}"
    return action
