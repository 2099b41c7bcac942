"""Who may hear what: the one table of the audiences of live pages, like the permissions'."""

import re
from typing import Final
from uuid import UUID

from app.core.permissions import KNOWN, PUBLIC, SIGNED_IN
from app.core.viewer import Viewer

Place = tuple[UUID, UUID | None]
"""A business, and the center there."""

HEARD_WITH: Final[dict[str, str]] = {
    "user:*": SIGNED_IN,
    "appointment:*": PUBLIC,
    "center:*:slots": PUBLIC,
    "center:*:appointments": "read:all_appointments",
    "center:*:board": "update:service_progress",
    "center:*:invoices": "create:invoices",
    "center:*:market": "sell:parts",
    "inspection:*": "read:service_checklists",
    "invoice:*": PUBLIC,
    "job:*:parts": "request:parts",
    "order:*:customer": PUBLIC,
    "order:*:staff": "update:service_progress",
    "parts_order:*": PUBLIC,
    "parts_order:*:bids": "sell:parts",
    "technician:*:bench": "update:service_progress",
    "thread:*": PUBLIC,
}
"""Of each kind what its pages need. A client names no topic, a page it may see signs them for it: what is public here
is open to whoever was shown such a page, and a driver's page asks for more than a permission. Of a shop's it is asked
again at each opening, for a page outlives a role."""


def needed_for(topic: str) -> str:
    """What a topic asks for. Raises ValueError for a kind that does not stand in the table."""
    kind = re.sub(r":[^:]+", ":*", topic, count=1)
    needed = HEARD_WITH.get(kind, "")
    if needed not in KNOWN:
        raise ValueError(f"no table says who may hear {kind!r}")
    return needed


def may_hear(me: Viewer, topic: str, place: Place | None) -> bool:
    """Whether somebody still holds what the topic asks for, at the place its page was made at."""
    needed = needed_for(topic)
    if needed == PUBLIC:
        return True
    if needed == SIGNED_IN:
        return me.is_signed_in
    return place is not None and me.can_at(needed, tenant_id=place[0], center_id=place[1])
