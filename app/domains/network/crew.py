"""The people of a center: what they can do, when they work, when they are away."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core import clock
from app.core.db import take_turn
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.permissions import OWNERS
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.joining import roles_of
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


def works_at(center: ServiceCenter) -> ColumnElement[bool]:
    """Who holds a role at a center, and those whose home it is: their shifts are worked, or were, there."""
    role_there = exists().where(_held(StaffProfile.tenant_id, StaffProfile.user_id), _counts_at(center.id))
    return and_(
        StaffProfile.tenant_id == center.tenant_id, or_(StaffProfile.center_id == center.id, role_there)
    )


def still_works() -> ColumnElement[bool]:
    """For a query of roles: whether their holder was not let go. Letting go leaves the roles where they are."""
    return exists().where(_held(StaffProfile.tenant_id, StaffProfile.user_id), StaffProfile.is_active)


def is_planned_at(profile: StaffProfile, center: ServiceCenter) -> bool:
    """Work is planned for technicians at their home alone: shifts do not say at which center they are worked."""
    return profile.is_technician and profile.is_active and profile.center_id == center.id


async def crew_of(db: AsyncSession, center: ServiceCenter) -> Sequence[StaffProfile]:
    """Everybody who works, or has worked, at a center."""
    query = select(StaffProfile).where(works_at(center))
    return (
        await db.scalars(query.order_by(StaffProfile.is_active.desc(), func.lower(StaffProfile.name)))
    ).all()


async def member(db: AsyncSession, center: ServiceCenter, staff_id: UUID) -> Member:
    profile = await db.scalar(select(StaffProfile).where(works_at(center), StaffProfile.id == staff_id))
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


async def refuse_elsewhere(db: AsyncSession, profile: StaffProfile, center: ServiceCenter) -> None:
    """Who runs one center does not rule over people at home at another: there, they give and take roles only."""
    if profile.center_id != center.id:
        home = await db.get_one(ServiceCenter, profile.center_id)
        raise Refused(
            _(
                "%(name)s is at home at %(center)s. Only what they may act as here can be changed here.",
                name=profile.name,
                center=home.name,
            ),
            audit="staff.elsewhere",
        )


async def member_at_home(db: AsyncSession, center: ServiceCenter, staff_id: UUID) -> Member:
    """A member whose home the center is. Raises NotFound, Refused."""
    found = await member(db, center, staff_id)
    await refuse_elsewhere(db, found.profile, center)
    return found


def facts_of(profile: StaffProfile) -> CrewFacts:
    return CrewFacts(**{name: getattr(profile, name) for name in CrewFacts.__struct_fields__})


async def change_member(
    db: AsyncSession, profile: StaffProfile, facts: CrewFacts, *, by: Viewer
) -> StaffProfile:
    """Correct a member's facts. Who leaves is signed out everywhere at once. Raises Invalid, Refused."""
    if set(facts.skills) - set(SKILLS):
        raise Invalid({"skills": _("Choose from the list.")})
    known = msgspec.structs.asdict(facts)
    stays = known.pop("is_active")
    for name, value in known.items():
        setattr(profile, name, value)
    if profile.is_active and not stays:
        await let_go(db, profile, by=by)
    else:
        profile.is_active = stays
        await db.flush()
        await _tell(db, profile, by)
    return profile


async def member_called(db: AsyncSession, center: ServiceCenter, user_id: UUID) -> StaffProfile:
    """The member of a center that is this person. Raises NotFound."""
    profile = await db.scalar(select(StaffProfile).where(works_at(center), StaffProfile.user_id == user_id))
    if profile is None:
        raise NotFound
    return profile


async def addresses(db: AsyncSession) -> dict[UUID, str]:
    """The addresses of the people of the present business."""
    rows = await db.execute(text("SELECT user_id, email FROM staff_addresses()"))
    return {row.user_id: row.email for row in rows}


async def let_go(db: AsyncSession, profile: StaffProfile, *, by: Viewer) -> None:
    """They work at no center of the business any longer; what they did stays theirs. Raises Refused."""
    if not profile.is_active:
        return
    await _refuse_last_owner(db, profile)
    profile.is_active = False
    await db.flush()
    await end_sessions(db, profile.user_id)
    await _tell(db, profile, by)


