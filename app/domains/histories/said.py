"""The words of a history: what a table's rows are, what a column holds, what becomes of a row."""

from app.core.words import N_, _
from app.domains.histories.programs import BY_COLUMN, READINGS
from app.domains.histories.rows import Row

KINDS = {
    "service": N_("Maintenance"),
    "repair": N_("Repairs"),
    "upgrade": N_("Upgrades"),
    "fuel": N_("Fill-ups"),
    "charge": N_("Charging"),
    "tyres": N_("Tires"),
    "tax": N_("Taxes"),
    "insurance": N_("Insurance"),
    "note": N_("Other costs and notes"),
    READINGS: N_("Mileage only"),
    BY_COLUMN: N_("Each row says it itself"),
    "": N_("Leave this table out"),
}
FIELDS = {
    "day": N_("Day"),
    "km": N_("Mileage"),
    "kind": N_("Kind"),
    "title": N_("What was done"),
    "note": N_("Note"),
    "cost": N_("Cost in total"),
    "amount": N_("Amount filled in"),
    "price": N_("Price of one unit"),
    "full": N_("Filled up? yes or no"),
    "partial": N_("Partly filled? yes or no"),
    "missed": N_("One before is missing? yes or no"),
    "tags": N_("Tags"),
    "car": N_("Which car"),
    "currency": N_("Currency"),
}
"""The columns their owner may say anew. What else is known of a program's own columns stays as it is."""


def kinds() -> list[tuple[str, str]]:
    return [(code, _(words)) for code, words in KINDS.items()]


def fields() -> dict[str, str]:
    return {name: _(words) for name, words in FIELDS.items()}


def conventions() -> dict[str, list[tuple[str, str]]]:
    """What can be chosen for each of the conventions of a file."""
    return {
        "day_order": [("ymd", "2026-01-31"), ("dmy", "31.01.2026"), ("mdy", "01/31/2026")],
        "decimal_mark": [(".", "1,234.50"), (",", "1.234,50")],
        "distance": [("km", _("Kilometers")), ("mi", _("Miles"))],
        "volume": [
            ("l", _("Liters")), ("gal_us", _("Gallons (US)")), ("gal_uk", _("Gallons (imperial)")), ("kwh", _("kWh")),
        ],
    }  # fmt: skip


def outcome(row: Row) -> str:
    """What becomes of a row."""
    return {
        "entry": _("an entry"),
        "reading": _("a reading of the mileage"),
        "left_out": _("left out"),
        "wrong": _("not readable"),
    }[row.outcome]
