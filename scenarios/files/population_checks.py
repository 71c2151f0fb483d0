"""What a population asks of the rest of its file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from scenarios.agents.publishers import Publisher
from scenarios.files.errors import closest
from scenarios.files.findings import Finding
from scenarios.files.oracle_cost import StalenessFile
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_parts import ConstantFile, FeedFile
from scenarios.files.protocol_population import PopulationFile

LINEAR = ("loan-to-value", "aave-v3", "mango-v3", "hyperliquid")


def check_population(model: ProtocolFile) -> Iterator[Finding]:
    """Yield what keeps the accounts of a population from being judged as arrays."""
    population = model.population
    if population is None:
        return
    yield from _check_numbers(population)
    for field, known, what in (
        ("collateral", model.listings, "listing"),
        ("debt", model.listings, "listing"),
        ("positions", model.perpetuals, "perpetual"),
        ("depth", model.oracle.prices, "priced asset"),
    ):
        for name in getattr(population, field):
            if name not in known:
                expected = "one of " + ", ".join(known) if known else None
                at, message = ("population", field, name), f"there is no {what} {name!r}"
                yield Finding("unknown-name", at, message, expected, closest(name, list(known)), at_key=True)
    for name in set(population.debt) & set(population.collateral):
        message = f"{name} would be owned and owed by one account"
        yield Finding("population", ("population", "debt", name), message, "another asset", at_key=True)
    for name in population.debt:
        if name in model.listings and not model.listings[name].borrowable:
            message = f"{name} cannot be borrowed"
            yield Finding("population", ("population", "debt", name), message, at_key=True)
    yield from _check_rules(model, population)
    yield from _check_oracle(model, population)


def _check_numbers(population: PopulationFile) -> Iterator[Finding]:
    place = "population"
    if not population.debt and not population.positions:
        yield Finding("population", (place,), "the accounts owe and hold nothing", "debt or positions")
    if population.lowest_leverage > population.highest_leverage:
        message = f"{population.highest_leverage} is below the lowest leverage"
        yield Finding("leverage", (place, "highest_leverage"), message, "at least the lowest")
    if population.long > 1:
        yield Finding("long", (place, "long"), f"{population.long} is no probability", "between 0 and 1")
    if not -1 <= population.size_and_leverage <= 1:
        at = (place, "size_and_leverage")
        yield Finding("correlation", at, "no correlation", "between -1 and 1")
    if population.log_deviation > 5:
        at = (place, "log_deviation")
        yield Finding("population", at, f"{population.log_deviation} spreads sizes over decades", "at most 5")


def _check_rules(model: ProtocolFile, population: PopulationFile) -> Iterator[Finding]:
    preset = model.margin.preset
    if preset not in LINEAR:
        message = f"{preset} is not linear in prices, so a population cannot be judged by it"
        yield Finding("margin", ("margin", "preset"), message, "one of " + ", ".join(LINEAR))
    if preset == "hyperliquid":
        for name, market in model.perpetuals.items():
            if market.maintenance_leverage is None:
                message = "tiers by size are not linear in prices: give a rate that holds for every size"
                market_at = ("perpetuals", name)
                yield Finding("margin", market_at, message, "maintenance_leverage", at_key=True)
    if model.perpetuals:
        settlement = model.margin.settlement
        if settlement in model.market.moving() or settlement in model.market.script:
            message = f"{settlement} moves, but costs of positions are counted in it"
            yield Finding("population", ("margin", "settlement"), message, "an asset whose price stands")
        if settlement in population.depth:
            depth = ("population", "depth", settlement)
            yield Finding("population", depth, "everything settles in it", "no depth for it", at_key=True)
    if model.liquidation.bonus is None:
        message = "a population needs it: the whole account is liquidated at once for it"
        yield Finding("liquidation", ("liquidation",), message, "liquidation.bonus", at_key=True)
    if model.liquidation.close_factor is not None:
        at = ("liquidation", "close_factor")
        yield Finding("liquidation", at, "accounts of a population are liquidated whole", "no close factor")
    if model.accounts:
        yield Finding("population", ("accounts",), "the file has a population", "one of the two", at_key=True)
    if model.attacks:
        yield Finding("population", ("attacks",), "attacks need accounts by name", "no attacks", at_key=True)


def _check_oracle(model: ProtocolFile, population: PopulationFile) -> Iterator[Finding]:
    feeds: dict[str, Publisher] = {}
    for name, agent in model.agents.items():
        if isinstance(agent, Publisher) and not agent.error and not agent.venue:
            feeds[agent.feed] = agent
        else:
            message = "with a population only publishers of the outside price act"
            yield Finding("population", ("agents", name), message, "no such agent", at_key=True)
    for asset in model.listings | {market.underlying: None for market in model.perpetuals.values()}:
        if asset not in model.oracle.prices:
            continue
        name, limit = model.oracle.prices[asset], None
        node = model.oracle.nodes.get(name)
        if isinstance(node, StalenessFile) and len(node.parents) == 1:
            limit, node = node.max_age, model.oracle.nodes.get(node.parents[0])
        at = ("oracle", "prices", asset)
        if isinstance(node, ConstantFile):
            continue
        if not isinstance(node, FeedFile) or node.back:
            message = f"{name} reads more than the newest sample of a feed"
            yield Finding("population", at, message, "a feed (also behind a staleness guard) or a constant")
            continue
        publisher = feeds.get(node.feed)
        if publisher is None or publisher.asset != asset:
            message = f"no publisher writes {node.feed} from the price of {asset}"
            yield Finding("population", at, message, "an agent of type publisher for it")
            continue
        lazy = publisher.deviation and publisher.heartbeat > model.run.step_seconds
        if asset in population.depth and lazy:
            message = f"{asset} has depth, so its sales must be seen at once"
            yield Finding("population", at, message, "a publisher that writes every step")
        wait = max(publisher.heartbeat, model.run.step_seconds)
        if limit is not None and Decimal(limit) < wait:
            message = f"the guard refuses a price of {limit} s, but the publisher may wait {wait} s"
            yield Finding("population", at, message, "a guard that admits the heartbeat")
