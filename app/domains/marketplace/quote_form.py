"""A quote as it is typed: `lines.0.unit_price`, `lines.1.missing` … for the parts of the request in their order, read
into an offer; and a stored offer as the form's fields."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import Amount, minor_of, read
from app.core.money import rounded, to_major
from app.core.words import _
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, ShopQuote, ShopQuoteLine
from app.domains.marketplace.quoting import LineOffer, Offer
from app.domains.parts_shops.models import PartsShop, PartsShopTerms

MOST = Decimal(10) ** 8
"""No sum in a quote is as large, in any currency; the shop's own limit is far below."""


class OfferForm(msgspec.Struct, frozen=True):
    """What is said once for the whole quote."""

    version: int
    """Of the quote as it was shown."""
    delivery_fee: Amount | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


class LineForm(msgspec.Struct, frozen=True):
    """What is said of one part."""

    missing: bool = False
    unit_price: Amount | None = None
    core_charge: Amount | None = None
    brand: Annotated[str, Meta(max_length=60)] = ""
    condition: Annotated[str, Meta(max_length=20)] = "new"
    part_number: Annotated[str, Meta(max_length=60)] = ""
    number_kind: Annotated[str, Meta(max_length=20)] = "aftermarket"
    warranty_months: int | None = None
    delivery_hours: int | None = None
    note: Annotated[str, Meta(max_length=300)] = ""


class ReasonForm(msgspec.Struct, frozen=True):
    """Why a request is declined, or an offer taken back: a chip, or the shop's own words."""

    version: int
    why: Annotated[str, Meta(max_length=200)] = ""
    reason: Annotated[str, Meta(max_length=300)] = ""


class LineSum(msgspec.Struct, frozen=True):
    """What a line comes to: None when it is missing or has no price yet."""

    name: str
    total_minor: int | None
    is_missing: bool


class Sum(msgspec.Struct, frozen=True):
    """What the quote would come to if it were sent as typed."""

    lines: list[LineSum]
    fee_minor: int
    total_minor: int
    available: int

    @property
    def is_whole(self) -> bool:
        return self.available == len(self.lines)


