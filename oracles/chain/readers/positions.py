"""All positions of a V3 pool: their keys out of the Mint events, their figures out of the contract.

The contract keeps positions by a hash of owner and range, so only events tell which there are. Whether any is
missing shows at the ticks: the liquidity of all positions that end at one must be the tick's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from contracts_abi.families import uniswap_v3
from contracts_abi.keccak import keccak256
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.history import Row, fields_of
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.state import Position, PositionKey


def keys_of(rows: Iterable[Row]) -> list[PositionKey]:
    """Return the distinct positions that Mint events name, in order of their first."""
    found: dict[PositionKey, None] = {}
    for row in rows:
        fields = fields_of(uniswap_v3.EVENT_MINT, row)
        lower, upper = fields["tickLower"], fields["tickUpper"]
        assert isinstance(lower, int)
        assert isinstance(upper, int)
        found[PositionKey(str(fields["owner"]), lower, upper)] = None
    return list(found)


def storage_key(key: PositionKey) -> bytes:
    """Return keccak-256 of the packed key, by which the contract keeps the position (Position.sol)."""
    ends = (tick.to_bytes(3, "big", signed=True) for tick in (key.lower, key.upper))
    return keccak256(bytes.fromhex(key.owner[2:]) + b"".join(ends))


def read_positions(pool: str, keys: Iterable[PositionKey]) -> Plan[dict[PositionKey, Position]]:
    """Read positions by their keys."""
    wanted = list(keys)
    calls = [call(pool, uniswap_v3.POSITIONS, storage_key(key)) for key in wanted]
    outcomes = (yield calls) if calls else []
    found: dict[PositionKey, Position] = {}
    for key, item, outcome in zip(wanted, calls, outcomes, strict=True):
        found[key] = Position(*(int(str(value)) for value in item.values(outcome)))
    return found


def with_positions(pool: UniswapV3Pool, positions: Mapping[PositionKey, Position]) -> UniswapV3Pool:
    """Return ``pool`` with its positions, if their liquidity is all that its ticks hold.

    Raises
    ------
    UnusableStateError
        If a tick holds more or less: events before the first block asked for, or a node that left some out.
    """
    gross: Counter[int] = Counter()
    net: Counter[int] = Counter()
    for key, position in positions.items():
        for tick, sign in ((key.lower, 1), (key.upper, -1)):
            gross[tick] += position.liquidity
            net[tick] += sign * position.liquidity
    for tick in sorted({*gross, *pool.ticks}):
        stored = pool.ticks.at(tick)
        if (stored.liquidity_gross, stored.liquidity_net) != (gross[tick], net[tick]):
            raise UnusableStateError(
                f"tick {tick} holds liquidity {stored.liquidity_gross}, the positions found {gross[tick]}: "
                "a position is missing, begin at the block in which the pool was made",
                tick=tick,
                stored=stored.liquidity_gross,
                found=gross[tick],
            )
    return replace(pool, positions=dict(positions))
