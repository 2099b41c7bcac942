"""The people of a center: what they can do, when they work, when they are away."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.joining import STAFF_ROLES
from app.domains.network.models import Absence, RoleAt, ServiceCenter, Shift, StaffProfile
from app.domains.network.opening import WEEKDAYS, Interval
from app.domains.network.setup_events import RolesChanged, StaffChanged

SKILLS = ("general", "brakes", "tires", "engine", "electrical", "diagnostics", "hv", "body")
LONGEST_ABSENCE = timedelta(days=366)


class CrewFacts(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    title: Annotated[str, Meta(max_length=120)] = ""
    skills: list[str] = []
    is_technician: bool = False
    is_active: bool = True


class Member(msgspec.Struct, frozen=True):
    """One person with a week of shifts and the absences to come."""

    profile: StaffProfile
    shifts: Sequence[Shift]
    absences: Sequence[Absence]

    @property
    def week(self) -> dict[str, list[Interval]]:
        """The shifts that hold every week, by day."""
        found: dict[str, list[Interval]] = {}
        for shift in self.shifts:
            if shift.valid_from is None and shift.valid_to is None:
                found.setdefault(WEEKDAYS[shift.weekday], []).append((shift.starts, shift.ends))
        return found


async def crew_of(db: AsyncSession, center: ServiceCenter) -> Sequence[StaffProfile]:
    query = select(StaffProfile).where(
        StaffProfile.tenant_id == center.tenant_id, StaffProfile.center_id == center.id
    )
    return (
        await db.scalars(query.order_by(StaffProfile.is_active.desc(), func.lower(StaffProfile.name)))
    ).all()


async def member(db: AsyncSession, center: ServiceCenter, staff_id: UUID) -> Member:
    profile = await db.scalar(
        select(StaffProfile).where(
            StaffProfile.tenant_id == center.tenant_id,
            StaffProfile.center_id == center.id,
            StaffProfile.id == staff_id,
        )
    )
    if profile is None:
        raise NotFound
    shifts = await db.scalars(
        select(Shift)
        .where(Shift.tenant_id == profile.tenant_id, Shift.staff_id == profile.id)
        .order_by(Shift.weekday, Shift.starts)
    )
    absences = await db.scalars(
        select(Absence)
        .where(
            Absence.tenant_id == profile.tenant_id,
            Absence.staff_id == profile.id,
            Absence.ends_at > clock.now(),
        )
        .order_by(Absence.starts_at)
    )
    return Member(profile, shifts.all(), absences.all())


async def change_member(
    db: AsyncSession, profile: StaffProfile, facts: CrewFacts, *, by: Viewer
) -> StaffProfile:
    """Correct a member's facts. Who leaves is signed out everywhere at once. Raises Invalid, Refused."""
    if set(facts.skills) - set(SKILLS):
        raise Invalid({"skills": _("Choose from the list.")})
    leaves = profile.is_active and not facts.is_active
    if leaves:
        await _refuse_last_owner(db, profile)
    for name, value in msgspec.structs.asdict(facts).items():
        setattr(profile, name, value)
    await db.flush()
    if leaves:
        await end_sessions(db, profile.user_id)
    await _tell(db, profile, by)
    return profile


async def member_called(db: AsyncSession, center: ServiceCenter, user_id: UUID) -> StaffProfile:
    """The member of a center that is this person. Raises NotFound."""
    for one in await crew_of(db, center):
        if one.user_id == user_id:
            return one
    raise NotFound


async def addresses(db: AsyncSession) -> dict[UUID, str]:
    """The addresses of the people of the present business."""
    rows = await db.execute(text("SELECT user_id, email FROM staff_addresses()"))
    return {row.user_id: row.email for row in rows}


async def let_go(db: AsyncSession, profile: StaffProfile, *, by: Viewer) -> None:
    """They work here no longer; what they did stays theirs."""
    facts = CrewFacts(
        name=profile.name,
        title=profile.title,
        skills=profile.skills,
        is_technician=profile.is_technician,
        is_active=False,
    )
    await change_member(db, profile, facts, by=by)


async def roles_at(db: AsyncSession, profile: StaffProfile, center: ServiceCenter) -> set[str]:
    """The roles a member holds at a center, those for the whole business included."""
    rows = await db.scalars(
        select(RoleAt.role).where(
            RoleAt.tenant_id == profile.tenant_id,
            RoleAt.user_id == profile.user_id,
            or_(RoleAt.service_center_id == center.id, RoleAt.service_center_id.is_(None)),
        )
    )
    return set(rows)


