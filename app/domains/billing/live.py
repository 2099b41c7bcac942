"""Which open pages an event rings. `invoice:{id}` is heard by everybody who may see that invoice."""

from collections.abc import Iterable
from uuid import UUID

from app.core.live import Ring
from app.domains import workshop
from app.domains.billing.events import OfInvoice


def invoice_topic(invoice_id: UUID) -> str:
    return f"invoice:{invoice_id}"


def desk_topic(center_id: UUID) -> str:
    """The front desk's list of a center."""
    return f"center:{center_id}:invoices"


def ring_invoice(event: OfInvoice) -> Iterable[Ring]:
    yield Ring(invoice_topic(event.invoice_id), "invoice")
    yield Ring(desk_topic(event.center_id), "invoices")
    yield Ring(workshop.staff_topic(event.order_id), "service:progress_updated")
    yield Ring(workshop.customer_topic(event.order_id), "service:progress_updated")
