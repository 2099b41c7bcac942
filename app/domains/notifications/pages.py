"""The bell and the list; in the demo also every mail that was written."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from app.core.errors import NotFound
from app.core.forms import read
from app.core.limits import limited
from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.render import fragment, page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import customers
from app.domains.notifications import outbox, reading, writing_to
from app.domains.notifications.writing_to import MESSAGES, Message
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
MINE = needs(SIGNED_IN)

MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)
"""A mail brings its own styles and nothing that runs."""


@get("/notifications", opt=MINE)
async def list_notifications(request: AnyRequest, before: FromQuery[UUID | None] = None) -> Response[Any]:
    async with begin(request) as (db, me):
        found = await reading.mine(db, me, before=before, limit=reading.PAGE + 1)
        return page(
            request,
            me,
            "notifications/list.html",
            notifications=found[: reading.PAGE],
            older=found[reading.PAGE - 1].id if len(found) > reading.PAGE else None,
            before=before,
            unread=await reading.unread(db, me),
        )


@get("/notifications/unread", opt=MINE)
async def show_unread(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return fragment(request, me, "notifications/_unread.html", unread=await reading.unread(db, me))


@post(
    "/customers/{number:int}/messages",
    opt=needs("update:customers", "messages") | limited(MESSAGES),
    status_code=303,
)
async def write_message(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    message = read(Message, await request.form())
    async with begin(request) as (db, me):
        customer = await customers.find_by_number(db, me, number)
        await writing_to.write_to(db, customer, message, by=me)
        said = _("%(name)s is told.", name=customer.name)
        return see_other(request, f"/customers/{number}", flash=said)


@post("/notifications/{notification_id:uuid}/reading", opt=MINE)
async def open_notification(request: AnyRequest, notification_id: FromPath[UUID]) -> Response[Any]:
    """Read one and go on to what it is about."""
    async with begin(request) as (db, me):
        found = await reading.find(db, me, notification_id)
        await reading.mark_read(db, found, by=me)
        return see_other(request, found.url or "/notifications")


@post("/notifications/reading", opt=MINE)
async def read_all(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        await reading.mark_all_read(db, by=me)
        return see_other(request, "/notifications")


@get("/dev/mail", opt=needs(PUBLIC))
async def list_mails(request: AnyRequest, before: FromQuery[UUID | None] = None) -> Response[Any]:
    _only_where_mails_stay()
    async with begin(request) as (db, me):
        mails = await outbox.newest(db, before=before)
        return page(request, me, "dev/mails.html", mails=mails, last=mails[-1].id if mails else None)


@get("/dev/mail/{mail_id:uuid}", opt=needs(PUBLIC))
async def show_mail(request: AnyRequest, mail_id: FromPath[UUID]) -> Response[Any]:
    _only_where_mails_stay()
    async with begin(request) as (db, me):
        mail = await outbox.find(db, mail_id)
        return page(request, me, "dev/mail.html", mail=mail, text=outbox.opened(mail, mail.text))


@get("/dev/mail/{mail_id:uuid}/html", opt=needs(PUBLIC))
async def show_mail_html(request: AnyRequest, mail_id: FromPath[UUID]) -> Response[str]:
    """The HTML part by itself, as a mail program shows it."""
    _only_where_mails_stay()
    async with begin(request) as (db, _me):
        mail = await outbox.find(db, mail_id)
        headers = {"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"}
        return Response(
            outbox.opened(mail, mail.html), media_type="text/html; charset=utf-8", headers=headers
        )


def _only_where_mails_stay() -> None:
    """Whatever really leaves is for its recipient alone."""
    if not settings().has_dev_pages or settings().smtp_url:
        raise NotFound


router = Router(
    "/",
    route_handlers=[
        list_notifications,
        show_unread,
        open_notification,
        read_all,
        write_message,
        list_mails,
        show_mail,
        show_mail_html,
    ],
)
