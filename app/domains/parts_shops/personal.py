"""What of somebody's way to a parts shop is in their copy."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.db import transaction
from app.core.personal import Declared, Paper, Records
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.parts_shops.models import OnboardingDocument, ShopOnboarding


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "parts_shop_onboarding", _("What you wrote down to sell parts here."), ("shop_onboardings",),
            {
                "state": (ShopOnboarding.status, _("how far it is")),
                "answers": (ShopOnboarding.answers, _("your answers, by step")),
                "reasons": (ShopOnboarding.reasons, _("what the reviewer wanted to know, by step")),
                "begun_at": (ShopOnboarding.created_at, _("when you began")),
                "submitted_at": (ShopOnboarding.submitted_at, _("when you handed it in")),
                "decided_at": (ShopOnboarding.decided_at, _("when it was decided")),
            },
            lambda rows: rows.where(ShopOnboarding.user_id == person).order_by(ShopOnboarding.created_at),
        ),
        Records(
            "parts_shop_papers", _("The papers you sent to be verified; the files are in the folder."), ("onboarding_documents",),
            {
                "kind": (OnboardingDocument.kind, _("what it shows")),
                "name": (File.label, _("the file's name")),
                "sent_at": (OnboardingDocument.created_at, _("when you sent it")),
            },
            lambda rows: rows.join(File, File.id == OnboardingDocument.file_id)
            .where(OnboardingDocument.user_id == person)
            .order_by(OnboardingDocument.created_at),
        ),
    ]  # fmt: skip


def _files(person: UUID) -> Select[File]:
    query = select(File).join(OnboardingDocument, OnboardingDocument.file_id == File.id)
    return query.where(OnboardingDocument.user_id == person).order_by(OnboardingDocument.created_at)


async def papers(person: UUID) -> AsyncIterator[Paper]:
    async with transaction(user=person) as db:
        found = [(file.id, file.key) for file in await db.scalars(_files(person))]
    for file_id, key in found:
        yield Paper(f"papers/parts-shop/{file_id}.{key.rpartition('.')[2]}", key=key)


async def erase(db: AsyncSession, person: UUID) -> None:
    """Answers and papers; a business that came of it belongs to whoever runs it by now."""
    kept = list(await db.scalars(_files(person)))
    await db.execute(delete(OnboardingDocument).where(OnboardingDocument.user_id == person))
    for file in kept:
        await files.forget(db, file, by=Viewer.system())
    await db.execute(delete(ShopOnboarding).where(ShopOnboarding.user_id == person))


DECLARED = Declared(records, papers=papers, erase=erase)
