"""Which addresses a request may go to (layer 5): a name is resolved once, and only what was checked is connected to."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["connected", "is_public", "resolved"]

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def is_public(address: str) -> bool:
    """Return whether an address is one of the public internet, and no private, local, shared, reserved or multicast one.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, NAT64) is judged by that.

    Examples
    --------
    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        ip = inner or ip
    if isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local:
        return False
    # Python's `is_global` alone lets multicast and, for IPv6, reserved blocks through
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def resolved(host: str, port: int, resolve: Callable[..., list[Any]], *, public_only: bool) -> list[Any]:
    """Return what `resolve` (as `socket.getaddrinfo`) answers for a host; with `public_only`, what of it is public."""
    found = resolve(host, port, type=socket.SOCK_STREAM)
    return [entry for entry in found if not public_only or is_public(entry[4][0])]


def connected(entries: list[Any], remaining: Callable[[], float]) -> socket.socket:
    """Return a socket that is connected to the first address that answers; `remaining` is how long one may take."""
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in entries:
        tried = socket.socket(family, kind, protocol)
        try:
            tried.settimeout(remaining())
            tried.connect(address)
        except OSError as error:
            tried.close()
            failure = error
        else:
            return tried
    raise failure
