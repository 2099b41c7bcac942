"""What the environment says: one frozen object, read once, typed.

Production must name everything it needs; demo and test get their missing parts from `app.engine`, which sets
the same variables for its children. Nothing else in the application reads `os.environ`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from app.gateways.oidc import Provider, configured
from app.gateways.places.geocoding import open_geocoder
from app.gateways.push.keys import scalar_of
from app.gateways.push.services import checked as push_services
from app.gateways.scanner import open_scanner

Mode = Literal["demo", "production", "test"]

REQUIRED = ("BASE_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY")
"""No process runs without these. The owner's database address is asked for by `torqueline migrate` alone."""

REQUIRED_IN_PRODUCTION = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "SMTP_URL", "MAIL_FROM", "STORAGE_URL")

SHORTEST_SECRET = 32


class SettingsMissing(Exception):
    """Some variables are not set. `names` are all of them, so that one look is enough to mend it."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("Not set: " + ", ".join(names))
        self.names = names


class SettingsWrong(Exception):
    """A variable is set to something that cannot be right; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    mode: Mode
    home: Path
    base_url: str
    database_url: str
    database_owner_url: str | None
    redis_url: str
    secret_key: str
    former_secret_keys: tuple[str, ...]
    """What SECRET_KEY was before: old seals and signatures still open with them, new ones are never made."""
    stripe_api_key: str
    stripe_api_base: str | None
    """None is Stripe itself; otherwise where the simulator answers."""
    stripe_checkout_origin: str
    """Where a hosted checkout lives; the content security policy lets forms redirect there."""
    stripe_webhook_secret: str
    smtp_url: str | None
    """None: mails stay in the database and are read at /dev/mail."""
    mail_from: str
    storage_url: str
    """`file:///folder` or `s3://bucket?endpoint=…&region=…`."""
    clamd_url: str | None
    """The virus scanner that looks at what people send, `tcp://host:3310` or `unix:///path`. None: nothing does."""
    geocoder_url: str | None
    """Whom streets are asked of, see app/gateways/places/geocoding.py. None: only towns are known."""
    map_tiles_url: str | None
    """Where the tiles of a map come from, `https://host/{z}/{x}/{y}.png`. None: maps show the towns of our own list."""
    map_attribution: str
    """Whose map it is; shown on it."""
    passport_keys_before: tuple[str, ...]
    """Public keys that passports were signed with under a SECRET_KEY that is not kept any more; base64url."""
    vapid_private_key: str | None
    """What push messages are signed with: 32 bytes in base64url. None: no device is told anything by push."""
    vapid_subject: str
    """Whom a push service writes to when something is wrong: `mailto:` or `https:`."""
    push_services: tuple[str, ...]
    """Push services beyond those of the known browsers: hosts, and in demo and test origins such as
    http://127.0.0.1:8090."""
    sign_on: tuple[Provider, ...]
    """Whom people may let vouch for them: `OIDC_<NAME>_…`, see app/gateways/oidc/configured.py."""
    trusted_proxies: tuple[str, ...]
    parts_order_minutes: int
    """How long parts shops may answer a request before it expires, and how much more time is given."""
    log_level: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings. Raises SettingsMissing with every missing name, SettingsWrong for nonsense."""
        values = {name: value for name, value in (os.environ if env is None else env).items() if value}
        mode = values.get("TORQUELINE_MODE", "production")
        if mode not in get_args(Mode):
            raise SettingsWrong(f"TORQUELINE_MODE is {mode!r}; it can be one of: {', '.join(get_args(Mode))}")
        required = REQUIRED + (REQUIRED_IN_PRODUCTION if mode == "production" else ())
        if missing := [name for name in required if name not in values]:
            raise SettingsMissing(missing)
        home = Path(values.get("TORQUELINE_HOME", ".data")).absolute()
        settings = cls(
            mode=cast(Mode, mode),
            home=home,
            base_url=values["BASE_URL"].rstrip("/"),
            database_url=values["DATABASE_URL"],
            database_owner_url=values.get("DATABASE_OWNER_URL"),
            redis_url=values["REDIS_URL"],
            secret_key=values["SECRET_KEY"],
            former_secret_keys=tuple(values.get("SECRET_KEYS_BEFORE", "").split()),
            stripe_api_key=values.get("STRIPE_API_KEY", "sk_test_simulator"),
            stripe_api_base=values.get("STRIPE_API_BASE", "").rstrip("/") or None,
            stripe_checkout_origin=values.get("STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com").rstrip(
                "/"
            ),
            stripe_webhook_secret=values.get("STRIPE_WEBHOOK_SECRET", "whsec_unset"),
            smtp_url=values.get("SMTP_URL"),
            mail_from=values.get("MAIL_FROM", "Torqueline <no-reply@demo.test>"),
            storage_url=values.get("STORAGE_URL") or (home / "files").as_uri(),
            clamd_url=values.get("CLAMD_URL"),
            geocoder_url=values.get("GEOCODER_URL"),
            map_tiles_url=values.get("MAP_TILES_URL"),
            map_attribution=values.get("MAP_ATTRIBUTION", ""),
            passport_keys_before=tuple(values.get("PASSPORT_KEYS_BEFORE", "").split()),
            vapid_private_key=values.get("VAPID_PRIVATE_KEY"),
            vapid_subject=_together(values, "VAPID_SUBJECT", "VAPID_PRIVATE_KEY"),
            push_services=_services(values),
            sign_on=_sign_on(values),
            trusted_proxies=tuple(values.get("TRUSTED_PROXIES", "").replace(",", " ").split()),
            parts_order_minutes=_minutes(values, "PARTS_ORDER_MINUTES", 120),
            log_level=values.get("LOG_LEVEL", "INFO").upper(),
        )
        settings._check()
        return settings

    def _check(self) -> None:
        url = urlsplit(self.base_url)
        if url.scheme not in ("http", "https") or not url.netloc or url.path:
            raise SettingsWrong(f"BASE_URL is {self.base_url!r}; it must look like https://shop.example.com")
        if len(self.secret_key) < SHORTEST_SECRET:
            raise SettingsWrong(f"SECRET_KEY has fewer than {SHORTEST_SECRET} characters")
        if any(len(key) < SHORTEST_SECRET for key in self.former_secret_keys):
            raise SettingsWrong(f"SECRET_KEYS_BEFORE holds a key of fewer than {SHORTEST_SECRET} characters")
        if any(not re.fullmatch("[A-Za-z0-9_-]{43}", key) for key in self.passport_keys_before):
            raise SettingsWrong("PASSPORT_KEYS_BEFORE holds something that is no public key in base64url")
        if not self.database_url.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
            raise SettingsWrong("DATABASE_URL must begin with postgresql://")
        if not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise SettingsWrong("REDIS_URL must begin with redis:// or rediss://")
        if not self.storage_url.startswith(("file:///", "s3://")):
            raise SettingsWrong("STORAGE_URL must begin with file:/// or s3://")
        try:
            open_scanner(self.clamd_url)
            open_geocoder(self.geocoder_url)
        except ValueError as wrong:
            raise SettingsWrong(str(wrong)) from wrong
        if self.map_tiles_url:
            tiles = urlsplit(self.map_tiles_url)
            is_address = tiles.scheme in ("http", "https") and re.fullmatch(r"[\w.-]+(:\d+)?", tiles.netloc)
            if not is_address or not all(part in self.map_tiles_url for part in ("{z}", "{x}", "{y}")):
                raise SettingsWrong("MAP_TILES_URL must look like https://tiles.example.com/{z}/{x}/{y}.png")
            if not self.map_attribution:
                raise SettingsWrong("MAP_ATTRIBUTION is not set: whoever makes a map wants to be named on it")
        self._check_push()
        if self.mode == "production" and not self.secure:
            raise SettingsWrong("BASE_URL must be https:// in production: cookies are sent over TLS only")

    def _check_push(self) -> None:
        if self.vapid_private_key is None:
            return
        try:
            scalar_of(self.vapid_private_key)
        except ValueError as wrong:
            raise SettingsWrong("VAPID_PRIVATE_KEY must be 32 random bytes in base64url") from wrong
        if not self.vapid_subject.startswith(("mailto:", "https://")):
            raise SettingsWrong("VAPID_SUBJECT must look like mailto:desk@example.com")
        if self.mode == "production" and any("://" in one for one in self.push_services):
            raise SettingsWrong("PUSH_SERVICES names hosts alone in production: they are called over https")

    @property
    def map_tiles_origin(self) -> str:
        """What a page with a map may load pictures from besides; "" without tiles."""
        tiles = urlsplit(self.map_tiles_url or "")
        return f"{tiles.scheme}://{tiles.netloc}" if self.map_tiles_url else ""

    @property
    def is_demo(self) -> bool:
        """Demo logins, /dev pages and the simulators' doors exist only then."""
        return self.mode == "demo"

    @property
    def has_dev_pages(self) -> bool:
        return self.mode in ("demo", "test")

    @property
    def secure(self) -> bool:
        """The site is served over TLS: cookies carry `Secure` and the `__Host-` prefix."""
        return self.base_url.startswith("https://")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """All that may have made what is stored or carried by somebody, the present one first."""
        return (self.secret_key, *self.former_secret_keys)

    @property
    def sqlalchemy_url(self) -> str:
        return as_asyncpg(self.database_url)

    @property
    def sqlalchemy_owner_url(self) -> str:
        """For migrations only. Raises SettingsMissing when the owner's address is not set."""
        if self.database_owner_url is None:
            raise SettingsMissing(["DATABASE_OWNER_URL"])
        return as_asyncpg(self.database_owner_url)


