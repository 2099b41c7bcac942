"""`torqueline vin VIN…`: one JSON object a line; `-` reads VINs, one a line, from standard input."""

import sys
from collections.abc import Iterator, Sequence

import msgspec

from app.gateways.vin import tables
from app.gateways.vin.answer import decode


def main(argv: Sequence[str]) -> int:
    """Print what each VIN says. The exit code is 2 without VINs, 1 where the data is missing, else 0."""
    if not argv:
        print("Usage: torqueline vin VIN…   (- reads one a line from standard input)", file=sys.stderr)
        return 2
    for vin in _asked(argv):
        print(msgspec.json.encode(decode(vin)).decode())
    if not tables.is_ready():
        print("The VIN data is not built: python -m app.gateways.vin.build", file=sys.stderr)
        return 1
    return 0


def _asked(argv: Sequence[str]) -> Iterator[str]:
    for argument in argv:
        if argument == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        else:
            yield argument


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
