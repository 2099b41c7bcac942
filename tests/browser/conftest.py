"""The real processes of `bin/run`, started once for the journeys, and a Chromium."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.browser.in_process import open_chromium
from tests.processes.running_site import running


@pytest.fixture(scope="session")
def live_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a site with the demo's shops answers. TORQUELINE_SITE names one that already runs."""
    if known := os.environ.get("TORQUELINE_SITE"):
        yield known.rstrip("/")
        return
    with running(tmp_path_factory.mktemp("journey")) as site:
        yield site.url


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with open_chromium() as browser:
        yield browser
