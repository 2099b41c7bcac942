"""What the database cannot keep is refused at the door, in plain words, for every route at once."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, SerializationException, ValidationException
from litestar.handlers import BaseRouteHandler

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.words import _

LARGEST = 2**63 - 1
"""PostgreSQL's bigint; every whole number of ours is one."""
DIGITS, DECIMALS = 15, 30
"""Of a number with decimals. More than a quadrillion of anything is a slip, and 1E900000 takes minutes to multiply."""
REACH = timedelta(days=20 * 366)

_NUL_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

Moment = TypeVar("Moment", date, datetime)


async def refuse_illegible(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Guard of every route. PostgreSQL's text holds no NUL, and no number of ours is larger than its bigint.
    Raises ClientException, and NotFound for a number in the path: nothing has that number."""
    if "\x00" in connection.scope["path"] or b"%00" in connection.scope["query_string"]:
        raise ClientException(_("The address holds a character that cannot be kept."))
    if isinstance(connection, Request) and _NUL_IN_JSON.search(await _json_of(connection)):
        raise ClientException(_("The text holds a character that cannot be kept."))
    if any(isinstance(one, int) and abs(one) > LARGEST for one in connection.path_params.values()):
        raise NotFound


async def _json_of(request: Request[Any, Any, Any]) -> bytes:
    is_json = request.headers.get("content-type", "").startswith("application/json")
    return await request.body() if is_json else b""


async def refuse_the_inexact(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard of the JSON API: a body is what the document says, so that `"false"` is no boolean and `"7"` no number. The
    framework by itself reads both as a form's. Raises ValidationException as it does."""
    wanted = handler.parsed_data_field
    if not isinstance(connection, Request) or wanted is None:
        return
    said = getattr(wanted.kwarg_definition, "media_type", RequestEncodingType.JSON)
    if said != RequestEncodingType.JSON:
        return
    try:
        body = msgspec.convert(await connection.json(), wanted.annotation, strict=True, str_keys=True)
        if not all(is_keepable(one) for one in _decimals(body)):
            raise msgspec.ValidationError("Number out of range")
    except SerializationException:
        return  # no JSON at all: the framework says so by itself
    except msgspec.ValidationError as error:
        words, _by, place = str(error).partition(" - at `$")
        fault = {"message": words, "key": place.strip(".`"), "source": "body"}
        detail = f"Validation failed for {connection.method} {connection.url.path}"
        raise ValidationException(detail, extra=[fault]) from error


def is_keepable(number: Decimal) -> bool:
    """Whether a number can be reckoned with and kept: finite, not huge, not of endlessly many decimals."""
    return number.is_finite() and number.adjusted() < DIGITS and -int(number.as_tuple().exponent) <= DECIMALS


def _decimals(value: Any) -> Iterator[Decimal]:
    if isinstance(value, Decimal):
        yield value
    elif isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    for one in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    ):
        yield from _decimals(one)


def within_reach(moment: Moment) -> Moment:
    """A day or moment of the next or the last twenty years. Raises Invalid for others: no workshop means them, and
    beside the first or the last day that can be written there is no day before or after."""
    day = moment.date() if isinstance(moment, datetime) else moment
    if abs(day - clock.now().date()) > REACH:
        raise Invalid({"": _("This date is too far away.")})
    return moment
