"""The whole journey: an uploaded zip, open services, codes, a letter and a mail, and a mother who sees her children.

Every part is real: `run.py serve` with its worker and scheduler, Chromium, an SMTP server, pdftotext.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.exchange.demo import write_demo
from app.exchange.readers import read_file
from app.exchange.records import PupilRecord
from tests.journeys.browser import judge, visitor
from tests.journeys.instance import Instance, new_instance, person, served
from tests.journeys.people import CODE, Child, confirm, make_account, sign_in, wait_for_job
from tests.smtp import Mailbox

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Instance]:
    """An empty collège with a head, a secretary and a teacher, served."""
    home = tmp_path_factory.mktemp("instance")
    college = write_demo(home / "export", pupils=40, seed=7).college
    made = new_instance(home, mailbox.url, college)
    made.run_all(
        ("school", "create", college.uai, "--name", "Collège Essai", "--kind", "college"),
        *person("directrice", "head", college.uai, "Directrice", "ESSAI"),
        *person("secretariat", "secretary", college.uai, "Secrétariat", "ESSAI"),
        *person("enseignant", "teacher", college.uai, "Enseignant", "ESSAI"),
    )  # fmt: skip
    with served(made):
        yield made


@pytest.mark.row("M001", "M002", "M111", "M112", "M113", "M114", "M118", "M123", "M137", "C02", "C07")
def test_from_the_uploaded_zip_to_the_mothers_home_page(
    instance: Instance, mailbox: Mailbox, browser: Browser, tmp_path: Path
) -> None:
    synchronise(instance, browser)
    pdf = open_create_and_notify(instance, browser, tmp_path)
    instance.run("replicate")
    by_letter = child_of_letter(instance, pdf)
    address, by_mail = child_of_mail(instance, mailbox)
    make_account(instance, browser, mailbox, by_letter, "mere.lettre", "mere.lettre@example.org")
    make_account(instance, browser, mailbox, by_mail, "mere.courriel", address)
    head_sees_codes_in_use(instance, browser)


def synchronise(instance: Instance, browser: Browser) -> None:
    """The secretary brings the two zips."""
    college = instance.college
    with visitor(browser, instance.admin) as page:
        sign_in(page, "secretariat")
        expect(page.locator(".context-school")).to_contain_text(f"{college.uai} - Collège Essai")
        judge(page, "accueil-vide")
        page.goto("/synchronisation/")
        judge(page, "synchronisation")
        page.set_input_files("#files", [str(path) for path in college.files[:2]])
        page.click("main form button")
        wait_for_job(page)
        judge(page, "synchronisation-rapport")
        page.click("a.brand")
        expect(page.locator("main")).to_contain_text("40")
        page.goto("/pupil/list/")
        judge(page, "eleves")


def open_create_and_notify(instance: Instance, browser: Browser, folder: Path) -> Path:
    """The head opens a service, creates every code, notifies by both modes; the PDF she downloads."""
    with visitor(browser, instance.admin) as page:
        sign_in(page, "directrice")
        page.goto("/services/")
        judge(page, "activation")
        page.locator('form[action="/services/activate"] button').click()
        judge(page, "services")
        page.check("#booklets-open")
        page.locator('form[action="/services/store"] button').click()
        expect(page.locator(".notice-success")).to_be_visible()
        page.goto("/codes/create/")
        judge(page, "codes-a-creer")
        page.locator('form:has(input[value="selection"]) button').click()
        confirm(page)
        wait_for_job(page)
        page.goto("/codes/create/?show=all")
        judge(page, "codes-crees")
        page.goto("/codes/notify/?population=all&only=new&rank=1&rank=2&mode=email&mode=paper")
        judge(page, "notification")
        page.locator('form[action="/codes/notify/run"] button').click()
        confirm(page)
        page.get_by_role("button", name="Envoyer maintenant").click()
        confirm(page)
        wait_for_job(page)
        judge(page, "notification-rapport")
        with page.expect_download() as download:
            page.locator("main .links a", has_text="courriers.pdf").click()
        download.value.save_as(folder / "courriers.pdf")
        page.goto("/notification/list/")
        judge(page, "notifications")
        page.goto("/guardian-code/list/")
        judge(page, "codes")
    return folder / "courriers.pdf"


def pupil_named(instance: Instance, text: str) -> tuple[str, date]:
    """First name and birth date of the pupil a text names, as the family knows them."""
    pupils = [event for path in instance.college.files for event in read_file(path) if isinstance(event, PupilRecord)]
    return next((p.first_name, p.birth_date) for p in pupils if f"{p.usage_name or p.last_name} {p.first_name}" in text)


def child_of_letter(instance: Instance, pdf: Path) -> Child:
    """A code, read out of the PDF as a parent reads the paper."""
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    line = next(line for line in text.splitlines() if re.search(CODE, line))
    first_name, born = pupil_named(instance, " ".join(line.split()))
    return Child(re.search(CODE, line)[0], first_name, born)  # type: ignore[index]


def child_of_mail(instance: Instance, mailbox: Mailbox) -> tuple[str, Child]:
    """A code, read out of a mail the SMTP server received, and the address it came to."""
    message = mailbox.wait_for("@", seconds=60)
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(rf"^.*{CODE}.*$", text, re.M)
    assert found, text
    first_name, born = pupil_named(instance, " ".join(text.split()))
    return mailbox.received[-1].recipients[0], Child(re.search(CODE, found[0])[0], first_name, born)  # type: ignore[index]


def head_sees_codes_in_use(instance: Instance, browser: Browser) -> None:
    """What happened on the portal comes back to the school."""
    instance.run("replicate")
    with visitor(browser, instance.admin) as page:
        sign_in(page, "directrice")
        page.goto("/guardian-code/list/?_flt_0_state=used")
        expect(page.locator("tbody tr")).to_have_count(2)


@pytest.mark.row("M058")
def test_a_teacher_does_not_get_in(instance: Instance, browser: Browser) -> None:
    """The one who must not: no entry in the menu, and a clear refusal at the address."""
    with visitor(browser, instance.admin) as page:
        sign_in(page, "enseignant")
        assert page.locator("nav.menu").get_by_role("link", include_hidden=True).count() > 0
        assert page.locator('nav.menu a[href^="/codes/"], nav.menu a[href^="/services/"]').count() == 0
        answer = page.goto("/codes/create/")
        assert answer is not None and answer.status == 403
        judge(page, "refus")
