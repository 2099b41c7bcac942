"""Every component, in both themes and both directions, at a phone's and a desk's width."""

from typing import Any

import pytest

from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.conftest import the_app

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["paper", "night"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_axe_finds_nothing_on_the_patterns(site: str, theme: str, direction: str) -> None:
    async with open_chromium() as browser:
        for width in (390, 1280):
            page, wrong = await new_page(browser, the_app(), viewport={"width": width, "height": 900})
            await page.goto(f"{ORIGIN}/dev/patterns?theme={theme}&direction={direction}")
            assert [*await faults(page), *wrong] == []


@pytest.mark.parametrize("address", ["/", "/sign-in", "/sign-up", "/offline", "/there-is-nothing-here"])
async def test_axe_finds_nothing_on_the_public_pages(site: str, address: str) -> None:
    async with open_chromium() as browser:
        for scheme in ("light", "dark"):
            options: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
            page, wrong = await new_page(browser, the_app(), **options)
            await page.goto(f"{ORIGIN}{address}")
            assert [*await faults(page), *wrong] == []
