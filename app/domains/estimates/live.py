"""Who sees at once that an estimate went out, was read or answered. The jobs that unlock ring by themselves."""

from collections.abc import Iterable

from app.core.live import Ring
from app.domains.estimates.events import OfEstimate
from app.domains.workshop import board_topic, customer_topic, staff_topic


def ring_estimate(event: OfEstimate) -> Iterable[Ring]:
    """The order's pages in the shop, the board, and the driver's tracking page."""
    yield Ring(staff_topic(event.order_id), "service:progress_updated")
    yield Ring(customer_topic(event.order_id), "service:progress_updated")
    yield Ring(board_topic(event.center_id), "board")


def ring_staff(event: OfEstimate) -> Iterable[Ring]:
    """The shop alone: what the customer does not see."""
    yield Ring(staff_topic(event.order_id), "service:progress_updated")
