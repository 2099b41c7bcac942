"""What a shop's record of a customer gives to that customer. The shop's notes are the shop's."""

from collections.abc import Sequence
from uuid import UUID

from app.core.personal import Declared, Records
from app.core.words import _
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
            },
            lambda rows: rows.select_from(CustomerVehicle)
            .join(Customer, Customer.id == CustomerVehicle.customer_id)
            .join(Tenant, Tenant.id == CustomerVehicle.tenant_id)
            .where(Customer.user_id == person)
            .order_by(CustomerVehicle.created_at),
        ),
    ]  # fmt: skip


DECLARED = Declared(records)
