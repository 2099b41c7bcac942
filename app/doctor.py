"""`torqueline doctor`: looks at every dependency and says how to mend what is wrong."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from app.settings import Settings, SettingsMissing, SettingsWrong, as_libpq

ROOT = Path(__file__).resolve().parent.parent
Verdict = Literal["good", "wrong", "note"]
PATIENCE = 5.0


@dataclass(frozen=True)
class Finding:
    about: str
    verdict: Verdict
    words: str
    mend: str = ""


async def examine() -> int:
    """Print one line a dependency. Returns 1 if something that is needed is wrong."""
    findings = [_python(), _node(), _chromium(), _assets(), _vin_data(), _cities()]
    try:
        settings: Settings | None = Settings.from_env()
        findings.append(Finding("Settings", "good", f"complete for {settings.mode if settings else ''} mode"))
    except (SettingsMissing, SettingsWrong) as problem:
        settings = None
        mend = "set them in the environment, or start bin/run, which needs none"
        findings.append(Finding("Settings", "wrong", str(problem), mend))
    addresses = (
        ("PostgreSQL", "DATABASE_URL", _postgres),
        ("Valkey", "REDIS_URL", _valkey),
    )
    for about, name, look in addresses:
        findings += await _look(about, name, look)
    if settings:
        findings += [
            _storage(settings),
            _mail(settings),
            await _scanner(settings),
            await _geocoder(settings),
            _push(settings),
            await _stripe(settings),
        ]
    for finding in findings:
        sign = {"good": "✓", "wrong": "✗", "note": "·"}[finding.verdict]
        print(f"{sign} {finding.about:<12} {finding.words}")
        if finding.mend and finding.verdict != "good":
            print(f"{'':<15}→ {finding.mend}")
    return 1 if any(finding.verdict == "wrong" for finding in findings) else 0


async def _look(about: str, name: str, look: Callable[[str], Awaitable[list[Finding]]]) -> list[Finding]:
    url = os.environ.get(name)
    if not url:
        return [Finding(about, "wrong", f"{name} is not set", f"set {name}, or start bin/run")]
    return await look(url)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", "good", version)


def _node() -> Finding:
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    mend = "install Node 20 or newer, or run bin/run, which brings one; needed only to build the assets"
    if not found:
        return Finding("Node", "note", "not here", mend)
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = re.match(r"v(\d+)", version)
    good = bool(major and int(major[1]) >= 20)
    return Finding("Node", "good" if good else "note", version, mend)


def _chromium() -> Finding:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)
    mend = "needed only for the browser tests: bin/test installs one, or set CHROMIUM_PATH"
    return Finding("Chromium", "good" if found else "note", found or "not on the PATH", mend)


def _assets() -> Finding:
    manifest = ROOT / "app" / "static" / "dist" / "manifest.json"
    if manifest.exists():
        return Finding("Assets", "good", "built")
    return Finding("Assets", "wrong", "app/static/dist is missing", "run bin/run once, or bin/assets")


def _vin_data() -> Finding:
    if (ROOT / "build" / "vpic.sqlite").exists():
        return Finding("VIN data", "good", "cut from vPIC")
    mend = "npm install, then .venv/bin/python -m app.gateways.vin.build (bin/run does both)"
    return Finding("VIN data", "wrong", "build/vpic.sqlite is missing", mend)


def _cities() -> Finding:
    if (ROOT / "build" / "cities.sqlite").exists():
        return Finding("Cities", "good", "made from GeoNames")
    mend = "npm install, then .venv/bin/python -m app.gateways.places.build (bin/run does both)"
    return Finding("Cities", "wrong", "build/cities.sqlite is missing", mend)


async def _postgres(url: str) -> list[Finding]:
    import asyncpg

    try:
        db = await asyncpg.connect(as_libpq(url), timeout=PATIENCE)
    except (OSError, asyncpg.PostgresError, TimeoutError) as problem:
        mend = "check host, port, role and password of DATABASE_URL, and that the server runs"
        return [Finding("PostgreSQL", "wrong", f"does not answer: {problem or type(problem).__name__}", mend)]
    try:
        return [await _version(db), await _role(db), await _extension(db), await _migrations(db)]
    finally:
        await db.close()


async def _version(db: Any) -> Finding:
    number = await db.fetchval("SELECT current_setting('server_version_num')::int")
    words = f"version {await db.fetchval('SHOW server_version')}"
    if number < 180000:
        mend = "18 is what the tests run on; 15 has been seen to run the demo, older ones have not been tried"
        return Finding("PostgreSQL", "note", words, mend)
    return Finding("PostgreSQL", "good", words)


async def _role(db: Any) -> Finding:
    from app.core.role import POWERS, faults

    row = await db.fetchrow(POWERS)
    name = row["rolname"]
    if wrong := faults(row):
        mend = "give DATABASE_URL a role of its own; `torqueline migrate` makes it, run by the owner"
        return Finding("Role", "wrong", f"{name} {' and '.join(wrong)}", mend)
    return Finding("Role", "good", f"{name} owns nothing and is held by row-level security")


async def _extension(db: Any) -> Finding:
    if await db.fetchval("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'"):
        return Finding("Extensions", "good", "btree_gist")
    if await db.fetchval("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'"):
        return Finding("Extensions", "wrong", "btree_gist is not in this database", "run torqueline migrate")
    return Finding(
        "Extensions", "wrong", "btree_gist is not installed", "install postgresql-contrib on the server"
    )


async def _migrations(db: Any) -> Finding:
    from app.migrate import head

    if await db.fetchval("SELECT to_regclass('ddl_version')") is None:
        return Finding("Migrations", "wrong", "the database is empty", "run torqueline migrate")
    at = await db.fetchval("SELECT version_num FROM ddl_version")
    if at != head():
        return Finding("Migrations", "wrong", f"at {at}, the code wants {head()}", "run torqueline migrate")
    return Finding("Migrations", "good", f"at {at}")


async def _valkey(url: str) -> list[Finding]:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
    try:
        about = await client.info("server")
        memory = await client.info("memory")
    except (RedisError, OSError) as problem:
        mend = "check host, port and password of REDIS_URL, and that the server runs"
        return [Finding("Valkey", "wrong", f"does not answer: {problem}", mend)]
    finally:
        await client.aclose()
    version = about.get("valkey_version") or about.get("redis_version")
    if (policy := memory.get("maxmemory_policy")) not in (None, "noeviction"):
        mend = "set maxmemory-policy noeviction: the queue lives there"
        return [Finding("Valkey", "note", f"version {version}, may evict ({policy})", mend)]
    return [Finding("Valkey", "good", f"version {version}")]


def _storage(settings: Settings) -> Finding:
    url = urlsplit(settings.storage_url)
    if url.scheme == "s3":
        return Finding("Files", "note", f"bucket {url.netloc}, not looked into", "upload a photo to try it")
    folder = Path(url.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as problem:
        return Finding("Files", "wrong", str(problem), f"make {folder} writable for this user")
    return Finding("Files", "good", f"{folder} is writable")


def _mail(settings: Settings) -> Finding:
    import smtplib

    if settings.smtp_url is None:
        return Finding(
            "Mail", "note", "not sent: kept in the database, read at /dev/mail", "set SMTP_URL to send"
        )
    url = urlsplit(settings.smtp_url)
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(
            url.hostname or "", url.port or (465 if url.scheme == "smtps" else 587), timeout=PATIENCE
        ) as link:
            link.ehlo()
    except (OSError, smtplib.SMTPException) as problem:
        return Finding("Mail", "wrong", f"{url.hostname} does not answer: {problem}", "check SMTP_URL")
    return Finding("Mail", "good", f"{url.hostname} answers")


async def _scanner(settings: Settings) -> Finding:
    from app.gateways.scanner import ScannerAway, open_scanner

    scanner = open_scanner(settings.clamd_url)
    if scanner is None:
        return Finding("Scanner", "note", "none: files are not looked at for viruses", "set CLAMD_URL")
    try:
        return Finding("Scanner", "good", await scanner.version())
    except ScannerAway as problem:
        mend = "check CLAMD_URL and that clamd runs; until it answers no file is taken"
        return Finding("Scanner", "wrong", f"does not answer: {problem}", mend)


async def _geocoder(settings: Settings) -> Finding:
    from app.gateways.places.geocoding import GeocoderAway, open_geocoder

    geocoder = open_geocoder(settings.geocoder_url)
    if geocoder is None:
        return Finding("Geocoder", "note", "none: towns are found, streets are not", "set GEOCODER_URL")
    try:
        await geocoder.find("Berlin", limit=1)
    except GeocoderAway as problem:
        mend = "check GEOCODER_URL; until it answers only towns are found"
        return Finding("Geocoder", "wrong", f"does not answer: {problem}", mend)
    return Finding("Geocoder", "good", "answers")


def _push(settings: Settings) -> Finding:
    from app.gateways.push.web import open_push

    push = open_push(settings.vapid_private_key, settings.vapid_subject, settings.push_services)
    if push is None:
        mend = "set VAPID_PRIVATE_KEY and VAPID_SUBJECT"
        return Finding("Push", "note", "no key: people are not offered to be told on their devices", mend)
    return Finding("Push", "good", f"signs as {settings.vapid_subject}, public key {push.public_key[:12]}…")


async def _stripe(settings: Settings) -> Finding:
    import httpx

    base = settings.stripe_api_base or "https://api.stripe.com"
    try:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.get(
                f"{base}/v1/balance", headers={"Authorization": f"Bearer {settings.stripe_api_key}"}
            )
    except httpx.HTTPError as problem:
        return Finding(
            "Stripe", "wrong", f"{base} does not answer: {problem}", "check the network, or bin/run"
        )
    if answer.status_code == 401:
        return Finding("Stripe", "wrong", "the key is refused", "check STRIPE_API_KEY")
    kind = "the local simulator" if settings.stripe_api_base else "Stripe"
    return Finding("Stripe", "good", f"{kind} answers")
