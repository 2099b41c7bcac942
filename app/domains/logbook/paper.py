"""The logbook on paper."""

from typing import Any

from babel import Locale
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, pdf
from app.core.render import day, distance, money, text_direction
from app.core.viewer import Viewer
from app.core.words import _, spoken
from app.domains.garage import Vehicle
from app.domains.logbook import finding, showing
from app.domains.logbook.finding import Wanted
from app.domains.logbook.said import entry_kind_label, entry_title

MOST_ROWS = 2_000
"""On paper. Whoever has more prints a year at a time."""


async def laid_out(db: AsyncSession, me: Viewer, car: Vehicle, wanted: Wanted) -> dict[str, Any]:
    """Every word and figure of the paper."""
    entries = await finding.entries(db, car, wanted, most=MOST_ROWS + 1)
    shown = await showing.reckoned(db, me, car)
    shops = await showing.shops_of(db, entries)
    language, amount = spoken(), showing.amount_words(me, car)
    return {
        "title": _("Logbook"),
        "car": car.name,
        "plate": car.plate,
        "vin": car.vin,
        "made": _("Printed on %(day)s", day=day(clock.now(), me.zone)),
        "facts": [] if wanted.is_narrow else shown["facts"],
        "cut": _(
            "Only the latest %(most)d entries are shown. Print a year at a time for more.", most=MOST_ROWS
        )
        if len(entries) > MOST_ROWS
        else "",
        "head": [_("Day"), _("Mileage"), _("What"), _("Cost")],
        "rows": [
            [
                day(entry.day),
                "" if entry.km is None else distance(entry.km, car.odometer_unit),
                entry_kind_label(entry.kind),
                entry_title(entry.kind, entry.title),
                " · ".join(
                    part
                    for part in (
                        amount(entry),
                        entry.note,
                        _("verified by %(shop)s", shop=shops[entry.center_id])
                        if entry.center_id in shops
                        else "",
                    )
                    if part
                ),
                "" if entry.cost_minor is None else money(entry.cost_minor, entry.currency),
            ]
            for entry in entries[:MOST_ROWS]
        ],
        "lang": Locale.parse(str(language)).language,
        "dir": text_direction(str(language)),
        "page": "us-letter" if car.odometer_unit == "mi" else "a4",
    }


async def typeset(data: dict[str, Any]) -> bytes:
    """The paper as PDF."""
    return await pdf.typeset("logbook/logbook.typ", data, made_at=clock.now())
