"""The words of accounts on the screen."""

from app.core.render import template_global
from app.core.words import _


@template_global
def permission_label(permission: str) -> str:
    """What a permission lets somebody do."""
    return {
        "approve:estimates": _("Answer estimates"),
        "chat:appointment": _("Chat about visits"),
        "create:invoices": _("Write invoices"),
        "create:quotes": _("Write estimates"),
        "make:payments": _("Pay invoices"),
        "manage:appointments": _("Change the shop's visits"),
        "manage:center": _("Set the shop up"),
        "manage:own_appointments": _("Book and change own visits"),
        "manage:own_vehicles": _("Change own cars"),
        "report:telematics": _("Report mileage, charge and trouble codes of own cars"),
        "manage:purchase_orders": _("Order parts from suppliers"),
        "manage:services": _("Change services and canned jobs"),
        "read:all_appointments": _("See the shop's visits"),
        "read:assigned_appointments": _("See the visits one works on"),
        "read:customers": _("See customers"),
        "read:inventory": _("See stock"),
        "read:own_appointments": _("See own visits"),
        "read:own_invoices": _("See own invoices"),
        "read:own_maintenance_history": _("See own service history"),
        "read:own_profile": _("See own profile"),
        "read:own_vehicles": _("See own cars"),
        "read:parts": _("See parts"),
        "read:reports": _("See reports"),
        "read:audit": _("Search the audit trail"),
        "read:service_checklists": _("See inspections"),
        "request:parts": _("Ask for parts"),
        "sell:parts": _("Sell parts"),
        "take:payments": _("Take payments"),
        "update:customers": _("Change customers"),
        "update:inventory": _("Change stock"),
        "update:service_checklists": _("Fill in inspections"),
        "update:service_progress": _("Do and record work"),
        "void:sales": _("Cancel sales"),
    }.get(permission, permission)
