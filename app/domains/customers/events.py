"""What happens to a shop's customers."""

from uuid import UUID

from app.core.events import Event


class CustomerCreated(Event):
    """A shop has a new customer."""

    customer_id: UUID


class CustomerChanged(Event):
    """Facts of a customer were corrected."""

    customer_id: UUID
    fields: list[str]


class CustomerLinked(Event):
    """A customer the shop knew already has made an account."""

    customer_id: UUID
    user_id: UUID


class CarBrought(Event):
    """A customer brings a car to this shop."""

    customer_id: UUID
    vehicle_id: UUID
