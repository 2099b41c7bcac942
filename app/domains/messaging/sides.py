"""The two sides of a conversation, and who speaks for a business."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_

from app.core.errors import NotFound
from app.core.viewer import Viewer
from app.domains.messaging.models import Side, Thread

SPEAKS_FOR: Final[dict[str, tuple[str, str]]] = {
    "appointment": ("read:all_appointments", ""),
    "shop_quote": ("sell:parts", "request:parts"),
}
"""By kind of subject: what one must hold to speak for the business, and to speak for a business on the other side."""

NAMELESS: Final = frozenset({"shop_quote"})
"""Kinds of subject where the business reads no name under what the other side writes, but what `Subject.other_name`
calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a conversation is about, and between whom: a business at one of its places, and either a driver (`user_id`)
    or another business at one of its own (`buyer_tenant_id`, `buyer_center_id`). `business_url` and `other_url` are the pages that show it to each side; the
    same address followed by /messages is the conversation's own."""

    kind: str
    id: UUID
    tenant_id: UUID
    center_id: UUID
    title: str
    business_url: str
    other_url: str
    business_name: str
    other_name: str
    zone: str
    user_id: UUID | None = None
    buyer_tenant_id: UUID | None = None
    buyer_center_id: UUID | None = None


def side_of(between: Subject | Thread, me: Viewer) -> Side:
    """Which side the viewer is on. Whoever is a customer where they work writes as a customer. Raises NotFound for
    everybody else."""
    kind = between.kind if isinstance(between, Subject) else between.subject_kind
    for_business, for_buyer = SPEAKS_FOR[kind]
    if _is_driver(me) and between.user_id == me.user_id:
        return "other"
    if me.tenant_id is not None:
        if (between.tenant_id, between.center_id) == (me.tenant_id, me.center_id) and me.can(for_business):
            return "business"
        buys_here = between.buyer_tenant_id == me.tenant_id and me.center_id in (
            None,
            between.buyer_center_id,
        )
        if buys_here and for_buyer and me.can(for_buyer):
            return "other"
    raise NotFound


def _is_driver(me: Viewer) -> bool:
    """Whether they act for themselves: not a program of a shop, and not at a workshop's tablet."""
    return me.user_id is not None and me.can("read:own_appointments")


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """The conversations the viewer takes part in."""
    found: list[ColumnElement[bool]] = [false()]
    if _is_driver(me):
        found.append(Thread.user_id == me.user_id)
    if me.tenant_id is not None:
        own = [kind for kind, (business, _buyer) in SPEAKS_FOR.items() if me.can(business)]
        bought = [kind for kind, (_business, buyer) in SPEAKS_FOR.items() if buyer and me.can(buyer)]
        found.append(
            (Thread.tenant_id == me.tenant_id)
            & (Thread.center_id == me.center_id)
            & Thread.subject_kind.in_(own)
        )
        here = [Thread.buyer_center_id == me.center_id] if me.center_id else []
        found.append(and_(Thread.buyer_tenant_id == me.tenant_id, Thread.subject_kind.in_(bought), *here))
    return or_(*found)
