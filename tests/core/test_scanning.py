"""What people send passes the virus scanner first, where one is set up."""

from pathlib import Path

import pytest
from litestar.datastructures import UploadFile
from sqlalchemy import func, select

from app.core import files
from app.core.db import transaction
from app.core.errors import Invalid
from app.core.tables import AuditLog, File
from app.domains.notifications import alarms
from app.gateways.simulators.clamd import EICAR, scanning
from app.settings import settings
from tests.cast import CAR, HARBOR
from tests.core import pictures
from tests.domains.inspections import sheets
from tests.domains.notifications import things


@pytest.fixture
async def scanner(site, monkeypatch):
    async with scanning() as (simulator, url):
        monkeypatch.setenv("CLAMD_URL", url)
        settings.cache_clear()
        yield simulator


def stored():
    folder = settings().home / "files"
    return {one for one in folder.rglob("*") if one.is_file()}


async def rows():
    async with transaction(tenant=HARBOR) as db:
        return await db.scalar(select(func.count()).select_from(File))


CLIP = {"clip": ("brakes.mp4", b"\0\0\0\x20ftypisom" + EICAR, "video/mp4")}
PHOTO = ("photos", ("engine.jpg", pictures.jpeg(300, 200), "image/jpeg"))
EVIL = ("photos", ("invoice <b>.jpg", pictures.jpeg(300, 200) + EICAR, "image/jpeg"))
# Not even a picture: what would be refused anyway is found and told of all the same.
PLAIN_EVIL = ("photos", ("eicar.jpg", EICAR, "image/jpeg"))


async def test_a_photo_with_a_virus_is_refused_kept_nowhere_and_told_of(
    browser, cast, scanner, run_reactions
):
    inspection, _order = await sheets.begun_on_site()
    here = f"/inspections/{inspection.id}/findings/{await sheets.item_on_site(inspection, 'Horn')}"
    tablet, before = browser(cast.technician), stored()
    for headers in ({}, {"hx-request": "true"}):  # the clean one beside it goes with it: all or nothing
        answer = await tablet.post(f"{here}/photos", files=[PHOTO, EVIL], headers=headers)
        assert answer.status_code == 422
        assert "“invoice &lt;b&gt;.jpg” was not taken: the virus scanner found" in answer.text
    clip = await tablet.post(f"{here}/clips", files=CLIP)
    assert (clip.status_code, "“brakes.mp4” was not taken" in clip.text) == (422, True)
    answer = await tablet.post(f"/api/v1/staff{here}/photos", files=[PLAIN_EVIL])
    assert (answer.status_code, "virus scanner" in answer.json()["errors"]["photos"]) == (422, True)
    assert (stored(), await rows()) == (before, 0)
    async with transaction(tenant=HARBOR) as db:
        trail = await db.scalars(select(AuditLog).where(AuditLog.action == "upload.infected"))
        lines = [(one.user_id, one.new_values["label"], one.new_values["virus"]) for one in trail]
    assert sorted(lines) == sorted(
        (cast.technician.user_id, name, "Eicar-Signature")
        for name in ["invoice <b>.jpg"] * 2 + ["brakes.mp4", "eicar.jpg"]
    )
    for _ in range(2):
        await alarms.look_out()
        await run_reactions()
    [alarm] = [one for one in await things.lines_of(cast.owner.user_id) if one.type == "security"]
    assert alarm.message.startswith(
        "Terry Technician sent 4 files in which the virus scanner found something."
    )
    assert "A file with a virus was refused" in (await browser(cast.owner).get("/settings/audit")).text
    assert (await tablet.post(f"{here}/photos", files=[PHOTO])).status_code == 303
    assert await rows() == 1


async def test_what_a_driver_or_an_owner_sends_passes_it_too(browser, cast, scanner, run_reactions):
    before = stored()
    car = {"photo": ("car.jpg", EICAR, "image/jpeg")}
    answer = await browser(cast.customer).post(f"/garage/{CAR}/photo", files=car)
    assert (answer.status_code, "“car.jpg” was not taken" in answer.text) == (422, True)
    logo = {"logo": ("logo.png", EICAR, "image/png")}
    answer = await browser(cast.owner).post("/api/v1/admin/settings/logo", {"version": "0"}, files=logo)
    assert (answer.status_code, "“logo.png” was not taken" in answer.text) == (422, True)
    sent = UploadFile("application/pdf", "bill.pdf", file_data=b"%PDF-1.7\n" + EICAR + b"\n%%EOF\n")
    with pytest.raises(Invalid, match="was not taken"):
        await files.receive_document(sent, by=cast.owner.viewer, tenant=HARBOR)
    assert stored() == before
    await alarms.look_out()
    await run_reactions()
    [alarm] = [one for one in await things.lines_of(cast.network.user_id) if one.type == "security"]
    assert alarm.message.startswith(
        "Dana O'Neil sent 1 file"
    )  # a driver is nobody's but the network's affair


async def test_without_a_verdict_no_file_is_taken_and_the_form_can_be_sent_again(browser, cast, scanner):
    inspection, _order = await sheets.begun_on_site()
    here = f"/inspections/{inspection.id}/findings/{await sheets.item_on_site(inspection, 'Horn')}"
    tablet, before = browser(cast.technician), stored()
    scanner.fault = "dies"
    for path in (here, f"/api/v1/staff{here}"):
        answer = await tablet.post(f"{path}/photos", key="once", files=[PHOTO])
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "cannot be checked for viruses just now" in answer.text
    assert (stored(), await rows()) == (before, 0)
    health = await browser().get("/readyz")
    assert (health.status_code, health.json()) == (200, {"ready": True, "missing": ["scanner"]})
    assert "Virus scanner: not working" in (await browser(cast.network).get("/network/health")).text
    scanner.fault = ""
    assert (await tablet.post(f"{here}/photos", key="once", files=[PHOTO])).status_code == 303
    assert (await browser().get("/readyz")).json()["missing"] == []


def test_nothing_is_kept_past_the_one_place_that_asks_the_scanner():
    """The copy of a person's data and the list of erasures are put there too: we make those ourselves. A video asks where it is received."""
    app = Path(files.__file__).parents[1]
    puts = [
        one for one in app.rglob("*.py") if "storage()." in one.read_text() and ".put(" in one.read_text()
    ]
    assert {str(one.relative_to(app)) for one in puts} == {
        "core/clips.py",
        "core/erasures.py",
        "core/files.py",
        "domains/privacy/making.py",
    }
