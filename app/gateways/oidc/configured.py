"""Providers by configuration: `OIDC_<NAME>_CLIENT_ID` and its like, with what we know of the well-known ones."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import Provider, SigningKey

_VARIABLE = re.compile(
    r"OIDC_([A-Z0-9]+(?:_[A-Z0-9]+)*?)_"
    r"(ISSUER|CLIENT_ID|CLIENT_SECRET|LABEL|DISCOVERY|ORIGINS|KEY|KEY_FILE|KEY_ID|TEAM_ID)"
)

PRESETS: Mapping[str, dict[str, Any]] = {
    "google": {"label": "Google", "issuer": "https://accounts.google.com"},
    # An account of a school or company is on the first host, a private one is sent on to the second.
    "microsoft": {
        "label": "Microsoft",
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        "discovery": "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
        "origins": ("https://login.microsoftonline.com", "https://login.live.com"),
    },
    # Apple gives name and address only to who takes the answer by form_post.
    "apple": {
        "label": "Apple",
        "issuer": "https://appleid.apple.com",
        "scope": "openid name email",
        "has_form_post": True,
    },
    "github": {
        "label": "GitHub",
        "issuer": "https://github.com",
        "dialect": "github",
        "scope": "read:user user:email",
    },
}


class Unset(Exception):
    """A provider is configured by half. `names` are the missing variables."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def providers(values: Mapping[str, str]) -> tuple[Provider, ...]:
    """The providers that an environment names, in alphabetical order. Raises Unset, ValueError (with words)."""
    told: dict[str, dict[str, str]] = {}
    for variable, value in values.items():
        if found := _VARIABLE.fullmatch(variable):
            told.setdefault(found[1], {})[found[2]] = value
    made = [_provider(name, told[name]) for name in sorted(told)]
    return tuple(made)


def _provider(name: str, told: Mapping[str, str]) -> Provider:
    slug = name.lower().replace("_", "-")
    preset = PRESETS.get(slug, {})
    secret = ("KEY_ID", "TEAM_ID") if "KEY" in told or "KEY_FILE" in told else ("CLIENT_SECRET",)
    needed = ("CLIENT_ID", *secret, *(() if preset else ("ISSUER",)))
    if missing := [f"OIDC_{name}_{one}" for one in needed if one not in told]:
        raise Unset(missing)
    issuer = told.get("ISSUER", preset.get("issuer", ""))
    discovery = told.get("DISCOVERY", "" if "ISSUER" in told else preset.get("discovery", ""))
    for url in (issuer, discovery):
        if url and not is_confidential(url):
            raise ValueError(f"OIDC_{name}: {url!r} must begin with https://")
    origins = told.get("ORIGINS", "").replace(",", " ").split() or preset.get("origins", ())
    return Provider(
        **preset
        | {
            "name": slug,
            "label": told.get("LABEL", preset.get("label", name.replace("_", " ").capitalize())),
            "issuer": issuer,
            "discovery": discovery,
            "client_id": told["CLIENT_ID"],
            "client_secret": told.get("CLIENT_SECRET", ""),
            "key": _key(name, told) if len(secret) == 2 else None,
            "has_tenants": "{tenantid}" in issuer,
            "origins": (_origin(issuer), *(one for one in origins if one != _origin(issuer))),
        }
    )


def _key(name: str, told: Mapping[str, str]) -> SigningKey:
    try:
        pem = Path(told["KEY_FILE"]).read_text() if "KEY_FILE" in told else told["KEY"].replace("\\n", "\n")
    except OSError as error:
        raise ValueError(f"OIDC_{name}_KEY_FILE cannot be read: {error.strerror}") from error
    if "PRIVATE KEY-----" not in pem:
        raise ValueError(f"OIDC_{name}_KEY is not a private key in PEM form")
    return SigningKey(pem, told["KEY_ID"], told["TEAM_ID"])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_confidential(url: str) -> bool:
    """Whether what is sent there stays between the two: TLS, or this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    )
