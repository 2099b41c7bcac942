"""The state machine of an estimate: what may follow what."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domains.estimates.models import DECIDED, MOVES, OPEN, Estimate

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LEGAL = {
    ("draft", "sent"),
    ("draft", "superseded"),
    *((one, to) for one in ("sent",) for to in ("viewed",)),
    *((one, to) for one in OPEN for to in (*DECIDED, "expired", "superseded")),
    ("expired", "superseded"),
}


@pytest.mark.parametrize("before", MOVES)
@pytest.mark.parametrize("after", MOVES)
def test_only_legal_moves_are_allowed(before: str, after: str) -> None:
    assert Estimate(status=before).may_become(after) is ((before, after) in LEGAL)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_estimate_is_open_until_it_is_no_longer_valid(status: str) -> None:
    estimate = Estimate(status=status, valid_until=NOW)
    assert estimate.is_open(NOW - timedelta(seconds=1))
    assert not estimate.is_open(NOW)


@pytest.mark.parametrize("status", sorted(set(MOVES) - OPEN))
def test_only_a_sent_estimate_is_open(status: str) -> None:
    assert not Estimate(status=status, valid_until=NOW).is_open(NOW - timedelta(days=1))
