"""Every component, in both themes and both directions, at a phone's and a desk's width."""

import pytest

from tests.browser.in_process import looked_at, new_page, open_chromium
from tests.conftest import the_app

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["paper", "night"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_axe_finds_nothing_on_the_patterns(site: str, theme: str, direction: str) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app())
        found = await looked_at(page, f"/dev/patterns?theme={theme}&direction={direction}")
        assert [*found, *wrong] == []


@pytest.mark.parametrize("address", ["/", "/sign-in", "/sign-up", "/offline", "/there-is-nothing-here"])
async def test_axe_finds_nothing_on_the_public_pages(site: str, address: str) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app())
        assert [*await looked_at(page, address), *wrong] == []
