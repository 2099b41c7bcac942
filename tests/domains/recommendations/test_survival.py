"""How long parts last: against what can be counted by hand, against properties, and against a seeded world."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domains.recommendations.survival import (
    Spell,
    fit,
    integrated_brier,
    kaplan_meier,
    lasts,
    mean_miss,
    when,
)

spells = st.lists(st.tuples(st.integers(1, 60), st.booleans(), st.integers(1, 5)), max_size=40)


def test_it_is_what_is_reckoned_by_hand() -> None:
    """Six parts: ended at 2, 4 and 4, still running at 3, 4 and 6."""
    curve = kaplan_meier([(2, True, 1), (3, False, 1), (4, True, 2), (4, False, 1), (6, False, 1)])
    assert [length for length, _share in curve] == [2, 4]
    assert [share for _length, share in curve] == pytest.approx([5 / 6, 5 / 6 * 1 / 2])
    assert [lasts(curve, length) for length in (1, 2, 99)] == pytest.approx([1, 5 / 6, 5 / 12])
    assert (when(curve, 0.1), when(curve, 0.5), when(curve, 0.9)) == (2, 4, None)
    assert when(curve, 0.3, after=2) == 4


@given(spells)
def test_it_falls_between_one_and_nothing(some: list[Spell]) -> None:
    shares = [1.0, *(share for _length, share in kaplan_meier(some))]
    assert all(0 <= after <= before for before, after in itertools.pairwise(shares))
    assert (kaplan_meier(some) == []) == (not any(is_event for _length, is_event, _count in some))


@given(spells.filter(bool))
def test_without_censoring_it_is_what_was_counted(some: list[Spell]) -> None:
    ended = [(length, True, count) for length, _is_event, count in some]
    total = sum(count for _length, _is_event, count in ended)
    curve = kaplan_meier(ended)
    for at in range(62):
        longer = sum(count for length, _is_event, count in ended if length > at)
        assert lasts(curve, at) == pytest.approx(longer / total)


@given(spells, st.randoms(use_true_random=False))
def test_the_order_of_what_was_seen_does_not_matter(some: list[Spell], chance: Random) -> None:
    other = list(some)
    chance.shuffle(other)
    assert kaplan_meier(some) == kaplan_meier(other)
    assert fit(some, some, 30) == fit(other, other, 30)


@given(spells)
def test_counts_may_come_together_or_one_by_one(some: list[Spell]) -> None:
    each = [(length, is_event, 1) for length, is_event, count in some for _one in range(count)]
    assert kaplan_meier(some) == kaplan_meier(each)


@given(spells, st.floats(0.01, 0.99), st.floats(0, 60))
def test_a_share_of_those_that_lasted_so_long_ends_later(
    some: list[Spell], share: float, after: float
) -> None:
    curve = kaplan_meier(some)
    found = when(curve, share, after=after)
    if found is not None:
        assert found > after
        assert lasts(curve, found) <= (1 - share) * lasts(curve, after) + 1e-9
        assert lasts(curve, found - 1) > (1 - share) * lasts(curve, after) - 1e-9 or found - 1 < after


def test_who_is_always_right_has_no_error_and_a_coin_a_quarter() -> None:
    held = [(20, True, 30)]
    assert integrated_brier(held, lambda at: 1.0 if at < 20 else 0.0) == 0
    assert integrated_brier(held, lambda at: 0.5) == pytest.approx(0.25)
    assert integrated_brier([(20, False, 30)], lambda at: 0.5) is None
    assert mean_miss([(20, True, 1), (30, True, 1), (99, False, 9)], 24) == pytest.approx(5)


def test_censoring_is_made_up_for() -> None:
    """The same world watched to the end, and half of it cut short at random: the error stays nearly the same."""
    chance = Random(7)
    whole: list[Spell] = []
    cut: list[Spell] = []
    for _car in range(4_000):
        length, until = max(1, round(chance.gauss(40, 8))), chance.randint(1, 100)
        whole.append((length, True, 1))
        cut.append((min(length, until), length <= until, 1))
    curve = kaplan_meier([(round(chance.gauss(40, 8)), True, 1) for _car in range(4_000)])

    def says(at: int) -> float:
        return lasts(curve, at)

    # Both up to the same length: what enough were watched for.
    full = integrated_brier([one for one in whole if one[0] <= 60], says)
    assert full == pytest.approx(integrated_brier([one for one in cut if one[0] <= 60], says), rel=0.15)


def world(chance: Random, cars: int, middle: float, spread: float) -> list[Spell]:
    seen: list[Spell] = []
    for _car in range(cars):
        length, until = max(1, round(chance.gauss(middle, spread))), chance.randint(20, 120)
        seen.append((min(length, until), length <= until, 1))
    return seen


@pytest.mark.parametrize("seed", range(8))
def test_where_the_rule_is_far_off_the_model_has_less_error_and_counts(seed: int) -> None:
    chance = Random(seed)
    found = fit(world(chance, 150, 70, 12), world(chance, 50, 70, 12), rule=50)
    assert found.error is not None
    assert found.rule_error is not None
    assert (found.why_off, found.error < found.rule_error) == ("", True)


@given(spells, spells, st.integers(1, 60))
def test_one_that_is_not_better_never_counts(seen: list[Spell], held: list[Spell], rule: int) -> None:
    found = fit(seen, held, rule)
    if found.why_off == "":
        assert found.error is not None
        assert found.rule_error is not None
        assert found.error < found.rule_error
        assert found.miss is not None
        assert found.rule_miss is not None
        assert found.miss <= found.rule_miss
        assert found.events >= 20
        assert found.held_events >= 8


def test_one_that_learned_from_another_world_is_off() -> None:
    chance = Random(3)
    found = fit(world(chance, 150, 30, 5), world(chance, 50, 60, 5), rule=60)
    assert found.why_off == "worse"


def test_one_that_has_seen_too_little_is_off() -> None:
    chance = Random(4)
    assert fit(world(chance, 15, 60, 5), world(chance, 50, 60, 5), rule=40).why_off == "few"
    assert fit(world(chance, 150, 60, 5), world(chance, 4, 60, 5), rule=40).why_off == "few"
    assert fit([], [], rule=40).why_off == "few"
