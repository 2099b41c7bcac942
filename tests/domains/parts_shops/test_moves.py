"""The state machines of a parts shop and of the way to one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Refused
from app.domains.parts_shops import onboarding
from app.domains.parts_shops.models import ONBOARDING_MOVES, SHOP_MOVES, PartsShop, ShopOnboarding
from app.domains.parts_shops.moves import move_onboarding, move_shop
from app.domains.parts_shops.steps import STEPS


@settings(deadline=None)  # the first words of a refusal wait for their catalogue
@given(st.lists(st.sampled_from(sorted(SHOP_MOVES)), max_size=12))
def test_a_shop_is_active_only_after_it_was_verified_and_every_move_is_a_legal_one(wanted):
    shop = PartsShop(status="pending_verification", version=1)
    seen = [shop.status]
    for to in wanted:
        before, version = shop.status, shop.version
        try:
            move_shop(shop, to)
        except Refused:
            assert to not in SHOP_MOVES[before]
            assert (shop.status, shop.version) == (before, version)
        else:
            assert to in SHOP_MOVES[before]
            assert shop.version == version + 1
            seen.append(to)
    assert seen[1:2] in ([], ["active"])
    assert "pending_verification" not in seen[1:]


@settings(deadline=None)  # the first words of a refusal wait for their catalogue
@given(st.lists(st.sampled_from(sorted(ONBOARDING_MOVES)), max_size=12))
def test_nothing_is_verified_without_a_reviewer_and_nothing_follows_it(wanted):
    way = ShopOnboarding(status="in_progress", version=1)
    seen = [way.status]
    for to in wanted:
        before = way.status
        try:
            move_onboarding(way, to)
        except Refused:
            assert way.status == before
        else:
            seen.append(to)
    if "completed" in seen:
        assert seen[-3:] == ["submitted", "verifying", "completed"]


@settings(deadline=None)  # the first words of a refusal wait for their catalogue
@given(st.sets(st.integers(1, 6)))
def test_back_is_open_and_forward_only_when_everything_before_is_done(done):
    way = ShopOnboarding(completed_steps=sorted(done))
    next_one = onboarding.first_open(way)
    for number, step in enumerate(STEPS, 1):
        assert onboarding.is_within_reach(way, step) == (not next_one or number <= STEPS.index(next_one) + 1)


@pytest.mark.parametrize("step", ["0", "7", "١", "businesss", "", "1.0", "-1"])
def test_a_step_that_does_not_exist_is_not_found(step):
    with pytest.raises(onboarding.NotFound):
        onboarding.number_of(step)
