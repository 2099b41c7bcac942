"""Service packages: work a customer pays for ahead, for one car and one term.

A *plan* is a package as the shop offers it: so many of which canned jobs within so many months. A *package* is one
that was sold for a car. Each job it covers is a *use*: spoken for while the job is under way, used once it is done.
"""

from app.domains.packages.covering import cover, uncover
from app.domains.packages.finding import find
from app.domains.packages.models import PackagePlan, ServicePackage
from app.domains.packages.plans import PlanFacts
from app.domains.packages.plans import add as add_plan
from app.domains.packages.selling import cancel, sell
from app.domains.packages.standing import Standing, is_renewed, stand

__all__ = [
    "PackagePlan",
    "PlanFacts",
    "ServicePackage",
    "Standing",
    "add_plan",
    "cancel",
    "cover",
    "find",
    "is_renewed",
    "sell",
    "stand",
    "uncover",
]
