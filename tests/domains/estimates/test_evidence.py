"""What an estimate has shown can no longer be erased."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.db import new_id, transaction
from app.core.tables import EventRow, File
from app.domains.estimates.sending import send
from app.domains.estimates.sheet import is_genuine, read_sheet
from app.domains.estimates.writing import draft
from app.domains.inspections import filling, photos, proposing
from app.domains.inspections.models import Finding, FindingPhoto, Inspection
from app.domains.workshop.models import RepairOrder
from tests.browsing import Browser
from tests.cast import CAST, HARBOR, Cast
from tests.domains.estimates.desk import as_person
from tests.domains.inspections.sheets import begun, canned_pads, item


def kept(name: str) -> files.Kept:
    return files.Kept(
        id=new_id(), kind="image", key=f"harbor/{new_id()}.jpg", thumbnail_key=None, media_type="image/jpeg",
        size=3, sha256=name.encode().ljust(32, b"."), label=name,
    )  # fmt: skip


async def worn_pads(db: AsyncSession) -> tuple[Inspection, RepairOrder, Finding, list[FindingPhoto]]:
    """A red finding with its repair proposed: one photo for the customer, one for the shop."""
    inspection, order = await begun(db)
    await canned_pads(db)
    finding = await item(db, inspection, "Front brake pads")
    me = CAST.technician.viewer
    await filling.rate(db, finding, rating="red", measure=None, note="", by=me)
    shot = await photos.add(db, finding, order, [kept("shown"), kept("hidden")], by=me)
    await photos.share(db, shot[1], finding, order, shared=False, by=me)
    await proposing.propose(db, finding, order, by=me)
    return inspection, order, finding, shot


async def test_a_photo_of_a_sent_estimate_leaves_the_sheet_but_not_the_storage(db: AsyncSession) -> None:
    _inspection, order, finding, (shown, hidden) = await worn_pads(db)
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    await send(db, estimate, revision=estimate.revision, by=CAST.advisor.viewer)
    me = CAST.technician.viewer
    assert await photos.remove(db, shown, finding, order, by=me) is True
    assert await photos.remove(db, hidden, finding, order, by=me) is False
    assert list(await db.scalars(select(FindingPhoto))) == []
    assert [file.label for file in await db.scalars(select(File))] == ["shown"]
    gone = (await db.scalars(select(EventRow).where(EventRow.name == "FileForgotten"))).all()
    assert [event.subject_id for event in gone] == [hidden.file_id]
    assert await is_genuine(db, await read_sheet(db, estimate))


async def test_a_photo_of_a_draft_may_still_be_erased(db: AsyncSession) -> None:
    _inspection, order, finding, (shown, _hidden) = await worn_pads(db)
    await draft(db, order, by=CAST.advisor.viewer)
    assert await photos.remove(db, shown, finding, order, by=CAST.technician.viewer) is False


async def test_a_photo_that_is_gone_cannot_become_evidence(db: AsyncSession) -> None:
    _inspection, _order, _finding, (shown, _hidden) = await worn_pads(db)
    await as_person(db, CAST.advisor)
    assert not await files.keep_as_evidence(db, {shown.file_id, new_id()})
    assert await files.keep_as_evidence(db, set[UUID]())


async def test_whoever_takes_it_off_is_told_that_it_is_kept(
    browser: Callable[..., Browser], cast: Cast
) -> None:
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        inspection, order, finding, (shown, hidden) = await worn_pads(db)
        await as_person(db, cast.advisor)
        estimate = await draft(db, order, by=cast.advisor.viewer)
        await send(db, estimate, revision=estimate.revision, by=cast.advisor.viewer)
    tablet = browser(cast.technician)
    here = f"/inspections/{inspection.id}/findings/{finding.id}"
    assert (await tablet.get(f"/inspections/{inspection.id}")).text.count("In an estimate: it is kept.") == 1
    erased = await tablet.post(f"{here}/photos/{hidden.id}/removal")
    assert "flash" not in erased.cookies
    plain = await tablet.post(f"{here}/photos/{shown.id}/removal", headers={"hx-request": "true"})
    card = await tablet.get(plain.headers["location"], headers={"hx-request": "true"})
    assert "kept as evidence" in card.headers["hx-trigger"]