async def change_roles(
    db: AsyncSession, profile: StaffProfile, center: ServiceCenter, roles: set[str], *, by: Viewer
) -> None:
    """Let a member hold exactly these roles at a center. Losing one signs them out everywhere.

    Raises Invalid for an unknown role or none, Refused when nobody would own the business any more.
    """
    if not roles or roles - set(STAFF_ROLES):
        raise Invalid({"roles": _("Choose at least one role from the list.")})
    held = await roles_at(db, profile, center)
    if "owner" in held - roles:
        await _refuse_last_owner(db, profile)
    here = (
        RoleAt.tenant_id == profile.tenant_id,
        RoleAt.user_id == profile.user_id,
        or_(RoleAt.service_center_id == center.id, RoleAt.service_center_id.is_(None)),
    )
    await db.execute(delete(RoleAt).where(*here, RoleAt.role.in_(held - roles)))
    for role in roles - held:
        db.add(
            RoleAt(
                user_id=profile.user_id, tenant_id=profile.tenant_id, service_center_id=center.id, role=role
            )
        )
    await db.flush()
    if held == roles:
        return
    event = RolesChanged(center_id=center.id, staff_id=profile.id, before=sorted(held), after=sorted(roles))
    await record(db, event, by=by, tenant=profile.tenant_id, person=profile.user_id, subject=profile.id)
    if held - roles:
        await end_sessions(db, profile.user_id)


async def end_sessions(db: AsyncSession, user_id: UUID) -> None:
    """Sign a member out of every browser and program."""
    await db.execute(text("SELECT end_sessions_of(:person, :now)"), {"person": user_id, "now": clock.now()})


async def _refuse_last_owner(db: AsyncSession, profile: StaffProfile) -> None:
    """A business without an owner could never be set up again. Owners leave one after the other."""
    await db.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"owners:{profile.tenant_id}"},
    )
    held = (RoleAt.tenant_id == profile.tenant_id, RoleAt.role == "owner")
    if not await db.scalar(select(RoleAt.id).where(*held, RoleAt.user_id == profile.user_id).limit(1)):
        return
    another = await db.scalar(
        select(StaffProfile.id)
        .join(RoleAt, (RoleAt.tenant_id == StaffProfile.tenant_id) & (RoleAt.user_id == StaffProfile.user_id))
        .where(*held, StaffProfile.is_active, StaffProfile.id != profile.id)
        .limit(1)
    )
    if another is None:
        raise Refused(
            _("%(name)s is the only owner. Make somebody else an owner first.", name=profile.name),
            audit="staff.last_owner",
        )


async def set_week(
    db: AsyncSession, profile: StaffProfile, week: Mapping[str, Sequence[Sequence[str]]], *, by: Viewer
) -> None:
    """Replace the shifts that hold every week; shifts for a limited time stay."""
    await db.execute(
        delete(Shift).where(
            Shift.tenant_id == profile.tenant_id,
            Shift.staff_id == profile.id,
            Shift.valid_from.is_(None),
            Shift.valid_to.is_(None),
        )
    )
    for day, intervals in week.items():
        for starts, ends in intervals:
            db.add(
                Shift(
                    tenant_id=profile.tenant_id,
                    staff_id=profile.id,
                    weekday=WEEKDAYS.index(day),
                    starts=time.fromisoformat(starts),
                    ends=time.fromisoformat(ends),
                )
            )
    await db.flush()
    await _tell(db, profile, by)


async def add_absence(
    db: AsyncSession,
    profile: StaffProfile,
    starts_at: datetime,
    ends_at: datetime,
    *,
    by: Viewer,
    reason: str = "",
) -> Absence:
    """Leave from one moment to another. Appointments already given to the person stay: reassign them."""
    if ends_at <= starts_at:
        raise Invalid({"ends_at": _("It must end after it begins.")})
    if ends_at - starts_at > LONGEST_ABSENCE:
        raise Invalid({"ends_at": _("At most a year at a time.")})
    absence = Absence(
        tenant_id=profile.tenant_id,
        staff_id=profile.id,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason[:200],
    )
    db.add(absence)
    await db.flush()
    await _tell(db, profile, by)
    return absence


async def end_absence(db: AsyncSession, profile: StaffProfile, absence_id: UUID, *, by: Viewer) -> None:
    absence = await db.scalar(
        select(Absence).where(
            Absence.tenant_id == profile.tenant_id, Absence.staff_id == profile.id, Absence.id == absence_id
        )
    )
    if absence is None:
        raise NotFound
    await db.delete(absence)
    await _tell(db, profile, by)


async def _tell(db: AsyncSession, profile: StaffProfile, by: Viewer) -> None:
    event = StaffChanged(center_id=profile.center_id, staff_id=profile.id)
    await record(db, event, by=by, tenant=profile.tenant_id, subject=profile.id)
