"""Documents: who keeps, reads and shares them, what expires when, and what a link opens."""

import re
from datetime import date, timedelta

import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.core.tables import EventRow, File
from app.domains.documents.models import Document, DocumentFile, DocumentLink
from tests.cast import CAR, CAST, HARBOR
from tests.core import pictures

DANA = CAST.customer
HERE = f"/garage/{CAR}/documents"
POLICY = {"kind": "insurance", "title": "Owner’s policy", "issuer": "Länd & Söhne", "number": "P" * 40,
          "valid_from": "2026-01-01", "expires_on": "2026-12-31"}  # fmt: skip
PHOTO = ("files", ("policy.jpg", pictures.jpeg(), "image/jpeg"))
PDF = ("files", ("policy.pdf", b"%PDF-1.7\n1 0 obj\n%%EOF\n", "application/pdf"))


async def only_document() -> Document:
    async with transaction(user=DANA.user_id) as db:
        return (await db.scalars(select(Document))).one()


async def test_a_car_without_papers_offers_to_add_one(browser):
    for page in (HERE, "/documents", "/documents?q=nothing"):
        assert (await browser(DANA).get(page)).status_code == 200
    assert f"{HERE}/new" in (await browser(DANA).get(HERE)).text


async def test_a_document_is_kept_changed_removed_and_taken_back_by_the_cars_owner_only(browser):
    dana, sam, avery = browser(DANA), browser(CAST.stranger), browser(CAST.advisor)
    assert (await dana.post(HERE, POLICY, files=[PHOTO, PDF])).status_code == 303
    document = await only_document()
    at = f"/documents/{document.id}"
    for shown in (await dana.get(HERE), await dana.get("/documents?q=söhne"), await dana.get(at)):
        assert "Owner’s policy" in shown.text
    page = (await dana.get(at)).text
    for address in re.findall(r'href="(/files/[^"]+)"', page):
        assert (await dana.get(address)).status_code == 200
    assert page.count('href="/files/') == 2
    for one in (sam, avery):
        for url in (HERE, f"{HERE}/new", at, f"{at}/edit"):
            assert (await one.get(url)).status_code == 404
        for url in (HERE, at, f"{at}/remove", f"{at}/return"):
            assert (await one.post(url, POLICY)).status_code == 404
        assert (await one.post(f"{at}/links", {"life": "day"})).status_code == 404
    assert "Owner’s policy" not in (await sam.get("/documents")).text
    newer = POLICY | {"title": "Corrected", "version": "1"}
    assert (await dana.post(at, newer)).status_code == 303
    assert (await dana.post(at, newer | {"title": "Stale"})).status_code == 409
    assert (await only_document()).title == "Corrected"
    assert (await dana.post(f"{at}/remove", {})).status_code == 303
    assert "Corrected" not in (await dana.get(HERE)).text
    assert (await dana.post(f"{at}/return", {})).status_code == 303
    assert "Corrected" in (await dana.get(HERE)).text


async def test_a_pdf_shows_its_first_page_and_goes_with_it(browser, run_reactions):
    dana = browser(DANA)
    policy = ("files", ("policy.pdf", typst.compile(b"= Policy", format="pdf"), "application/pdf"))
    await dana.post(HERE, POLICY, files=[policy])
    at = f"/documents/{(await only_document()).id}"
    for page in ((await dana.get(at)).text, (await browser().get(await made_link(dana, at))).text):
        [picture] = re.findall(r'<img src="(/files/[^"]+)" alt="The first page of policy.pdf"', page)
        shown = await dana.get(picture)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
        assert shown.headers["content-disposition"].startswith("inline;")
        [whole, again] = re.findall(r'<a[^>]* href="(/files/[^"]+)"', page)
        assert whole == again
        handed = await dana.get(whole)
        assert handed.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in handed.headers["content-security-policy"]
    async with transaction(user=DANA.user_id) as db:
        kept = (await db.scalars(select(DocumentFile))).one()
    await dana.post(f"{at}/files/{kept.file_id}/remove", {})
    await run_reactions()
    assert (await dana.get(picture)).status_code == 404


async def test_what_cannot_be_kept_is_said_and_changes_nothing(browser):
    dana = browser(DANA)
    for wrong, words in (
        ({"expires_on": "2025-01-01"}, "cannot expire before"),
        ({"kind": "spell"}, "choose what it is"),
        ({"title": "x" * 161}, "At most 160"),
        ({"valid_from": "0001-01-01"}, "check the year"),
    ):
        refused = await dana.post(HERE, POLICY | wrong)
        assert refused.status_code == 422, wrong
        assert words in refused.text
    table = ("files", ("cheap.exe", b"MZ" + b"0" * 200, "application/pdf"))
    assert "no photo, PDF or Word file" in (await dana.post(HERE, POLICY, files=[table])).text
    async with transaction(user=DANA.user_id) as db:
        assert (await db.scalars(select(Document))).all() == []


