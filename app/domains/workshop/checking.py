"""Who may make the quality check: somebody else, unless the center says otherwise or there is nobody else."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.network.models import ServiceCenter, StaffProfile
from app.domains.workshop.events import CheckRuleChanged
from app.domains.workshop.models import CheckRule


async def needs_second_person(db: AsyncSession, center_id: UUID) -> bool:
    """What the center says; yes, where it has said nothing."""
    said = await db.scalar(select(CheckRule.needs_second_person).where(CheckRule.center_id == center_id))
    return said is not False


async def say_who_checks(db: AsyncSession, center: ServiceCenter, *, second_person: bool, by: Viewer) -> None:
    """The center's rule from now on."""
    rule = insert(CheckRule).values(
        id=new_id(), tenant_id=center.tenant_id, center_id=center.id, needs_second_person=second_person
    )
    await db.execute(
        rule.on_conflict_do_update(
            index_elements=[CheckRule.tenant_id, CheckRule.center_id],
            set_={"needs_second_person": second_person},
        )
    )
    event = CheckRuleChanged(center_id=center.id, needs_second_person=second_person)
    await record(db, event, by=by, tenant=center.tenant_id, subject=center.id)


async def may_check_own(db: AsyncSession, center_id: UUID, user_id: UUID | None) -> bool:
    """Whether a person may pass work of their own: the center allows it, or nobody else works there."""
    if not await needs_second_person(db, center_id):
        return True
    colleague = exists().where(
        StaffProfile.center_id == center_id, StaffProfile.is_active, StaffProfile.user_id != user_id
    )
    return not await db.scalar(select(colleague))
