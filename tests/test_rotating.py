"""Changing SECRET_KEY: what is stored and what people carry outlives it, and nothing needs the old key afterwards."""

import pytest
import sqlalchemy as sa

from app.core import erasures, sealing
from app.core.db import act_as, new_id, transaction
from app.core.security import csrf_token, csrf_token_matches, sign, unsign
from app.domains.accounts.models import CODE_SEAL, OneTimeCode
from app.rotating import rotate, sealed_columns
from app.settings import settings

OLD, NEW = "an old key, long enough to be one", "a new key, which is long enough too"


@pytest.fixture
def keys(monkeypatch):
    def use(now, *before):
        monkeypatch.setenv("SECRET_KEY", now)
        monkeypatch.setenv("SECRET_KEYS_BEFORE", " ".join(one.replace(" ", "-") for one in before))
        settings.cache_clear()

    yield lambda now, *before: use(now.replace(" ", "-"), *before)
    monkeypatch.undo()
    settings.cache_clear()


async def stored(cast):
    async with transaction() as db:
        await act_as(db, user=cast.technician.user_id)
        return await db.scalar(sa.select(OneTimeCode.secret_sealed))


async def test_after_a_rotation_the_old_key_is_not_needed(site, cast, keys, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STORAGE_URL", tmp_path.as_uri())
    keys(OLD)
    await erasures.note("account", cast.stranger.user_id)
    async with transaction() as db:
        await act_as(db, user=cast.technician.user_id)
        sealed = sealing.seal(CODE_SEAL, "JBSWY3DP")
        db.add(OneTimeCode(id=new_id(), user_id=cast.technician.user_id, secret_sealed=sealed, last_step=0))

    keys(NEW)
    assert await rotate(settings().sqlalchemy_owner_url) == 1
    assert "1 are sealed with a key that is neither" in capsys.readouterr().err
    assert await stored(cast) == sealed

    keys(NEW, OLD)
    assert sealing.unseal(CODE_SEAL, await stored(cast)) == "JBSWY3DP"
    assert await rotate(settings().sqlalchemy_owner_url) == 0
    said = capsys.readouterr().out
    assert "one_time_codes.secret_sealed: 1 sealed anew" in said
    assert "list of erasures: 1 lines signed anew" in said

    keys(NEW)
    listed, others = await erasures.listed()
    assert ([one.is_ours for one in listed], others) == ([True], 0)
    anew = await stored(cast)
    assert sealing.unseal(CODE_SEAL, anew) == "JBSWY3DP"
    assert await rotate(settings().sqlalchemy_owner_url) == 0
    assert await stored(cast) == anew


def test_what_people_carry_holds_while_the_old_key_is_named(keys):
    keys(OLD)
    link, form = sign("link", "x", seconds=60), csrf_token("browser")
    keys(NEW, OLD)
    assert unsign("link", link) == "x"
    assert csrf_token_matches(form, "browser")
    assert not csrf_token_matches(form, "another browser")
    keys(NEW)
    assert not csrf_token_matches(form, "browser")
    with pytest.raises(ValueError, match="forged"):
        unsign("link", link)


def test_no_seal_is_left_out():
    """A column that rests sealed is rotated, or lives too short to need it."""
    named = {
        f"{table.name}.{column.name}"
        for table in sealing_tables()
        for column in table.columns
        if "seal" in column.name
    }
    rotated = {f"{column.table.name}.{column.name}" for column, _purpose in sealed_columns()}
    assert named - rotated == {"sign_ons.sealed"}
    assert "mails.secret" in rotated


def sealing_tables():
    return sealed_columns()[0][0].table.metadata.sorted_tables
