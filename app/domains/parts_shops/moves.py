"""What may follow what: the legal moves of a parts shop, and of somebody's way to one."""

from app.core.errors import Refused
from app.core.words import _
from app.domains.parts_shops.models import ONBOARDING_MOVES, SHOP_MOVES, PartsShop, ShopOnboarding


def shop_word(status: str) -> str:
    """A parts shop's state in the viewer's language."""
    return {
        "pending_verification": _("Waiting to be verified"),
        "active": _("Active"),
        "suspended": _("Suspended"),
        "inactive": _("Resting"),
    }[status]


def onboarding_word(status: str) -> str:
    """How far somebody is on the way to a parts shop, in the viewer's language."""
    return {
        "in_progress": _("Being filled in"),
        "submitted": _("Waiting for the reviewer"),
        "verifying": _("Being verified"),
        "completed": _("Verified"),
        "failed": _("Sent back"),
        "abandoned": _("Set aside"),
    }[status]


def move_shop(shop: PartsShop, to: str) -> None:
    """Raises Refused when the shop cannot go there from where it is."""
    if to not in SHOP_MOVES[shop.status]:
        raise Refused(
            _("This shop is “%(status)s” by now. Please look again.", status=shop_word(shop.status)),
            audit="parts_shop.illegal_move",
        )
    shop.status = to
    shop.version += 1


def move_onboarding(onboarding: ShopOnboarding, to: str) -> None:
    """Raises Refused when it cannot go there from where it is."""
    if to not in ONBOARDING_MOVES[onboarding.status]:
        raise Refused(
            _(
                "This is “%(status)s” by now. Please look again.",
                status=onboarding_word(onboarding.status),
            ),
            audit="onboarding.illegal_move",
        )
    onboarding.status = to
    onboarding.version += 1
