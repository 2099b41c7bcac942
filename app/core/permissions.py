"""Who may do what: the one table. A role holds at a service center; everybody signed in is also a driver."""

from typing import Final

PUBLIC: Final = "public"
SIGNED_IN: Final = "signed_in"

CUSTOMER: Final = frozenset(
    {
        "read:own_profile",
        "update:own_profile",
        "read:own_vehicles",
        "manage:own_vehicles",
        "read:own_appointments",
        "manage:own_appointments",
        "read:own_maintenance_history",
        "make:payments",
        "read:own_invoices",
        "approve:estimates",
        "chat:appointment",
        "order:parts",
        "report:telematics",
    }
)

ADVISOR: Final = frozenset(
    {
        "read:customers",
        "update:customers",
        "read:all_appointments",
        "manage:appointments",
        "create:quotes",
        "create:invoices",
        "take:payments",
        "read:inventory",
        "update:inventory",
        "update:service_progress",
        "read:service_checklists",
        "update:service_checklists",
        "read:assigned_appointments",
        "order:parts",
        "request:parts",
        "buy:parts",
        "chat:appointment",
    }
)

TECHNICIAN: Final = frozenset(
    {
        "read:assigned_appointments",
        "update:service_progress",
        "read:parts",
        "order:parts",
        "request:parts",
        "read:service_checklists",
        "update:service_checklists",
        "chat:appointment",
    }
)

PARTS_COUNTER: Final = frozenset({"sell:parts", "read:inventory", "update:inventory", "chat:appointment"})
"""Who sells parts: the counter of a parts shop."""

OWNER: Final = ADVISOR | TECHNICIAN | {
    "manage:center", "manage:staff", "manage:services", "read:reports", "read:audit",
    "manage:purchase_orders", "void:sales",
}  # fmt: skip
"""Everything there is to do in a business; what every driver may do comes with being signed in."""

PARTS_OWNER: Final = PARTS_COUNTER | {"manage:center", "manage:staff", "read:reports", "read:audit"}
"""Of a business that sells parts and repairs nothing."""

OWNERS: Final = frozenset({"owner", "parts_owner"})
"""The roles that can set a business up, hire, and take it from its owner."""

NETWORK: Final = frozenset({"manage:network", "read:audit"})

BY_ROLE: Final[dict[str, frozenset[str]]] = {
    "advisor": ADVISOR,
    "technician": TECHNICIAN,
    "owner": OWNER,
    "parts_counter": PARTS_COUNTER,
    "parts_owner": PARTS_OWNER,
    "network_admin": NETWORK,
}

KNOWN: Final = CUSTOMER | ADVISOR | TECHNICIAN | OWNER | PARTS_OWNER | NETWORK | {PUBLIC, SIGNED_IN}
