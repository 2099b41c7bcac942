"""The API for people: what the calls are, what each needs, and how a program signs in. Drawn from the routes themselves."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler

from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.render import page
from app.core.visit import begin, needs

HERE = "/api/v1/"


class Call(msgspec.Struct):
    """One line of the page."""

    part: str
    method: str
    path: str
    title: str
    about: str
    needs: str
    body: list[tuple[str, bool]]
    """The names of its JSON, and whether each must be there."""


def calls(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every call of ours: its path and what answers it."""
    for route in app.routes:
        if route.path.startswith(HERE):
            for handler in getattr(route, "route_handlers", []):
                if not handler.fn.__module__.startswith("litestar."):
                    yield route.path_format, handler


def _described(path: str, handler: HTTPRouteHandler) -> Call:
    data = handler.parsed_fn_signature.parameters.get("data")
    kind = data.annotation if data else None
    fields = (
        msgspec.structs.fields(kind) if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ()
    )
    return Call(
        part=(handler.resolve_tags() or ["other"])[0],
        method=min(handler.http_methods),
        path=path,
        title=handler.handler_name.removesuffix("_as_json").replace("_", " ").capitalize(),
        about=cleandoc(handler.fn.__doc__ or ""),
        needs=handler.opt["needs"],
        body=[(one.encode_name, one.required) for one in fields],
    )


@get("/api", opt=needs(PUBLIC))
async def interface_page(request: Request[Any, Any, Any]) -> Response[Any]:
    parts: dict[str, list[Call]] = {}
    for path, handler in sorted(calls(request.app), key=lambda one: one[0]):
        one = _described(path, handler)
        parts.setdefault(one.part, []).append(one)
    async with begin(request) as (_db, me):
        return page(
            request, me, "screens/interface.html", parts=dict(sorted(parts.items())), PUBLIC=PUBLIC, SIGNED_IN=SIGNED_IN
        )  # fmt: skip


router = Router("/", route_handlers=[interface_page])
