"""A mail as it is sent: subject, text and HTML, in the reader's language and the shop's look."""

import re
from typing import Any

from app.core import render
from app.core.words import _, speaking
from app.domains.network.branding import PETROL_NIGHT
from app.domains.network.setting_table import PETROL
from app.domains.notifications import own_words, wording
from app.domains.notifications.mail_table import About, CustomerMail
from app.domains.notifications.models import BLANK
from app.domains.notifications.own_words import Words
from app.domains.notifications.recipients import Place, Recipient
from app.settings import settings

Parts = dict[str, str]
"""subject, text and html."""


def compose(template: str, to: Recipient, *, place: Place | None, **context: Any) -> Parts:
    """A mail of two files. The subject is the first line of the text part's file."""
    given = _given(to, place) | context
    with speaking(to.locale):
        plain = render.render(f"notifications/mail/{template}.txt", **given)
        subject, _rule, text = plain.lstrip().partition("\n")
        html = render.render(f"notifications/mail/{template}.html", subject=subject.strip(), **given)
    return {"subject": subject.strip(), "text": text.strip() + "\n", "html": html}


def compose_worded(mail: CustomerMail, said: Words, to: Recipient, about: About, *, place: Place) -> Parts:
    """A mail to a customer, in the shop's words or ours. The words must have passed `wording.accepted`."""
    with speaking(to.locale):
        values = {
            "customer": to.name, "shop": place.center.name, "phone": place.center.phone or place.brand.phone,
            **about.values(place),
        }  # fmt: skip
        subject = wording.filled(said.subject, values).strip()
        if not subject:  # it held nothing but what there is none of for this customer
            subject = wording.filled(own_words.ours(mail, own_words.language_of(to.locale)).subject, values)
        given = _given(to, place) | {
            "blocks": wording.blocks(said.text, values), "facts_of_it": about.details(place), "subject": subject,
            "url": about.url, "button_label": _(mail.button), "edge": mail.bar,
        }  # fmt: skip
        text = render.render("notifications/mail/worded.txt", **given)
        html = render.render("notifications/mail/worded.html", **given)
    return {"subject": subject, "text": re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n", "html": html}


def _given(to: Recipient, place: Place | None) -> dict[str, Any]:
    """What every mail's templates are given."""
    return {
        "to": to,
        "place": place,
        "accent": place.brand.accent if place else PETROL,
        "accent_night": place.brand.accent_night if place else PETROL_NIGHT,
        "zone": place.zone if place else "UTC",
        "site": settings().base_url,
        "blank": BLANK,
        "language": to.locale,
    }
