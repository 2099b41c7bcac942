"""The pages of whoever's car has reported."""

from collections.abc import Iterable

from app.core.live import Ring
from app.domains.telematics.events import TelematicsReceived


def ring_driver(event: TelematicsReceived) -> Iterable[Ring]:
    yield Ring(f"user:{event.user_id}", "telematics")
