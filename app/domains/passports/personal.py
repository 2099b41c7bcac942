"""What of passports is in their maker's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.passports.models import Passport


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "passports", _("The passports you made of your cars."), ("passports",),
            {
                "car_id": (Passport.vehicle_id, _("which car")),
                "document": (Passport.document, _("what it says")),
                "made_at": (Passport.created_at, _("when you made it")),
                "expires_at": (Passport.expires_at, _("until when its link opens")),
                "revoked_at": (Passport.revoked_at, _("when you took the link back")),
            },
            lambda rows: rows.select_from(Passport)
            .where(Passport.user_id == person)
            .order_by(Passport.created_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """Their links open nothing any more; a file somebody saved names nobody."""
    await db.execute(delete(Passport).where(Passport.user_id == person))


DECLARED = Declared(records, erase=erase)
