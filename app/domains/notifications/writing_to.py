"""What the shop itself has to say to a customer: a line in their list, and a mail."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Refused
from app.core.events import Event, record
from app.core.limits import Limit
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.customers import Customer, seal_for, unseal_for

MESSAGES = Limit("message to customer", times=60, within=timedelta(hours=1), per="person")


class MessageWritten(Event, frozen=True, kw_only=True):
    """The shop wrote to a customer."""

    customer_id: UUID
    center_id: UUID
    sealed: str = ""
    """Title and text, for whoever holds the customer's key."""
    title: str = ""
    message: str = ""
    """As they stood here before there were such keys."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    message: Annotated[str, Meta(min_length=1, max_length=2000)]


async def write_to(db: AsyncSession, customer: Customer, message: Message, *, by: Viewer) -> UUID:
    """Tell a customer something; the event's id. Raises Refused when nothing would reach them."""
    if by.center_id is None:
        raise Refused(_("Choose the service center you work at first."))
    if not customer.user_id and not customer.email:
        raise Refused(
            _("%(name)s has neither an account nor an email address. Please call.", name=customer.name)
        )
    words = msgspec.json.encode(message).decode()
    event = MessageWritten(
        customer_id=customer.id, center_id=by.center_id, sealed=await seal_for(db, customer, words)
    )
    return await record(db, event, by=by, person=customer.user_id, subject=customer.id)


async def read_again(db: AsyncSession, event: MessageWritten, *, tenant_id: UUID) -> Message | None:
    """What was written; None once its customer was erased."""
    if not event.sealed:
        return Message(title=event.title, message=event.message)
    words = await unseal_for(db, tenant_id, event.customer_id, event.sealed)
    return msgspec.json.decode(words, type=Message) if words is not None else None
