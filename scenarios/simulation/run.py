"""One path from the first step to the last: every event, every series, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from scenarios.agents.lending import money
from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed
from scenarios.simulation.carry.trading import index_of, mark_of
from scenarios.simulation.contagion import Link, contagion
from scenarios.simulation.market import Path, conditions_at, draw, prices_at, seed_of
from scenarios.simulation.names import FUND
from scenarios.simulation.observe import HealthSample, Observer
from scenarios.simulation.on_chain.metrics import ChainMetrics, chain_metrics
from scenarios.simulation.on_chain.open import open_blocks
from scenarios.simulation.simulation import Event, Simulation, whole_price
from scenarios.simulation.wealth import changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.agents.agent import Agent


@dataclass(frozen=True, slots=True)
class Metrics:
    """What one run came to; money at the outside prices.

    Parameters
    ----------
    bad_debt
        Losses that the waterfall paid and what accounts still lack at the end (basis: equity).
    liquidated
        Value of what liquidations took over.
    liquidations
        Liquidation steps that moved anything.
    accounts_liquidated
        Different accounts among them.
    insurance_paid, socialised
        Parts of the bad debt by who paid.
    unserved
        Accounts short of margin at the end.
    refusals
        Actions that a rule refused.
    oracle_error
        Greatest relative distance of an oracle price from the outside price.
    utilisation
        Debt over cash and debt of all listings at the end (capital efficiency).
    deleveraged
        What winners gave up against the mark when positions were closed against them.
    """

    bad_debt: Decimal
    liquidated: Decimal
    liquidations: int
    accounts_liquidated: int
    insurance_paid: Decimal
    socialised: Decimal
    unserved: int
    refusals: int
    oracle_error: Decimal
    utilisation: Decimal
    deleveraged: Decimal = Decimal(0)


@dataclass(slots=True)
class Series:
    """One line: a name, a unit and a value per step, the opening first; None where the oracle refuses."""

    name: str
    unit: str
    panel: str
    values: list[Decimal | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunResult:
    """One path.

    Parameters
    ----------
    title, money, run, seed, step_seconds
        What was run.
    metrics
        What it came to.
    gains
        By party, the greatest loss first, with the opening's holdings at the final prices as the base.
    series
        Prices and accounts over the steps.
    events
        Everything that happened.
    transactions
        Committed, each conserved.
    steps
        How many.
    health
        Health of the accounts over the steps; empty where no series are kept.
    links
        How shocks travelled; empty where no series are kept.
    """

    title: str
    money: str
    run: int
    seed: int
    step_seconds: int
    metrics: Metrics
    gains: Mapping[str, Decimal]
    series: tuple[Series, ...]
    events: tuple[Event, ...]
    transactions: int
    steps: int = 0
    health: tuple[HealthSample, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainRunResult(RunResult):
    """One path of a file with a chain; fees are among the gains and losses.

    Parameters
    ----------
    chain
        Waiting, fees, reverted and missed.
    """

    chain: ChainMetrics = field(kw_only=True)


def open_simulation(
    file: ProtocolFile, seed: Seed, run: int, extra: Mapping[str, Agent] | None = None
) -> Simulation:
    """Return the simulation of one run with every agent opened.

    Parameters
    ----------
    extra
        Agents of the caller's own besides those of the file.
    """
    agents = {**file.agents, **(extra or {})}
    if extra:
        file = file.model_copy(update={"agents": agents})
    streams = {name: seed.stream(run, name) for name in agents}
    game = Simulation(file, streams)
    for name, agent in agents.items():
        agent.open(game, name)
    if file.chain is not None:
        game.blocks = open_blocks(game, file.chain, seed, run)
    return game


def step_once(game: Simulation, prices: Mapping[str, Decimal], step: int) -> None:
    """Move the clock and the outside prices, then let every agent act: in the file's order, or in blocks."""
    game.step = step
    if game.blocks is not None:
        game.blocks.step(prices)
        return
    blocks = max(1, game.file.run.step_seconds // game.file.run.block_seconds)
    game.advance(game.file.run.step_seconds, blocks)
    for asset, price in prices.items():
        game.set_outside(asset, price)
    for name, agent in game.file.agents.items():
        with game.attempt(name, "act"):
            agent.act(game, name)


def run_path(
    file: ProtocolFile,
    seed: Seed | None = None,
    run: int = 0,
    *,
    path: Path | None = None,
    extra: Mapping[str, Agent] | None = None,
    keep_series: bool = True,
) -> RunResult:
    """Run one path.

    Parameters
    ----------
    path
        Of the moving assets; drawn if None.
    extra
        Agents of the caller's own.
    keep_series
        Whether to sample series; a stress test only needs the metrics.
    """
    seed = seed or seed_of(file)
    game = open_simulation(file, seed, run, extra)
    if path is None and file.market.moving():
        drawn = draw(file, seed, range(run, run + 1))
        assert drawn is not None
        path = drawn.of(0)
    opening = game.snapshot()
    series: list[Series] = []
    error = Fraction(0)
    observer = Observer(game)
    if keep_series:
        _sample(game, series)
        observer.look()
    for step in range(file.run.steps):
        game.begin_step(conditions_at(file, path, step))
        step_once(game, prices_at(file, path, step), step)
        error = max(error, _oracle_error(game))
        if keep_series:
            _sample(game, series)
            observer.look()
    metrics = _metrics(game, error)
    measured = None if game.blocks is None else chain_metrics(game.blocks)
    after = game.wealth()
    events, transactions = tuple(game.events), len(game.world.committed)
    prices = dict(game.outside)
    game.restore(opening)
    game.outside = prices
    moved = changes(game.wealth(), after)
    gains = {name: money(value) for name, value in moved.items() if money(value)}
    result = RunResult(
        file.title,
        file.money,
        run,
        seed.master,
        file.run.step_seconds,
        metrics,
        gains,
        tuple(series),
        events,
        transactions,
        file.run.steps,
        tuple(observer.health),
        contagion(file, observer.exposures, events) if keep_series else (),
    )
    if measured is None:
        return result
    values: dict[str, Any] = {each.name: getattr(result, each.name) for each in fields(result)}
    return ChainRunResult(**values, chain=measured)


def _oracle_error(game: Simulation) -> Fraction:
    market, worst = game.protocol.market(), Fraction(0)
    for asset in game.file.oracle.prices:
        if asset in market.prices and game.outside[asset]:
            worst = max(worst, abs(market.prices[asset].exact / game.outside[asset] - 1))
    return worst


def _metrics(game: Simulation, error: Fraction) -> Metrics:
    paid: dict[str, Decimal] = {}
    volume, steps, accounts, refusals = Decimal(0), 0, set(), 0
    given_up = Decimal(0)
    fund = FUND.split(":")[-1]
    for event in game.events:
        if event.kind == "loss paid":
            amount = event.details["amount"]
            assert isinstance(amount, Decimal)
            paid[event.actor] = paid.get(event.actor, Decimal(0)) + amount
        elif event.kind == "liquidation":
            part = event.details["volume"]
            assert isinstance(part, Decimal)
            volume, steps = volume + part, steps + 1
            accounts.add(event.details["account"])
        elif event.kind == "refused":
            refusals += 1
        elif event.kind == "deleveraged":
            lost_to = event.details["given_up"]
            assert isinstance(lost_to, Decimal)
            given_up += lost_to
    insured = paid.get(fund, Decimal(0))
    lost = sum(paid.values(), Decimal(0))
    return Metrics(
        bad_debt=money(game.wealth().bad_debt) + lost,
        liquidated=volume,
        liquidations=steps,
        accounts_liquidated=len(accounts),
        insurance_paid=insured,
        socialised=lost - insured,
        unserved=len(game.protocol.liquidatable()),
        refusals=refusals,
        oracle_error=whole_price(error),
        utilisation=_utilisation(game),
        deleveraged=given_up,
    )


def _utilisation(game: Simulation) -> Decimal:
    debt = lent = Fraction(0)
    for asset in game.file.listings:
        owed = game.value(asset, game.protocol.borrowed(asset))
        if owed:
            debt += owed
            lent += owed + game.value(asset, max(game.protocol.cash(asset), 0))
    return whole_price(debt / lent) if lent else Decimal(0)


def _sample(game: Simulation, series: list[Series]) -> None:
    """Append one value to every series; the first call makes them."""
    market = game.protocol.market()
    rows: list[tuple[str, str, str, Decimal | None]] = []
    money_name = game.file.money
    for asset in game.file.oracle.prices:
        price = market.prices.get(asset)
        believed = None if price is None else whole_price(price.exact)
        panel = f"Price of {asset}"
        rows.append(("oracle", f"{money_name}/{asset}", panel, believed))
        rows.append(("outside", f"{money_name}/{asset}", panel, whole_price(game.outside[asset])))
    for name, perpetual in game.file.perpetuals.items():
        if perpetual.venue is not None:
            mark, index = mark_of(game.protocol, name), index_of(game.protocol, name)
            panel, unit = f"Mark of {name}", game.file.margin.settlement
            rows += [
                (word, unit, panel, None if price is None else whole_price(price))
                for word, price in (("mark", mark), ("index", index))
            ]
    wealth = game.wealth()
    rows.append(("bad debt", money_name, "Accounts", money(wealth.bad_debt)))
    debt = sum((game.value(a, game.protocol.borrowed(a)) for a in game.file.listings), Fraction(0))
    rows.append(("debt of all accounts", money_name, "Accounts", money(debt)))
    if not series:
        series += [Series(name, unit, panel) for name, unit, panel, _ in rows]
    for line, (_, _, _, value) in zip(series, rows, strict=True):
        line.values.append(value)