async def roles_at(db: AsyncSession, profile: StaffProfile, center: ServiceCenter) -> set[str]:
    """The roles a member holds at a center, those for the whole business included."""
    rows = await db.scalars(
        select(RoleAt.role).where(_held(profile.tenant_id, profile.user_id), _counts_at(center.id))
    )
    return set(rows)


async def roles_by_person(db: AsyncSession, center: ServiceCenter) -> dict[UUID, list[str]]:
    """The roles held at a center, by the person's id."""
    found: dict[UUID, list[str]] = {}
    held = select(RoleAt.user_id, RoleAt.role).where(
        RoleAt.tenant_id == center.tenant_id, _counts_at(center.id)
    )
    for row in await db.execute(held.distinct().order_by(RoleAt.role)):
        found.setdefault(row.user_id, []).append(row.role)
    return found


async def change_roles(
    db: AsyncSession, profile: StaffProfile, center: ServiceCenter, roles: set[str], *, by: Viewer
) -> None:
    """Let a member hold exactly these roles at a center; none, when they go on working at another.

    Losing one signs them out everywhere. Raises Invalid for an unknown role, or when nothing would be left to
    them in the whole business; Refused when nobody would own the center any more.
    """
    if roles - set(await roles_of(db, center.tenant_id)):
        raise Invalid({"roles": _("Choose at least one role from the list.")})
    if not roles:
        await _stay_elsewhere(db, profile, center, by)
    held = await roles_at(db, profile, center)
    if OWNERS & (held - roles):
        await _refuse_last_owner(db, profile, center)
    await db.execute(
        delete(RoleAt).where(
            _held(profile.tenant_id, profile.user_id),
            _counts_at(center.id),
            RoleAt.role.in_(held - roles),
        )
    )
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


async def _stay_elsewhere(db: AsyncSession, profile: StaffProfile, center: ServiceCenter, by: Viewer) -> None:
    """Who has their last role at a center taken away is at home where they still hold one."""
    elsewhere = await db.scalar(
        select(RoleAt.service_center_id)
        .where(_held(profile.tenant_id, profile.user_id), RoleAt.service_center_id != center.id)
        .order_by(RoleAt.created_at)
        .limit(1)
    )
    if elsewhere is None:
        raise Invalid(
            {
                "roles": _(
                    "%(name)s holds no role at another of your workshops, so one must stay. To let somebody go, untick “Works here”.",
                    name=profile.name,
                )
            }
        )
    if profile.center_id == center.id:
        await _tell(db, profile, by)
        profile.center_id = elsewhere
        await _tell(db, profile, by)


def _held(
    tenant_id: UUID | InstrumentedAttribute[UUID], user_id: UUID | InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    return and_(RoleAt.tenant_id == tenant_id, RoleAt.user_id == user_id)


def _counts_at(center_id: UUID | None) -> ColumnElement[bool]:
    """Roles at a center, those for the whole business included."""
    return or_(RoleAt.service_center_id == center_id, RoleAt.service_center_id.is_(None))


async def end_sessions(db: AsyncSession, user_id: UUID) -> None:
    """Sign a member out of every browser and program."""
    await db.execute(text("SELECT end_sessions_of(:person, :now)"), {"person": user_id, "now": clock.now()})


async def _refuse_last_owner(
    db: AsyncSession, profile: StaffProfile, center: ServiceCenter | None = None
) -> None:
    """A center without an owner could never be set up again: this one, or any of the business. Owners leave one
    after the other."""
    await take_turn(db, f"owners:{profile.tenant_id}")
    owned = select(RoleAt.service_center_id).where(
        _held(profile.tenant_id, profile.user_id), RoleAt.role.in_(OWNERS)
    )
    if center is not None:
        owned = owned.where(_counts_at(center.id))
    for center_id in (await db.scalars(owned)).all():
        another = await db.scalar(
            select(StaffProfile.id)
            .join(RoleAt, _held(StaffProfile.tenant_id, StaffProfile.user_id))
            .where(
                StaffProfile.tenant_id == profile.tenant_id,
                StaffProfile.id != profile.id,
                StaffProfile.is_active,
                RoleAt.role.in_(OWNERS),
                _counts_at(center_id),
            )
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
