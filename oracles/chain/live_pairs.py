"""Live sources that read a Uniswap V2 pair as more than a spot price: averages and its LP token.

=====================  =====================================================================================
name                   price
=====================  =====================================================================================
uniswap-v2-twap        ``PAIR:SECONDS``: token 0 in token 1, the mean since the newest block that is at least
                       so much older (needs an archive node beyond some 128 blocks)
uniswap-v2-stored      ``PAIR:ORACLE``: the mean since the observation that an on-chain reader keeps
lp-fair                ``PAIR:SOURCE+SOURCE``: the LP token by the product of the reserves and the prices of
                       token 0 and token 1
lp-reserves            ``PAIR:SOURCE[+SOURCE]``: the LP token by its share of the reserves; with one source
                       twice the side of token 0
=====================  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contracts_abi.families import erc20, uniswap_v2_oracle
from oracles.chain.calls import Plan, call, together
from oracles.chain.errors import UnusableStateError
from oracles.chain.header import Block
from oracles.chain.keys import malformed, parts, seconds
from oracles.chain.live_view import Before, Found, LiveSource
from oracles.chain.readers import depth
from oracles.chain.readers.venues import read_uniswap_v2
from oracles.node import Node
from oracles.sources.lp_fair import FairLpToken
from oracles.sources.pool import CumulativeTwap, LpTokenByReserves, Observation
from protocol.venues.uniswap_v2 import UniswapV2Pair

MOST_SECONDS = (1 << 32) - 1
BOTH = 2


def uniswap_v2_twap(name: str, key: str) -> LiveSource:
    """Return token 0's average price between two blocks, both counted up to their own time."""
    pair, text = parts(name, key, 1, 2)

    def plan(_: Block) -> Plan[Found]:
        venue = yield from read_uniswap_v2(pair)
        return Found((yield from _average(name, venue)), venues={name: venue})

    def observe(block: Block) -> Plan[object]:
        now = (yield from read_uniswap_v2(pair)).accumulate(block.timestamp)
        return Observation(block.timestamp, now.price0_cumulative, now.price1_cumulative)

    before = Before(name, seconds(name, text, MOST_SECONDS), observe)
    return LiveSource(name, plan, lambda: depth.of_uniswap_v2(pair), (before,))


def uniswap_v2_stored(name: str, key: str) -> LiveSource:
    """Return token 0's average price since the observation of a contract such as ExampleOracleSimple."""
    pair, oracle = parts(name, key, 2, 2)
    fields = (
        uniswap_v2_oracle.BLOCK_TIMESTAMP_LAST,
        uniswap_v2_oracle.PRICE0_CUMULATIVE_LAST,
        uniswap_v2_oracle.PRICE1_CUMULATIVE_LAST,
    )

    def observation() -> Plan[tuple[Observation, tuple[str, str]]]:
        numbers = [call(oracle, function) for function in fields]
        tokens = [call(oracle, f) for f in (uniswap_v2_oracle.TOKEN0, uniswap_v2_oracle.TOKEN1)]
        answers = yield [*numbers, *tokens]
        time, first, second = (item.integer(out) for item, out in zip(numbers, answers[:3], strict=True))
        token0, token1 = (item.address(out) for item, out in zip(tokens, answers[3:], strict=True))
        return Observation(time, first, second), (token0, token1)

    def plan(_: Block) -> Plan[Found]:
        stored, tokens = yield from observation()
        venue = yield from read_uniswap_v2(pair)
        if tokens != (venue.token0, venue.token1):
            raise UnusableStateError(f"{name}: the oracle is of other tokens, {tokens[0]} and {tokens[1]}")
        node = yield from _average(name, venue)
        return Found(node, venues={name: venue}, memory={name: stored})

    return LiveSource(name, plan, lambda: depth.of_uniswap_v2(pair))


def _average(name: str, venue: UniswapV2Pair) -> Plan[Node]:
    places = yield from _decimals(venue.token0, venue.token1)
    return CumulativeTwap(
        venue=name, base=venue.token0, memory=name, base_decimals=places[0], quote_decimals=places[1]
    )


def _decimals(*tokens: str) -> Plan[list[int]]:
    asked = [call(token, erc20.DECIMALS) for token in tokens]
    answers = yield asked
    return [item.integer(out) for item, out in zip(asked, answers, strict=True)]


def _lp_token(name: str, pair: str, prices: Sequence[LiveSource], *, fair: bool) -> LiveSource:
    """Return an LP token's price over live sources of its tokens' prices, all of one block."""

    def plan(block: Block) -> Plan[Found]:
        found = yield from together(*(price.plan(block) for price in prices))
        venue = yield from read_uniswap_v2(pair)
        *places, share = yield from _decimals(venue.token0, venue.token1, pair)
        parents = tuple(part.node for part in found)
        node: Node
        if fair:
            node = FairLpToken(
                venue=name,
                assets=(venue.token0, venue.token1),
                asset_decimals=(places[0], places[1]),
                share_decimals=share,
                parents=parents,
            )
        else:
            node = LpTokenByReserves(
                venue=name,
                assets=(venue.token0, venue.token1)[: len(parents)],
                asset_decimals=tuple(places[: len(parents)]),
                share_decimals=share,
                parents=parents,
            )
        return Found(
            node,
            {key: value for part in found for key, value in part.feeds.items()},
            {name: venue, **{key: value for part in found for key, value in part.venues.items()}},
            {key: value for part in found for key, value in part.vaults.items()},
            {key: value for part in found for key, value in part.memory.items()},
        )

    return LiveSource(name, plan, before=tuple(item for price in prices for item in price.before))


def lp_token(name: str, key: str, find: Callable[[str], LiveSource]) -> LiveSource:
    """Return the source of an LP token's price.

    Parameters
    ----------
    name
        With its kind, ``lp-fair`` or ``lp-reserves``.
    key
        ``PAIR:SOURCE+SOURCE``.
    find
        Returns the source that a text names.

    Raises
    ------
    UnknownSourceError
        If it is not of that form, or a source is unknown.
    """
    fair = name.startswith("lp-fair:")
    pair, _, rest = key.partition(":")
    (pair,) = parts(name, pair, 1, 1)
    texts = rest.split("+")
    if not all(texts) or len(texts) not in ({BOTH} if fair else {1, BOTH}) or "lp-" in rest:
        raise malformed(name)
    return _lp_token(name, pair, [find(text) for text in texts], fair=fair)


PAIRS: dict[str, Callable[[str, str], LiveSource]] = {
    "uniswap-v2-twap": uniswap_v2_twap,
    "uniswap-v2-stored": uniswap_v2_stored,
}
LP_TOKENS = ("lp-fair", "lp-reserves")
