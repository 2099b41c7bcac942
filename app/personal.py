"""Whose domains keep what about people. Read it to know what a copy of everything holds."""

from app.core.personal import Declared
from app.domains.accounts import personal as accounts
from app.domains.billing import personal as billing
from app.domains.booking import personal as booking
from app.domains.customers import personal as customers
from app.domains.documents import personal as documents
from app.domains.estimates import personal as estimates
from app.domains.garage import personal as garage
from app.domains.handovers import personal as handovers
from app.domains.histories import personal as histories
from app.domains.inspections import personal as inspections
from app.domains.logbook import personal as logbook
from app.domains.marketplace import personal as marketplace
from app.domains.messaging import personal as messaging
from app.domains.network import personal as network
from app.domains.notifications import personal as notifications
from app.domains.packages import personal as packages
from app.domains.parts_shops import personal as parts_shops
from app.domains.passports import personal as passports
from app.domains.privacy import personal as privacy
from app.domains.recalls import personal as recalls
from app.domains.recommendations import personal as recommendations
from app.domains.reminders import personal as reminders
from app.domains.telematics import personal as telematics
from app.domains.workshop import personal as workshop

PERSONAL: list[Declared] = [
    accounts.DECLARED,
    network.DECLARED,
    marketplace.DECLARED,  # before the garage: an order names its car
    handovers.DECLARED,  # before the garage, for the same reason
    passports.DECLARED,  # before the garage: a passport names its car
    histories.DECLARED,  # before the garage: a file names its car
    logbook.DECLARED,  # before the garage: whose entries they are is told by whose the car is
    recommendations.DECLARED,  # before the garage: an answer names its car
    reminders.DECLARED,  # before the garage: a reminder names its car
    documents.DECLARED,  # before the garage: a document names its car
    telematics.DECLARED,  # before the garage: a report names its car
    recalls.DECLARED,  # before the garage: whose answers they are is told by whose the car is
    garage.DECLARED,
    messaging.DECLARED,
    parts_shops.DECLARED,
    customers.DECLARED,
    booking.DECLARED,
    workshop.DECLARED,
    inspections.DECLARED,
    estimates.DECLARED,
    billing.DECLARED,
    packages.DECLARED,
    notifications.DECLARED,
    privacy.DECLARED,
]
