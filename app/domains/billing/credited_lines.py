"""What of an invoice's lines its credit notes take back: a line whole, or a part of it at the line's own tax rate."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from app.core.errors import Invalid
from app.core.money import rounded
from app.core.render import money
from app.core.words import _
from app.domains.billing.models import CreditNote, InvoiceLine


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line by its position, and how much of it is taken back, tax included; None is all that is left."""

    position: int
    amount_minor: int | None = None


class Share(msgspec.Struct, frozen=True):
    """So much of a line, as a credit note keeps it."""

    position: int
    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


def shares_of(note: CreditNote, lines: Sequence[InvoiceLine]) -> list[Share]:
    """What a note takes back of each line. Notes from before there were parts took the whole invoice."""
    if "lines" in note.content:
        return msgspec.convert(note.content["lines"], list[Share])
    return [Share(line.position, line.net_minor, line.tax_minor) for line in lines]


def left_of(lines: Sequence[InvoiceLine], notes: Sequence[CreditNote]) -> dict[int, Share]:
    """What no credit note has taken back yet, by the line's position."""
    left = {line.position: Share(line.position, line.net_minor, line.tax_minor) for line in lines}
    for note in notes:
        for share in shares_of(note, lines):
            had = left[share.position]
            left[share.position] = Share(
                share.position, had.net_minor - share.net_minor, had.tax_minor - share.tax_minor
            )
    return left


def divided(
    lines: Sequence[InvoiceLine], left: Mapping[int, Share], parts: Sequence[Part], currency: str
) -> list[Share]:
    """The shares that some parts come to; without parts everything that is left. Raises Invalid at the line's
    `amount-<position>`."""
    if not parts:
        return [share for share in left.values() if share.gross_minor]
    rates = {line.position: line.tax_rate for line in lines}
    if len({part.position for part in parts}) != len(parts) or not all(one.position in left for one in parts):
        raise Invalid({"lines": _("Name lines of this invoice, each once.")})
    return [_share(left[one.position], one, rates[one.position], currency) for one in parts]


def _share(left: Share, part: Part, rate: Decimal, currency: str) -> Share:
    whole = left.gross_minor
    amount = whole if part.amount_minor is None else part.amount_minor
    field = f"amount-{part.position}"
    if not whole:
        raise Invalid({field: _("Nothing of this line is left to take back.")})
    if (
        not 0 < amount * (1 if whole > 0 else -1) <= abs(whole)
    ):  # a discount is taken back by a sum below zero
        raise Invalid(
            {field: _("Between nothing and %(left)s can be taken back.", left=money(whole, currency))}
        )
    if amount == whole:
        return left
    net = rounded(amount / (1 + rate))
    # Several parts, each rounded, may not take more of the net or of the tax than the line has.
    if left.tax_minor >= 0 and left.net_minor >= 0:
        net = min(max(net, amount - left.tax_minor), left.net_minor)
    return Share(part.position, net, amount - net)


def as_lines(lines: Sequence[InvoiceLine], shares: Sequence[Share]) -> list[InvoiceLine]:
    """The invoice's lines as a credit note prints them: of a line in part, one piece at the price of the part."""
    by_position = {share.position: share for share in shares}
    found = []
    for line in lines:
        share = by_position.get(line.position)
        if share is None:
            continue
        is_whole = (share.net_minor, share.tax_minor) == (line.net_minor, line.tax_minor)
        found.append(line if is_whole else _part_of(line, share))
    return found


def _part_of(line: InvoiceLine, share: Share) -> InvoiceLine:
    """Only to be printed: it is never added to a session."""
    said: dict[str, Any] = {
        name: getattr(line, name)
        for name in ("tenant_id", "invoice_id", "job_id", "job_title", "position", "part_number", "tax_rate")
    }
    return InvoiceLine(
        **said,
        kind="fee",
        description=_("%(line)s (part)", line=line.description),
        quantity=Decimal(1),
        unit_price_minor=share.net_minor,
        net_minor=share.net_minor,
        tax_minor=share.tax_minor,
    )
