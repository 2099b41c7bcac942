"""What is kept for how long, and why: one table, which the page of one's data and docs/decisions/privacy.md show.

Ages are those that the nightly jobs use. A test holds the table against them and against the document.
"""

from datetime import timedelta
from typing import NamedTuple

from app.core import pruning
from app.core.words import _, ngettext
from app.domains.privacy.erasing import GRACE
from app.domains.privacy.exporting import KEPT


class Period(NamedTuple):
    """One line of the table, in words."""

    what: str
    how_long: str
    why: str
    tables: tuple[str, ...] = ()
    """Those a nightly job takes these rows from."""


def _age(age: timedelta, since: str) -> str:
    return ngettext("%(num)d day %(since)s", "%(num)d days %(since)s", age.days, since=since)


def periods() -> list[Period]:
    """The whole table."""
    ages = {table: age for table, _since, age in pruning.OVER}
    return [
        Period(
            _("Your account, your garage, your settings"),
            _("until you erase the account, and %(grace)s", grace=_age(GRACE, _("from then on"))),
            _("it is yours; the days are for changing your mind"),
        ),
        Period(
            _("Copies of your data"),
            _age(KEPT, _("after they are ready")),
            _("long enough to fetch one"),
            ("exports",),
        ),
        Period(
            _("Browsers, programs and mailed links that let you in"),
            _age(pruning.SIGN_INS_KEPT, _("after they end")),
            _("to say that one has ended, not that it is unknown"),
            (
                "sessions",
                "push_subscriptions",
                "refresh_tokens",
                "password_resets",
                "email_proofs",
                "half_ways",
            ),
        ),
        Period(
            _("What you were told, on your list and by mail"),
            _age(pruning.MESSAGES_KEPT, _("after it was written")),
            _("to look something up; what matters stands in the visit itself"),
            ("notifications", "mails"),
        ),
        Period(
            _("Counts of tries, and questions to passkeys"),
            _age(ages["rate_counts"], _("after they end")),
            _("they mean nothing once they are over"),
            ("rate_counts", "passkey_challenges"),
        ),
        Period(
            _("One-time keys of forms"),
            _age(ages["idempotency_keys"], _("after they were used")),
            _("a tablet that was off over the weekend sends its form once more"),
            ("idempotency_keys",),
        ),
        Period(
            _("Who was to be told of what"),
            _age(ages["deliveries"], _("after it was done")),
            _("to see what was told when somebody asks"),
            ("deliveries",),
        ),
        Period(
            _("A shop's record of you: name, address, phone, notes"),
            _("until you or the shop erases it and nothing is open between you"),
            _("the shop must reach you about your car"),
        ),
        Period(
            _("What you and a business wrote to each other"),
            _("until you erase your account, or the shop its record of you"),
            _("both may look up what was agreed; nobody else reads it"),
        ),
        Period(
            _("Visits, findings, photos and videos of a car's work"),
            _("as long as the shop exists, without your name once you are erased"),
            _("a car's history is needed for warranty and for whoever works on it next"),
        ),
        Period(
            _("Invoices, payments, the ledger"),
            _("as long as the law wants books, in most countries up to ten years; no job takes them away"),
            _("tax and commercial law"),
        ),
        Period(
            _("What you signed, with name and signature"),
            _("as long as the invoice it led to"),
            _("it proves what was agreed"),
        ),
        Period(
            _("The audit trail: who did what, from where"),
            _("for ever; old and new values are forgotten when you are erased"),
            _("it shows break-ins and wrongs, and holds only if nothing in it changes"),
        ),
    ]
