"""The backstop vault of a protocol: how much it takes over, and what becomes of it when that loses money.

At Hyperliquid the vault takes over whoever the market did not liquidate in time, so it inherits positions
that their owners wanted to be rid of (JELLY, 26 March 2025). The bounds here are the venue's answers to that:
a share of the vault beyond which it takes nothing, and a loss beyond which what it took is closed against
the winners (auto-deleveraging) instead of eating the rest of the vault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.fixed_point import WAD
from protocol.ledger import Kind, quote_of
from protocol.liquidation.deleveraging.policy import Candidate, Queue
from protocol.liquidation.deleveraging.positions import Fill, deleverage
from protocol.liquidation.policy import Deleveraging, LiquidationPolicy, Rule
from protocol.liquidation.settlement import settle_closed
from protocol.liquidation.view import Part, View, ceiling, convert, floor, value
from scenarios.simulation.equity import equity_of
from scenarios.simulation.names import GROUP, HOUSE, OWN, VAULT
from scenarios.world import OUTSIDE

if TYPE_CHECKING:
    from protocol.liquidation.machine import Step
    from protocol.market_state import MarketState
    from scenarios.simulation.protocol import Protocol
    from scenarios.simulation.simulation import Simulation


@dataclass(frozen=True, slots=True)
class VaultRoom:
    """A sizer: the share of an account that the vault still has room for.

    Parameters
    ----------
    most
        Greatest notional that the vault may hold, raw units of the asset in which positions settle; valued
        at the price at which the account is judged.
    held
        Return the vault's balances.
    """

    most: int
    held: Callable[[], Mapping[str, int]]

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the share, 18 decimals, so that old and new notional together stay within the bound."""
        taken = sum((abs(view.value(n, u)) for n, u in view.positions().items()), Fraction(0))
        own = ((name, units) for name, units in self.held().items() if name in view.instruments)
        room = view.value(view.cash, self.most) - sum(
            (abs(view.value(name, units)) for name, units in own), Fraction(0)
        )
        if taken <= room:
            return WAD
        return max(0, floor(WAD * room / taken))


def with_room(policy: LiquidationPolicy, room: VaultRoom) -> LiquidationPolicy:
    """Return the design with the vault's rule bounded."""
    rules = tuple(replace(rule, sizer=room) if rule.taker == VAULT else rule for rule in policy.rules)
    return replace(policy, rules=rules)


def with_deleveraging(
    policy: LiquidationPolicy, winners: Callable[[View, str], tuple[Candidate, ...]]
) -> LiquidationPolicy:
    """Return the design with positions of accounts below zero closed against winners, not sold at a loss."""

    def bounded(rule: Rule) -> Rule:
        def when(view: View) -> bool:
            kept = rule.when is None or rule.when(view)
            return kept and (view.judgement.equity >= 0 or not view.positions())

        return replace(rule, when=when)

    rules = tuple(bounded(rule) for rule in policy.rules)
    return replace(policy, rules=rules, deleveraging=Deleveraging(Queue(), winners))


def opposite(
    protocol: Protocol, loser: str, instrument: str, position: int, market: MarketState, given_up: Fraction
) -> tuple[Candidate, ...]:
    """Return the holders of the other side of a position, capacity in its raw units.

    Ranked by profit times leverage; what lies outside the protocol is hit last. Nobody gives up more than he
    is worth as long as the others reach.

    Parameters
    ----------
    given_up
        What a counterparty loses against the mark, raw settlement units per raw unit of position.
    """
    book, cash = protocol.world.state.ledger, protocol.file.margin.settlement
    found: list[Candidate] = []
    for account in book.accounts():
        held = book.balance(account.name, instrument)
        margin = account.kind is Kind.MARGIN and account.group == GROUP
        if account.name == loser or held * position >= 0 or not (margin or account.name == OUTSIDE):
            continue
        if account.name == OUTSIDE:
            found.append(Candidate(account.name, abs(held), 0, 1))
            continue
        worth = floor(convert(market, instrument, cash, held))
        cost = book.balance(account.name, quote_of(instrument))
        own = floor(equity(protocol, account.name, market) / value(market, cash, 1))
        found.append(
            Candidate(account.name, abs(held), max(worth + cost, 0), own, abs(worth), abs(cost)),
        )
    if given_up > 0:
        solvent = [c if c.account == OUTSIDE else replace(c, capacity=_bearable(c, given_up)) for c in found]
        if sum(candidate.capacity for candidate in solvent) >= abs(position):
            return tuple(solvent)
    return tuple(found)


