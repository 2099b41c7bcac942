"""/settings/addresses: from where the business lets its owners in."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.network import addresses

AnyRequest = Request[Any, Any, Any]
OWNER = needs("manage:center")
HERE = "/settings/addresses"


class AddressesForm(msgspec.Struct):
    networks: Annotated[str, Meta(max_length=4000)] = ""


@get(HERE, opt=OWNER)
async def addresses_page(request: AnyRequest) -> Response[Any]:
    return await _show(request)


async def _show(request: AnyRequest, wrong: Invalid | None = None) -> Response[Any]:
    typed = str(values_of(await request.form()).get("networks", "")) if wrong else None
    async with begin(request) as (db, me):
        listed = "\n".join(await addresses.allowed(db, me))
        return page(
            request, me, "network/addresses.html", status=422 if wrong else 200,
            networks=listed if typed is None else typed, errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post(HERE, opt=OWNER, status_code=303)
async def change_addresses(request: AnyRequest) -> Response[Any]:
    try:
        networks = addresses.read_list(read(AddressesForm, await request.form()).networks)
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            await addresses.allow(db, networks, by=me)
            said = (
                _("Saved. Owners are let in from these addresses only.")
                if networks
                else _("Saved. Owners are let in from everywhere.")
            )
            return see_other(request, HERE, flash=said)
    except Invalid as wrong:
        return await _show(request, wrong)


router = Router("/", route_handlers=[addresses_page, change_addresses])
