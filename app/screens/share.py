"""What another app shares with this one: the service worker keeps it in the browser, and here its person says where it goes."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post

from app.core.permissions import PUBLIC
from app.core.render import page
from app.core.security import csrf_exempt
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage

AnyRequest = Request[Any, Any, Any]

PHOTOS = ("image/jpeg", "image/png", "image/webp")
PAPERS = (*PHOTOS, "application/pdf")


class Target(msgspec.Struct):
    """A place for what was shared: the form of another page, sent from here with its own rules and its own token."""

    key: str
    title: str
    field_label: str
    button: str
    action: str
    """Where its form goes; {car} is the car's id."""
    field: str
    accepts: Sequence[str]
    several: bool = False
    words_field: str = ""
    """Where a shared text may go too."""
    whose: Literal["owner", "driver", "person"] = "driver"
    """Who may send it: an owner of the car, whoever drives it; a person's own names no car."""

    def may_use(self, car: UUID | None, *, is_own: bool) -> bool:
        return self.whose == "person" or (car is not None and (is_own or self.whose == "driver"))


def targets() -> list[Target]:
    """Everything a shared file can become. One more is one more line."""
    return [
        Target("photo", _("The photo of the car"), _("Photo"), _("Save photo"), "/garage/{car}/photo", "photo", PHOTOS, whose="owner"),
        Target("document", _("A document of the car"), _("Photos or PDF"), _("Keep as a document"), "/garage/{car}/documents", "files", PAPERS, several=True, words_field="note"),
        Target("paper", _("A paper of my own"), _("Photos or PDF"), _("Keep as a paper of my own"), "/documents", "files", PAPERS, several=True, words_field="note", whose="person"),
    ]  # fmt: skip


@get("/share", opt=needs("manage:own_vehicles"))
async def share_page(
    request: AnyRequest, car: UUID | None = None, missed: bool = False, full: bool = False
) -> Response[Any]:
    """Which car, and what becomes of it there. The files themselves are in the browser still. `missed`: they have not
    arrived; `full`: the device had no room for all of them."""
    async with begin(request) as (db, me):
        cars = await garage.mine(db, me, driven=True)
        owned = {one.id for one in await garage.mine(db, me, owned=True)}
        only = cars[0] if len(cars) == 1 else None
        chosen = next((one for one in cars if one.id == car), only)
        return page(
            request, me, "screens/share.html", cars=cars, chosen=chosen, missed=missed, full=full,
            targets=[
                one
                for one in targets()
                if one.may_use(chosen.id if chosen else None, is_own=chosen is not None and chosen.id in owned)
            ],
        )  # fmt: skip


@post(
    "/share",
    opt=needs(PUBLIC) | csrf_exempt("reads nothing and changes nothing: the service worker takes what is shared"),
)  # fmt: skip
async def shared_past_the_worker() -> Response[Any]:
    """A share that no service worker took, as from a browser that has just forgotten ours. Its body is not read."""
    return Response(None, status_code=303, headers={"Location": "/share?missed=true"})


router = Router("/", route_handlers=[share_page, shared_past_the_worker])
