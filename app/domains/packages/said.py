"""The words of packages on the screen."""

from app.core.render import template_global
from app.core.words import _
from app.domains.billing.words import invoice_state
from app.domains.packages.models import TYPES
from app.domains.packages.standing import Standing


@template_global
def package_type_label(package_type: str) -> str:
    return {"basic": _("Basic"), "premium": _("Premium"), "comprehensive": _("Comprehensive")}.get(
        package_type, package_type
    )


@template_global
def package_types() -> list[tuple[str, str]]:
    """The types to choose from."""
    return [(one, package_type_label(one)) for one in TYPES]


@template_global
def package_state(one: Standing) -> tuple[str, str]:
    """(kind, words) for how far a package is."""
    return {
        "upcoming": ("info", _("Not begun")),
        "active": ("go", _("Running")),
        "renewal_due": ("wait", _("Runs out soon")),
        "renewed": ("idle", _("Renewed")),
        "lapsed": ("idle", _("Run out")),
        "cancelled": ("stop", _("Cancelled")),
    }[one.state]


@template_global
def package_payment(one: Standing) -> tuple[str, str]:
    """(kind, words) for its price."""
    if one.package.job_id is None:
        return "idle", _("Taken off the order, not billed")
    return invoice_state(one.invoice) if one.invoice else ("wait", _("Not billed yet"))
