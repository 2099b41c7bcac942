"""Vehicle identification numbers, decoded without a network.

`decode(vin)` never raises and takes a millisecond or two; `main(argv)` is the command line. The data is
NHTSA's vPIC (public domain), cut by `python -m app.gateways.vin.build`; without it only maker and country
are known.
"""

from app.gateways.vin.answer import DecodedVin, Problem, decode
from app.gateways.vin.check_digit import tidy
from app.gateways.vin.command import main
from app.gateways.vin.names import makes, models_of
from app.gateways.vin.tables import is_ready

__all__ = ["DecodedVin", "Problem", "decode", "is_ready", "main", "makes", "models_of", "tidy"]
