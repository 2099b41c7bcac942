"""Where an order stands follows from what was bought, whatever happened to each purchase."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.core.db import new_id
from app.domains.marketplace.models import LIVE_PURCHASE, PURCHASE_MOVES, PartsOrderLine, Purchase
from app.domains.marketplace.standing import standing

Books = tuple[list[PartsOrderLine], list[Purchase]]


@st.composite
def books(draw: st.DrawFn) -> Books:
    lines = [
        PartsOrderLine(
            id=new_id(),
            position=n,
            name="x",
            quantity=Decimal(1),
            given_up=draw(st.booleans()),
            is_bought=False,
        )
        for n in range(draw(st.integers(1, 5)))
    ]
    purchases = []
    for line in lines:
        if not line.given_up and draw(st.booleans()):
            one = Purchase(id=new_id(), status=draw(st.sampled_from(sorted(PURCHASE_MOVES))))
            purchases.append(one)
            line.is_bought = one.status in LIVE_PURCHASE
    return lines, purchases


@given(books())
def test_a_wanted_line_without_a_seller_is_asked_for_again(made: Books) -> None:
    lines, purchases = made
    nobody_brings = [line for line in lines if not line.given_up and not line.is_bought]
    assert (standing(lines, purchases) == "quoted") == bool(nobody_brings)


@given(books())
def test_it_is_never_further_than_its_slowest_seller(made: Books) -> None:
    lines, purchases = made
    order = ("accepted", "processing", "shipped", "delivered", "return_requested", "returned")
    now = standing(lines, purchases)
    if now in order:
        alive = [order.index(one.status) for one in purchases if one.status in LIVE_PURCHASE]
        not_back = [place for place in alive if place != order.index("returned")]
        assert order.index(now) == min(not_back or alive)
