"""What a business keeps about the people who work for it, as far as it is theirs to take along."""

from collections.abc import Sequence
from uuid import UUID

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.accounts import User
from app.domains.network.models import RoleAt, ServiceCenter, Tenant


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "roles", _("The roles you hold at businesses."), ("user_roles",),
            {
                "business": (Tenant.name, _("which business; empty for the network")),
                "role": (RoleAt.role, _("the role")),
                "since": (RoleAt.created_at, _("when it was given to you")),
            },
            lambda rows: rows.select_from(RoleAt)
            .outerjoin(Tenant, Tenant.id == RoleAt.tenant_id)
            .where(RoleAt.user_id == person)
            .order_by(RoleAt.created_at),
        ),
        Records(
            "preferred_workshop", _("The workshop you prefer."), ("users",),
            {"workshop": (ServiceCenter.name, _("its name"))},
            lambda rows: rows.join(User, User.preferred_center_id == ServiceCenter.id).where(User.id == person),
        ),
    ]  # fmt: skip


DECLARED = Declared(
    records,
    left_out={
        "invitations": "an address somebody typed, whose account, if there is one, is not known; the mail is in the copy",
        "setting_changes": "what a business set for itself, by whom; the business answers for it",
        "system_settings": "what a business set for itself; the business answers for it",
        "kiosks": "a shop's tablets, and who made one of them; the shop answers for it",
        "staff_certificates": "kept by the employer with the profile; the papers themselves are the person's",
        "staff_profiles": "what an employer writes down of its people; the employer answers for it",
    },
)
