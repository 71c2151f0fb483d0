"""Where a node is. The address may hold a key, so nothing ever prints it: endpoints have labels."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from oracles.chain.errors import BadEndpointError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SEPARATOR = re.compile(r"\r?\n|,(?=\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+:\s)")
_OWN = frozenset(
    ["host", "content-length", "content-type", "accept", "accept-encoding", "transfer-encoding", "connection"]
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A parsed address.

    Parameters
    ----------
    label
        Public name: the registered part of the host and six hex digits of the address's hash.
    host, port, path, secure
        Where to connect; ``path`` includes the query. Not shown by ``repr``.
    authorization
        Value of the header made from a user and password in the address.
    headers
        Further headers of every request; secrets, so not shown either.
    """

    label: str
    host: str = field(repr=False)
    port: int = field(repr=False)
    path: str = field(repr=False)
    secure: bool = field(repr=False)
    authorization: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return self.label


def parse_endpoint(text: str) -> Endpoint:
    """Return the endpoint of an http or https address.

    Raises
    ------
    BadEndpointError
        If it is none; the message does not repeat the text.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise BadEndpointError("the RPC address cannot be read: http://host:port or https://host") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise BadEndpointError("an RPC address starts with http:// or https:// and names a host")
    if any(ord(letter) <= 32 or ord(letter) > 126 for letter in parts.path + parts.query + host):
        raise BadEndpointError("the RPC address holds a space, a control or a non-ASCII character")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    digest = hashlib.sha256(text.strip().encode()).hexdigest()[:6]
    label = f"{_public_part(host)}#{digest}"
    return Endpoint(label, host, port or (443 if secure else 80), path, secure, authorization)


def parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    """Return the headers of ``Name: value`` lines, or of the same separated by commas.

    A comma separates only where a name and a colon follow it, so values may hold commas.

    Raises
    ------
    BadEndpointError
        If a line is no header, or one that the transport writes itself; the message shows no value.
    """
    found: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(_SEPARATOR.split(text.strip()), start=1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not _NAME.fullmatch(name) or not value or not all(" " <= c <= "~" for c in value):
            raise BadEndpointError(f"header {number} of ETH_RPC_HEADERS is not `Name: value` in plain ASCII")
        if name.lower() in _OWN:
            raise BadEndpointError(f"ETH_RPC_HEADERS must not set {name}: the transport does")
        found[name.lower()] = (name, value)
    return tuple(found.values())


def _public_part(host: str) -> str:
    """Return what may be shown of a host: providers put keys into sub-domains."""
    try:
        return "loopback" if ipaddress.ip_address(host).is_loopback else "address"
    except ValueError:
        labels = host.split(".")
        if host == "localhost":
            return "loopback"
        return ".".join(labels[-2:]) if len(labels) > 1 else "host"
