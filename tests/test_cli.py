import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import as_libpq

ROOT = Path(__file__).resolve().parent.parent
BARE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def torqueline(*words, env=None, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env=BARE | {"PYTHONPATH": str(ROOT)} | (env or {}), cwd=cwd,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_demands_its_settings_and_names_every_missing_one(command):
    said = torqueline(command, env={"DATABASE_URL": "postgresql://a:b@c/d"})
    assert said.returncode == 2
    for name in ("BASE_URL", "REDIS_URL", "SECRET_KEY", "STRIPE_API_KEY", "SMTP_URL", "STORAGE_URL"):
        assert name in said.stderr
    assert "DATABASE_URL " not in said.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_cannot_be_started_in_demo_mode(command):
    said = torqueline(command, env={"TORQUELINE_MODE": "demo"})
    assert said.returncode == 2
    assert "production" in said.stderr


def test_a_migration_asks_for_both_addresses(tmp_path):
    said = torqueline("migrate", "--home", str(tmp_path / "none"))
    assert said.returncode == 2
    assert "DATABASE_OWNER_URL" in said.stderr


def test_nothing_heavy_is_imported_for_help():
    code = "import sys, app.cli; print([m for m in ('litestar', 'sqlalchemy', 'stripe') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_doctor_names_what_is_wrong_and_how_to_mend_it(tmp_path):
    said = torqueline("doctor", "--home", str(tmp_path / "none"))
    assert said.returncode == 1
    assert "DATABASE_URL is not set" in said.stdout
    assert "→" in said.stdout


async def test_the_doctor_looks_into_the_database(database, engine, tmp_path):
    env = {
        "TORQUELINE_MODE": "demo", "BASE_URL": "http://localhost:1", "SECRET_KEY": "k" * 40,
        "DATABASE_URL": as_libpq(database.url), "REDIS_URL": engine.valkey_url(),
        "STORAGE_URL": tmp_path.as_uri(), "STRIPE_API_BASE": "http://127.0.0.1:9",
    }  # fmt: skip
    said = torqueline("doctor", env=env)
    for words in ("✓ Role", "✓ Extensions   btree_gist", "✓ Migrations", "✓ Valkey", "✓ Files", "✗ Stripe"):
        assert words in said.stdout, said.stdout
    said = torqueline("doctor", env=env | {"DATABASE_URL": as_libpq(database.owner_url)})
    assert "✗ Role         torqueline_owner owns tables" in said.stdout


def test_bin_torqueline_works_from_anywhere(tmp_path):
    said = subprocess.run(
        [ROOT / "bin" / "torqueline", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert "doctor" in said.stdout
