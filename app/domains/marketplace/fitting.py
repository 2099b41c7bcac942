"""Whether what a shop offers fits the car of the order, and why: judged when offered, and frozen into the offer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.words import _
from app.domains import parts
from app.domains.marketplace.models import PartsOrder, PartsOrderLine
from app.domains.parts import CarFacts, PartNumber, Verdict

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
    """Line of the order -> what the shop's own data say of the part offered for it, and of the number that was asked for.
    Nothing is said of a part that is missing or has no number."""
    judged = {line.order_line_id: Judged("unknown", {}) for line in offer.lines}
    wanted = {line.id: line.part_number for line in lines}
    numbered = [line for line in offer.lines if line.is_available and line.part_number.strip()]
    asked = [
        (part_number(line.part_number, line.number_kind, line.brand), wanted.get(line.order_line_id, ""))
        for line in numbered
    ]
    for line, said in zip(numbered, await verdicts(db, order, asked, tenant_id=tenant_id), strict=True):
        judged[line.order_line_id] = Judged(said.state, msgspec.to_builtins(said))
    return judged


async def verdicts(
    db: AsyncSession, order: PartsOrder, asked: Sequence[tuple[PartNumber, str]], *, tenant_id: UUID
) -> list[Verdict]:
    """Of each part, beside the number the buyer named, whether it fits the car of the order. One query for all."""
    return await parts.judge(db, tenant_id, await car_of(order), asked) if asked else []


def part_number(number: str, kind: str, brand: str) -> PartNumber:
    """A part as it stands in an offer."""
    return PartNumber(
        number=number.strip(), kind="oem" if kind == "oem" else "aftermarket", brand=brand.strip()
    )


async def car_of(order: PartsOrder) -> CarFacts:
    """The car as it was described when asked, with what its VIN says."""
    said = order.car
    return await parts.known_by_vin(
        str(said.get("vin") or ""),
        CarFacts(
            make=str(said.get("make") or order.make),
            model=str(said.get("model") or ""),
            year=said.get("year"),
            trim=str(said.get("trim") or ""),
            engine=str(said.get("engine") or ""),
            fuel=str(said.get("fuel") or ""),
        ),
    )


def refuse_misfits(offer: "Offer", judged: Mapping[UUID, Judged]) -> None:
    """Raises Invalid for what is known not to fit: it cannot be offered."""
    errors = {
        f"lines.{number}.part_number": _("By your own data this part does not fit the car.")
        for number, line in enumerate(offer.lines)
        if line.is_available and judged[line.order_line_id].fits == "does_not_fit"
    }
    if errors:
        raise Invalid(errors)


def is_proven(fits: str, rule: Mapping[str, Any]) -> bool:
    """Whether more speaks for it than that it is the number the buyer named."""
    return fits == "fits" and rule.get("rule") not in parts.BY_NUMBER


def say(rule: Mapping[str, Any]) -> str:
    """The rule that an offer was judged by, in words."""
    return parts.say(msgspec.convert(rule, Verdict)) if rule else ""
