"""A visit of Dana's at Harbor Lane, and the addresses of its conversation."""

import pytest

from app.domains.services.models import Service
from tests.domains.booking.offering import offer
from tests.domains.booking.test_api import booked


@pytest.fixture
async def offered(site, cast) -> list[Service]:
    return await offer(cast)


@pytest.fixture
async def url(browser, cast, offered) -> str:
    made = await booked(browser(cast.customer), offered)
    return f"/appointments/{made.json()['id']}/messages"
