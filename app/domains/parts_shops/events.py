"""What happens to a parts shop, from its owner's first step on."""

from uuid import UUID

from app.core.events import Event


class OnboardingEvent(Event, frozen=True, kw_only=True):
    """Something on a person's way to a parts shop of their own."""

    onboarding_id: UUID


class OnboardingStarted(OnboardingEvent, frozen=True, kw_only=True):
    pass


class OnboardingStepSaved(OnboardingEvent, frozen=True, kw_only=True):
    step: str


class OnboardingSubmitted(OnboardingEvent, frozen=True, kw_only=True):
    """Everything is there; a reviewer looks at it."""


class OnboardingTakenUp(OnboardingEvent, frozen=True, kw_only=True):
    """A reviewer has begun to look at the papers."""


class OnboardingApproved(OnboardingEvent, frozen=True, kw_only=True):
    user_id: UUID


class OnboardingReturned(OnboardingEvent, frozen=True, kw_only=True):
    """The reviewer needs something else first; why stands with the steps."""

    user_id: UUID
    steps: list[str]


class OnboardingAbandoned(OnboardingEvent, frozen=True, kw_only=True):
    """Nothing was touched for a month; it can be gone on with at any time."""


class PartsShopEvent(Event, frozen=True, kw_only=True):
    parts_shop_id: UUID
    center_id: UUID


class PartsShopOpened(PartsShopEvent, frozen=True, kw_only=True):
    """The business is there, and not verified yet."""


class PartsShopChanged(PartsShopEvent, frozen=True, kw_only=True):
    """It sells other things, from elsewhere, or on other terms."""


class PartsShopMoved(PartsShopEvent, frozen=True, kw_only=True):
    """It is asked for parts from now on, or no longer."""

    before: str
    after: str
    reason: str
