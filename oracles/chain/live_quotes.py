"""Live sources that are averages or quotes of a contract: no time of their own but the block's.

=====================  =====================================================================================
name                   price
=====================  =====================================================================================
uniswap-v3-twap        ``POOL:SECONDS``: token 0 in token 1 at the mean tick of the window
curve-ema              ``POOL[:K]``: coin K + 1 in coin 0 by the average inside a stableswap-ng or
                       tricrypto-ng pool
euler                  ``ADAPTER:BASE:QUOTE``: one whole base as an Euler adapter or router quotes it
capo                   ``ADAPTER``: the answer of one of Aave's capped adapters
band                   ``REFERENCE:BASE:QUOTE``: a rate relayed from Band's chain, with its time
=====================  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from contracts_abi.families import band, chainlink_proxy, curve_stableswap_ng, erc20, euler_oracle, uniswap_v3
from oracles.chain.calls import Plan, call
from oracles.chain.header import Block
from oracles.chain.keys import number, parts, seconds
from oracles.chain.live_view import Found, LiveSource
from oracles.chain.readers.stores import past, positive
from oracles.node import Sample
from oracles.sources.feed import FeedSample
from protocol.venues.uniswap_v3.oracle_library import mean_tick_down
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick

DECIMALS = 18
MOST_SECONDS = (1 << 32) - 1
LAST_COIN = 7


def uniswap_v3_twap(name: str, key: str) -> LiveSource:
    """Return the geometric mean price of a V3 pool over the seconds before the block."""
    pool, text = parts(name, key, 1, 2)
    window = seconds(name, text, MOST_SECONDS)

    def plan(block: Block) -> Plan[Found]:
        observed = call(pool, uniswap_v3.OBSERVE, [window, 0])
        tokens = [call(pool, uniswap_v3.TOKEN0), call(pool, uniswap_v3.TOKEN1)]
        first = yield [observed, *tokens]
        cumulatives = observed.values(first[0])[0]
        assert isinstance(cumulatives, list | tuple)
        before, now = (int(str(value)) for value in cumulatives)
        asked = [call(item.address(out), erc20.DECIMALS) for item, out in zip(tokens, first[1:], strict=True)]
        places = yield asked
        decimals0, decimals1 = (item.integer(out) for item, out in zip(asked, places, strict=True))
        root = sqrt_ratio_at_tick(mean_tick_down(before, now, window))
        price = Fraction(root * root, 1 << 192) * Fraction(10) ** (decimals0 - decimals1)
        return _found(name, int(price * 10**DECIMALS), DECIMALS, block)

    return LiveSource(name, plan)


def curve_ema(name: str, key: str) -> LiveSource:
    """Return the average price that a newer Curve pool keeps of a coin in its coin 0."""
    pool, *place = parts(name, key, 1, 1, 2)
    k = number(name, place[0], LAST_COIN) if place else 0

    def plan(block: Block) -> Plan[Found]:
        asked = call(pool, curve_stableswap_ng.PRICE_ORACLE, k)
        (outcome,) = yield [asked]
        return _found(name, asked.integer(outcome), DECIMALS, block)

    return LiveSource(name, plan)


def euler(name: str, key: str) -> LiveSource:
    """Return what an Euler adapter or router quotes for one whole base."""
    adapter, base, quote = parts(name, key, 3, 3)

    def plan(block: Block) -> Plan[Found]:
        asked = [call(token, erc20.DECIMALS) for token in (base, quote)]
        first = yield asked
        places, quote_places = (item.integer(out) for item, out in zip(asked, first, strict=True))
        quoted = call(adapter, euler_oracle.GET_QUOTE, 10**places, base, quote)
        (outcome,) = yield [quoted]
        return _found(name, quoted.integer(outcome), quote_places, block)

    return LiveSource(name, plan)


def capo(name: str, key: str) -> LiveSource:
    """Return the answer of a capped adapter; it says neither round nor time."""
    (adapter,) = parts(name, key, 1, 1)

    def plan(block: Block) -> Plan[Found]:
        asked = [call(adapter, chainlink_proxy.LATEST_ANSWER), call(adapter, chainlink_proxy.DECIMALS)]
        first = yield asked
        answer, places = (item.integer(out) for item, out in zip(asked, first, strict=True))
        return _found(name, answer, places, block)

    return LiveSource(name, plan)


def band_rate(name: str, key: str) -> LiveSource:
    """Return a pair's rate of Band's reference contract, as old as the older of its two sides."""
    reference, base, quote = parts(name, key, 1, 3)

    def plan(block: Block) -> Plan[Found]:
        asked = call(reference, band.GET_REFERENCE_DATA, base, quote)
        (outcome,) = yield [asked]
        fields = asked.value(outcome)
        assert isinstance(fields, tuple)
        rate, *times = (int(str(field)) for field in fields)
        sample = Sample(past(name, min(times), block), positive(name, rate), DECIMALS)
        return Found(FeedSample(feed=name), feeds={name: (sample,)})

    return LiveSource(name, plan)


QUOTES: dict[str, Callable[[str, str], LiveSource]] = {
    "uniswap-v3-twap": uniswap_v3_twap,
    "curve-ema": curve_ema,
    "euler": euler,
    "capo": capo,
    "band": band_rate,
}


def _found(name: str, value: int, decimals: int, block: Block) -> Found:
    sample = Sample(block.timestamp, positive(name, value), decimals)
    return Found(FeedSample(feed=name), feeds={name: (sample,)})
