"""Live sources: what a chain says, put into the same view that simulated and recorded sources are read from.

A live source is a plan that ends in parts of a view and the ordinary node that reads them. Graphs, reducers
and guards therefore run unchanged over a world, a recording or a block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from contracts_abi.deployments import addresses
from contracts_abi.families import erc20, uniswap_v3
from oracles.chain.calls import Plan, call
from oracles.chain.errors import ChainError, UnknownSourceError, UnusableStateError
from oracles.chain.header import Block
from oracles.chain.reader import Reader, run_plans
from oracles.chain.readers import stores
from oracles.chain.readers.balancer import read_weighted_pool
from oracles.chain.readers.chainlink import read_chainlink
from oracles.chain.readers.uniswap_v4 import PoolReference, parse_pool, read_uniswap_v4
from oracles.chain.readers.venues import read_uniswap_v2, read_vault
from oracles.node import Node, Sample, View
from oracles.sources.api3 import Api3Feed
from oracles.sources.chainlink import ChainlinkFeed
from oracles.sources.chronicle import ChronicleFeed
from oracles.sources.feed import FeedSample
from oracles.sources.maker import MakerMedianFeed, OsmFeed
from oracles.sources.pool import SpotPool
from oracles.sources.pyth import PythFeed
from oracles.sources.tellor import TellorFeed
from oracles.sources.vault_share import VaultSharePrice
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import VaultShare
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool

SPOT_DECIMALS = 18
PAIR = 2
PYTH_FEEDS = {"ETH/USD": "0xff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"}
"""Feed ids by pair; the contract answers for the id, so a wrong one would show as another price."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a live source adds to a view, and the node that reads it."""

    node: Node
    feeds: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    venues: Mapping[str, Venue] = field(default_factory=dict)
    vaults: Mapping[str, VaultShare] = field(default_factory=dict)
    memory: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A named plan."""

    name: str
    plan: Callable[[Block], Plan[Found]]


@dataclass(frozen=True, slots=True)
class LiveView:
    """A view of a block, with the node of every source that could be read and the error of every other."""

    block: Block
    view: View
    nodes: Mapping[str, Node]
    failures: Mapping[str, ChainError]


def read_view(reader: Reader, sources: Sequence[LiveSource]) -> LiveView:
    """Read all sources together at the reader's block."""
    made = run_plans(reader, [source.plan(reader.block) for source in sources])
    feeds: dict[str, tuple[Sample, ...]] = {}
    venues: dict[str, Venue] = {}
    vaults: dict[str, VaultShare] = {}
    memory: dict[str, object] = {}
    nodes: dict[str, Node] = {}
    failures: dict[str, ChainError] = {}
    for source, item in zip(sources, made, strict=True):
        if isinstance(item, ChainError):
            failures[source.name] = item
            continue
        nodes[source.name] = item.node
        feeds.update(item.feeds)
        venues.update(item.venues)
        vaults.update(item.vaults)
        memory.update(item.memory)
    block = reader.block
    return LiveView(
        block, View(block.timestamp, block.number, venues, vaults, feeds, memory), nodes, failures
    )


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


def uniswap_v2_spot(name: str, pair: str) -> LiveSource:
    """Return token 0's price in token 1 by a V2 pair's reserves."""

    def plan(_: Block) -> Plan[Found]:
        venue: UniswapV2Pair = yield from read_uniswap_v2(pair)
        decimals = yield from _decimals(venue.token0, venue.token1)
        node = SpotPool(
            venue=name,
            base=venue.token0,
            quote=venue.token1,
            base_decimals=decimals[0],
            quote_decimals=decimals[1],
        )
        return Found(node, venues={name: venue})

    return LiveSource(name, plan)


def uniswap_v3_spot(name: str, pool: str) -> LiveSource:
    """Return token 0's price in token 1 by a V3 pool's ``slot0``."""

    def plan(block: Block) -> Plan[Found]:
        asked = [call(pool, f) for f in (uniswap_v3.SLOT0, uniswap_v3.TOKEN0, uniswap_v3.TOKEN1)]
        first = yield asked
        price = asked[0].values(first[0])[0]
        decimals = yield from _decimals(asked[1].address(first[1]), asked[2].address(first[2]))
        return _spot(name, price, decimals, block)

    return LiveSource(name, plan)


def uniswap_v4_spot(
    name: str, state_view: str, pool: PoolReference, position_manager: str | None = None
) -> LiveSource:
    """Return currency 0's price in currency 1 by a V4 pool; hooks may give it another meaning."""

    def plan(block: Block) -> Plan[Found]:
        state = yield from read_uniswap_v4(state_view, pool, position_manager)
        return _spot(name, state.sqrt_price_x96, state.decimals, block)

    return LiveSource(name, plan)


def weighted_spot(name: str, key: str) -> LiveSource:
    """Return a token's price in another by a Balancer weighted pool's balances over weights.

    Parameters
    ----------
    key
        ``POOL`` of two tokens (the first priced in the second), or ``POOL:BASE:QUOTE``.
    """
    pool, *named = key.lower().split(":")

    def plan(block: Block) -> Plan[Found]:
        venue: WeightedPool = yield from read_weighted_pool(pool)
        pair = named or list(venue.tokens)
        if len(pair) != PAIR or not set(pair) <= set(venue.tokens):
            raise UnknownSourceError(f"{name}: name two of {', '.join(venue.tokens)}", pool=pool)
        base, quote = (venue.tokens.index(token) for token in pair)
        if not venue.balances[base] or not venue.balances[quote]:
            raise UnusableStateError(f"{name}: the pool is empty")
        price = Fraction(
            venue.balances[quote] * venue.weights[base], venue.balances[base] * venue.weights[quote]
        ) * Fraction(10) ** (venue.decimals[base] - venue.decimals[quote] + SPOT_DECIMALS)
        sample = Sample(block.timestamp, int(price), SPOT_DECIMALS)
        return Found(FeedSample(feed=name), feeds={name: (sample,)}, venues={name: venue})

    return LiveSource(name, plan)


