"""Every table of the application, gathered so that migrations and tests see them all."""

from app.core import tables
from app.core.db import Base
from app.domains.accounts import models as accounts
from app.domains.billing import models as billing
from app.domains.booking import models as booking
from app.domains.customers import models as customers
from app.domains.documents import models as documents
from app.domains.estimates import models as estimates
from app.domains.garage import models as garage
from app.domains.handovers import models as handovers
from app.domains.histories import models as histories
from app.domains.inspections import models as inspections
from app.domains.logbook import models as logbook
from app.domains.marketplace import models as marketplace
from app.domains.messaging import models as messaging
from app.domains.network import models as network
from app.domains.notifications import models as notifications
from app.domains.packages import models as packages
from app.domains.parts import models as parts
from app.domains.parts_shops import models as parts_shops
from app.domains.passports import models as passports
from app.domains.privacy import models as privacy
from app.domains.recalls import models as recalls
from app.domains.recommendations import models as recommendations
from app.domains.reminders import models as reminders
from app.domains.services import models as services
from app.domains.telematics import models as telematics
from app.domains.workshop import models as workshop

metadata = Base.metadata

__all__ = [
    "accounts",
    "billing",
    "booking",
    "customers",
    "documents",
    "estimates",
    "garage",
    "handovers",
    "histories",
    "inspections",
    "logbook",
    "marketplace",
    "messaging",
    "metadata",
    "network",
    "notifications",
    "packages",
    "parts",
    "parts_shops",
    "passports",
    "privacy",
    "recalls",
    "recommendations",
    "reminders",
    "services",
    "tables",
    "telematics",
    "workshop",
]
