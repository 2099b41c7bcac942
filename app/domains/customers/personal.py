"""What a shop's record of a customer gives to that customer. The shop's notes are the shop's."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.personal import AtShop, Declared, Emptied, Records
from app.core.words import _
from app.domains.customers.keys import shred
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.network.models import Tenant


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "shops", _("What shops have written down to reach you."), ("customers",),
            {
                "shop": (Tenant.name, _("which shop")),
                "number": (Customer.number, _("your customer number there")),
                "name": (Customer.name, _("your name there")),
                "email": (Customer.email, _("your address there")),
                "phone": (Customer.phone, _("your phone number there")),
                "address": (Customer.address, _("your postal address there")),
                "language": (Customer.locale, _("the language they write in")),
                "tax_exempt": (Customer.tax_exempt, _("whether you are invoiced without tax")),
                "since": (Customer.created_at, _("when you became a customer")),
            },
            lambda rows: rows.select_from(Customer)
            .join(Tenant, Tenant.id == Customer.tenant_id)
            .where(Customer.user_id == person)
            .order_by(Customer.created_at),
        ),
        Records(
            "cars_at_shops", _("Which cars you bring to which shop."), ("customer_vehicles",),
            {
                "shop": (Tenant.name, _("which shop")),
                "car_id": (CustomerVehicle.vehicle_id, _("which car")),
                "since": (CustomerVehicle.created_at, _("since when")),
                "sold": (CustomerVehicle.sold_at, _("when the shop was told that it is somebody else's now")),
            },
            lambda rows: rows.select_from(CustomerVehicle)
            .join(Customer, Customer.id == CustomerVehicle.customer_id)
            .join(Tenant, Tenant.id == CustomerVehicle.tenant_id)
            .where(Customer.user_id == person)
            .order_by(CustomerVehicle.created_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """Shops that know them are to forget them, each as soon as everything between the two is settled."""
    await db.execute(
        update(Customer)
        .where(Customer.user_id == person, Customer.erase_asked_at.is_(None), Customer.erased_at.is_(None))
        .values(erase_asked_at=clock.now())
    )


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """The record keeps its number, which papers name, and nothing of a person."""
    await shred(db, who)
    await db.execute(
        update(Customer)
        .where(Customer.tenant_id == who.tenant_id, Customer.id == who.customer_id)
        .values(
            name=_("Erased customer"), email="", phone="", address="", notes="", user_id=None,
            status="inactive", erased_at=clock.now(),
        )
    )  # fmt: skip
    return {"customers": [who.customer_id]}


DECLARED = Declared(
    records,
    erase=erase,
    leave=leave,
    left_out={"customer_keys": "keys of messages, which are in the copy as they were sent"},
)
