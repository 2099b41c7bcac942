"""A car of the demo's driver is shared: with somebody who drives it as well."""

from app.demo.stage import Stage
from app.domains.garage import find_own, inviting, issue_link

CAR, WITH = "outback", "june@demo.test"


async def share(stage: Stage) -> None:
    """The invitation is taken at once: no mail goes out."""
    async with stage.acting(stage.owners[CAR]) as (db, me):
        own = await find_own(db, me, stage.cars[CAR].id)
        asked = inviting.Asked(email=WITH, access="driver")
        token = issue_link(await inviting.invite(db, [own], asked, by=me))
    async with stage.acting(WITH) as (db, me):
        await inviting.accept(db, await inviting.opened(db, token), token, by=me)
