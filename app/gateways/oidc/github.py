"""GitHub's own OAuth 2: no ID token, so the person is asked for with the access token that the code was worth.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
"""

from typing import Any

from . import Handshake, Introduction, Provider, SignOnFailed
from .wire import calling, document, redeem


class GitHub:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        home = provider.issuer.rstrip("/")
        self._login = f"{home}/login/oauth"
        self._api = "https://api.github.com" if home == "https://github.com" else f"{home}/api/v3"

    async def address(self, handshake: Handshake, redirect_uri: str) -> str:
        """Where to send the browser."""
        async with calling(self._provider, redirect_uri) as client:
            url, _state = client.create_authorization_url(
                f"{self._login}/authorize", state=handshake.state, code_verifier=handshake.verifier
            )
            return str(url)

    async def introduction(self, code: str, handshake: Handshake, redirect_uri: str) -> Introduction:
        """Whom the code stands for: the number of the account, which stays when its name changes, and its
        primary address if GitHub has verified it. Raises SignOnFailed."""
        provider = self._provider
        async with calling(
            provider, redirect_uri, secret=provider.client_secret, method="client_secret_post"
        ) as client:
            tokens = await redeem(client, f"{self._login}/access_token", code, handshake.verifier)
            headers = {
                "Authorization": f"Bearer {tokens.get('access_token', '')}",
                "Accept": "application/vnd.github+json",
            }
            person = await document(client, f"{self._api}/user", headers=headers)
            addresses = await document(client, f"{self._api}/user/emails", headers=headers)
        if not isinstance(person, dict) or not isinstance(person.get("id"), int):
            raise SignOnFailed("forged", "nobody was introduced")
        email = _primary(addresses)
        name = str(person.get("name") or person.get("login") or "").strip()
        return Introduction(provider.issuer, str(person["id"]), email, bool(email), name)


def _primary(addresses: Any) -> str:
    if not isinstance(addresses, list):
        return ""
    for one in addresses:
        if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True:
            return str(one.get("email") or "").strip()
    return ""
