"""An invoice as data for the type-setter: every word and figure ready, in the customer's language.

What the fingerprint stands for is frozen and printed the same for ever. What was paid stands beside it, from
the books: it is no part of what was issued, and the paper of a paid invoice must not ask for the money again.
"""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files, pdf, words
from app.core.db import enter_tenant
from app.core.render import day, distance, money, number, percent, text_direction
from app.core.words import _
from app.domains.billing import crediting, finding, ledger
from app.domains.billing.credited_lines import as_lines, shares_of
from app.domains.billing.ledger import Movement
from app.domains.billing.models import CreditNote, Invoice, InvoiceLine, Payment
from app.domains.billing.words import paid_with
from app.domains.network.setting_table import PETROL
from app.gateways.storage import FileMissing

log = structlog.get_logger()


class Booked(msgspec.Struct, frozen=True):
    """What was booked on an invoice: (movement, what it was paid with), oldest first; and its credit notes."""

    movements: Sequence[tuple[Movement, Payment]] = ()
    credit_notes: Sequence[CreditNote] = ()


async def booked_of(db: AsyncSession, invoice: Invoice) -> Booked:
    """The state of the books that is printed beside an invoice the viewer has found. Opens the shop's tables."""
    await enter_tenant(db, invoice.tenant_id)
    payments = {payment.id: payment for payment in await finding.payments_of(db, invoice)}
    movements = await ledger.movements(db, invoice)
    return Booked(
        [(one, payments[one.payment_id]) for one in movements], await crediting.notes_of(db, invoice)
    )


async def typeset(invoice: Invoice, lines: Sequence[InvoiceLine], booked: Booked) -> bytes:
    """The invoice as PDF, with how it stands."""
    with words.speaking(invoice.content["locale"]):
        data = laid_out(invoice, lines) | standing(invoice, booked)
    data["logo"] = await _logo(invoice)
    return await pdf.typeset("billing/invoice.typ", data, made_at=invoice.issued_at)


async def typeset_note(note: CreditNote, invoice: Invoice, lines: Sequence[InvoiceLine]) -> bytes:
    """The credit note as PDF: the invoice's own lines, or parts of them, under another number."""
    with words.speaking(invoice.content["locale"]):
        data = note_laid_out(note, invoice, lines)
    data["logo"] = await _logo(invoice)
    return await pdf.typeset("billing/invoice.typ", data, made_at=note.issued_at)


async def _logo(invoice: Invoice) -> list[int]:
    """The bytes of the logo as it was when the invoice was issued; none when there was none, or when these are not
    those bytes."""
    logo = invoice.content.get("look", {}).get("logo")
    if not logo:
        return []
    try:
        found = await files.storage().get(logo["small_key"])
    except FileMissing:
        found = b""
    if hashlib.sha256(found).hexdigest() != logo["sha256"]:
        log.warning("invoice.logo_missing", invoice_id=str(invoice.id))
        return []
    return list(found)