def _sign_on(values: Mapping[str, str]) -> tuple[Provider, ...]:
    try:
        return configured.providers(values)
    except configured.Unset as missing:
        raise SettingsMissing(missing.names) from missing
    except ValueError as wrong:
        raise SettingsWrong(str(wrong)) from wrong


def _together(values: Mapping[str, str], name: str, other: str) -> str:
    """A variable that is needed as soon as the other one is set, and means nothing without it."""
    if (name in values) != (other in values):
        raise SettingsMissing([name if other in values else other])
    return values.get(name, "")


def _services(values: Mapping[str, str]) -> tuple[str, ...]:
    try:
        return push_services(values.get("PUSH_SERVICES", ""))
    except ValueError as wrong:
        raise SettingsWrong(f"PUSH_SERVICES: {wrong}") from wrong


def as_asyncpg(url: str) -> str:
    """`postgresql://…` as SQLAlchemy wants it for asyncpg."""
    _scheme, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}"


def as_libpq(url: str) -> str:
    """The same address without SQLAlchemy's driver, for asyncpg itself and for psql."""
    _scheme, _, rest = url.partition("://")
    return f"postgresql://{rest}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings. Tests that change the environment call `settings.cache_clear()`."""
    return Settings.from_env()


def _minutes(values: Mapping[str, str], name: str, usual: int) -> int:
    said = values.get(name, str(usual))
    if not said.isdecimal() or not 1 <= int(said) <= 7 * 24 * 60:
        raise SettingsWrong(f"{name} is {said!r}; it must be a number of minutes, at most a week")
    return int(said)
