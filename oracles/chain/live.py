"""Live sources: what a chain says, put into the same view that simulated and recorded sources are read from.

A live source is a plan that ends in parts of a view and the ordinary node that reads them. Graphs, reducers
and guards therefore run unchanged over a world, a recording or a block.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts_abi.deployments import addresses
from oracles.chain import live_pools
from oracles.chain.calls import Plan
from oracles.chain.errors import UnknownSourceError
from oracles.chain.header import Block
from oracles.chain.keys import known
from oracles.chain.live_answers import ANSWERS
from oracles.chain.live_guards import GUARDS, guarded
from oracles.chain.live_pairs import LP_TOKENS, PAIRS, lp_token
from oracles.chain.live_quotes import QUOTES
from oracles.chain.live_view import Found, LiveSource
from oracles.chain.readers import stores
from oracles.chain.readers.chainlink import read_chainlink
from oracles.chain.readers.uniswap_v4 import parse_pool
from oracles.node import Node, Sample
from oracles.sources.api3 import Api3Feed
from oracles.sources.chainlink import ChainlinkFeed
from oracles.sources.chronicle import ChronicleFeed
from oracles.sources.feed import FeedSample
from oracles.sources.maker import MakerMedianFeed, OsmFeed
from oracles.sources.pyth import PythFeed
from oracles.sources.tellor import SAFE_DELAY, TellorCurrentValue, TellorFeed
from protocol.venues.curve.stableswap import FORMS

POOL_AND_TOKEN = 2

PYTH_FEEDS = {"ETH/USD": "0xff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"}
"""Feed ids by pair; the contract answers for the id, so a wrong one would show as another price."""


def chainlink(name: str, address: str) -> LiveSource:
    """Return a Chainlink feed."""

    def plan(block: Block) -> Plan[Found]:
        state = yield from read_chainlink(name, address, block)
        return Found(ChainlinkFeed(feed=name), feeds={name: (state.sample(),)}, memory={name: state.stored()})

    return LiveSource(name, plan)


def pyth(name: str, address: str, feed_id: str) -> LiveSource:
    """Return a Pyth price."""

    def plan(block: Block) -> Plan[Found]:
        stored = yield from stores.read_pyth(name, address, feed_id, block)
        return Found(PythFeed(feed=name), memory={name: stored})

    return LiveSource(name, plan)


def stored(name: str, node: Node, read: Callable[[Block], Plan[object]]) -> LiveSource:
    """Return a source whose plan gives what ``node`` reads from the view's memory."""

    def plan(block: Block) -> Plan[Found]:
        value = yield from read(block)
        return Found(node, memory={name: value})

    return LiveSource(name, plan)


def sampled(name: str, read: Callable[[Block], Plan[Sample]]) -> LiveSource:
    """Return a source whose plan gives one sample."""

    def plan(block: Block) -> Plan[Found]:
        sample = yield from read(block)
        return Found(FeedSample(feed=name), feeds={name: (sample,)})

    return LiveSource(name, plan)


BY_KIND: dict[str, Callable[[int, str, str], LiveSource]] = {
    "chainlink": lambda _, name, address: chainlink(name, address),
    "pyth": lambda chain, name, feed: pyth(name, known(chain, "pyth"), feed),
    "pyth-ema": lambda chain, name, feed: stored(
        name,
        PythFeed(feed=name),
        lambda block: stores.read_pyth(name, known(chain, "pyth"), feed, block, average=True),
    ),
    "uniswap-v2": lambda _, name, address: live_pools.uniswap_v2_spot(name, address),
    "uniswap-v3": lambda _, name, address: live_pools.uniswap_v3_spot(name, address),
    "uniswap-v4": lambda chain, name, pool: live_pools.uniswap_v4_spot(
        name,
        known(chain, "uniswap_v4", "state_view"),
        parse_pool(pool),
        addresses(chain, "uniswap_v4").get("position_manager"),
    ),
    "curve": lambda _, name, key: live_pools.curve_spot(name, key),
    "balancer-v2": lambda _, name, key: live_pools.weighted_spot(name, key),
    "vault": lambda _, name, address: live_pools.vault(name, address),
    "api3": lambda _, name, address: stored(
        name, Api3Feed(feed=name), lambda block: stores.read_api3(name, address, block)
    ),
    "chronicle": lambda _, name, address: stored(
        name, ChronicleFeed(feed=name), lambda block: stores.read_chronicle(name, address, block)
    ),
    "maker-median": lambda _, name, address: stored(
        name, MakerMedianFeed(feed=name), lambda block: stores.read_maker_median(name, address, block)
    ),
    "maker-osm": lambda _, name, address: stored(
        name, OsmFeed(feed=name), lambda block: stores.read_osm(name, address, block)
    ),
    "tellor": lambda chain, name, query: stored(
        name,
        TellorFeed(feed=name),
        lambda block: stores.read_tellor(name, known(chain, "tellor"), query, SAFE_DELAY, block),
    ),
    "tellor-current": lambda chain, name, query: stored(
        name,
        TellorCurrentValue(feed=name),
        lambda block: stores.read_tellor(name, known(chain, "tellor"), query, -1, block),
    ),
    "redstone": lambda _, name, address: sampled(
        name, lambda block: stores.read_redstone(name, address, block)
    ),
    "rate": lambda chain, name, token: sampled(
        name,
        lambda block: stores.read_rate(
            name, known(chain, "exchange_rates", token), stores.RATES[token], block
        ),
    ),
    "synthetix": lambda chain, name, node: sampled(
        name,
        lambda block: stores.read_synthetix_node(name, known(chain, "synthetix_oracle_manager"), node, block),
    ),
    "aave": lambda chain, name, asset: sampled(
        name, lambda block: stores.read_aave_price(name, known(chain, "aave_v3", "oracle"), asset, block)
    ),
}


