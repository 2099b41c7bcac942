"""A shop's own record of a person, with or without an account, and of the cars they bring.

A *customer* belongs to one shop and has that shop's number (C-1001). A person with an account is found or
linked when they prove their address or book (`linking`); a walk-in is written down by an advisor.
"""

from app.domains.customers.bringing import KnownAsAnothers, add_car, bring_car, bringers_of, cars_of
from app.domains.customers.keys import seal_for, unseal_for
from app.domains.customers.linking import account_of, ensure_customer
from app.domains.customers.mailing import MailedTo, mailed_to
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.customers.records import CustomerFacts, create, find, find_by_number
from app.domains.customers.searching import search

__all__ = [
    "Customer",
    "CustomerFacts",
    "CustomerVehicle",
    "KnownAsAnothers",
    "MailedTo",
    "account_of",
    "add_car",
    "bring_car",
    "bringers_of",
    "cars_of",
    "create",
    "ensure_customer",
    "find",
    "find_by_number",
    "mailed_to",
    "seal_for",
    "search",
    "unseal_for",
]
