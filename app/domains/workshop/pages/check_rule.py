"""The center says who makes the quality check."""

from typing import Any, Literal

import msgspec
from litestar import Request, Response, get, post

from app.core.forms import read
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.workshop import board, checking

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")


class RuleForm(msgspec.Struct):
    second_person: Literal["yes", "no"]


@get("/board/quality-check", opt=SETS_UP)
async def rule_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await board.center(db, me)
        needed = await checking.needs_second_person(db, center.id)
        return page(request, me, "workshop/check_rule.html", center=center, needs_second_person=needed)


@post("/board/quality-check", opt=SETS_UP, status_code=303)
async def change_rule(request: AnyRequest) -> Response[Any]:
    form = read(RuleForm, await request.form())
    async with begin(request) as (db, me):
        center = await board.center(db, me)
        await checking.say_who_checks(db, center, second_person=form.second_person == "yes", by=me)
        return see_other(request, "/board/quality-check", flash=_("Saved."))


HANDLERS = [rule_page, change_rule]