def sources_of(chain_id: int, text: str) -> list[LiveSource]:
    """Return the live sources that ``text`` names.

    Parameters
    ----------
    chain_id
        Of the chain to be read.
    text
        A pair such as ``ETH/USD`` (every source known for it; inside another key, the first), or
        ``kind:address`` such as ``chainlink:0x5f4e...``, ``uniswap-v3:0x88e6...``, ``vault:0x...``,
        ``rate:wstETH``; a V4 pool by its id or key (see ``readers/uniswap_v4.py``).

    Raises
    ------
    UnknownSourceError
        If nothing of this name is known on the chain.
    """
    kind, colon, rest = text.partition(":")
    if colon:
        if kind in QUOTES:
            return [QUOTES[kind](text, rest)]
        if kind in PAIRS:
            return [PAIRS[kind](text, rest)]
        if kind in ANSWERS:
            return [ANSWERS[kind](chain_id, text, rest)]
        if kind in LP_TOKENS:
            return [lp_token(text, rest, lambda price: sources_of(chain_id, price)[0])]
        if kind in GUARDS:
            return [guarded(chain_id, text, rest, lambda price: sources_of(chain_id, price)[0])]
        if kind not in BY_KIND:
            kinds = ", ".join((*BY_KIND, *QUOTES, *PAIRS, *ANSWERS, *LP_TOKENS, *GUARDS))
            raise UnknownSourceError(f"no kind of source {kind!r}; there is {kinds}", kind=kind)
        _check_key(kind, rest)
        return [BY_KIND[kind](chain_id, text, rest)]
    found: list[LiveSource] = []
    feeds = addresses(chain_id, "chainlink_proxy")
    if text in feeds:
        found.append(chainlink(f"chainlink {text}", feeds[text]))
    for name, address in addresses(chain_id, "chainlink_svr").items():
        if name.endswith("SVR_" + text.replace("/", "__")):
            found.append(chainlink(f"chainlink {name}", address))
    if text in PYTH_FEEDS and addresses(chain_id, "pyth"):
        found.append(pyth(f"pyth {text}", known(chain_id, "pyth"), PYTH_FEEDS[text]))
    if not found:
        near = [pair for pair in feeds if set(pair.split("/")) & set(text.upper().split("/"))]
        pairs = ", ".join(near or feeds) or "none"
        raise UnknownSourceError(
            f"no source of {text} is known on chain {chain_id}; known are {pairs}", pair=text
        )
    return found


def _check_key(kind: str, key: str) -> None:
    digits = {"pyth": 64, "pyth-ema": 64, "synthetix": 64, "tellor": 64, "tellor-current": 64}.get(kind, 40)
    if kind == "uniswap-v4":
        parse_pool(key)
        return
    if kind == "rate":
        if key not in stores.RATES:
            raise UnknownSourceError(f"no rate of {key}; there is {', '.join(stores.RATES)}")
        return
    parts = key.split(":") if kind in {"balancer-v2", "curve"} else [key]
    if kind == "curve":
        if parts[-1] in FORMS:
            del parts[-1]
        if len(parts) != POOL_AND_TOKEN:
            raise UnknownSourceError(
                f"curve: POOL:LP_TOKEN expected, and one of {', '.join(FORMS)} if wanted"
            )
    try:
        fine = all(part.startswith("0x") and len(bytes.fromhex(part[2:])) * 2 == digits for part in parts)
    except ValueError:
        fine = False
    if not fine:
        raise UnknownSourceError(f"{kind}: 0x and {digits} hexadecimal digits expected, got {key!r}")