def note_laid_out(note: CreditNote, invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    zone = invoice.content["zone"]
    facts = [
        (_("Issued"), day(note.issued_at, zone)),
        (_("For invoice"), invoice.label),
        (_("Of"), day(invoice.issued_at, zone)),
        (_("Order"), invoice.content["order"]),
    ]
    if note.total_minor == invoice.total_minor:
        said = _("This credit note takes invoice %(number)s back in full.", number=invoice.label)
    else:
        said = _("This credit note takes a part of invoice %(number)s back.", number=invoice.label)
    whole = laid_out(invoice, as_lines(lines, shares_of(note, lines)))
    return {
        **whole,
        "title": _("Credit note"),
        "number": note.label,
        "customer": {**whole["customer"], "label": _("Credit to")},
        "facts": [{"label": label, "value": value} for label, value in facts],
        "total": {"label": _("Credited"), "value": money(note.total_minor, invoice.currency)},
        "note": f"{said} {_('Reason: %(reason)s', reason=note.reason)}",
        "terms": [],  # a warranty on the work, how to pay: they are the invoice's
        "state": "",
        "movements": [],
        "fingerprint": {"label": _("Fingerprint (SHA-256):"), "value": note.content_hash.hex()},
    }


def laid_out(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    said = invoice.content
    shop, zone = said["shop"], said["zone"]
    return {
        "title": _("Invoice"),
        "number": invoice.label,
        "paper": said["paper"],
        "lang": said["locale"].split("_")[0],
        "dir": text_direction(said["locale"]),
        "accent": said.get("look", {}).get("accent", PETROL),
        "logo": [],
        "footer": " · ".join(
            part
            for part in (
                shop.get("legal_name") or shop["name"],
                shop["phone"],
                shop["email"],
                shop.get("website"),
                said.get("footer"),
            )
            if part
        ),
        "shop": {
            "name": shop["name"],
            "lines": _filled(
                shop.get("legal_name", ""),
                shop["address"],
                shop["city"],
                shop["phone"],
                shop.get("registration", ""),
            ),
        },
        "terms": said.get("terms", "").splitlines(),
        "customer": {
            "label": _("Bill to"),
            "name": said["customer"]["name"],
            "lines": _filled(
                said["customer"]["address"], said["customer"]["email"], said["customer"]["phone"]
            ),
        },
        "car": _car(said),
        "facts": _facts(invoice, said, zone),
        "columns": [_("Work"), _("Quantity"), _("Price"), _("Tax"), _("Amount")],
        "jobs": _jobs(invoice, lines),
        "sums": _sums(invoice, lines),
        "total": {"label": _("Total"), "value": money(invoice.total_minor, invoice.currency)},
        "fingerprint": {"label": _("Fingerprint (SHA-256):"), "value": invoice.content_hash.hex()},
    }


def standing(invoice: Invoice, booked: Booked) -> dict[str, Any]:
    """What is to be done about the invoice, and what was paid and given back, each with its day and its way."""
    zone, currency = invoice.content["zone"], invoice.currency
    asks = _("Please pay by %(day)s and name the invoice number.", day=day(invoice.due_at, zone))
    if invoice.status == "paid" and invoice.credited_minor:
        sum_ = money(invoice.credited_minor, currency)
        state = _("Paid, partly credited")
        said = _(
            "%(sum)s of this invoice is taken back, the rest is paid. There is nothing left to pay.", sum=sum_
        )
    elif invoice.status == "paid":
        state, said = _("Paid"), _("Paid in full. There is nothing left to pay.")
    elif invoice.status == "cancelled":
        state, said = _("Cancelled"), _("This invoice is cancelled. Please do not pay it.")
    elif invoice.status == "credited":
        state, said = _("Credited"), _("This invoice is taken back. Please do not pay it.")
    elif booked.movements or booked.credit_notes:
        state = ""
        said = _("Still to pay: %(sum)s.", sum=money(invoice.open_minor, currency)) + " " + asks
    else:
        state, said = "", asks
    return {
        "state": state,
        "note": said,
        "movements": [
            {
                "label": f"{day(one.at, zone)} · {_moved(one, payment)}",
                "value": money(one.amount_minor, currency),
            }
            for one, payment in booked.movements
        ]
        + [
            {
                "label": f"{day(note.issued_at, zone)} · {_('Credit note %(number)s', number=note.label)}",
                "value": money(-note.total_minor, currency),
            }
            for note in booked.credit_notes
        ],
    }


def _moved(one: Movement, payment: Payment) -> str:
    if one.is_return:
        return _("Sent back by the customer's bank")
    return paid_with(payment) if one.amount_minor > 0 else _("Given back")


def _filled(*lines: str) -> list[str]:
    return [line for text in lines for line in text.splitlines() if line.strip()]


def _car(said: dict[str, Any]) -> dict[str, Any]:
    car = said["car"]
    lines = _filled(car["trim"])
    if car["km"] is not None:
        lines.append(distance(car["km"], said["distance_unit"]))
    return {"label": _("Car"), "name": car["name"], "plate": car["plate"], "vin": car["vin"], "lines": lines}


def _facts(invoice: Invoice, said: dict[str, Any], zone: str) -> list[dict[str, str]]:
    facts = [
        (_("Issued"), day(invoice.issued_at, zone)),
        (_("Due"), day(invoice.due_at, zone)),
        (_("Order"), said["order"]),
        (_("Advisor"), said["advisor"]),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def by_job(lines: Sequence[InvoiceLine]) -> list[tuple[str, str, list[InvoiceLine]]]:
    """(job id, title, lines) in the order of the invoice."""
    return [
        (str(job_id), title, list(group))
        for (job_id, title), group in groupby(lines, key=lambda line: (line.job_id, line.job_title))
    ]


def _jobs(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[dict[str, Any]]:
    notes = {job["id"]: job["note"] for job in invoice.content["jobs"]}
    return [
        {
            "title": title,
            "note": notes.get(job_id, ""),
            "total": money(sum(line.net_minor for line in group), invoice.currency),
            "lines": [_line(line, invoice.currency) for line in group],
        }
        for job_id, title, group in by_job(lines)
    ]


def _line(line: InvoiceLine, currency: str) -> dict[str, str]:
    return {
        "name": line.description,
        "part": line.part_number,
        "quantity": quantity(line),
        "price": money(line.unit_price_minor, currency),
        "rate": percent(line.tax_rate, 4),
        "net": money(line.net_minor, currency),
    }


def quantity(line: InvoiceLine) -> str:
    """Hours for labour, plain figures for the rest."""
    figure = number(line.quantity)
    return _("%(hours)s h", hours=figure) if line.kind == "labor" else figure


def taxes(lines: Sequence[InvoiceLine]) -> list[tuple[Decimal, int, int]]:
    """(rate, net, tax) for each rate, the way a bill must show them."""
    split: dict[Decimal, tuple[int, int]] = {}
    for line in lines:
        rate = line.tax_rate.normalize()
        net, tax = split.get(rate, (0, 0))
        split[rate] = (net + line.net_minor, tax + line.tax_minor)
    return [(rate, net, tax) for rate, (net, tax) in sorted(split.items()) if rate]


def _sums(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in sums(invoice, lines)]


def sums(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[tuple[str, str]]:
    """Subtotal and each tax, formatted."""
    rows = [(_("Subtotal"), money(sum(line.net_minor for line in lines), invoice.currency))]
    for rate, net, tax in taxes(lines):
        label = _(
            "%(tax)s %(rate)s on %(net)s",
            tax=invoice.content["tax_name"],
            rate=percent(rate, 4),
            net=money(net, invoice.currency),
        )
        rows.append((label, money(tax, invoice.currency)))
    return rows
