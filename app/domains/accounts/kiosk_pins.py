"""The PIN a technician types at the workshop's tablet: four to eight digits, none that a colleague would try first."""

import itertools
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, limits
from app.core.db import new_id
from app.core.errors import Invalid, TooMany
from app.core.events import record
from app.core.limits import Limit
from app.core.trail import PIN_PAUSED, PIN_WRONG
from app.core.viewer import Viewer
from app.core.words import _, ngettext
from app.domains.accounts import passwords
from app.domains.accounts.events import KioskPinChanged, KioskPinPaused
from app.domains.accounts.models import KioskPin, Session, User

SHORTEST, LONGEST = 4, 8
TRIES = Limit("kiosk pin", times=5, within=timedelta(minutes=15), strict=True)
PAUSE = Limit("kiosk pin pause", times=0, within=timedelta(minutes=15), strict=True)

KEYPAD = ("2580", "0852", "1470", "0741", "3690", "0963", "147258", "159357", "14789632", "12369874")
"""Straight across the pad, or around it."""
DATES = {4: ("%d%m", "%m%d"), 6: ("%d%m%y", "%m%d%y", "%y%m%d"), 8: ("%d%m%Y", "%m%d%Y", "%Y%m%d")}


def _is_a_date(pin: str) -> bool:
    """Whether it could be a birthday, or the year of one. 2000 stands for "no year": it has a 29 February."""
    if len(pin) == 4 and pin[:2] in ("19", "20"):
        return True
    for form in DATES.get(len(pin), ()):
        parts = {"d": 2, "m": 2, "y": 2, "Y": 4}
        at, found = 0, {"Y": 2000}
        for sign in form.replace("%", ""):
            found[sign.upper()] = int(pin[at : at + parts[sign]]) + (2000 if sign == "y" else 0)
            at += parts[sign]
        try:
            day = date(found["Y"], found["M"], found["D"])
        except ValueError:
            continue
        if "Y" not in form or 1900 <= day.year < 2100:
            return True
    return False


def _is_a_run(pin: str) -> bool:
    """One digit, a row up or down, or the same few over again: 1111, 4321, 7890, 1212, 123123."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    over_again = any(
        len(pin) % length == 0 and pin == pin[:length] * (len(pin) // length)
        for length in range(1, len(pin) // 2 + 1)
    )
    return over_again or steps in ({0}, {1}, {9}) or pin in KEYPAD


def check(pin: str) -> None:
    """Raise Invalid for a PIN that is none, or that others would guess."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise Invalid({"pin": _("Please choose four to eight digits.")})
    if _is_a_run(pin):
        raise Invalid({"pin": _("Others would try these digits first. Please mix them more.")})
    if _is_a_date(pin):
        raise Invalid(
            {"pin": _("This looks like a date, and birthdays are guessed first. Please choose other digits.")}
        )


def _whole(user: User, pin: str) -> str:
    """What is hashed: with whose it is, so that a hash fits no other person's row."""
    return f"{user.id}:{pin}"


async def of_person(db: AsyncSession, user: User) -> KioskPin | None:
    found: KioskPin | None = await db.scalar(select(KioskPin).where(KioskPin.user_id == user.id))
    return found


async def choose(db: AsyncSession, user: User, pin: str, *, by: Viewer) -> None:
    """Take this PIN from now on. Whoever changed in with the one before is changed out. Raises Invalid."""
    check(pin)
    await _forget(db, user)
    db.add(KioskPin(id=new_id(), user_id=user.id, pin_hash=await passwords.hashed(_whole(user, pin))))
    await record(db, KioskPinChanged(user_id=user.id, is_set=True), by=by, person=user.id, subject=user.id)


async def remove(db: AsyncSession, user: User, *, by: Viewer) -> None:
    await _forget(db, user)
    await record(db, KioskPinChanged(user_id=user.id, is_set=False), by=by, person=user.id, subject=user.id)


async def _forget(db: AsyncSession, user: User) -> None:
    await db.execute(delete(KioskPin).where(KioskPin.user_id == user.id))
    await db.execute(delete(Session).where(Session.user_id == user.id, Session.kiosk_id.is_not(None)))


async def is_right(
    db: AsyncSession, user: User, pin: str, *, kiosk: str, place: str, tenant: UUID, by: Viewer
) -> bool:
    """Whether it is that person's PIN. Tries are counted before they are looked at, for this person at this tablet:
    after five wrong ones they wait fifteen minutes there, and nobody else does. Raises TooMany.

    `kiosk` is the tablet's id, `place` its name, for the mail; `tenant` is the shop it stands in, whose trail shows
    the wrong ones.
    """
    who = f"{kiosk} {user.id}"
    paused, left = await limits.tries(PAUSE, who)
    number, left_of_tries = (0, left) if paused else await limits.count(TRIES, who)
    if paused or number > TRIES.times:
        raise _wait(left if paused else left_of_tries)
    stored = await of_person(db, user)
    if await passwords.matches(_whole(user, pin), stored.pin_hash if stored else None):
        await limits.forget(TRIES, who)
        return True
    if number == TRIES.times:
        _paused, left = await limits.count(PAUSE, who)
        paused_now = KioskPinPaused(user_id=user.id, kiosk=place)
        await record(db, paused_now, by=by, person=user.id, subject=user.id)
    action = PIN_PAUSED if number == TRIES.times else PIN_WRONG
    await audit.log(db, by, action, "user", user.id, tenant=tenant, detail={"kiosk": place})
    return False


def _wait(seconds: int) -> TooMany:
    minutes = -(-seconds // 60)
    words = ngettext(
        "Too many wrong PINs. You can try again at this tablet in %(num)d minute; the others are not held up.",
        "Too many wrong PINs. You can try again at this tablet in %(num)d minutes; the others are not held up.",
        minutes,
    )
    return TooMany(seconds, words)
