"""The addresses from which a business lets its owners in."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import db as core_db
from app.core import whereabouts
from app.core.db import take_turn
from app.core.errors import Invalid
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import AllowedNetwork, Tenant
from app.domains.network.setup_events import AddressesChanged

MOST = 50


async def allowed(db: AsyncSession, me: Viewer) -> Sequence[str]:
    """The networks of the viewer's business; none means everywhere."""
    mine = select(AllowedNetwork.network).where(AllowedNetwork.tenant_id == me.tenant_id)
    return (await db.scalars(mine.order_by(AllowedNetwork.network))).all()


def read_list(typed: str) -> list[str]:
    """Networks, one a line or with commas between, each once. Raises Invalid."""
    found: dict[str, None] = {}
    for one in typed.replace(",", " ").split():
        try:
            network = whereabouts.read_network(one)
        except ValueError as error:
            words = _(
                "“%(typed)s” is not an address or a network, such as 203.0.113.7 or 2001:db8::/48.",
                typed=one[:60],
            )
            raise Invalid({"networks": words}) from error
        if network.prefixlen == 0:
            raise Invalid({"networks": _("That would be everywhere. Leave the list empty for that.")})
        found[str(network)] = None
    if len(found) > MOST:
        raise Invalid({"networks": _("Please list at most %(count)s.", count=MOST)})
    return list(found)


async def allow(db: AsyncSession, networks: list[str], *, by: Viewer) -> None:
    """Let owners in from these only; from everywhere when there are none. Raises Invalid when the actor would be the
    first to be locked out."""
    await _hold(db, by)
    if networks and not whereabouts.is_within(by.ip, networks):
        words = _(
            "Your present address, %(address)s, is not among these: you would lock yourself out. Add it first.",
            address=by.ip,
        )
        raise Invalid({"networks": words})
    await _replace(db, networks, by=by)


async def _hold(db: AsyncSession, by: Viewer) -> None:
    """Two owners who save at once do so one after the other."""
    await take_turn(db, f"addresses:{by.tenant_id}")


async def _replace(db: AsyncSession, networks: list[str], *, by: Viewer) -> None:
    before = list(await allowed(db, by))
    if sorted(networks) == before:
        return
    await db.execute(delete(AllowedNetwork).where(AllowedNetwork.tenant_id == by.tenant_id))
    db.add_all(AllowedNetwork(tenant_id=by.tenant_id, network=one) for one in networks)
    await db.flush()
    await record(db, AddressesChanged(before=before, after=sorted(networks)), by=by, tenant=by.tenant_id)


async def allow_everywhere(sqlalchemy_url: str, slug: str) -> list[str] | None:
    """For whoever runs the site, when a business has locked itself out: take its list away. What was on it; None when
    there is no such business."""
    core_db.connect(sqlalchemy_url)
    try:
        async with core_db.transaction() as session:
            tenant = await session.scalar(select(Tenant).where(Tenant.slug == slug))
            if tenant is None:
                return None
            await core_db.act_as(session, tenant=tenant.id)
            system = Viewer.system(tenant.id)
            await _hold(session, system)
            gone = list(await allowed(session, system))
            await _replace(session, [], by=system)
            return gone
    finally:
        await core_db.disconnect()
