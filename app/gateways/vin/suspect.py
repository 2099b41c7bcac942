"""Which character of a mistyped VIN is the wrong one, where that can be known."""

from app.gateways.vin import decoding
from app.gateways.vin.check_digit import repairs


def only_repair(vin: str) -> tuple[int, str] | None:
    """The only substitution that makes the check digit right and a model known: (position, repaired VIN).

    A wrong digit alone names no position: a dozen substitutions mend it. When the model is known as it
    stands, the mistake may be anywhere in the serial number, and nothing can be said either.
    """
    if decoding.has_model(vin):
        return None
    mended = [(position, other) for position, other in repairs(vin) if decoding.has_model(other)]
    return mended[0] if len(mended) == 1 else None
