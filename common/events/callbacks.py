"""Where events may be posted: which URLs a listener may register, and which addresses a delivery may connect to.

A callback is an address that somebody else chose and our server calls (SSRF). What can be seen in the URL is refused at
registration. What a name stands for is looked up when the connection is made, and the connection goes to the very
address that was judged: a second look-up could answer otherwise (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from ssl import SSLError
from typing import TypeVar

import httpx

from common.errors import Violation
from common.settings import Settings

URL_LENGTH_MAX = 2_000
# A name with more addresses than this is tried at the first ones only.
ADDRESSES_TRIED_MAX = 4

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
T = TypeVar("T")
Resolver = Callable[[str, int], Awaitable[list[str]]]

_POINTER = "/callback"
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Ranges that the address library of some Python versions takes for public.
_SPECIAL_V4 = tuple(ipaddress.IPv4Network(net) for net in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24"))
_SPECIAL_V6 = tuple(ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20"))


class CallbackRefused(Exception):
    """A delivery would have gone where no event may go; counts as a failed attempt."""


def callback_violations(callback: str, settings: Settings) -> list[Violation]:
    """What is wrong with a callback as it is written; nothing is looked up."""
    if len(callback) > URL_LENGTH_MAX:
        return [Violation(_POINTER, "maxLength", f"a callback has at most {URL_LENGTH_MAX} characters")]
    if any(character.isspace() or not character.isprintable() for character in callback) or "\\" in callback:
        return [Violation(_POINTER, "format", "write the URL without blanks, control characters and backslashes")]
    try:
        url = httpx.URL(callback)
    except httpx.InvalidURL as error:
        return [Violation(_POINTER, "format", f"is not a URL: {error}")]
    # As it goes over the wire; reading the name back from its ASCII form fails for names that no registry holds.
    host = url.raw_host.decode("ascii")
    schemes = tuple(scheme.strip() for scheme in settings.callback_schemes.split(","))
    if url.scheme not in schemes or not host:
        return [Violation(_POINTER, "format", f"give an absolute URL that starts with {' or '.join(schemes)}")]
    if url.port is not None and not 0 < url.port < 65_536:
        return [Violation(_POINTER, "format", "a port is between 1 and 65535")]
    if url.userinfo:
        return [Violation(_POINTER, "format", "leave user and password out of the URL; use `secret` instead")]
    problem = None if settings.callback_allow_private else _literal_problem(host)
    return [] if problem is None else [Violation(_POINTER, "address", problem)]


def _literal_problem(host: str) -> str | None:
    """What is wrong with a host that is an address, in any form that resolvers take for one, or the local name."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "events are not sent to this machine itself (BSS_CALLBACK_ALLOW_PRIVATE)"
    try:
        address: Address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        try:
            # 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 are all 127.0.0.1 to the C library.
            address = ipaddress.IPv4Address(socket.inet_aton(name))
        except (OSError, UnicodeError):
            return None
    return None if is_public(address) else f"{host} is no public address (BSS_CALLBACK_ALLOW_PRIVATE)"


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, looking into the IPv6 forms that carry an IPv4 address."""
    if isinstance(address, ipaddress.IPv4Address):
        special = any(address in net for net in _SPECIAL_V4)
        return address.is_global and not (special or address.is_multicast or address.is_reserved)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if inner is not None:
        return is_public(inner)
    # Teredo (2001::/32) is in the special ranges: it hides an address of somebody's network behind a server's.
    special = any(address in net for net in _SPECIAL_V6)
    return address in _GLOBAL_UNICAST and address.is_global and not special


def judged(host: str, texts: Iterable[str]) -> list[str]:
    """The addresses that a name resolved to, when every one of them may be called.

    Errors: CallbackRefused. One private address among public ones is a sign of an attack, and refused as a whole.
    """
    addresses = list(dict.fromkeys(texts))
    for text in addresses:
        if not is_public(ipaddress.ip_address(text)):
            raise CallbackRefused(f"{host} leads to {text}, which is no public address (BSS_CALLBACK_ALLOW_PRIVATE)")
    if not addresses:
        raise CallbackRefused(f"{host} has no address")
    return addresses[:ADDRESSES_TRIED_MAX]


async def connected(
    host: str, port: int, *, resolve: Resolver, allow_private: bool, connect: Callable[[str, int], Awaitable[T]]
) -> T:
    """A connection to a name: resolves, judges, and connects to an address that was judged, the next when one fails.

    `connect` gets the address; what it does above TCP (Host header, SNI, certificate) stays that of the name.
    Errors: CallbackRefused; of `connect`, those of the last address.
    """
    found = await resolve(host, port)
    addresses = list(dict.fromkeys(found))[:ADDRESSES_TRIED_MAX] if allow_private else judged(host, found)
    problem: Exception = CallbackRefused(f"{host} has no address")
    for address in addresses:
        try:
            return await connect(address, port)
        except SSLError:
            raise  # it was reached, and is not who it should be
        except OSError as error:
            problem = error
    raise problem
