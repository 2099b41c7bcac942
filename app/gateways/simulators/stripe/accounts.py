"""Connect: a shop's own account, opened through the API and finished by its owner on a hosted page."""

import time

from .brackets import Params, only
from .faults import Faults
from .refusals import invalid, required
from .store import Doc, Store
from .webhooks import emit

ALLOWED = (
    *("type", "country", "email", "business_type", "business_profile", "capabilities", "controller"),
    *("metadata", "default_currency", "settings"),
)


class Accounts:
    def __init__(self, store: Store, faults: Faults, public_url: str) -> None:
        self._store, self._faults, self._public_url = store, faults, public_url

    def open(self, params: Params) -> Doc:
        only(params, *ALLOWED)
        asked = params.get("capabilities", {})
        return self._store.create(
            "acct",
            "",
            {
                "business_profile": params.get("business_profile", {}),
                "capabilities": dict.fromkeys(asked, "inactive"),
                "charges_enabled": False,
                "country": params.get("country", "US"),
                "default_currency": params.get("default_currency", "usd"),
                "details_submitted": False,
                "email": params.get("email"),
                "metadata": params.get("metadata", {}),
                "payouts_enabled": False,
                "type": params.get("type", "none"),
            },
        )

    def link(self, params: Params) -> Doc:
        only(params, "account", "refresh_url", "return_url", "type", "collection_options")
        for needed in ("account", "refresh_url", "return_url", "type"):
            if not params.get(needed):
                raise required(needed)
        if params["type"] not in ("account_onboarding", "account_update"):
            raise invalid("type", f"Invalid type: {params['type']}", "parameter_invalid")
        account = self._store.get("account", "", params["account"], "account")
        account["return_url"] = params["return_url"]
        self._store.save(account)
        now = int(time.time())
        url = f"{self._public_url}/connect/{account['id']}"
        return {"object": "account_link", "created": now, "expires_at": now + 300, "url": url}

    def finish(self, account: Doc) -> None:
        """What the owner's "Connect" on the hosted page does."""
        account |= {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
        account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
        self._store.save(account)
        emit(self._store, self._faults, "account.updated", account, account["id"])
