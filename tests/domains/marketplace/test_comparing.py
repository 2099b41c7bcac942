"""Complete baskets first, and the same order however the offers came in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.core.db import new_id
from app.domains.marketplace.comparing import BY, Standing, ranked

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
