"""Price stores with one short read each: Pyth, Maker, Chronicle, API3, Tellor, sequencer feeds, rates.

Each plan returns what the simulated source of the same name reads from a view's memory, or a sample.
"""

from __future__ import annotations

from contracts_abi.codec import Value
from contracts_abi.entry import Function
from contracts_abi.families import (
    aave_v3,
    api3,
    chainlink_proxy,
    chronicle,
    exchange_rates,
    maker,
    pyth,
    redstone,
    synthetix_oracle_manager,
    tellor,
)
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.header import Block
from oracles.node import Sample
from oracles.sources.api3 import Beacon
from oracles.sources.chronicle import Poke, Scribe
from oracles.sources.maker import DelayedPrice, MakerMedian, Osm
from oracles.sources.pyth import PythPrice
from oracles.sources.sequencer import SequencerUptime
from oracles.sources.tellor import TellorReports

RATES: dict[str, Function] = {
    "wstETH": exchange_rates.ST_ETH_PER_TOKEN,
    "rETH": exchange_rates.GET_EXCHANGE_RATE,
    "cbETH": exchange_rates.EXCHANGE_RATE,
    "weETH": exchange_rates.GET_RATE,
}


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def positive(what: str, value: int) -> int:
    """Return ``value``; one that is not positive is refused."""
    if value <= 0:
        raise UnusableStateError(f"{what}: the value {value} is not positive", value=value)
    return value


def past(what: str, time: int, block: Block) -> int:
    """Return ``time``; none, and one after the block's, is refused."""
    if time == 0:
        raise UnusableStateError(f"{what}: no value was ever stored")
    if time > block.timestamp:
        raise UnusableStateError(
            f"{what}: stored {time - block.timestamp} s after the block",
            time=time,
            block_time=block.timestamp,
        )
    return time


def read_pyth(
    name: str, address: str, feed_id: str, block: Block, *, average: bool = False
) -> Plan[PythPrice]:
    """Read a stored Pyth price or its moving average; its age is judged by the node that reads it.

    Publish times come from the publishers' clocks and may lie some seconds after the block's.
    """
    function = pyth.GET_EMA_PRICE_UNSAFE if average else pyth.GET_PRICE_UNSAFE
    asked = call(address, function, bytes.fromhex(feed_id.removeprefix("0x")))
    (outcome,) = yield [asked]
    inner = asked.value(outcome)
    assert isinstance(inner, tuple)
    price, confidence, exponent, time = map(_number, inner)
    positive(name, price)
    past(name, min(time, block.timestamp) if time - block.timestamp <= 60 else time, block)
    return PythPrice(price, confidence, exponent, time)


def read_sequencer(name: str, address: str) -> Plan[SequencerUptime]:
    """Read the uptime feed of an L2; a feed that reverts is not initialised, which counts as down."""
    asked = call(address, chainlink_proxy.LATEST_ROUND_DATA)
    (outcome,) = yield [asked]
    if not outcome.success:
        return SequencerUptime(initialised=False)
    _, answer, started_at, _, _ = map(_number, asked.values(outcome))
    if answer not in {0, 1}:
        raise UnusableStateError(f"{name}: the status {answer} is neither up nor down", status=answer)
    return SequencerUptime(answer, started_at)


def read_maker_median(name: str, address: str, block: Block) -> Plan[MakerMedian]:
    """Read a Median; unlisted callers are refused, so slot-gated ones need a proof instead."""
    value, age, bar = (call(address, f) for f in (maker.READ, maker.AGE, maker.BAR))
    first, second, third = yield [value, age, bar]
    raw = value.value(first)
    assert isinstance(raw, bytes)
    return MakerMedian(
        frozenset(),
        bar.integer(third),
        positive(name, int.from_bytes(raw, "big")),
        past(name, age.integer(second), block),
    )


