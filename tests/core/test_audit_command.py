"""`torqueline verify-audit` as somebody runs it."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from app.core import chain, relay
from app.settings import as_libpq, settings
from tests.cast import CAST, HARBOR
from tests.core.test_audit_chain import something_happens

ROOT = Path(__file__).resolve().parents[2]


def verify_audit(*words):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "verify-audit", *words], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
async def trail(site):
    await something_happens(times=3)
    await something_happens(CAST.outsider)
    await relay.stamp()
    await chain.sign_heads()
    await relay.stamp()
    await chain.chain_new_rows()


async def rewrite(statement, *values):
    owner = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    try:
        async with owner.transaction():
            await owner.execute("SET LOCAL audit.rewriting = 'on'")
            return await owner.fetchval(statement, *values)
    finally:
        await owner.close()


async def test_it_says_how_many_rows_hold(trail):
    said = verify_audit()
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [
        "✓ platform: 0 rows",
        "✓ harbor-lane-garage: 7 rows",
        "✓ northside-parts: 0 rows",
        "✓ river-spares: 0 rows",
        "✓ voltwerk-berlin: 3 rows",
    ]


async def test_it_names_the_first_bad_row_and_ends_with_one(trail):
    row = await rewrite(
        "UPDATE events SET payload = '{}' WHERE id = (SELECT row_id FROM audit_chain WHERE tenant_id = $1 AND n = 3)"
        " RETURNING id",
        HARBOR,
    )
    said = verify_audit()
    assert said.returncode == 1
    bad = f"✗ harbor-lane-garage: row 3 ({row}): the row is not as it was written. The 2 rows before it hold."
    fine = ["✓ northside-parts: 0 rows", "✓ river-spares: 0 rows", "✓ voltwerk-berlin: 3 rows"]
    assert said.stdout.splitlines()[1:] == [bad, *fine]
    assert verify_audit("--tenant", "voltwerk-berlin").returncode == 0


async def test_heads_kept_elsewhere_show_that_everything_was_made_anew(trail, tmp_path):
    kept = tmp_path / "heads.jsonl"
    kept.write_text(verify_audit("--export-heads").stdout)
    assert len(kept.read_text().splitlines()) == 2
    assert verify_audit("--heads", str(kept)).returncode == 0
    for table in ("events", "audit_values", "audit_chain", "audit_logs"):
        await rewrite(f"DELETE FROM {table}")
    assert verify_audit().returncode == 0
    said = verify_audit("--heads", str(kept))
    assert said.returncode == 1
    assert "row 6: the row whose hash was kept is gone, and all after it" in said.stdout
    kept.write_text(kept.read_text().replace('"n":6', '"n":5'))
    assert "do not carry our signature" in verify_audit("--heads", str(kept)).stderr


async def test_an_unknown_business_and_a_list_that_is_none_are_refused(trail, tmp_path):
    assert verify_audit("--tenant", "nobody").returncode == 2
    nonsense = tmp_path / "heads"
    nonsense.write_text("nonsense")
    assert verify_audit("--heads", str(nonsense)).returncode == 2


async def test_a_file_without_heads_proves_nothing_and_no_heads_yet_is_said(site, tmp_path):
    empty = tmp_path / "heads.jsonl"
    none_yet = verify_audit("--export-heads")
    empty.write_text(none_yet.stdout)
    assert (none_yet.returncode, none_yet.stdout) == (0, "")
    assert "no signed heads yet" in none_yet.stderr
    said = verify_audit("--heads", str(empty))
    assert (said.returncode, said.stdout) == (2, "")
    assert "nothing to compare" in said.stderr
