"""A shop words its mails: checked, kept in ink, sent; and nothing in them is ever run."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select, text, update

from app.core.db import transaction
from app.core.errors import Forbidden, NotFound, Refused
from app.core.tables import AuditValues, EventRow
from app.domains.accounts.models import User
from app.domains.network import branding, setting_values
from app.domains.network.models import ServiceCenter
from app.domains.notifications import mail_table, own_words, wording
from app.domains.notifications.composing import compose_worded
from app.domains.notifications.mail_table import MAILS
from app.domains.notifications.models import BLANK, MailWords
from app.domains.notifications.own_words import Words
from app.domains.notifications.recipients import Place, Recipient
from app.domains.notifications.sending import letter_of
from app.gateways.mail import compose as on_the_wire
from tests.browsing import Browser
from tests.cast import HARBOR, VOLT, Cast
from tests.conftest import viewing
from tests.domains.notifications import things

Run = Callable[[], Awaitable[int]]
Open = Callable[..., Browser]

CONFIRMATION = MAILS["appointment_confirmation"]
HERE = "/settings/mails/appointment_confirmation/en"
OWN = {
    "subject": "See you {when}, {customer}",
    "text": "Dear {customer},\n\nwe keep {when} for your {car}.\nPark at {where} & ring <twice>.\n\n{details}\n\n{link}",
}

INJECTIONS = [
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{{config}}", "{{''.__class__.__mro__[1].__subclasses__()}}", "{{request.application.__globals__}}",
    "{customer.__class__}", "{customer.__class__.__mro__}", "{customer[0]}", "{customer!r}", "{customer:>99999999}",
    "{customer:{shop}}", "{0}", "{}", "{shop.__init__.__globals__[settings]}", "{{customer|attr('__class__')}}",
    "{# comment #}", "{%set x=1%}", "*{7*7}", "@(7*7)", "[[${7*7}]]", "{{=7*7}}", "{php}echo 1;{/php}", "#set($x=7*7)$x",
    "{self}", "{settings}", "{secret}", "{blank}", "{url}", "{to}", "{place}",
]  # fmt: skip
"""What is tried on template engines: Jinja, Twig, Freemarker, ERB, Velocity, Smarty, Thymeleaf, Razor, str.format."""


def harbor() -> Place:
    rules = setting_values.Rules(
        {one.key: one.default for one in setting_values.SETTINGS.values()} | {"business.name": "Harbor"}
    )
    center = ServiceCenter(
        name="Harbor", address="1 Lane", city="Portland", zone="UTC", currency="USD", phone=""
    )
    return Place(HARBOR, center, branding.brand_from(rules))


def composed(mail: Any, subject: str, text: str, name: str = "Dana") -> dict[str, str]:
    place = harbor()
    subject, text, wrong = wording.accepted(mail, subject, text)
    assert not wrong
    to = Recipient(None, name, "d@test.example", "en")
    return compose_worded(mail, Words(subject=subject, text=text), to, mail.example(place), place=place)


@pytest.mark.parametrize("mail", MAILS.values(), ids=lambda one: one.name)
def test_the_words_we_begin_with_pass_the_checks_and_say_everything(mail: Any) -> None:
    place = harbor()
    values = mail.example(place).values(place)
    assert set(values) == set(mail.placeholders), "the list says what can be put in, no more and no less"
    said = own_words.ours(mail, "en")
    kept = wording.accepted(mail, said.subject, said.text)
    assert kept == (said.subject, said.text, {})
    parts = composed(mail, said.subject, said.text)
    for part in parts.values():
        assert not re.search(r"[{}]", re.sub(r"<style>.*?</style>", "", part, flags=re.DOTALL))
    address = f"http://testserver{mail.example(place).url}"
    assert address in parts["text"]
    assert address in parts["html"]


@pytest.mark.parametrize("tried", INJECTIONS)
def test_what_is_tried_on_template_engines_is_refused_or_literal(tried: str) -> None:
    """In the words of a shop, and in a name that is filled into them."""
    _subject, _text, wrong = wording.accepted(CONFIRMATION, tried, f"Hello\n{tried}")
    if wrong:
        assert set(wrong) == {"subject", "text"}
    else:
        parts = composed(CONFIRMATION, tried, f"Hello\n{tried}")
        assert parts["subject"] == tried
        assert f"Hello\n{tried}\n" in parts["text"]
    named = composed(CONFIRMATION, "For {customer}", "Hello {customer}", name=tried)
    assert named["subject"] == f"For {tried}"
    assert f"Hello {tried}\n" in named["text"]
    assert "49" not in named["subject"]


@given(some.text(alphabet="{}!:.[] \n\rcustomer%$<x", max_size=40))
def test_whatever_is_typed_is_refused_or_arrives_whole(typed: str) -> None:
    subject, _text, wrong = wording.accepted(CONFIRMATION, typed, "x")
    if wrong:
        return
    assert "\n" not in subject
    assert "\r" not in subject
    made = wording.filled(subject, {"customer": "DANA"})
    assert made == re.sub(r"\{\s*customer\s*\}", "DANA", subject)


@pytest.mark.parametrize(
    ("mail", "field", "typed", "words"),
    [
        ("appointment_confirmation", "subject", "", "fill this in"),
        ("appointment_confirmation", "subject", "Come\r\nBcc: all@test.example", "single line"),
        ("appointment_confirmation", "subject", "Come\u2028now", "single line"),
        ("appointment_confirmation", "subject", "Come {link}", "belongs into the text"),
        ("appointment_confirmation", "subject", "x" * 151, "under 151"),
        ("appointment_confirmation", "text", "Your {card} is due", r"knows no \{card\}"),
        ("appointment_confirmation", "text", "Your {car is ready", "curly bracket"),
        ("appointment_confirmation", "text", "Your car} is ready", "curly bracket"),
        ("appointment_confirmation", "text", "Your {{car}} is ready", "curly bracket"),
        ("appointment_confirmation", "text", "Open {link} now", "line of its own"),
        ("appointment_confirmation", "text", "A bell \x07", "cannot be kept"),
        ("appointment_confirmation", "text", f"https://elsewhere.example/{BLANK}", "leave"),
        ("estimate_ready", "text", "Hello {customer},\n\n{details}", "See photos and decide"),
        ("payment_received", "text", "Thank you.", "See the receipt"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_sent_are_refused_by_name(mail: str, field: str, typed: str, words: str) -> None:
    said = {"subject": "Fine", "text": "Fine\n\n{link}"} | {field: typed}
    wrong = wording.accepted(MAILS[mail], said["subject"], said["text"])[2]
    assert list(wrong) == [field]
    assert re.search(words, wrong[field])


def test_a_line_that_has_nothing_to_say_is_left_out_and_values_stay_on_their_line() -> None:
    place = harbor()
    visit = replace(CONFIRMATION.example(place), services=[], url="")
    to = Recipient(None, "Dana\r\nBcc: all@test.example", "d@test.example", "en")
    said = Words(subject="{services}", text="Hi {customer}!\nBooked: {services}\nCall {phone}\n\n{link}")
    parts = compose_worded(CONFIRMATION, said, to, visit, place=place)
    assert parts["text"].startswith("Hi Dana Bcc: all@test.example!\n\n")
    assert "Booked" not in parts["text"]
    assert parts["subject"].startswith("Your visit on "), "an empty subject gives way to ours"


async def test_the_mail_that_leaves_says_what_the_shop_wrote(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    owner = browser(cast.owner)
    assert (await owner.post(HERE, OWN | {"version": "0"})).status_code == 303
    async with transaction(user=cast.customer.user_id) as db:
        hostile = "Dana {link}\r\nBcc: all@test.example"
        await db.execute(
            update(User).where(User.id == cast.customer.user_id).values(name=hostile, locale="en_GB")
        )
    appointment_id = await things.appointment()
    await run_reactions()
    [mail] = await things.mails()
    assert mail.subject == "See you Tue 24 Nov, 10:00, Dana {link} Bcc: all@test.example"
    assert "we keep Tue 24 Nov, 10:00 for your 2003 Honda Accord.\nPark at Harbor" in mail.text
    assert "& ring &lt;twice&gt;" in mail.html.replace("&amp;", "&")
    for part in (mail.text, mail.html):
        assert f"http://testserver/appointments/{appointment_id}" in part
    assert "Your visit stands" not in mail.text
    message = on_the_wire(letter_of(mail), sender="Site <site@test.example>").as_string()
    assert "\nBcc:" not in message
    async with transaction(tenant=VOLT) as db:
        held = await own_words.in_force(db, VOLT, CONFIRMATION, "en")
    assert held.is_ours, "another shop keeps its own"


async def test_a_needed_link_is_never_lost_when_the_words_grow_old(cast: Cast, db: Any) -> None:
    """Words that a release made unfit give way to ours instead of holding a mail up."""
    await viewing(db, cast.owner)
    row = MailWords(
        tenant_id=HARBOR,
        mail="estimate_ready",
        language="en",
        version=1,
        subject="Now",
        text="No link, {gone}",
    )
    db.add(row)
    await db.flush()
    held = await own_words.in_force(db, HARBOR, MAILS["estimate_ready"], "en")
    assert (held.is_ours, held.version) == (True, 1)


async def test_words_are_kept_in_ink_told_to_the_trail_and_given_back(cast: Cast, db: Any) -> None:
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    said = {"subject": "Come {when}", "text": "Soon.\n\n{link}"}
    first = await own_words.change(db, CONFIRMATION, "en", **said, seen=0, by=owner)
    assert (first.is_ours, first.version, first.changed_by) == (False, 1, "Olive Owner")
    same = await own_words.change(db, CONFIRMATION, "en", **said, seen=0, by=owner)
    assert same == first, "the same again is no change, from whatever page"
    with pytest.raises(Refused, match="Olive Owner has changed this mail") as refused:
        await own_words.change(db, CONFIRMATION, "en", subject="Other", text="Words", seen=0, by=owner)
    assert refused.value.is_stale
    with pytest.raises(Refused):
        await own_words.restore(db, CONFIRMATION, "en", seen=0, by=owner)
    back = await own_words.restore(db, CONFIRMATION, "en", seen=1, by=owner)
    assert (back.is_ours, back.version, back.subject) == (True, 2, CONFIRMATION.subject)
    newest, oldest = await own_words.history(db, owner, CONFIRMATION, "en")
    assert (newest.is_ours, oldest.subject) == (True, "Come {when}")
    again = await own_words.restore(db, CONFIRMATION, "en", seen=2, by=owner, to=oldest.id)
    assert (again.subject, again.text, again.version) == (said["subject"], said["text"], 3)
    own = own_words.ours(CONFIRMATION, "en")
    typed = await own_words.change(
        db, CONFIRMATION, "en", subject=own.subject, text=own.text.replace("\n", "\r\n"), seen=3, by=owner
    )
    assert typed.is_ours, (
        "our own words typed by hand are ours: a better wording of ours reaches this shop too"
    )
    mine = select(EventRow).where(EventRow.name == "MailWordsChanged").order_by(EventRow.id)
    events = (await db.scalars(mine)).all()
    assert [one.payload["version"] for one in events] == [1, 2, 3, 4]
    told = (await db.scalars(select(AuditValues).where(AuditValues.row_id == events[0].id))).one()
    assert [row["subject"] for row in told.new_values["mail_words"].values()] == ["Come {when}"]
    with pytest.raises(Exception, match="permission denied"):
        await db.execute(text("UPDATE mail_words SET changed_by = 'somebody else'"))


async def test_only_the_owner_words_mails_and_another_shop_finds_none(cast: Cast, db: Any) -> None:
    await viewing(db, cast.owner)
    mine = await own_words.change(
        db, CONFIRMATION, "en", subject="Ours", text="Secret words", seen=0, by=cast.owner.viewer
    )
    [row] = await own_words.history(db, cast.owner.viewer, CONFIRMATION, "en")
    for other in (cast.advisor, cast.technician, cast.customer):
        await viewing(db, other)
        with pytest.raises(Forbidden):
            await own_words.change(
                db, CONFIRMATION, "en", subject="Theirs", text="x", seen=mine.version, by=other.viewer
            )
    await viewing(db, cast.outsider)
    assert await db.scalar(select(MailWords)) is None
    assert await own_words.history(db, cast.outsider.viewer, CONFIRMATION, "en") == []
    with pytest.raises(NotFound):
        await own_words.restore(db, CONFIRMATION, "en", seen=1, by=cast.outsider.viewer, to=row.id)
    with pytest.raises(NotFound):
        own_words.find("appointment_confirmation", "xx")


async def test_the_page_shows_before_it_saves_refuses_beside_the_field_and_notices_the_second_tab(
    browser: Open, cast: Cast
) -> None:
    owner = browser(cast.owner)
    assert HERE in (await owner.get("/settings/mails")).text
    typed = {"subject": "Bring <b>{customer}", "text": "Soon: {when}\n\n{link}", "version": "0"}
    key = "a-key-of-one-form"
    shown = await owner.post(f"{HERE}/preview", typed, key=key)
    assert shown.status_code == 200
    assert "not saved yet" in shown.text
    assert "Bring &lt;b&gt;Dana Whitfield" in shown.text
    html = await owner.post(f"{HERE}/preview/html", typed, key=key)
    assert html.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Bring &lt;b&gt;Dana Whitfield" in html.text
    assert "See the appointment" in html.text
    assert "Your visit on {when} is confirmed" in (await owner.get(HERE)).text, "nothing was kept"
    wrong = await owner.post(HERE, typed | {"text": "Soon: {whem}"}, key=key)
    assert wrong.status_code == 422
    assert "knows no {whem}" in wrong.text
    assert "Soon: {whem}</textarea>" in wrong.text
    assert (await owner.post(HERE, typed, key=key)).status_code == 303
    late = await browser(cast.owner).post(HERE, typed | {"subject": "The other tab"})
    assert late.status_code == 409
    assert "Olive Owner has changed this mail" in late.text
    assert 'value="The other tab"' in late.text
    assert (await owner.post(f"{HERE}/return", {"version": "1"})).status_code == 303
    assert "Your visit on {when} is confirmed" in (await owner.get(HERE)).text
    assert (await browser(cast.advisor).get(HERE)).status_code == 403
    assert (await owner.get("/settings/mails/password_reset/en")).status_code == 404
    assert (await owner.get("/settings/mails/appointment_confirmation/tlh")).status_code == 404


async def test_programs_word_mails_too(browser: Open, cast: Cast) -> None:
    owner = browser(cast.owner)
    url = "/api/v1/admin/mails"
    [one] = [
        mail
        for mail in (await owner.json("GET", url)).json()
        if (mail["mail"], mail["language"]) == ("appointment_confirmation", "en")
    ]
    assert (one["is_default"], one["version"]) == (True, 0)
    assert one["placeholders"]["when"] == "day and time of the visit"
    there = f"{url}/appointment_confirmation/en"
    preview = await owner.json("POST", f"{there}/preview", OWN)
    assert preview.json()["subject"].startswith("See you ")
    assert "<html" in preview.json()["html"]
    bad = await owner.json("PUT", there, {"subject": "a\nb", "text": "{nope}", "version": 0})
    assert bad.status_code == 422
    assert bad.json()["errors"].keys() == {"subject", "text"}
    done = await owner.json("PUT", there, OWN | {"version": 0})
    assert (done.json()["version"], done.json()["is_default"]) == (1, False)
    assert (await owner.json("PUT", there, OWN | {"subject": "x", "version": 0})).status_code == 409
    back = await owner.json("POST", f"{there}/return", {"version": 1})
    assert (back.status_code, back.json()["is_default"]) == (200, True)


def test_every_placeholder_is_explained_once() -> None:
    for mail in MAILS.values():
        assert all(mail_table.allowed(mail).values())
        assert not set(mail.placeholders) & (set(mail_table.COMMON) | set(mail_table.BLOCKS))
    assert {mail.group for mail in MAILS.values()} == set(mail_table.GROUPS)


async def test_a_language_has_words_of_its_own_and_falls_back_on_ours(
    cast: Cast, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.core import words

    monkeypatch.setattr(words, "languages", lambda: ("en", "de"))  # as if a catalogue had come
    await viewing(db, cast.owner)
    await own_words.change(
        db, CONFIRMATION, "de", subject="Bis {when}", text="Guten Tag\n\n{link}", seen=0, by=cast.owner.viewer
    )
    assert [own_words.language_of(one) for one in ("de_AT", "de", "en_GB", "fr", "")] == [
        "de", "de", "en", "en", "en",
    ]  # fmt: skip
    assert (await own_words.in_force(db, HARBOR, CONFIRMATION, "de")).subject == "Bis {when}"
    assert (await own_words.in_force(db, HARBOR, CONFIRMATION, "en")).is_ours
