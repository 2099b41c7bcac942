"""Erased, an older copy of the database restored, the list replayed: they are gone again."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from app.core import chain, clock
from app.core import db as core_db
from app.domains.customers import erasing as customers_erasing
from app.domains.privacy import erasing
from app.replaying import export, replay
from app.settings import Settings, settings
from tests.cast import CAST, HARBOR

DANA = CAST.customer


@pytest.fixture
async def restore(engine, seated, monkeypatch):
    """Put the database as it was at the beginning in the place of the present one; a look into it above all policies."""
    names, looks = [], []

    async def older():
        await core_db.disconnect()
        names.append(await engine.clone(seated, f"older_{uuid4().hex[:12]}"))
        monkeypatch.setenv("DATABASE_URL", engine.app_url(names[-1]))
        settings.cache_clear()
        looks.append(await asyncpg.connect(f"{engine.superuser}/{names[-1]}"))
        return looks[-1]

    yield older
    for look in looks:
        await look.close()
    for name in names:
        await engine.drop(name)


async def of_dana(look):
    return {
        *await look.fetchrow("SELECT name, email FROM users WHERE id = $1", DANA.user_id),
        *await look.fetchrow("SELECT name, email FROM customers WHERE id = $1", DANA.customer_id),
    }


@pytest.fixture
async def erased(site, browser, run_reactions, monkeypatch, tmp_path):
    monkeypatch.setenv("STORAGE_URL", (tmp_path / "files").as_uri())
    settings.cache_clear()
    asked = await browser(DANA).json("POST", "/api/v1/me/erasure", {"confirmation": DANA.email})
    assert asked.status_code == 202
    with clock.moved_by(erasing.GRACE + timedelta(minutes=1)):
        await erasing.erase_due_accounts()
        await customers_erasing.erase_settled_customers()
        await run_reactions()


async def test_who_was_erased_is_gone_again_after_a_restore(erased, restore, capsys):
    look = await restore()
    assert {DANA.name, DANA.email} <= await of_dana(look), "the older copy knows them"
    assert await replay(Settings.from_env()) == 0
    said = capsys.readouterr().out
    assert f"account {DANA.user_id}: erased\n" in said
    assert f"customer {DANA.customer_id}: erased\n" in said
    assert not await of_dana(look) & {DANA.name, DANA.email}
    assert await look.fetchval("SELECT new_values FROM audit_logs WHERE action = 'erasures.replayed'")
    rows = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM audit_logs), u::text, c::text FROM users u, customers c WHERE u.id = $1 AND c.id = $2"
    before = await look.fetchrow(rows, DANA.user_id, DANA.customer_id)
    assert await replay(Settings.from_env()) == 0
    assert "0 erased again, 2 were gone, 0 wait" in capsys.readouterr().out
    assert await look.fetchrow(rows, DANA.user_id, DANA.customer_id) == before
    core_db.connect(settings().sqlalchemy_url)
    await chain.extend()
    for tenant in (None, HARBOR):
        assert (await chain.verify(tenant)).flaw is None


async def test_a_list_kept_elsewhere_does_it_too_and_a_forged_line_does_nothing(
    erased, restore, capsys, monkeypatch, tmp_path
):
    for one in (tmp_path / "files" / "erasures").iterdir():
        one.unlink()  # an account erased before there was a list
    await core_db.disconnect()
    assert await export(Settings.from_env()) == 0
    kept = tmp_path / "kept.jsonl"
    kept.write_text(capsys.readouterr().out)
    assert len(kept.read_text().splitlines()) == 2
    monkeypatch.setenv("STORAGE_URL", (tmp_path / "elsewhere").as_uri())
    forged = tmp_path / "forged.jsonl"
    forged.write_text(kept.read_text().replace(str(DANA.user_id), str(CAST.stranger.user_id)))
    look = await restore()
    assert await replay(Settings.from_env(), forged) == 1
    assert (
        await look.fetchval("SELECT name FROM users WHERE id = $1", CAST.stranger.user_id)
        == CAST.stranger.name
    )
    assert "1 lines do not carry our signature" in capsys.readouterr().err
    assert await replay(Settings.from_env(), kept) == 0
    assert not await of_dana(look) & {DANA.name, DANA.email}


@pytest.mark.parametrize("where", ["storage", "file"])
async def test_what_is_no_line_of_ours_keeps_nobody_from_being_erased_again(
    erased, restore, capsys, tmp_path, where
):
    line = next((tmp_path / "files" / "erasures").iterdir()).read_bytes()
    foreign = line[: line.index(b'"signature":"') + 13] + 'é"}'.encode()
    bad = [foreign, foreign.replace("é".encode(), rb"\ud800"), b"no line", b"\xff\xfe", b"{}", b"[" * 100_000]
    file = tmp_path / "kept.jsonl"
    file.write_bytes(b"\n".join(bad) if where == "file" else b"")
    if where == "storage":
        for number, one in enumerate(bad):
            (tmp_path / "files" / "erasures" / f"account-{number}.json").write_bytes(one)
    look = await restore()
    assert await replay(Settings.from_env(), file) == 1
    assert not await of_dana(look) & {DANA.name, DANA.email}
    assert f"{len(bad)} lines do not carry our signature" in capsys.readouterr().err


async def test_whoever_works_for_a_business_in_the_older_copy_waits_and_is_said_to(erased, restore, capsys):
    look = await restore()
    await look.execute(
        "INSERT INTO user_roles (id, user_id, role, tenant_id, service_center_id, created_at) "
        "SELECT gen_random_uuid(), $1, role, tenant_id, service_center_id, now() FROM user_roles WHERE user_id = $2",
        DANA.user_id, CAST.technician.user_id,
    )  # fmt: skip
    assert await replay(Settings.from_env()) == 1
    assert f"account {DANA.user_id}: waits: they work for a business" in capsys.readouterr().out
    assert DANA.email in await of_dana(look)
