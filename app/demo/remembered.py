"""What the audit trail remembers of an ordinary week beside the work itself."""

from dataclasses import replace

from sqlalchemy import select

from app.core import audit
from app.core.db import transaction
from app.core.events import record
from app.core.viewer import Viewer
from app.demo import people
from app.demo.stage import Stage
from app.demo.tuesday import hours_ago
from app.domains import services
from app.domains.accounts.events import SignedIn, SignInFailed
from app.domains.customers.models import Customer
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from app.domains.services.catalogue import ServiceFacts
from app.domains.services.models import Service


async def remember(stage: Stage) -> None:
    """Prices that were changed, sign-ins and one that failed, a closed door, looks at customers."""
    await _prices(stage)
    await _sign_ins(stage)
    await _refused(stage)
    await _looks(stage)


async def _prices(stage: Stage) -> None:
    """A slip that is put right, and an offer that ends: everything costs what it did."""
    for hours, more in ((49.0, 600), (48.9, -600)):
        with hours_ago(hours):
            async with stage.acting(people.OWNER.email) as (db, me):
                center = await db.get_one(ServiceCenter, me.center_id)
                center.labor_rate_minor += more
                await premises.set_hours(db, center, center.working_hours, by=me)
    for hours, more in ((75.0, -500), (27.0, 500)):
        with hours_ago(hours):
            async with stage.acting(people.OWNER.email) as (db, me):
                offered = select(Service).where(Service.tenant_id == me.tenant_id).order_by(Service.position)
                service = (await db.scalars(offered)).first()
                assert service is not None
                known = {name: getattr(service, name) for name in ServiceFacts.__struct_fields__}
                facts = ServiceFacts(**known | {"price_minor": service.price_minor + more})
                await services.change(db, service, facts, by=me)


async def _sign_ins(stage: Stage) -> None:
    for hours, person in (
        (26.2, people.OWNER),
        (9.1, people.ADVISOR),
        (8.8, people.TECHNICIAN),
        (7.5, people.CUSTOMER),
    ):
        me = await stage.viewer(person.email)
        with hours_ago(hours):
            async with transaction(user=me.user_id) as db:
                await record(
                    db,
                    SignedIn(user_id=stage.users[person.email]),
                    by=me,
                    person=me.user_id,
                    subject=me.user_id,
                )
    stranger = Viewer(ip="203.0.113.200", user_agent="curl/8.17.0")
    user = stage.users[people.ADVISOR.email]
    with hours_ago(31):
        async with transaction(user=user) as db:
            await record(db, SignInFailed(user_id=user), by=stranger, person=user, subject=user)


async def _refused(stage: Stage) -> None:
    me = replace(
        await stage.viewer(people.TECHNICIAN.email),
        user_agent="Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X)",
    )
    with hours_ago(5.4):
        async with transaction(user=me.user_id, tenant=me.tenant_id) as db:
            for path, permission in (
                ("/settings/centers", "manage:center"),
                ("/customers", "read:customers"),
            ):
                await audit.log(
                    db,
                    me,
                    "permission.denied",
                    "route",
                    path,
                    tenant=me.tenant_id,
                    detail={"permission": permission},
                )


async def _looks(stage: Stage) -> None:
    async with stage.acting(people.ADVISOR.email) as (db, me):
        customers = (
            await db.scalars(select(Customer).where(Customer.tenant_id == me.tenant_id).limit(3))
        ).all()
        for number, customer in enumerate(customers):
            with hours_ago(6 - number):
                await audit.read(db, me, "customer", customer.id)
    async with stage.acting(people.NETWORK.email) as (db, me):
        with hours_ago(3):
            await audit.read(db, me, "people", searched="")
