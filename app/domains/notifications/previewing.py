"""What a mail would look like, written to nobody."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.viewer import Viewer
from app.core.words import speaking
from app.domains.network import premises
from app.domains.network.branding import brand_of
from app.domains.network.models import ServiceCenter
from app.domains.notifications import mail_table, wording
from app.domains.notifications.composing import Parts, compose_worded
from app.domains.notifications.mail_table import CustomerMail
from app.domains.notifications.own_words import Words
from app.domains.notifications.recipients import Place, Recipient


def faults(mail: CustomerMail, subject: str, text: str) -> dict[str, str]:
    """What is wrong with words, by field."""
    return wording.accepted(mail, subject, text)[2]


async def preview(
    db: AsyncSession, me: Viewer, mail: CustomerMail, language: str, subject: str, text: str
) -> Parts:
    """A mail of the viewer's shop with these words and made-up facts. Raises Invalid by field."""
    subject, text, wrong = wording.accepted(mail, subject, text)
    if wrong:
        raise Invalid(wrong)
    place = await _place(db, me)
    to = Recipient(None, mail_table.CUSTOMER, "dana@example.com", language)
    with speaking(language):
        about = mail.example(place)
    return compose_worded(mail, Words(subject=subject, text=text), to, about, place=place)


async def _place(db: AsyncSession, me: Viewer) -> Place:
    """The workshop the viewer works at, else the first of the business."""
    tenant_id = premises.business_of(me)
    brand = await brand_of(db, tenant_id)
    center = await premises.clock_center(db, me)
    if center is None:
        first = (
            select(ServiceCenter)
            .where(ServiceCenter.tenant_id == tenant_id)
            .order_by(ServiceCenter.created_at)
        )
        center = await db.scalar(first.limit(1))
    return Place(tenant_id, center or ServiceCenter(name=brand.name, zone="UTC", currency="USD"), brand)
