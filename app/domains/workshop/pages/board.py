"""The board, and the one way to move a card on it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains.network.premises import open_stretches
from app.domains.workshop import board, orders
from app.domains.workshop.live import board_topic
from app.domains.workshop.moves import stage_words
from app.domains.workshop.open_ends import StillOpen, open_ends
from app.domains.workshop.pages.regions import show

AnyRequest = Request[Any, Any, Any]
STAFF = needs("update:service_progress")


class StageForm(msgspec.Struct):
    """Where a card goes. The bay is always sent; empty is no bay."""

    stage: Annotated[str, msgspec.Meta(max_length=40)]
    version: int
    bay: UUID | None = None
    technician: UUID | None = None
    back: Annotated[str, msgspec.Meta(max_length=20)] = "board"
    open: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """`accept` passes over what is still open, with a reason."""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    seen: list[str] = []
    """What was shown as open when that was accepted."""

    def home(self, number: int) -> str:
        """Where the card was moved."""
        if self.back == "order":
            return f"/orders/{number}"
        return "/board" + (f"?technician={self.technician}" if self.technician else "")


async def _shown(db: AsyncSession, me: Viewer, technician: UUID | None) -> dict[str, Any]:
    center = await board.center(db, me)
    shown = await board.cards(db, me, technician_id=technician, opening=await open_stretches(db, center))
    bays = await board.bays(db, me)
    counts = {column.stage: len(column.cards) for column in board.columns(shown)}
    return {
        "center": center,
        "lanes": board.lanes(shown, bays),
        "stages": [(stage, word, counts[stage]) for stage, word in stage_words().items()],
        "bays": bays,
        "technicians": await board.technicians(db, me),
        "technician": technician,
        "late": sum(card.is_late for card in shown),
        "count": len(shown),
        "inside": sum(card.stage != "delivered" for card in shown),
    }


@get("/board", opt=STAFF)
async def board_page(request: AnyRequest, technician: FromQuery[UUID | None] = None) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _shown(db, me, technician)
        topics = [board_topic(shown["center"].id)]
        return show(request, me, "workshop/board.html", "workshop/_grid.html", topics=topics, **shown)


@post("/orders/{number:int}/stage", opt=STAFF, status_code=303)
async def move_card(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    form = read(StageForm, await request.form())
    try:
        async with begin(request) as (db, me):
            order = await orders.find(db, me, number)
            await board.move(
                db,
                order,
                to=form.stage,
                by=me,
                version=form.version,
                bay_id=form.bay,
                in_bay=True,
                anyway=form.reason if form.open == "accept" else None,
                seen=form.seen,
            )
            return see_other(request, form.home(number))
    except StillOpen:
        return await _ask(request, number, form)
    except Invalid as wrong:
        return await _ask(request, number, form, wrong)


async def _ask(
    request: AnyRequest, number: int, form: StageForm, wrong: Invalid | None = None
) -> Response[Any]:
    """Before a card goes past what is still open: a page of its own, a dialog where htmx asked."""
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        return show(
            request,
            me,
            "workshop/move_anyway.html",
            "workshop/_move_anyway.html",
            status=409,
            errors=wrong.errors if wrong else {},
            order=order,
            asked=form,
            ends=await open_ends(db, order, form.stage),
            stage=stage_words()[form.stage],
        )


HANDLERS = [board_page, move_card]
