"""The sheet as it is asked for and answered: by the technician, without scripts, by those it is not for."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.core.tables import File
from app.domains.inspections import filling
from app.domains.inspections.models import Finding, FindingPhoto
from app.domains.workshop.models import Job
from tests.browsing import Browser
from tests.cast import HARBOR, Cast
from tests.core import pictures
from tests.domains.inspections.sheets import (
    begun_on_site,
    canned_pads,
    checklist,
    item_on_site,
    rate_all,
)

Open = Callable[..., Browser]
HTMX = {"hx-request": "true"}


async def reload(finding_id: object) -> Finding:
    async with transaction(tenant=HARBOR) as db:
        return await db.get_one(Finding, finding_id)


async def test_a_technician_starts_a_sheet_from_the_order(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    tablet = browser(cast.technician)
    page = await tablet.get(f"/orders/{order.number}/inspections")
    assert page.status_code == 200
    for name in ("General multi-point", "Brakes and tires", "EV high-voltage"):
        assert name in page.text
    others = page.text.partition("For other kinds of cars")[2]  # it burns gasoline
    assert "EV high-voltage" in others
    assert "Brakes and tires" not in others
    async with transaction(tenant=HARBOR) as db:
        template = await checklist(db, "brakes_tires")
    answer = await tablet.post(f"/orders/{order.number}/inspections", {"template_id": str(template.id)})
    assert answer.status_code == 303
    sheet = await tablet.get(answer.headers["location"])
    assert "Tread, front left" in sheet.text
    assert answer.headers["location"] != f"/inspections/{inspection.id}"


async def test_the_orders_page_fetches_the_section_alone(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    section = await browser(cast.technician).get(f"/orders/{order.number}/inspections", headers=HTMX)
    assert f"/inspections/{inspection.id}" in section.text
    assert "0 of 30" in section.text
    assert 'id="live"' not in section.text
    assert "<h1" not in section.text


async def test_one_tap_saves_a_colour_without_scripts_and_with_htmx(browser: Open, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    finding = await item_on_site(inspection, "Front brake pads")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    plain = await tablet.post(f"{here}/rating", {"measure": "2,5", "note": "", "rating": "red"})
    assert plain.headers["location"] == f"/inspections/{inspection.id}#item-finding-{finding}"
    assert (await reload(finding)).rating == "red"
    live = await tablet.post(f"{here}/rating", {"measure": "6", "note": ""}, headers=HTMX)
    assert live.headers["location"] == here
    fragment = await tablet.get(here, headers=HTMX)
    assert re.search(r'value="green" aria-pressed="true"', fragment.text)
    assert 'value="6"' in fragment.text
    assert "<html" not in fragment.text


async def test_the_sheet_says_how_far_it_has_come(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    finding = await item_on_site(inspection, "Horn")
    tablet = browser(cast.technician)
    await tablet.post(f"/inspections/{inspection.id}/findings/{finding}/rating", {"rating": "green"})
    progress = await tablet.get(f"/inspections/{inspection.id}/progress", headers=HTMX)
    assert "1 of 30" in progress.text
    assert "Next: Warning lights" in progress.text
    assert "Finish inspection" not in progress.text
    refused = await tablet.post(f"/inspections/{inspection.id}/completion")
    assert refused.status_code == 409
    assert "29 items are not rated yet." in refused.text
    async with transaction(tenant=HARBOR) as db:
        await rate_all(db, inspection)
    assert "Finish inspection" in (await tablet.get(f"/inspections/{inspection.id}")).text
    done = await tablet.post(f"/inspections/{inspection.id}/completion")
    assert done.status_code == 303
    page = await tablet.get(f"/inspections/{inspection.id}")
    assert "This inspection is finished" in page.text
    assert 'name="measure"' not in page.text
    assert "Finished" in (await tablet.get(f"/orders/{order.number}/inspections")).text


@pytest.mark.parametrize(
    "form",
    [
        {"rating": "purple"},
        {"measure": "three", "rating": "red"},
        {"measure": "1e99", "rating": "red"},
        {"note": "x" * 2001, "rating": "red"},
        {"measure": "NaN"},
    ],
)
async def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    browser: Open, cast: Cast, form: dict[str, str]
) -> None:
    inspection, _order = await begun_on_site()
    finding = await item_on_site(inspection, "Front brake pads")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    for headers in ({}, HTMX):
        answer = await tablet.post(f"{here}/rating", form, headers=headers)
        assert answer.status_code == 422
        assert 'class="wrong"' in answer.text
        assert ("<html" in answer.text) is (headers == {})
    assert (await reload(finding)).rating == ""


async def test_photos_are_taken_shown_hidden_and_removed(
    browser: Open, cast: Cast, run_reactions: Callable[[], object]
) -> None:
    inspection, order = await begun_on_site()
    finding = await item_on_site(inspection, "Front brake pads")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    shots = [
        ("photos", ("IMG_1.JPG", pictures.with_place_and_turn(), "image/jpeg")),
        ("photos", ("IMG_2.JPG", pictures.jpeg(3000, 2000), "image/jpeg")),
    ]
    answer = await tablet.post(f"{here}/photos", files=shots)
    assert answer.status_code == 303
    fragment = await tablet.get(here, headers=HTMX)
    assert fragment.text.count("/sharing") == 4  # action and hx-post of two photos
    thumb = re.search(r'<img src="(/files/[^"]+)"', fragment.text)
    assert thumb is not None
    shown = await tablet.get(thumb[1])
    assert shown.headers["content-type"] == "image/webp"
    async with transaction(tenant=HARBOR) as db:
        photos = (await db.scalars(select(FindingPhoto).order_by(FindingPhoto.id))).all()
        files = (await db.scalars(select(File))).all()
    assert all(one.user_id == order.user_id and max(one.width, one.height) <= 2048 for one in files)
    await tablet.post(f"{here}/photos/{photos[0].id}/sharing", {"shared": "no"})
    await tablet.post(f"{here}/photos/{photos[1].id}/removal")
    async with transaction(tenant=HARBOR) as db:
        [left] = (await db.scalars(select(FindingPhoto))).all()
    assert (left.id, left.is_shared) == (photos[0].id, False)


async def test_a_file_that_lies_is_refused_and_nothing_is_kept(browser: Open, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    finding = await item_on_site(inspection, "Horn")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    lies = [("photos", ("cat.jpg", b"<svg onload=alert(1)>", "image/jpeg"))]
    for headers in ({}, HTMX):
        answer = await tablet.post(f"{here}/photos", files=lies, headers=headers)
        assert answer.status_code == 422
        assert "is not a JPEG, PNG or WebP photo" in answer.text
    empty = await tablet.post(f"{here}/photos", files=[("photos", ("", b"", "image/jpeg"))])
    assert empty.status_code == 422
    async with transaction(tenant=HARBOR) as db:
        assert (await db.scalars(select(File))).all() == []


async def test_a_red_item_is_on_the_order_in_one_tap(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    async with transaction(tenant=HARBOR) as db:
        await canned_pads(db)
    finding = await item_on_site(inspection, "Front brake pads")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    assert (await tablet.post(f"{here}/job")).status_code == 409
    await tablet.post(f"{here}/rating", {"rating": "red", "measure": "2"})
    assert "Propose the repair" in (await tablet.get(here, headers=HTMX)).text
    for _twice in range(2):
        assert (await tablet.post(f"{here}/job")).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        [job] = (await db.scalars(select(Job).where(Job.order_id == order.id))).all()
    assert job.title == "Replace front pads"
    fragment = await tablet.get(here, headers=HTMX)
    assert "Replace front pads" in fragment.text
    assert "Propose the repair" not in fragment.text


async def test_it_is_nobody_elses(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    finding = await item_on_site(inspection, "Horn")
    sheet = f"/inspections/{inspection.id}"
    here = f"{sheet}/findings/{finding}"
    outsider = browser(cast.outsider)
    for url in (sheet, f"{sheet}/progress", here, f"/inspections/summary/{order.id}"):
        assert (await outsider.get(url)).status_code == 404, url
    assert (await outsider.get(f"/orders/{order.number}/inspections")).status_code == 404
    photo = [("photos", ("a.jpg", pictures.jpeg(60, 40), "image/jpeg"))]
    for url, form, files in (
        (f"{here}/rating", {"rating": "red"}, None),
        (f"{here}/photos", None, photo),
        (f"{here}/photos/{uuid4()}/sharing", {"shared": "yes"}, None),
        (f"{here}/photos/{uuid4()}/removal", None, None),
        (f"{here}/job", None, None),
        (f"{sheet}/completion", None, None),
        (f"{sheet}/reopening", None, None),
    ):
        assert (await outsider.post(url, form, files=files)).status_code == 404, url
    for person in (cast.customer, cast.network):
        assert (await browser(person).get(sheet)).status_code == 403
        assert (await browser(person).post(f"{here}/rating", {"rating": "red"})).status_code == 403
    assert (await browser().get(sheet)).status_code == 303
    assert (await reload(finding)).rating == ""


async def test_the_driver_reads_the_summary_and_only_chosen_photos(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    finding = await item_on_site(inspection, "Front brake pads")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    await tablet.post(f"{here}/rating", {"rating": "red", "measure": "2", "note": "Down to the metal"})
    shots = [("photos", (f"{n}.jpg", pictures.jpeg(300, 200), "image/jpeg")) for n in range(2)]
    await tablet.post(f"{here}/photos", files=shots)
    async with transaction(tenant=HARBOR) as db:
        photo = (await db.scalars(select(FindingPhoto).order_by(FindingPhoto.id))).first()
        assert photo is not None
        await rate_all(db, inspection)
        inspected, found = await filling.find(db, cast.technician.viewer, inspection.id)
        await filling.finish(db, inspected, found, by=cast.technician.viewer)
    await tablet.post(f"{here}/photos/{photo.id}/sharing", {"shared": "no"})
    driver = browser(cast.customer)
    summary = await driver.get(f"/inspections/summary/{order.id}")
    assert summary.status_code == 200
    assert "Down to the metal" in summary.text
    assert "29 items are good" in summary.text
    assert summary.text.count("<img") == 1
    desk, sheet = browser(cast.advisor), f"/inspections/{inspection.id}"
    draft = (await desk.post(f"/orders/{order.number}/estimates")).headers["location"]
    for person, page, shows in (
        (tablet, sheet, f"{sheet}/hidden-proof/sharing"),
        (desk, f"{draft}/preview", f"{draft}/hidden-proof/sharing"),
    ):
        await tablet.post(f"{here}/photos/{photo.id}/sharing", {"shared": "no"})
        assert "1 photo of what needs doing now" in (await person.get(page)).text
        assert (await browser(cast.outsider).post(shows)).status_code == 404
        assert (await person.post(shows)).headers["location"] == page
        assert "Hidden from the customer" not in (await person.get(page)).text
        assert (await driver.get(f"/inspections/summary/{order.id}")).text.count("<img") == 2
    assert (await browser(cast.stranger).get(f"/inspections/summary/{order.id}")).status_code == 404


async def test_the_same_photo_form_twice_adds_its_photos_once(browser: Open, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    finding = await item_on_site(inspection, "Horn")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    shot = [("photos", ("a.jpg", pictures.jpeg(300, 200), "image/jpeg"))]
    for _twice in range(2):
        answer = await tablet.post(f"{here}/photos", files=shot, key="one-time")
        assert answer.status_code == 303
    async with transaction(tenant=HARBOR) as db:
        assert len((await db.scalars(select(FindingPhoto))).all()) == 1


async def test_there_is_an_end_to_photos(browser: Open, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    finding = await item_on_site(inspection, "Horn")
    here = f"/inspections/{inspection.id}/findings/{finding}"
    tablet = browser(cast.technician)
    tiny = pictures.jpeg(40, 30)
    at_once = [("photos", (f"{n}.jpg", tiny, "image/jpeg")) for n in range(13)]
    assert (await tablet.post(f"{here}/photos", files=at_once)).status_code == 413
    assert (await tablet.post(f"{here}/photos", files=at_once[:8])).status_code == 303
    more = await tablet.post(f"{here}/photos", files=at_once[:5])
    assert more.status_code == 409
    assert "at most 12 photos" in more.text
    async with transaction(tenant=HARBOR) as db:
        assert len((await db.scalars(select(FindingPhoto))).all()) == 8


async def test_what_is_typed_into_a_note_stays_text(browser: Open, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    finding = await item_on_site(inspection, "Horn")
    tablet = browser(cast.technician)
    here = f"/inspections/{inspection.id}/findings/{finding}"
    await tablet.post(f"{here}/rating", {"rating": "red", "note": "</textarea><script>alert(1)</script>"})
    page = await tablet.get(f"/inspections/{inspection.id}")
    assert "<script>alert(1)" not in page.text
    assert "&lt;/textarea&gt;&lt;script&gt;" in page.text
