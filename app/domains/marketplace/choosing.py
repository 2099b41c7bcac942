"""What a buyer has picked, read from a form and shown again before it is bought."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Refused
from app.core.security import as_uuid
from app.core.words import _
from app.domains.marketplace import arrival, orders, paying_ways
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, ShopQuote, ShopQuoteLine
from app.domains.marketplace.quoting import line_total
from app.domains.marketplace.telling import as_seller

LINE, SEEN = "line.", "seen."
"""line.<line of the order>=<quote>, seen.<quote>=<revision>: the fields of the form."""


class Part(msgspec.Struct, frozen=True):
    """One seller's part of what was picked."""

    quote: ShopQuote
    lines: list[tuple[PartsOrderLine, ShopQuoteLine]]
    way: str = ""
    """How this shop is paid, once `with_terms` has looked: card, on_delivery; empty where it cannot be."""
    there_by: datetime | None = None

    @property
    def total_minor(self) -> int:
        return (
            sum(line_total(offered, line.quantity) for line, offered in self.lines)
            + self.quote.delivery_fee_minor
        )


class Picked(msgspec.Struct, frozen=True):
    """What would be bought of whom, and what the buyer would do without."""

    parts: list[Part]
    without: list[PartsOrderLine]

    @property
    def total_minor(self) -> int:
        return sum(part.total_minor for part in self.parts)

    def paid_minor(self, way: str) -> int:
        """What of it is paid this way."""
        return sum(part.total_minor for part in self.parts if part.way == way)


async def picked(db: AsyncSession, order: PartsOrder, given: Mapping[str, Any]) -> Picked:
    """`offer` picks everything that is available in one offer; line.<id> a quote for each line. Raises Refused when an
    offer that was picked stands no longer."""
    quotes = {quote.id: quote for quote in await orders.quotes_of(db, order.id, "offered")}
    offered = await orders.lines_of_quotes(db, list(quotes.values()))
    lines = await orders.open_lines_of(db, order.id)
    whole = as_uuid(given.get("offer"))
    choice = (
        {line.id: whole for line in lines if whole in offered and _is_in(offered[whole], line)}
        if whole
        else {line.id: quote for line in lines if (quote := as_uuid(given.get(f"{LINE}{line.id}")))}
    )
    if not set(choice.values()) <= quotes.keys() or not any(
        _is_in(offered[quote], line) for line in lines if (quote := choice.get(line.id))
    ):
        raise Refused(_("That offer no longer stands. Please look again."))
    parts = [
        Part(
            quotes[quote_id],
            [
                (line, offered[quote_id][line.id])
                for line in lines
                if choice.get(line.id) == quote_id and _is_in(offered[quote_id], line)
            ],
        )
        for quote_id in dict.fromkeys(choice.values())
    ]
    taken = {line.id for part in parts for line, _offered in part.lines}
    return Picked([part for part in parts if part.lines], [line for line in lines if line.id not in taken])


async def with_terms(db: AsyncSession, chosen: Picked) -> Picked:
    """The same with how each shop would be paid and when its parts would be there, if they were bought now."""
    now, parts = clock.now(), []
    for part in chosen.parts:
        async with as_seller(db, part.quote.tenant_id):
            way = await paying_ways.way_of(db, part.quote.tenant_id, part.quote.shop_id)
            hours = max(offered.delivery_hours for _line, offered in part.lines)
            there = await arrival.there_by(db, part.quote.center_id, hours, start=now)
        parts.append(msgspec.structs.replace(part, way=way, there_by=there))
    return msgspec.structs.replace(chosen, parts=parts)


def _is_in(offered: Mapping[UUID, ShopQuoteLine], line: PartsOrderLine) -> bool:
    return line.id in offered and offered[line.id].is_available


def read_choice(form: Mapping[str, Any]) -> tuple[dict[UUID, UUID], dict[UUID, int]]:
    """The choice and the revisions that were seen, from the form; whatever is none is left out."""
    choice: dict[UUID, UUID] = {}
    seen: dict[UUID, int] = {}
    for key, value in form.items():
        if key.startswith(LINE) and (line := as_uuid(key.removeprefix(LINE))) and (quote := as_uuid(value)):
            choice[line] = quote
        elif key.startswith(SEEN) and (quote := as_uuid(key.removeprefix(SEEN))) and str(value).isdecimal():
            seen[quote] = int(value)
    return choice, seen
