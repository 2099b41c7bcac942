"""/settings/notifications: the devices one is told on, what one is told there and by mail, and when not."""

from datetime import time, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound, Refused
from app.core.forms import read
from app.core.limits import Limit, limited
from app.core.one_time import REPEATABLE
from app.core.permissions import SIGNED_IN
from app.core.render import page, see_other
from app.core.security import binding_of, csrf_token
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.notifications import choices, devices, quiet_hours
from app.domains.notifications.devices import push_key
from app.domains.notifications.push_topics import MAIL_TOPICS, TOPICS
from app.gateways.push import Push, Subscription
from app.gateways.push.keys import from_base64
from app.gateways.push.services import LONGEST_ENDPOINT

AnyRequest = Request[Any, Any, Any]

MINE = needs(SIGNED_IN)
HERE = "/settings/notifications"
DEVICES = Limit("push devices", times=60, within=timedelta(hours=1), per="person")
TRIES = Limit("push tries", times=20, within=timedelta(hours=1), per="person")

Endpoint = Annotated[str, Meta(max_length=LONGEST_ENDPOINT)]
Key = Annotated[str, Meta(max_length=100)]


class DeviceForm(msgspec.Struct):
    endpoint: Endpoint
    p256dh: Key
    auth: Key
    replaces: Endpoint = ""
    renewal: bool = False
    """The page found that the browser is subscribed, and asks whether the person is told there."""


class ChoicesForm(msgspec.Struct):
    mails: list[str] = []
    topics: list[str] = []


class QuietForm(msgspec.Struct):
    starts: time | None = None
    ends: time | None = None


class Kept(msgspec.Struct):
    """What the page's script is answered."""

    is_told: bool
    why: str = ""


def _push() -> Push:
    """Raises NotFound where the site has no key for it: then none of this is there."""
    pushes = devices.push()
    if pushes is None:
        raise NotFound
    return pushes


@get(HERE, opt=MINE)
async def telling_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(request, me, "notifications/telling.html", **await _shown(db, me))


async def _shown(db: AsyncSession, me: Viewer) -> dict[str, Any]:
    quiet = await quiet_hours.of_person(db, me.user_id)
    return {
        "devices": await devices.of_person(db, me),
        "muted": await choices.muted(db, me.user_id, "push"),
        "muted_mails": await choices.muted(db, me.user_id, "mail"),
        "starts": quiet.starts.isoformat("minutes") if quiet else "",
        "ends": quiet.ends.isoformat("minutes") if quiet else "",
        "topics": TOPICS,
        "mail_topics": MAIL_TOPICS,
    }


@get(f"{HERE}/key", opt=MINE)
async def show_key(request: AnyRequest) -> dict[str, str]:
    """For the service worker, which has no page to read the form token from."""
    pushes = _push()
    async with begin(request):
        return {"key": pushes.public_key, "csrf_token": csrf_token(binding_of(request))}


@post(f"{HERE}/devices", opt=MINE | REPEATABLE | limited(DEVICES), status_code=200)
async def add_device(request: AnyRequest) -> Response[Kept]:
    pushes = _push()
    form = await request.form()
    async with begin(request) as (db, me):
        try:
            given = read(DeviceForm, form)
            if given.renewal:
                return Response(Kept(await devices.renew(db, given.endpoint, by=me)))
            subscription = Subscription(given.endpoint, _plain(given.p256dh), _plain(given.auth))
            await devices.add(db, subscription, pushes=pushes, by=me, replaces=given.replaces)
            return Response(Kept(True))
        except Refused as refused:
            return Response(Kept(False, refused.words), status_code=refused.status)
        except Invalid:
            words = _("What the browser says of itself cannot be read.")
            return Response(Kept(False, words), status_code=422)


def _plain(key: str) -> bytes:
    """A key as the browser writes it. Raises Invalid."""
    try:
        return from_base64(key)
    except ValueError as wrong:
        raise Invalid({"keys": str(wrong)}) from wrong


@post(f"{HERE}/devices/{{device_id:uuid}}/removal", opt=MINE, status_code=303)
async def remove_device(request: AnyRequest, device_id: FromPath[UUID]) -> Response[Any]:
    _push()
    async with begin(request) as (db, me):
        await devices.remove(db, await devices.find(db, me, device_id))
        return see_other(request, HERE, flash=_("You are no longer told there."))


@post(f"{HERE}/devices/{{device_id:uuid}}/test", opt=MINE | limited(TRIES), status_code=303)
async def try_device(request: AnyRequest, device_id: FromPath[UUID]) -> Response[Any]:
    _push()
    async with begin(request) as (db, me):
        await devices.try_out(db, await devices.find(db, me, device_id), by=me)
        return see_other(
            request, HERE, flash=_("It is on its way. It should show on that device in a moment.")
        )


@post(f"{HERE}/topics", opt=MINE, status_code=303)
async def choose_topics(request: AnyRequest) -> Response[Any]:
    given = read(ChoicesForm, await request.form())
    async with begin(request) as (db, me):
        await choices.choose(db, "mail", given.mails, by=me)
        if push_key():
            await choices.choose(db, "push", given.topics, by=me)
        return see_other(request, HERE, flash=_("Saved."))


@post(f"{HERE}/quiet-hours", opt=MINE, status_code=303)
async def choose_quiet_hours(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            given = read(QuietForm, form)
            await quiet_hours.choose(db, given.starts, given.ends, by=me)
            return see_other(request, HERE, flash=_("Saved."))
    except Invalid as wrong:
        async with begin(request) as (db, me):
            shown = await _shown(db, me)
            shown |= {"starts": form.get("starts", ""), "ends": form.get("ends", ""), "errors": wrong.errors}
            return page(request, me, "notifications/telling.html", status=422, **shown)


router = Router(
    "/",
    route_handlers=[
        telling_page,
        show_key,
        add_device,
        remove_device,
        try_device,
        choose_topics,
        choose_quiet_hours,
    ],
)
