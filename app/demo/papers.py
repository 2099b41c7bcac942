"""The papers of one of the demo's cars: registration, an insurance that expires soon, the receipt of its purchase."""

from datetime import timedelta

from litestar.datastructures import UploadFile

from app.core import clock
from app.core.files import receive_papers
from app.core.render import day
from app.demo.photos import Sheet
from app.demo.stage import Stage
from app.domains import garage
from app.domains.documents import attaching, keeping
from app.domains.documents.facts import Facts


async def keep(stage: Stage) -> None:
    owner = stage.owners["outback"]
    me = await stage.viewer(owner)
    today = clock.today(me.zone)
    for facts in (
        Facts(kind="registration", title="Registration", issuer="State of Maine", number="ME 4471 HLG",
              valid_from=today - timedelta(days=120), expires_on=today + timedelta(days=245)),
        Facts(kind="insurance", title="Car insurance", issuer="Dirigo Mutual", number="DM-20417-8",
              valid_from=today - timedelta(days=353), expires_on=today + timedelta(days=12)),
        Facts(kind="receipt", title="Receipt of the purchase", issuer="Casco Motors"),
    ):  # fmt: skip
        sent = UploadFile("image/jpeg", f"{facts.kind}.jpg", _drawn(facts))
        received = await receive_papers([sent], most=1, by=me)
        async with stage.acting(owner) as (db, by):
            car = await garage.find_own(db, by, stage.cars["outback"].id)
            document = await keeping.add(db, car, facts, by=by)
            await attaching.attach(db, document, received, by=by)


def _drawn(facts: Facts) -> bytes:
    """A form filled in: who issued it, what it is, its number and its last day."""
    sheet = Sheet()
    sheet.box(160, 100, 960, 740, "#FFFFFF")
    sheet.text(220, 200, facts.issuer, 40)
    sheet.text(220, 300, facts.title, 64)
    if facts.number:
        sheet.text(220, 400, facts.number, 48, sign=False)
    if facts.expires_on:
        sheet.text(220, 480, day(facts.expires_on), 40, sign=False)
    for y in range(560, 800, 60):
        sheet.line([(220, y), (1060, y)], width=2)
    return sheet.jpeg()
