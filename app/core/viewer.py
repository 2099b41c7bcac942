"""Who is looking or acting: read afresh for each transaction, handed on as `me` and `by=`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from app.core.permissions import BY_ROLE, CUSTOMER


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role at one center, at all centers of a tenant (`center_id` empty), or on the network."""

    role: str
    tenant_id: UUID | None
    center_id: UUID | None


@dataclass(frozen=True, slots=True)
class Workplace:
    """A center where a person holds a role, by the names they know it by."""

    center_id: UUID
    center: str
    tenant_id: UUID
    business: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """A visitor, a signed-in person in a working context, a shop's own program, the holder of a link, or the
    system itself."""

    kind: Literal["visitor", "person", "program", "link", "system"] = "visitor"
    user_id: UUID | None = None
    session_id: UUID | None = None
    token_id: UUID | None = None
    """The API token a program came with."""
    kiosk_id: UUID | None = None
    """The workshop's tablet they stand at, whether somebody has changed in or not."""
    kiosk_idle: timedelta | None = None
    """How long that tablet waits for a touch."""
    name: str = ""
    email: str = ""
    locale: str = "en"
    zone: str = "UTC"
    theme: str = ""
    distance_unit: str = "km"
    currency: str = ""
    """What they pay with, if they said so."""
    fuel_unit: str = ""
    """How they count consumption, one of `core.places.FUEL_UNITS`, if they said so."""
    held: tuple[HeldRole, ...] = ()
    workplaces: tuple[Workplace, ...] = ()
    """Where they may work, by name."""
    tenant_id: UUID | None = None
    center_id: UUID | None = None
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    permissions: frozenset[str] = field(default=frozenset())
    off: frozenset[str] = field(default=frozenset())
    """The modules their business has switched off."""
    proved_at: datetime | None = None
    """When they last showed in this session that it is they."""
    factor_due: datetime | None = None
    """From when on a member of staff must have a second factor; None when they have one, or need none."""

    @classmethod
    def system(cls, tenant_id: UUID | None = None) -> "Viewer":
        """The worker, acting for a tenant."""
        return cls(kind="system", name="Torqueline", tenant_id=tenant_id)

    @property
    def is_signed_in(self) -> bool:
        return self.kind == "person"

    @property
    def is_staff(self) -> bool:
        return self.tenant_id is not None and self.kind in ("person", "program")

    @property
    def workplace(self) -> Workplace | None:
        """Where they work just now; None in their own garage."""
        return next((one for one in self.workplaces if one.center_id == self.center_id), None)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that count in the present working context."""
        return tuple(one.role for one in self.held if self._counts(one))

    def _counts(self, one: HeldRole) -> bool:
        if one.tenant_id is None:
            return True
        return one.tenant_id == self.tenant_id and one.center_id in (None, self.center_id)

    def can_at(self, permission: str, *, tenant_id: UUID | None, center_id: UUID | None) -> bool:
        """Whether a role held at that center, or at all centers of its business, allows it."""
        return any(
            permission in BY_ROLE.get(one.role, frozenset())
            for one in self.held
            if one.tenant_id == tenant_id and one.center_id in (None, center_id)
        )

    def can(self, permission: str) -> bool:
        """Whether the present roles allow it."""
        return permission in self.permissions

    def has(self, module: str) -> bool:
        """Whether the business they work for uses this part of the product."""
        return module not in self.off


def allowed(viewer: Viewer) -> frozenset[str]:
    """The permissions a person's present roles add up to; everybody signed in is also a driver, but not
    at a workshop's tablet."""
    held = CUSTOMER if viewer.kind == "person" and not viewer.kiosk_id else frozenset()
    for role in viewer.roles:
        held |= BY_ROLE.get(role, frozenset())
    return held