def vault(name: str, address: str) -> LiveSource:
    """Return a vault share's price in its asset."""

    def plan(_: Block) -> Plan[Found]:
        state: VaultShare = yield from read_vault(address)
        decimals = yield from _decimals(address, state.asset)
        node = VaultSharePrice(vault=name, share_decimals=decimals[0], asset_decimals=decimals[1])
        return Found(node, vaults={name: state})

    return LiveSource(name, plan)


def _decimals(*tokens: str) -> Plan[tuple[int, int]]:
    asked = [call(token, erc20.DECIMALS) for token in tokens]
    first, second = yield asked
    return asked[0].integer(first), asked[1].integer(second)


def _spot(name: str, root: object, decimals: tuple[int, int], block: Block) -> Found:
    assert isinstance(root, int)
    if root == 0:
        raise UnusableStateError(f"{name}: the pool has no price")
    price = Fraction(root * root, 1 << 192) * Fraction(10) ** (decimals[0] - decimals[1] + SPOT_DECIMALS)
    sample = Sample(block.timestamp, int(price), SPOT_DECIMALS)
    return Found(FeedSample(feed=name), feeds={name: (sample,)})


def _one(chain_id: int, family: str, name: str = "") -> str:
    found = addresses(chain_id, family).get(name)
    if found is None:
        raise UnknownSourceError(f"no {family} {name} is known on chain {chain_id}", chain=chain_id)
    return found


BY_KIND: dict[str, Callable[[int, str, str], LiveSource]] = {
    "chainlink": lambda _, name, address: chainlink(name, address),
    "pyth": lambda chain, name, feed: pyth(name, _one(chain, "pyth"), feed),
    "uniswap-v2": lambda _, name, address: uniswap_v2_spot(name, address),
    "uniswap-v3": lambda _, name, address: uniswap_v3_spot(name, address),
    "uniswap-v4": lambda chain, name, pool: uniswap_v4_spot(
        name,
        _one(chain, "uniswap_v4", "state_view"),
        parse_pool(pool),
        addresses(chain, "uniswap_v4").get("position_manager"),
    ),
    "balancer-v2": lambda _, name, key: weighted_spot(name, key),
    "vault": lambda _, name, address: vault(name, address),
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
        lambda block: stores.read_tellor(name, _one(chain, "tellor"), query, 0, block),
    ),
    "redstone": lambda _, name, address: sampled(
        name, lambda block: stores.read_redstone(name, address, block)
    ),
    "rate": lambda chain, name, token: sampled(
        name,
        lambda block: stores.read_rate(
            name, _one(chain, "exchange_rates", token), stores.RATES[token], block
        ),
    ),
    "synthetix": lambda chain, name, node: sampled(
        name,
        lambda block: stores.read_synthetix_node(name, _one(chain, "synthetix_oracle_manager"), node, block),
    ),
    "aave": lambda chain, name, asset: sampled(
        name, lambda block: stores.read_aave_price(name, _one(chain, "aave_v3", "oracle"), asset, block)
    ),
}


def sources_of(chain_id: int, text: str) -> list[LiveSource]:
    """Return the live sources that ``text`` names.

    Parameters
    ----------
    chain_id
        Of the chain to be read.
    text
        A pair such as ``ETH/USD`` (every source known for it), or ``kind:address`` such as
        ``chainlink:0x5f4e...``, ``uniswap-v3:0x88e6...``, ``vault:0x...``, ``rate:wstETH``; a V4 pool by its
        id or key (see ``readers/uniswap_v4.py``).

    Raises
    ------
    UnknownSourceError
        If nothing of this name is known on the chain.
    """
    kind, colon, rest = text.partition(":")
    if colon:
        if kind not in BY_KIND:
            raise UnknownSourceError(f"no kind of source {kind!r}; there is {', '.join(BY_KIND)}", kind=kind)
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
        found.append(pyth(f"pyth {text}", _one(chain_id, "pyth"), PYTH_FEEDS[text]))
    if not found:
        near = [pair for pair in feeds if set(pair.split("/")) & set(text.upper().split("/"))]
        known = ", ".join(near or feeds) or "none"
        raise UnknownSourceError(
            f"no source of {text} is known on chain {chain_id}; known are {known}", pair=text
        )
    return found


def _check_key(kind: str, key: str) -> None:
    digits = {"pyth": 64, "synthetix": 64, "tellor": 64}.get(kind, 40)
    if kind == "uniswap-v4":
        parse_pool(key)
        return
    if kind == "rate":
        if key not in stores.RATES:
            raise UnknownSourceError(f"no rate of {key}; there is {', '.join(stores.RATES)}")
        return
    parts = key.split(":") if kind == "balancer-v2" else [key]
    try:
        fine = all(part.startswith("0x") and len(bytes.fromhex(part[2:])) * 2 == digits for part in parts)
    except ValueError:
        fine = False
    if not fine:
        raise UnknownSourceError(f"{kind}: 0x and {digits} hexadecimal digits expected, got {key!r}")