def part_of(form: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The fields of one part, without what their names begin with."""
    start = f"lines.{index}."
    return {name.removeprefix(start): said for name, said in form.items() if name.startswith(start)}


def is_about(typed: Mapping[str, Any], lines: Sequence[PartsOrderLine]) -> bool:
    """Whether the parts that were typed about are those that are asked for now: a price must not move to another."""
    named = [str(said) for name, said in typed.items() if re.fullmatch(r"lines\.[0-9]+\.line", name)]
    return not named or named == [str(line.id) for line in lines]


def read_offer(form: Mapping[str, Any], lines: Sequence[PartsOrderLine], currency: str) -> tuple[Offer, int]:
    """The offer as typed, and the version it was typed over. Raises Invalid with a message for each field."""
    if not is_about(form, lines):
        raise Invalid({"": _("The buyer asks for other parts than when you opened this. Please look again.")})
    errors: dict[str, str] = {}
    offered: list[LineOffer] = []
    for index, line in enumerate(lines):
        try:
            offered.append(_line(part_of(form, index), line.id, currency))
        except Invalid as wrong:
            errors |= {f"lines.{index}.{name}": words for name, words in wrong.errors.items()}
    try:
        said = read(OfferForm, form)
        fee = _minor(said.delivery_fee, currency, "delivery_fee")
    except Invalid as wrong:
        errors |= wrong.errors
    if errors:
        raise Invalid(errors)
    return Offer(currency=currency, lines=offered, delivery_fee_minor=fee, note=said.note), said.version


def _line(typed: Mapping[str, Any], line_id: UUID, currency: str) -> LineOffer:
    said = read(LineForm, typed)
    if said.unit_price is None and not said.missing:
        raise Invalid({"unit_price": _("Enter a price, or mark the part as missing.")})
    if said.missing:
        return LineOffer(order_line_id=line_id, is_available=False, note=said.note)
    return LineOffer(
        order_line_id=line_id,
        unit_price_minor=_minor(said.unit_price, currency, "unit_price"),
        core_charge_minor=_minor(said.core_charge, currency, "core_charge"),
        brand=said.brand,
        condition=said.condition,
        part_number=said.part_number,
        number_kind=said.number_kind,
        warranty_months=said.warranty_months or 0,
        delivery_hours=said.delivery_hours or 0,
        note=said.note,
    )


def _minor(amount: Decimal | None, currency: str, field: str) -> int:
    if amount is not None and amount < 0:
        raise Invalid({field: _("A price cannot be negative.")})
    if amount is not None and amount > MOST:
        raise Invalid({field: _("This is too much.")})
    return minor_of(amount or Decimal(0), currency, field)


def summed(form: Mapping[str, Any], lines: Sequence[PartsOrderLine], currency: str) -> Sum:
    """What can be added up of a form that is still being filled in; what cannot be read counts for nothing yet."""
    found: list[LineSum] = []
    for index, line in enumerate(lines):
        try:
            said = _line(part_of(form, index), line.id, currency)
        except Invalid:
            said = LineOffer(order_line_id=line.id, is_available=False)
        total = rounded(said.unit_price_minor * line.quantity) + rounded(
            said.core_charge_minor * line.quantity
        )
        is_priced = said.is_available and said.unit_price_minor > 0
        missing = part_of(form, index).get("missing") == "yes"
        found.append(LineSum(line.name, total if is_priced else None, missing))
    try:
        fee = max(_minor(read(OfferForm, {"version": "1", **form}).delivery_fee, currency, "delivery_fee"), 0)
    except Invalid:
        fee = 0
    available = sum(one.total_minor is not None for one in found)
    total = sum(one.total_minor or 0 for one in found) + fee if available else 0
    return Sum(found, fee, total, available)


def filled(
    order: PartsOrder,
    quote: ShopQuote,
    lines: Sequence[PartsOrderLine],
    offered: Mapping[UUID, ShopQuoteLine],
    shop: PartsShop | None,
    terms: PartsShopTerms | None,
) -> dict[str, str]:
    """The form's fields: the offer as it stands, else what the shop's quotes begin with."""
    values = {"note": quote.note, "delivery_fee": _money(quote.delivery_fee_minor, order.currency)}
    if not quote.revision:
        values["delivery_fee"] = _money(terms.delivery_fee_minor if terms else 0, order.currency)
    for index, line in enumerate(lines):
        said = offered.get(line.id)
        begun = _begun(line, shop, terms) if said is None or not said.is_available else _said(said, order)
        if said is not None and not said.is_available:
            begun |= {"missing": "yes", "note": said.note}
        values |= {f"lines.{index}.{name}": value for name, value in begun.items()}
    return values


def _said(line: ShopQuoteLine, order: PartsOrder) -> dict[str, str]:
    return {
        "unit_price": _money(line.unit_price_minor, order.currency),
        "core_charge": _money(line.core_charge_minor, order.currency),
        "brand": line.brand,
        "condition": line.condition,
        "part_number": line.part_number,
        "number_kind": line.number_kind,
        "warranty_months": str(line.warranty_months),
        "delivery_hours": str(line.delivery_hours),
        "note": line.note,
    }


def _begun(line: PartsOrderLine, shop: PartsShop | None, terms: PartsShopTerms | None) -> dict[str, str]:
    """Who wants the carmaker's own part and names it is asked nothing again."""
    return {
        "condition": shop.conditions[0] if shop and shop.conditions else "new",
        "part_number": line.part_number if line.oem_only else "",
        "number_kind": "oem" if line.oem_only else "aftermarket",
        "warranty_months": str(terms.warranty_months) if terms else "",
        "delivery_hours": str(terms.delivery_hours) if terms else "",
    }


def _money(minor: int, currency: str) -> str:
    return str(to_major(minor, currency)) if minor else ""
