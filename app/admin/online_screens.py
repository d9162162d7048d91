"""The generated screens of what online services are made of: the academy's services, rules and ENTs, the schools'
mailboxes. They are entries of `screens.py`."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.admin import online_rules, rules, words
from app.admin.declaration import Group, Screen
from app.online.models import SERVICES, AcademicService, ContactAddress, Ent, ServiceRule
from app.online.rules import KINDS
from app.schools.models import Authority

OF_SCHOOLS: tuple[Screen, ...] = (
    Screen(
        ContactAddress, "ContactAddressView", "contact_address", words.CONTACT_ADDRESS, menu="online",
        help=_l("The mailboxes that may receive the families' messages, besides the one of the school's card: a second "
                "one, those of school life."),
        list_columns=("email", "label"), search_columns=("email", "label"), base_order=("label", "email"),
        groups=(Group("", ("email", "label")),), hints={"label": _l("For instance « Vie scolaire ».")},
    ),
)

OF_ACADEMIES: tuple[Screen, ...] = (
    Screen(
        Authority, "AuthorityView", "authority", words.AUTHORITY, menu="academy", narrow=rules.own_authority,
        verbs=frozenset({"list", "show", "edit", "export"}), list_columns=("code", "name", "portal_url"),
        base_order=("name",),
        groups=(Group("", ("code", "name", "portal_url", "dpo_email")),
                Group(_l("Families' portal"), ("portal_secret", "portal_message"))),
        choices={"portal_secret": online_rules.PORTAL_SECRETS},
        labels={"portal_secret": _l("What families sign in with"),
                "portal_message": _l("Message on the sign-in page")},
        hints={"portal_url": _l("Printed on letters, for instance https://portail.example.fr"),
               "portal_secret": _l("Digits are much easier to guess than a pass-phrase: attempts are counted more "
                                   "strictly, and families may still choose a pass-phrase."),
               "portal_message": _l("For instance that the portal is closed for maintenance on Sunday. Leave empty for "
                                    "none.")},
        validators={"portal_message": (online_rules.short_message,)},
    ),
    Screen(
        AcademicService, "AcademicServiceView", "academic_service", words.ACADEMIC_SERVICE, menu="academy",
        mixin=online_rules.OfferedToSchools, narrow=online_rules.own_services,
        help=_l("What the academy adds to the national online services. Each school then opens it or not; its families "
                "follow the link."),
        empty_hint=_l("For instance a homework diary."),
        list_columns=("label", "url"), search_columns=("label", "url"), base_order=("label",),
        validators={"url": (online_rules.check_link,)}, groups=(Group("", ("label", "url")),),
        hints={"url": _l("Where the link leads: https://…")},
    ),
    Screen(
        ServiceRule, "ServiceRuleView", "service_rule", words.SERVICE_RULE, menu="academy",
        mixin=online_rules.RuleOnService, narrow=online_rules.own_rules, named_by=("code", "school"),
        help=_l("What schools may not decide themselves: a service that is mandatory, or out of reach. A rule for one "
                "school wins over the academy's."),
        empty_hint=_l("Without rule, each school opens the services it wants."),
        list_columns=("code", "kind", "school.name"), search_columns=("code", "kind"),
        base_order=("code", "school.name"), choices={"code": SERVICES, "kind": KINDS},
        labels={"code": _l("Service"), "kind": _l("Rule")}, groups=(Group("", ("code", "kind", "school")),),
        hints={"school": _l("Leave empty for every school of the academy."),
               "kind": _l("A service that becomes barred is closed where it was open; its settings are kept.")},
    ),
    Screen(
        Ent, "EntView", "ent", words.ENT, menu="academy", mixin=rules.OfTheAcademy, narrow=online_rules.own_ents,
        help=_l("The digital workspaces that schools may name on the letters that bring codes."),
        list_columns=("place", "label", "url"), search_columns=("place", "label"), base_order=("place", "label"),
        validators={"url": (online_rules.check_link,)}, labels={"label": _l("Description")},
        groups=(Group("", ("place", "label", "url")),),
        hints={"place": _l("Where it is used, for instance a département."), "url": _l("Printed on letters: https://…")},
    ),
)  # fmt: skip