async def test_a_paper_of_ones_own_is_nobody_elses(browser):
    dana, sam = browser(DANA), browser(CAST.stranger)
    assert (await dana.post("/documents", {"kind": "licence", "title": "B-196"})).status_code == 303
    document = await only_document()
    assert document.vehicle_id is None
    assert "B-196" in (await dana.get("/documents?kind=licence")).text
    assert (await sam.get(f"/documents/{document.id}")).status_code == 404
    assert "B-196" not in (await dana.get(HERE)).text


async def test_a_renewed_document_keeps_the_older_one_and_is_renewed_once(browser):
    dana = browser(DANA)
    await dana.post(HERE, POLICY)
    older = await only_document()
    newer = POLICY | {"title": "Next year", "expires_on": "2027-12-31", "replaces": str(older.id)}
    kept = await dana.post(HERE, newer)
    assert "Owner’s policy" in (await dana.get(kept.headers["location"])).text
    listed = (await dana.get(HERE)).text
    assert "Next year" in listed
    assert "Owner’s policy" not in listed
    assert (await dana.post(HERE, newer)).status_code == 409
    elsewhere = await dana.post("/documents", newer)
    assert elsewhere.status_code == 422


async def made_link(dana, at: str, life: str = "day") -> str:
    page = await dana.post(f"{at}/links", {"life": life})
    assert page.status_code == 200
    return re.search(r"(/paper/[\w-]+)", page.text)[1]


async def test_a_link_opens_one_document_for_anybody_is_counted_and_ends_when_revoked(browser):
    dana, visitor, sam = browser(DANA), browser(), browser(CAST.stranger)
    await dana.post(HERE, POLICY, files=[PHOTO])
    document = await only_document()
    at = f"/documents/{document.id}"
    url = await made_link(dana, at)
    assert url not in (await dana.get(at)).text
    shown = await visitor.get(url)
    assert shown.status_code == 200
    assert "Owner’s policy" in shown.text
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    for address in re.findall(r'href="(/files/[^"]+)"', shown.text):
        assert (await visitor.get(address)).status_code == 200
    assert (await sam.get(url)).status_code == 200
    assert (await visitor.get(at)).status_code in (303, 401)
    assert "Opened 2 times" in (await dana.get(at)).text
    async with transaction(user=DANA.user_id) as db:
        link = (await db.scalars(select(DocumentLink))).one()
    assert url.encode()[8:] not in link.token_hash
    revoke = f"{at}/links/{link.id}/revocation"
    assert (await sam.post(revoke, {})).status_code == 404
    assert (await visitor.get(url)).status_code == 200
    assert (await dana.post(revoke, {})).status_code == 303
    over = await visitor.get(url)
    assert over.status_code == 403
    assert "Owner’s policy" not in over.text
    assert (await visitor.get("/paper/none")).status_code == 404


async def test_a_link_ends_with_its_time_and_with_its_document(browser):
    dana, visitor = browser(DANA), browser()
    await dana.post(HERE, POLICY)
    at = f"/documents/{(await only_document()).id}"
    url, other = await made_link(dana, at, "hour"), await made_link(dana, at, "week")
    async with transaction(user=DANA.user_id) as db:
        first = (await db.scalars(select(DocumentLink).order_by(DocumentLink.id))).first()
        assert timedelta(minutes=59) < first.expires_at - clock.now() <= timedelta(hours=1)
        first.expires_at = clock.now()
    assert (await visitor.get(url)).status_code == 403
    assert (await visitor.get(other)).status_code == 200
    await dana.post(f"{at}/remove", {})
    assert (await visitor.get(other)).status_code == 403
    assert (await dana.post(f"{at}/links", {"life": "day"})).status_code == 409


async def test_a_file_is_taken_away_and_another_ones_is_not(browser):
    dana = browser(DANA)
    await dana.post(HERE, POLICY, files=[PHOTO])
    at = f"/documents/{(await only_document()).id}"
    async with transaction(user=DANA.user_id) as db:
        kept = (await db.scalars(select(DocumentFile))).one()
    assert (await dana.post(f"{at}/files/{CAR}/remove", {})).status_code == 404
    assert (await dana.post(f"{at}/files/{kept.file_id}/remove", {})).status_code == 303
    assert 'href="/files/' not in (await dana.get(at)).text


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(-4000, 4000))
def test_a_document_is_valid_through_its_last_day_and_presses_thirty_days_before(today, days):
    urgency = Document(expires_on=today + timedelta(days=days)).urgency(today)
    assert urgency == ("expired" if days < 0 else "soon" if days <= 30 else "valid")
    assert Document(expires_on=None).urgency(today) == ""


async def test_a_private_paper_kept_at_work_is_no_affair_of_the_business(browser, cast):
    paper = ("files", ("licence.jpg", pictures.jpeg(), "image/jpeg"))
    said = {"kind": "licence", "number": "B-SECRET-77"}
    assert (await browser(cast.advisor).post("/documents", said, files=[paper])).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        assert (await db.scalars(select(File.label).where(File.label == "licence.jpg"))).all() == []
        assert "DocumentAdded" not in (await db.scalars(select(EventRow.name))).all()
    async with transaction(user=cast.advisor.user_id) as db:
        assert (await db.scalars(select(File.tenant_id).where(File.label == "licence.jpg"))).all() == [None]
