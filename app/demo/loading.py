"""Load the demo into an empty database."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, db
from app.core.db import transaction
from app.core.viewer import Viewer
from app.demo import people, shops
from app.demo.people import Person
from app.domains import services
from app.domains.accounts import User, sign_up
from app.domains.network import crew, joining, premises
from app.domains.network.models import ServiceCenter, StaffProfile
from app.settings import Settings


@dataclass
class Stage:
    """Who and what the story is played with."""

    users: dict[str, UUID] = field(default_factory=dict)
    centers: dict[str, ServiceCenter] = field(default_factory=dict)
    staff: dict[str, StaffProfile] = field(default_factory=dict)

    async def viewer(self, person: Person) -> Viewer:
        """The person as an actor, read as a request would read them."""
        from app.core.visit import person_acting

        center = self.centers[person.shop].id if person.shop else None
        return await person_acting(self.users[person.email], center)


async def load(settings: Settings) -> None:
    """Two shops, their people and cars, and a working day in every stage."""
    db.connect(settings.sqlalchemy_url)
    try:
        stage = Stage()
        with clock.moved_by(timedelta(days=-90)):
            await _people(stage)
            await _shop(stage, "harbor", "Harbor Lane Garage", shops.HARBOR_CENTER, shops.HARBOR_BAYS)
            await _shop(stage, "volt", "Voltwerk Berlin", shops.VOLT_CENTER, shops.VOLT_BAYS)
            await _offer(stage, people.OWNER, shops.HARBOR_CANNED, shops.HARBOR_SERVICES)
            await _offer(stage, people.STAFF[6], shops.VOLT_CANNED, shops.VOLT_SERVICES)
    finally:
        await db.disconnect()


async def _people(stage: Stage) -> None:
    for person in (*people.STAFF, *people.DRIVERS, people.NETWORK):
        async with transaction() as session:
            user = await sign_up(
                session, email=person.email, password=people.PASSWORD, name=person.name, by=Viewer(),
                phone=person.phone, zone=person.zone,
            )  # fmt: skip
            user.distance_unit = person.unit
            stage.users[person.email] = user.id
    async with transaction() as session:
        await _as_network(session)
        await joining.appoint_network_admin(
            session, user_id=stage.users[people.NETWORK.email], by=Viewer.system()
        )


async def _as_network(session: AsyncSession) -> None:
    await session.execute(text("SELECT set_config('app.network', 'on', true)"))


async def _shop(stage: Stage, key: str, name: str, facts: Any, bays: tuple[Any, ...]) -> None:
    async with transaction() as session:
        await _as_network(session)
        nils = await stage.viewer(people.NETWORK)
        slug = name.lower().replace(" ", "-")
        tenant = await joining.join(
            session, joining.TenantFacts(name=name, slug=slug, currency=facts.currency), by=nils
        )
    system = Viewer.system(tenant.id)
    async with transaction(tenant=tenant.id) as session:
        center = await premises.open_center(session, facts, by=system)
        stage.centers[key] = center
        for bay in bays:
            await premises.add_bay(session, center, bay, by=system)
        for person in people.STAFF:
            if person.shop != key:
                continue
            profile = await joining.hire(
                session, center, user_id=stage.users[person.email], name=person.name, role=person.role, by=system,
                title=person.title, skills=person.skills,
            )  # fmt: skip
            stage.staff[person.email] = profile
            if person.role == "technician":
                await crew.set_week(session, profile, facts.working_hours, by=system)


async def _offer(stage: Stage, owner: Person, canned: tuple[Any, ...], offered: tuple[Any, ...]) -> None:
    me = await stage.viewer(owner)
    async with transaction(user=me.user_id, tenant=me.tenant_id) as session:
        for facts, lines in canned:
            await services.add_canned(session, facts, lines, by=me)
        for service in offered:
            await services.add(session, service, by=me)


__all__ = ["Stage", "User", "load"]
