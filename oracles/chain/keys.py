"""Keys of live sources, as users write them: parts between colons, held against the form of their kind."""

from __future__ import annotations

from contracts_abi.deployments import addresses
from oracles.chain.errors import UnknownSourceError

ADDRESS_BYTES = 20

FORMS = {
    "uniswap-v3-twap": "uniswap-v3-twap:POOL:SECONDS",
    "curve-ema": "curve-ema:POOL or curve-ema:POOL:K",
    "euler": "euler:ADAPTER:BASE:QUOTE",
    "capo": "capo:ADAPTER",
    "band": "band:REFERENCE:BASE:QUOTE, the last two as symbols",
    "uniswap-v2-twap": "uniswap-v2-twap:PAIR:SECONDS",
    "uniswap-v2-stored": "uniswap-v2-stored:PAIR:ORACLE",
    "lp-fair": "lp-fair:PAIR:SOURCE+SOURCE, the prices of token 0 and token 1",
    "lp-reserves": "lp-reserves:PAIR:SOURCE+SOURCE or, for twice token 0's side, lp-reserves:PAIR:SOURCE",
    "uma-request": "uma-request:REQUESTER:IDENTIFIER:TIMESTAMP or the same with :ANCILLARY_DATA",
}


def malformed(name: str) -> UnknownSourceError:
    """Return the error that says which form the kind of ``name`` has."""
    return UnknownSourceError(f"{name}: its form is {FORMS[name.partition(':')[0]]}")


def parts(name: str, key: str, addressed: int, *sizes: int) -> list[str]:
    """Return the parts of a key, of which the first ``addressed`` must be addresses.

    Raises
    ------
    UnknownSourceError
        If they are not, or the number of parts is none of ``sizes``.
    """
    found = key.split(":")
    if len(found) not in sizes or not all(is_hexadecimal(part, ADDRESS_BYTES) for part in found[:addressed]):
        raise malformed(name)
    return [*(part.lower() for part in found[:addressed]), *found[addressed:]]


def is_hexadecimal(text: str, length: int | None = None) -> bool:
    """Return whether ``text`` is 0x with pairs of digits, ``length`` of them if given."""
    try:
        raw = bytes.fromhex(text[2:])
    except ValueError:
        return False
    return text[:2] == "0x" and len(text) == 2 + 2 * len(raw) and length in {None, len(raw)}


def number(name: str, text: str, most: int) -> int:
    """Return a whole number.

    Raises
    ------
    UnknownSourceError
        If it is none, or above ``most``.
    """
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise UnknownSourceError(f"{name}: a whole number up to {most} expected, got {text!r}")
    return int(text)


def seconds(name: str, text: str, most: int) -> int:
    """Return a window; raises as :func:`number`, and for none."""
    window = number(name, text, most)
    if window == 0:
        raise UnknownSourceError(f"{name}: a window of at least one second is needed")
    return window


def known(chain_id: int, family: str, name: str = "") -> str:
    """Return the known address of a contract.

    Raises
    ------
    UnknownSourceError
        If there is none on this chain.
    """
    found = addresses(chain_id, family).get(name)
    if found is None:
        raise UnknownSourceError(f"no {family} {name} is known on chain {chain_id}", chain=chain_id)
    return found
