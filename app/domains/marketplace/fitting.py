"""Whether what a shop offers fits the car of the order, and why: judged when offered, and frozen into the offer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.words import _
from app.domains.marketplace.models import PartsOrder, PartsOrderLine

if TYPE_CHECKING:
    from app.domains.marketplace.quoting import Offer


class Judged(msgspec.Struct, frozen=True):
    """fits, does_not_fit or unknown, with the rule that says so."""

    fits: str
    rule: dict[str, Any]


async def judge(
    db: AsyncSession,
    order: PartsOrder,
    lines: Sequence[PartsOrderLine],
    offer: "Offer",
    *,
    tenant_id: UUID,
) -> dict[UUID, Judged]:
    """Line of the order -> what the shop's own data say of the part offered for it."""
    return {line.order_line_id: Judged("unknown", {}) for line in offer.lines}


def refuse_misfits(offer: "Offer", judged: Mapping[UUID, Judged]) -> None:
    """Raises Invalid for what is known not to fit: it cannot be offered."""
    errors = {
        f"lines.{number}.part_number": _("By your own data this part does not fit the car.")
        for number, line in enumerate(offer.lines)
        if line.is_available and judged[line.order_line_id].fits == "does_not_fit"
    }
    if errors:
        raise Invalid(errors)


def say(rule: Mapping[str, Any]) -> str:
    """The rule that an offer was judged by, in words."""
    return ""
