"""Stripe's error objects. https://docs.stripe.com/api/errors"""

from .web import Response, json_response


class StripeRefusal(Exception):
    """An answer other than 2xx, in Stripe's words."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        """The answer is stored under the key once the endpoint began to run, not when it refused before."""
        parts = {"type": kind, "message": message, "code": code, "param": param, "decline_code": decline_code}
        self.error = {name: value for name, value in parts.items() if value is not None}

    def response(self) -> Response:
        return json_response({"error": self.error}, self.status)


def missing(kind: str, ref: str, param: str = "id") -> StripeRefusal:
    return StripeRefusal(f"No such {kind}: '{ref}'", status=404, code="resource_missing", param=param)


def required(param: str) -> StripeRefusal:
    return StripeRefusal(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(param: str, message: str, code: str = "parameter_invalid_empty") -> StripeRefusal:
    return StripeRefusal(message, code=code, param=param)
