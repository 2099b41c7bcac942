"""A form that cannot be accepted comes back with what is to be mended, on a page read afresh."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeAlias

from litestar import Response

from app.core.errors import Invalid

Handler: TypeAlias = Callable[..., Awaitable[Response[Any]]]


def mending(show: Handler) -> Callable[[Handler], Handler]:
    """Decorate the handler of a POST: when it raises Invalid, `show(wrong=…, request=…, …)` answers 422."""

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        async def mended(**given: Any) -> Response[Any]:
            try:
                return await handler(**given)
            except Invalid as wrong:
                return await show(wrong=wrong, **given)

        return mended

    return wrap