def read_osm(name: str, address: str, block: Block) -> Plan[Osm]:
    """Read an OSM: the price in force and the one that follows it."""
    asked = [call(address, f) for f in (maker.PEEK, maker.PEEP, maker.HOP, maker.ZZZ)]
    peek, peep, hop, poked = yield asked
    prices: list[DelayedPrice] = []
    for item, outcome in zip(asked[:2], (peek, peep), strict=True):
        raw, has = item.values(outcome)
        assert isinstance(raw, bytes)
        prices.append(DelayedPrice(int.from_bytes(raw, "big"), bool(has)))
    if prices[0].has:
        positive(name, prices[0].value)
    return Osm(asked[2].integer(hop), prices[0], prices[1], past(name, asked[3].integer(poked), block), False)


def read_chronicle(name: str, address: str, block: Block) -> Plan[Scribe]:
    """Read a Chronicle feed."""
    asked, bar = call(address, chronicle.READ_WITH_AGE), call(address, chronicle.BAR)
    first, second = yield [asked, bar]
    value, age = map(_number, asked.values(first))
    return Scribe(frozenset(), bar.integer(second), Poke(positive(name, value), past(name, age, block)))


def read_api3(name: str, address: str, block: Block) -> Plan[Beacon]:
    """Read an API3 proxy."""
    asked = call(address, api3.READ)
    (outcome,) = yield [asked]
    value, time = map(_number, asked.values(outcome))
    return Beacon(positive(name, value), past(name, time, block))


def read_tellor(name: str, address: str, query_id: str, delay: int, block: Block) -> Plan[TellorReports]:
    """Read the newest undisputed report over ``delay`` seconds old; -1 allows the block's own."""
    asked = call(
        address,
        tellor.GET_DATA_BEFORE,
        bytes.fromhex(query_id.removeprefix("0x")),
        max(block.timestamp - delay, 0),
    )
    (outcome,) = yield [asked]
    found, value, time = asked.values(outcome)
    if not found:
        return TellorReports()
    assert isinstance(value, bytes)
    if len(value) != 32:
        raise UnusableStateError(f"{name}: the report has {len(value)} bytes, a price has 32")
    return TellorReports(((past(name, _number(time), block), int.from_bytes(value, "big")),))


def read_redstone(name: str, address: str, block: Block) -> Plan[Sample]:
    """Read a RedStone push feed; feeds without rounds give a constant round, so none is kept."""
    asked, decimals = call(address, redstone.LATEST_ROUND_DATA), call(address, redstone.DECIMALS)
    first, second = yield [asked, decimals]
    _, answer, _, updated_at, _ = map(_number, asked.values(first))
    return Sample(past(name, updated_at, block), positive(name, answer), decimals.integer(second))


def read_rate(name: str, address: str, function: Function, block: Block) -> Plan[Sample]:
    """Read an exchange rate with 18 decimals, true at the block."""
    asked = call(address, function)
    (outcome,) = yield [asked]
    return Sample(block.timestamp, positive(name, asked.integer(outcome)), 18)


def read_synthetix_node(name: str, address: str, node_id: str, block: Block) -> Plan[Sample]:
    """Read a node of the Synthetix V3 oracle manager (18 decimals)."""
    asked = call(address, synthetix_oracle_manager.PROCESS, bytes.fromhex(node_id.removeprefix("0x")))
    (outcome,) = yield [asked]
    inner = asked.value(outcome)
    assert isinstance(inner, tuple)
    return Sample(past(name, _number(inner[1]), block), positive(name, _number(inner[0])), 18)


def read_aave_price(name: str, oracle: str, asset: str, block: Block) -> Plan[Sample]:
    """Read the price that Aave V3 uses for an asset; it carries no time of its own."""
    asked, unit = call(oracle, aave_v3.GET_ASSET_PRICE, asset), call(oracle, aave_v3.BASE_CURRENCY_UNIT)
    first, second = yield [asked, unit]
    decimals = len(str(unit.integer(second))) - 1
    if unit.integer(second) != 10**decimals:
        raise UnusableStateError(f"{name}: the unit {unit.integer(second)} is no power of ten")
    return Sample(block.timestamp, positive(name, asked.integer(first)), decimals)
