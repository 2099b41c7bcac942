"""A visitor who wants to book is told why they are asked to sign in."""

from collections.abc import Callable

import pytest

from tests.browsing import Browser


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up"])
async def test_the_sign_in_page_says_why_when_a_booking_led_to_it(
    browser: Callable[..., Browser], page: str
) -> None:
    visitor = browser()
    asked = await visitor.get("/book/harbor-lane-garage")
    assert asked.headers["location"] == "/sign-in?next=%2Fbook%2Fharbor-lane-garage"
    assert (
        "The workshop you chose is kept." in (await visitor.get(f"{page}?next=/book/harbor-lane-garage")).text
    )
    assert "The workshop you chose is kept." not in (await visitor.get(f"{page}?next=/garage")).text
