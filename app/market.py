"""`torqueline market replay ORDER`: find the winner of an order again, from the log alone."""

import sys

from sqlalchemy import select, text

from app.core import db
from app.core.db import transaction
from app.core.money import to_major
from app.domains.marketplace import orders
from app.domains.marketplace.models import PartsOrder
from app.domains.marketplace.replaying import Decision, against_the_books, log_of, replay
from app.settings import Settings


async def replay_order(settings: Settings, code: str) -> int:
    """Print what stood and who won. 0 when the books say the same, 1 when they do not, 2 when there is no such order."""
    db.connect(settings.sqlalchemy_url)
    try:
        async with transaction() as session:
            await session.execute(text("SELECT set_config('app.network', 'on', true)"))
            order = await session.scalar(select(PartsOrder).where(PartsOrder.code == code.strip().upper()))
            if order is None:
                print(f"There is no order {code}.", file=sys.stderr)
                return 2
            names = {quote.id: quote.shop_name for quote in await orders.quotes_of(session, order.id)}
            lines = {line.id: line.name for line in await orders.lines_of(session, order.id)}
            found = replay(await log_of(session, order))
            wrong = await against_the_books(session, order, found)
    finally:
        await db.disconnect()
    print(
        f"{order.code}: {len(found.bids)} shops were asked, {sum(bid.revision for bid in found.bids.values())} offers made."
    )
    for decision in found.decisions:
        _print(decision, names, lines, order.currency)
    if not found.decisions:
        print("Nobody has won: the buyer has not decided.")
    print(
        "The books say the same." if not wrong else "The books do NOT say the same:\n  " + "\n  ".join(wrong)
    )
    return 1 if wrong else 0


def _print(decision: Decision, names: dict, lines: dict, currency: str) -> None:  # type: ignore[type-arg]
    print(
        f"Round {decision.round}, decided at {decision.at:%Y-%m-%d %H:%M:%S} UTC. What stood then, best first:"
    )
    for place, one in enumerate(decision.ranking, 1):
        won = "  won" if one.quote_id in decision.totals else ""
        parts = f"{one.available} of {one.available + one.missing} parts"
        total = f"{to_major(one.total_minor, currency):,} {currency}"
        print(
            f"  {place:>2}. {names[one.quote_id]:<34} {total:>16}  {parts}  {one.distance_m / 1000:.1f} km{won}"
        )
    for line, quote in decision.chosen.items():
        print(f"  {lines.get(line, line)}: {names[quote]}")
