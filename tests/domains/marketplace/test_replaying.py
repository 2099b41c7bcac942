"""The winner is found again from the log, and a book that was touched is noticed."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.marketplace import accepting, orders, quoting
from app.domains.marketplace.models import Purchase
from app.domains.marketplace.replaying import against_the_books, log_of, replay
from tests.cast import Cast
from tests.conftest import viewing
from tests.market import asked, offered, quote_at


async def _as_network(db: AsyncSession) -> None:
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))


async def test_the_log_alone_says_who_won_and_what_stood_then(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads", "Discs")
    pads, discs = await orders.lines_of(db, order.id)
    first = await offered(db, order, 5000, 9000)
    first = await offered(db, order, 4800, 9000, core_charge_minor=100)
    other = await offered(db, order, 4700, None, seller=cast.second_seller)
    await quoting.withdraw(
        db, order, await quote_at(db, order, cast.second_seller), by=cast.second_seller.viewer
    )
    other = await offered(db, order, 4600, None, seller=cast.second_seller)
    choice = {pads.id: other.id, discs.id: first.id}
    await accepting.accept(db, order, choice, {first.id: 2, other.id: 2}, by=cast.customer.viewer)
    await _as_network(db)
    found = replay(await log_of(db, order))
    (decision,) = found.decisions
    assert [one.quote_id for one in decision.ranking] == [first.id, other.id]
    assert decision.chosen == choice
    assert decision.totals == {other.id: 4600, first.id: 9100}
    assert await against_the_books(db, order, found) == []


async def test_a_book_that_was_changed_afterwards_is_noticed(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    quote = await offered(db, order, 5000)
    (line,) = await orders.lines_of(db, order.id)
    (bought,) = await accepting.accept(db, order, {line.id: quote.id}, {quote.id: 1}, by=cast.customer.viewer)
    await viewing(db, cast.seller)
    same = {
        name: getattr(bought, name) for name in ("tenant_id", "order_id", "quote_id", "shop_id", "center_id")
    }
    db.add(
        Purchase(**same, user_id=bought.user_id, status="accepted", payment_method="card", payment_status="pending",
                 currency="USD", total_minor=4000, ship_to={}, accepted_at=bought.accepted_at)
    )  # fmt: skip
    await db.flush()
    await viewing(db, cast.customer)
    await _as_network(db)
    wrong = await against_the_books(db, order, replay(await log_of(db, order)))
    assert len(wrong) == 1
    assert "4000" in wrong[0]
