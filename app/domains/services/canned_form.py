"""The lines of a canned job in a form: a row of fields each, three empty rows to add more."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict

from app.core.errors import Invalid
from app.core.forms import minor_of, quantity_of, read
from app.core.money import to_major
from app.core.words import _
from app.domains.services.canned import LineFacts
from app.domains.services.models import CannedLine

KINDS = ("labor", "part", "fee", "sublet")
FIELDS = ("kind", "description", "part_number", "quantity", "price", "cost")
SPARE = 3
MOST_LINES = 60


class Row(msgspec.Struct, kw_only=True):
    """One line as typed. A row without a description is not there."""

    kind: str = "labor"
    description: str
    part_number: str = ""
    quantity: Decimal = Decimal(1)
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    untaxed: bool = False


def line_rows(lines: Sequence[CannedLine], currency: str, form: FormMultiDict | None) -> list[dict[str, str]]:
    """What to show: what was typed when the form came back, else the stored lines; and spare rows."""
    rows = _typed(form) if form is not None else [_shown(line, currency) for line in lines]
    return rows + [dict.fromkeys(FIELDS, "") | {"kind": "labor", "untaxed": ""} for _spare in range(SPARE)]


def line_facts(form: FormMultiDict, currency: str) -> list[LineFacts]:
    """The lines of the form. Raises Invalid with the number of the row that is wrong."""
    facts: list[LineFacts] = []
    for number, typed in enumerate(_typed(form), start=1):
        try:
            row = read(Row, typed)
            facts.append(
                msgspec.convert(
                    {
                        "kind": row.kind,
                        "description": row.description,
                        "part_number": row.part_number,
                        "quantity": quantity_of(row.quantity),
                        "unit_price_minor": minor_of(row.price, currency, "price"),
                        "unit_cost_minor": minor_of(row.cost, currency, "cost"),
                        "taxable": not row.untaxed,
                    },
                    LineFacts,
                )
            )
        except Invalid as error:
            reason = next(iter(error.errors.values()))
            raise Invalid(
                {"lines": _("Line %(number)s is not right: %(reason)s", number=number, reason=reason)}
            ) from error
        except msgspec.ValidationError as error:
            raise Invalid(
                {"lines": _("Line %(number)s is not right: look at its numbers.", number=number)}
            ) from error
    return facts


def _typed(form: FormMultiDict) -> list[dict[str, str]]:
    columns = {name: [str(one) for one in form.getall(f"line_{name}", [])] for name in FIELDS}
    count = min(len(columns["description"]), MOST_LINES)
    # A box that is not ticked is not sent: these say in which rows they stand.
    untaxed = form.getall("line_untaxed", [])
    rows = [
        {name: values[n] if n < len(values) else "" for name, values in columns.items()}
        | {"untaxed": "yes" if str(n) in untaxed else ""}
        for n in range(count)
    ]
    return [row for row in rows if row["description"].strip()]


def _shown(line: CannedLine, currency: str) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "description": line.description,
        "part_number": line.part_number,
        "quantity": f"{line.quantity.normalize():f}",
        "price": str(to_major(line.unit_price_minor, currency)),
        "cost": str(to_major(line.unit_cost_minor, currency)),
        "untaxed": "" if line.taxable else "yes",
    }
