"""Live sources with keys of their own on contracts that a chain has once: UMA's oracle, HyperCore's prices.

=======================  ===================================================================================
name                     value
=======================  ===================================================================================
uma                      ``ASSERTION_ID``: 1 for an assertion that has become true, 0 for one voted false
uma-request              ``REQUESTER:IDENTIFIER:TIMESTAMP[:ANCILLARY_DATA]``: the price of a request; the
                         identifier as text or 32 bytes with 0x, the ancillary data with 0x
hyperliquid-oracle       ``INDEX``: a perpetual's oracle price
hyperliquid-mark         ``INDEX``: its mark price
=======================  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Callable

from contracts_abi.entry import Function
from contracts_abi.families import hyperliquid
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnknownSourceError, UnusableStateError
from oracles.chain.header import Block
from oracles.chain.keys import is_hexadecimal, known, malformed, number, parts
from oracles.chain.live_view import Found, LiveSource
from oracles.chain.readers.optimistic import read_assertion, read_request
from oracles.chain.readers.stores import positive
from oracles.node import Sample
from oracles.sources.feed import FeedSample
from oracles.sources.uma import Assertion, UmaFeed

WORD = 32
PERPETUAL_DECIMALS = 6
MOST_INDEX = (1 << 32) - 1
MOST_TIME = (1 << 64) - 1


def _asserted(name: str, read: Callable[[Block], Plan[Assertion]]) -> LiveSource:
    def plan(block: Block) -> Plan[Found]:
        assertion = yield from read(block)
        return Found(UmaFeed(assertion=name), memory={name: assertion})

    return LiveSource(name, plan)


def uma(chain_id: int, name: str, key: str) -> LiveSource:
    """Return an assertion; one that is still open, or disputed and not settled, refuses."""
    if not is_hexadecimal(key, WORD):
        raise UnknownSourceError(f"{name}: 0x and 64 hexadecimal digits expected")
    oracle = known(chain_id, "uma", "optimistic_oracle_v3")
    return _asserted(name, lambda block: read_assertion(name, oracle, key, block))


def uma_request(chain_id: int, name: str, key: str) -> LiveSource:
    """Return the price of a request; one that is still open, or disputed and not settled, refuses."""
    requester, named, moment, *rest = parts(name, key, 1, 3, 4)
    identifier = bytes.fromhex(named[2:]) if is_hexadecimal(named, WORD) else named.encode()
    if not 0 < len(identifier) <= WORD or not all(is_hexadecimal(text) for text in rest):
        raise malformed(name)
    ancillary = bytes.fromhex(rest[0][2:]) if rest else b""
    request = (requester, identifier.ljust(WORD, b"\0"), number(name, moment, MOST_TIME), ancillary)
    oracle = known(chain_id, "uma", "optimistic_oracle_v2")
    return _asserted(name, lambda block: read_request(name, oracle, request, block))


def _hyperliquid(function: Function, which: str) -> Callable[[int, str, str], LiveSource]:
    """Return the maker of a perpetual's price: what HyperCore had when the block was made.

    The node answers from its own state, which no header commits to; for an old block it may give the newest
    price instead.
    """

    def make(chain_id: int, name: str, key: str) -> LiveSource:
        index = number(name, key, MOST_INDEX)
        price = call(known(chain_id, "hyperliquid", which), function, index)
        facts = call(known(chain_id, "hyperliquid", "perp_asset_info"), hyperliquid.PERP_ASSET_INFO, index)

        def plan(block: Block) -> Plan[Found]:
            first, second = yield [price, facts]
            info = facts.value(second)
            assert isinstance(info, tuple)
            size_decimals = int(str(info[2]))
            if size_decimals > PERPETUAL_DECIMALS:
                raise UnusableStateError(f"{name}: sizes of {size_decimals} decimals are not known")
            value = positive(name, price.integer(first))
            sample = Sample(block.timestamp, value, PERPETUAL_DECIMALS - size_decimals)
            return Found(FeedSample(feed=name), feeds={name: (sample,)})

        return LiveSource(name, plan)

    return make


ANSWERS: dict[str, Callable[[int, str, str], LiveSource]] = {
    "uma": uma,
    "uma-request": uma_request,
    "hyperliquid-oracle": _hyperliquid(hyperliquid.ORACLE_PX, "oracle_px"),
    "hyperliquid-mark": _hyperliquid(hyperliquid.MARK_PX, "mark_px"),
}