def _bearable(candidate: Candidate, given_up: Fraction) -> int:
    return min(candidate.capacity, max(0, floor(candidate.equity / given_up)))


def settle(protocol: Protocol, account: str) -> None:
    """Turn the cost of closed positions of an account into cash against the house."""
    file = protocol.file
    settle_closed(protocol.world.state.ledger, account, HOUSE, file.margin.settlement, file.perpetuals)


def vault_floor(protocol: Protocol) -> Fraction:
    """Return the equity in raw settlement units that losses on what it took over must leave to the vault."""
    terms, settlement = protocol.file.backstop_vault, protocol.file.margin.settlement
    share = Fraction(1) if terms.most_loss is None else Fraction(terms.most_loss)
    unit: int = 10 ** protocol.world.decimals[settlement]
    return Fraction(terms.cash) * (1 - share) * unit


def deleverage_vault(protocol: Protocol, market: MarketState) -> tuple[Fill, ...]:
    """Close the vault's positions against winners if it has lost more than it may; return the fills.

    The price is the one at which the vault has lost just what it may, every position giving way by the same
    part of its notional.
    """
    book, cash = protocol.world.state.ledger, protocol.file.margin.settlement
    held = book.balances(VAULT)
    positions = {name: held[name] for name in protocol.file.perpetuals if held.get(name)}
    if not positions or any(name not in market.prices for name in positions):
        return ()
    missing = Fraction(equity(protocol, VAULT, market)) / value(market, cash, 1) - vault_floor(protocol)
    if missing >= 0:
        return ()
    marks = {name: convert(market, name, cash, 1) for name in positions}
    gross = sum((abs(units) * marks[name] for name, units in positions.items()), Fraction(0))
    fills: list[Fill] = []
    for name, units in sorted(positions.items()):
        give_way = missing / gross if units > 0 else -missing / gross
        price = max(Fraction(0), marks[name] * (1 - give_way))
        found = opposite(protocol, VAULT, name, units, market, -missing / gross * marks[name])
        fills += deleverage(book, VAULT, name, price, marks[name], found, Queue())
    for account in dict.fromkeys((VAULT, *(fill.account for fill in fills))):
        settle(protocol, account)
    return tuple(fills)


def guard_vault(game: Simulation, market: MarketState) -> None:
    """Do what the protocol does about its vault's losses, and log it."""
    for fill in deleverage_vault(game.protocol, market):
        log_fill(game, VAULT, fill)


def log_fills(game: Simulation, account: str, step: Step) -> None:
    """Write the counterparties of a liquidation's deleveraging into the log."""
    for fill in step.fills:
        log_fill(game, account, fill)


def log_fill(game: Simulation, loser: str, fill: Fill) -> None:
    """Write one counterparty of a deleveraging into the log."""
    settlement = game.file.margin.settlement
    game.record(
        fill.account.removeprefix(f"{GROUP}:"),
        "deleveraged",
        against=loser.removeprefix(f"{GROUP}:"),
        units=fill.units,
        given_up=game.whole(settlement, ceiling(fill.given_up)),
    )


def close_with_vault(protocol: Protocol, owner: str, name: str, market: MarketState) -> int:
    """Let an owner close against the vault what it unwinds now, at the oracle's price; return the raw units.

    The owner must hold the other side. A vault without ``unwinds`` closes nothing.
    """
    world, cash = protocol.world, protocol.file.margin.settlement
    account, part = protocol.account(owner), protocol.file.backstop_vault.unwinds
    held, mine = world.balance(VAULT, name), world.balance(account, name)
    units = 0 if part is None or held * mine >= 0 else min(floor(abs(held) * Fraction(part)), abs(mine))
    if units:
        cost = floor(convert(market, name, cash, units))
        long, short = (VAULT, account) if mine > 0 else (account, VAULT)
        world.move(short, long, name, units, "closed with the vault")
        world.move(long, short, quote_of(name), cost, "closed with the vault")
        settle(protocol, account)
        settle(protocol, VAULT)
    return units


def equity(protocol: Protocol, account: str, market: MarketState) -> int:
    """Return the value of an account at the market's scale; the protocol's own are judged by no rule."""
    held = protocol.world.state.ledger.balances(account)
    return equity_of(held, market) if account in OWN else protocol.rule.judge(held, market).equity
