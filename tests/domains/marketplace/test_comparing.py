"""Complete baskets first, and the same order however the offers came in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.core.db import new_id
from app.domains.marketplace.comparing import BY, Shown, Standing, _best, ranked
from app.domains.marketplace.models import ShopQuoteLine
from app.domains.marketplace.said import fit_status

DAY = datetime(2026, 12, 1, 9, tzinfo=UTC)

STANDINGS = st.lists(
    st.builds(
        Standing,
        quote_id=st.builds(new_id),
        available=st.integers(1, 4),
        missing=st.integers(0, 3),
        total_minor=st.integers(1, 5),
        delivers_at=st.integers(0, 3).map(lambda hours: DAY + timedelta(hours=hours)),
        distance_m=st.integers(0, 3),
        score=st.integers(0, 3).map(Decimal),
    ),
    max_size=8,
)


@given(STANDINGS, st.sampled_from(sorted(BY)), st.randoms())
def test_who_brings_more_stands_first_and_the_order_does_not_depend_on_who_came_first(offers, by, random):
    stood = ranked(offers, by)
    assert [one.missing for one in stood] == sorted(one.missing for one in offers)
    shuffled = list(offers)
    random.shuffle(shuffled)
    assert ranked(shuffled, by) == stood
    whole = [one for one in stood if not one.missing]
    if by in ("best", "total") and whole:
        assert whole[0].total_minor == min(one.total_minor for one in whole)
    if by == "score" and whole:
        assert whole[0].score == max(one.score for one in whole)


def test_a_number_that_the_buyer_named_is_not_proven_to_fit() -> None:
    line = ShopQuoteLine(
        is_available=True, fits="fits", fit_rule={"rule": "asked", "state": "fits", "number": "A 1"}
    )
    other = ShopQuoteLine(is_available=True, fits="fits", fit_rule={"rule": "fitment"})
    shown: Any = SimpleNamespace(there=[line, other])
    assert Shown.fitting.fget(shown) == 1  # type: ignore[attr-defined]
    assert fit_status(line) == ("info", "The number you asked for")
    assert fit_status(other)[1] == "Fits"


def test_a_nearer_shop_is_the_nearest_also_when_it_lacks_a_part() -> None:
    def stands(missing: int, total: int, metres: int) -> Standing:
        return Standing(
            quote_id=new_id(),
            available=2 - missing,
            missing=missing,
            total_minor=total,
            delivers_at=DAY,
            distance_m=metres,
        )

    near, cheap, dear = stands(1, 1, 100), stands(0, 50, 900), stands(0, 60, 800)
    assert _best([near, cheap, dear]) == {"total": {cheap.quote_id}, "distance": {near.quote_id}}
