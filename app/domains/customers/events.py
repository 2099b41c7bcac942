"""What happens to a shop's customers."""

from uuid import UUID

from app.core.events import Event


class CustomerCreated(Event, frozen=True):
    """A shop has a new customer."""

    customer_id: UUID


class CustomerChanged(Event, frozen=True):
    """Facts of a customer were corrected."""

    customer_id: UUID
    fields: list[str]


class CustomerLinked(Event, frozen=True):
    """A customer the shop knew already has made an account."""

    customer_id: UUID
    user_id: UUID


class CarBrought(Event, frozen=True):
    """A customer brings a car to this shop."""

    customer_id: UUID
    vehicle_id: UUID


class CarSold(Event, frozen=True):
    """A car that a customer brought to this shop belongs to another customer now."""

    customer_id: UUID
    vehicle_id: UUID
    to_customer_id: UUID


class CustomerErasureAsked(Event, frozen=True):
    """A customer is to be erased, once everything with them is settled."""

    customer_id: UUID


class CustomerErased(Event, frozen=True):
    """Nothing tells any more who the customer was."""

    customer_id: UUID
