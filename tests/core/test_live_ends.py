"""A stream ends with the right to hear it: within five seconds of the session, the role or the account."""

import asyncio
import contextlib
import re
from time import monotonic

import httpx
import pytest
import uvicorn

from app.asgi import create_litestar
from app.core import live
from app.domains.booking import live as booking_live
from tests.cast import PASSWORD
from tests.conftest import the_app


@pytest.fixture
async def served(site):
    """The application behind a real server: a stream is not heard through a transport that waits for its end."""
    server = uvicorn.Server(uvicorn.Config(the_app(), port=0, log_level="warning", lifespan="off"))
    async with live.listening(None):
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110, uvicorn says so by an attribute alone
            await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        live._listener.closing.set()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@contextlib.asynccontextmanager
async def hearing(url, person, cookie=None, topics=("order:1:customer",)):
    """A page's stream, open; and a function that waits for its end and says how long that took."""
    place = (person.tenant_id, person.center_id) if person.tenant_id else None
    address = live.stream_url(topics, viewer=person.user_id, after=live.last_seq(), place=place)
    cookies = {"session": cookie or person.cookie}
    async with (
        httpx.AsyncClient(base_url=url, cookies=cookies, timeout=20) as http,
        http.stream("GET", address) as answer,
    ):
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        assert await anext(lines) == ": open"

        async def ended() -> tuple[float, list[str], int]:
            began = monotonic()
            rest = [line async for line in lines]
            return monotonic() - began, rest, (await http.get(address)).status_code

        yield ended


def _is_over(heard):
    seconds, lines, again = heard
    return seconds < 5 and "event: bye" in lines and again == 401


async def test_signing_out_ends_the_streams_of_all_its_pages(served, browser, cast):
    async with hearing(served, cast.customer) as ended, hearing(served, cast.customer) as other:
        await browser(cast.customer).post("/sign-out")
        assert all(_is_over(one) for one in await asyncio.gather(ended(), other()))


async def test_a_revoked_device_and_a_new_password_end_them(served, browser, cast):
    for act in (
        ("/settings/security/sessions/removal", {}),
        ("/settings/password", {"old_password": PASSWORD, "new_password": "seven slow rivers"}),
    ):
        signed = await browser().post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
        async with hearing(served, cast.customer, signed.cookies["session"]) as ended:
            answer = await browser(cast.customer).post(*act)
            assert answer.status_code == 303
            assert _is_over(await ended())


async def test_the_own_stream_goes_on_when_others_are_revoked(served, browser, cast):
    async with hearing(served, cast.customer) as ended:
        await browser(cast.customer).post("/settings/security/sessions/removal")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ended(), 4.5)


async def test_a_lost_role_and_a_closed_account_end_their_streams_and_none_opens_again(served, browser, cast):
    url = f"/settings/centers/{cast.owner.center_id}/people/{cast.advisor.staff_id}"
    board = [f"center:{cast.advisor.center_id}:board"]
    async with hearing(served, cast.advisor, topics=board) as lost, hearing(served, cast.customer) as closed:
        answer = await browser(cast.owner).post(f"{url}/roles", {"roles": "technician"})
        assert answer.status_code == 303
        answer = await browser(cast.network).post(f"/network/people/{cast.customer.user_id}/status")
        assert answer.status_code == 303
        assert all(_is_over(one) for one in await asyncio.gather(lost(), closed()))


async def test_a_page_that_asks_for_more_than_the_new_role_opens_no_stream_again(browser, cast):
    """Signed in anew, somebody who was made a technician still has the addresses of an advisor's pages."""
    center, place = cast.advisor.center_id, (cast.advisor.tenant_id, cast.advisor.center_id)
    kinds = ("appointments", "board")
    before = [
        live.stream_url([f"center:{center}:{kind}"], viewer=cast.advisor.user_id, after=0, place=place)
        for kind in kinds
    ]
    people = f"/settings/centers/{center}/people/{cast.advisor.staff_id}/roles"
    assert (await browser(cast.owner).post(people, {"roles": "technician"})).status_code == 303
    avery = browser()
    await avery.post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    assert (await avery.get(before[0])).status_code == 401
    async with live.listening(None):
        live._listener.closing.set()  # so that the stream ends as soon as it has opened
        assert (await avery.get(before[1])).status_code == 200


def test_an_audience_that_nobody_declared_does_not_start(monkeypatch):
    monkeypatch.setattr(booking_live, "gossip_topic", lambda about: f"gossip:{about}", raising=False)
    with pytest.raises(ValueError, match="gossip"):
        create_litestar()
    with pytest.raises(ValueError, match="gossip"):
        live.stream_url(["gossip:1"], viewer=None, after=0)


async def test_a_token_opens_no_stream_for_nobody_would_watch_it(browser, cast):
    said = {"email": cast.technician.email, "password": PASSWORD}
    token = (await browser().http.post("/api/v1/auth/login", json=said)).json()["access_token"]
    place = (cast.technician.tenant_id, cast.technician.center_id)
    board = [f"center:{cast.technician.center_id}:board"]
    url = live.stream_url(board, viewer=cast.technician.user_id, after=0, place=place)
    bearer = {"authorization": f"Bearer {token}"}
    assert (await browser().get(url, headers=bearer)).status_code == 401


async def test_a_page_of_a_shop_one_does_not_work_at_opens_no_stream(browser, cast):
    place = (cast.outsider.tenant_id, cast.outsider.center_id)
    url = live.stream_url(["center:1:board"], viewer=cast.advisor.user_id, after=0, place=place)
    assert (await browser(cast.advisor).get(url)).status_code == 401


async def test_the_streams_of_a_process_are_checked_with_one_question(served, cast, monkeypatch):
    asked = []

    async def counted(sessions, ask=live._standing):
        asked.append(len(sessions))
        return await ask(sessions)

    monkeypatch.setattr(live, "_standing", counted)
    async with hearing(served, cast.customer), hearing(served, cast.advisor), hearing(served, cast.advisor):
        await asyncio.sleep(live.CHECK_SECONDS + 1)
    assert 1 <= len(asked) <= 2
    assert asked[0] == 2


async def test_a_tablet_that_is_ended_ends_the_streams_of_whoever_stands_at_it(served, browser, cast):
    await browser(cast.technician).post("/settings/security/pin", {"pin": "3917"})
    kiosks = f"/settings/centers/{cast.owner.center_id}/kiosks"
    tablet = browser()
    await tablet.post("/sign-in", {"email": cast.owner.email, "password": PASSWORD})
    await tablet.post(kiosks, {"name": "Tablet", "idle_minutes": "5"})
    await tablet.post(f"/kiosk/people/{cast.technician.staff_id}", {"pin": "3917"})
    async with hearing(served, cast.technician, tablet.http.cookies["session"]) as ended:
        page = (await browser(cast.owner).get(kiosks)).text
        removal = re.search(rf"{kiosks}/[0-9a-f-]+/removal", page)
        assert removal
        assert (await browser(cast.owner).post(removal[0])).status_code == 303
        assert _is_over(await ended())


async def test_a_list_of_addresses_ends_the_streams_of_owners_elsewhere(served, browser, cast):
    async with hearing(served, cast.owner) as ended:
        olive = browser(cast.owner)
        olive.http._transport.client = ("203.0.113.9", 4711)
        saved = await olive.post("/settings/addresses", {"networks": "203.0.113.0/24"})
        assert saved.status_code == 303
        assert _is_over(await ended())
