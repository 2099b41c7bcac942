"""The real processes of `bin/run`, started once for the journeys, and a Chromium."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from app.engine.home import Home
from tests.browser.in_process import open_chromium
from tests.processes.running_site import running, until


@pytest.fixture(scope="session")
def live_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running site with the demo's shops. TORQUELINE_SITE_HOME names that of one that already runs."""
    if known := os.environ.get("TORQUELINE_SITE_HOME"):
        yield Path(known)
        return
    with running(tmp_path_factory.mktemp("journey")) as site:
        with contextlib.suppress(AssertionError):  # on a busy machine the journeys begin all the same
            until(site.has_caught_up, within=120)
        yield site.home.root


@pytest.fixture(scope="session")
def live_url(request: pytest.FixtureRequest) -> str:
    """Where a site with the demo's shops answers. TORQUELINE_SITE names one that already runs."""
    if known := os.environ.get("TORQUELINE_SITE"):
        return known.rstrip("/")
    state = Home(request.getfixturevalue("live_home")).state()
    assert state is not None
    return str(state["address"])


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with open_chromium() as browser:
        yield browser
