"""From which addresses a business lets its owners in: the list, and whether an address is on it."""

import ipaddress
from collections.abc import Iterable

from app.core.permissions import OWNERS
from app.core.viewer import HeldRole

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_network(text: str) -> Network:
    """A network as CIDR, or one address; an IPv4 network dressed as IPv6 (::ffff:10.0.0.0/104) is taken as what it is.
    Raises ValueError."""
    found = ipaddress.ip_network(text.strip(), strict=False)
    mapped = found.network_address.ipv4_mapped if found.version == 6 else None
    if mapped is not None and found.prefixlen >= 96:
        return ipaddress.ip_network((mapped, found.prefixlen - 96))
    return found


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of the networks. What is no address is in none."""
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(here, ipaddress.IPv6Address) and here.ipv4_mapped is not None:
        here = here.ipv4_mapped
    return any(here in read_network(one) for one in networks)


def is_held(roles: Iterable[HeldRole], tenant_id: object) -> bool:
    """Whether the list of that business holds for somebody with these roles."""
    return any(one.role in OWNERS and one.tenant_id == tenant_id for one in roles)
