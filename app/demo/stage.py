"""What the story is played with: who is who, and short names for the people's everyday actions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id, transaction
from app.core.identity import person_acting
from app.core.viewer import Viewer
from app.demo import people
from app.demo.people import Person
from app.domains.garage import Vehicle
from app.domains.network.models import Bay, ServiceCenter, StaffProfile

EVERYBODY = {person.email: person for person in (*people.STAFF, *people.DRIVERS, people.NETWORK)}


@dataclass
class Stage:
    """Ids and rows of what has been set up so far."""

    users: dict[str, UUID] = field(default_factory=dict)
    centers: dict[str, ServiceCenter] = field(default_factory=dict)
    bays: dict[str, Bay] = field(default_factory=dict)
    staff: dict[str, StaffProfile] = field(default_factory=dict)
    cars: dict[str, Vehicle] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Email of a car's owner, by the car's key."""

    async def viewer(self, email: str) -> Viewer:
        """A person as an actor, with the roles they hold where they work."""
        person: Person = EVERYBODY[email]
        center = self.centers[person.shop].id if person.shop else None
        me = await person_acting(self.users[email], center)
        ip, device = people.SEEN_FROM.get(person.shop, people.AT_HOME)
        return replace(me, ip=ip, user_agent=device, request_id=str(new_id()))

    @asynccontextmanager
    async def acting(self, email: str, *, at: str = "") -> AsyncIterator[tuple[AsyncSession, Viewer]]:
        """A transaction of one person, as their request would open it; `at` takes a driver into a shop."""
        me = await self.viewer(email)
        tenant = self.centers[at].tenant_id if at else me.tenant_id
        async with transaction(user=me.user_id, tenant=tenant) as db:
            yield db, me
