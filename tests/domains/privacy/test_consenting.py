"""Who made an account agreed to the notice that stood on the page; what was noted stays as it was."""

import asyncpg
import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.domains.accounts.events import NOTICE
from app.domains.accounts.models import User
from app.domains.privacy.models import Consent
from app.settings import as_libpq, settings


async def test_making_an_account_is_noted_with_the_version_of_the_notice(browser, cast, run_reactions):
    new = browser()
    page = await new.get("/sign-up")
    assert 'href="/privacy"' in page.text
    assert NOTICE in (await browser().get("/privacy")).text
    form = {"name": "Nia", "email": "nia@new.example", "password": "three quiet mountains"}
    assert (await new.post("/sign-up", form)).status_code == 303
    await run_reactions()
    mine = (await new.get("/settings/your-data")).text
    assert ("Agreed" in mine, NOTICE in mine) == (True, True)
    assert "Nothing is noted" in (await browser(cast.stranger).get("/settings/your-data")).text
    owner = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    try:
        nia = await owner.fetchval("SELECT id FROM users WHERE email = 'nia@new.example'")
        async with transaction(user=nia) as db:
            [consent] = await db.scalars(select(Consent))
            assert (consent.kind, consent.version, consent.is_given) == ("privacy_notice", NOTICE, True)
            assert (await db.get_one(User, nia)).name == "Nia"
        for change in ("UPDATE consents SET version = 'other'", "DELETE FROM consents"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(change)
    finally:
        await owner.close()
