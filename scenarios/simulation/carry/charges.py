"""What time costs in one simulation: interest and funding of every step, block or wait of an attack."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.carry.funding import YEAR, clamped_rate, rate_memory, settle_funding, velocity_rate
from scenarios.simulation.carry.interest import charge_interest, debtors, lenders
from scenarios.simulation.carry.trading import index_of
from scenarios.simulation.names import DEPOSITORS, PERPETUAL_VENUE

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


def charges_anything(file: ProtocolFile) -> bool:
    """Say whether a file charges interest or funding."""
    loans = any(listing.interest is not None for listing in file.listings.values())
    return loans or any(market.funding is not None for market in file.perpetuals.values())


def charge(game: Simulation, seconds: int) -> None:
    """Charge everything that a file charges for ``seconds``, each asset and market in one transaction."""
    for asset in game.file.listings:
        if game.file.listings[asset].interest is not None:
            _interest(game, asset, seconds)
    for name in game.file.perpetuals:
        if game.file.perpetuals[name].funding is not None:
            _funding(game, name, seconds)


def _interest(game: Simulation, asset: str, seconds: int) -> None:
    protocol, entry = game.protocol, game.file.listings[asset].interest
    assert entry is not None
    users, book = protocol.accounts(), game.world.state.ledger
    debts = debtors(book, asset, users)
    with game.attempt(DEPOSITORS, f"interest on {asset}"):
        claims = lenders(book, asset, (DEPOSITORS, *users))
        done = charge_interest(game.world, asset, entry, debts, claims, protocol.cash(asset), seconds)
        if done.paid:
            yearly = Decimal(f"{done.rate * YEAR / 1e18:.9g}")
            paid = game.whole(asset, done.paid)
            game.record("lenders", "interest", asset=asset, paid=paid, yearly_rate=yearly)


def _funding(game: Simulation, name: str, seconds: int) -> None:
    protocol, market, settlement = game.protocol, game.file.perpetuals[name], game.file.margin.settlement
    entry, index = market.funding, index_of(protocol, name)
    mark = protocol.marks.mark(name, index)
    if entry is None or index is None or mark is None or not index:
        return
    held = {
        account.name: units
        for account in game.world.state.ledger.accounts()
        if (units := game.world.balance(account.name, name))
    }
    with game.attempt(PERPETUAL_VENUE, f"funding of {name}"):
        if entry.rule == "velocity":
            skew = Fraction(sum(held.get(user, 0) for user in protocol.accounts()), 10**market.decimals)
            daily = game.world.state.values.get(rate_memory(name), 0)
            assert isinstance(daily, int)
            rate, after = velocity_rate(entry, skew, daily, seconds)
            game.world.state.values[rate_memory(name)] = after
        else:
            rate = clamped_rate(entry, mark, index, seconds)
        unit = index * Fraction(10) ** (game.world.decimals[settlement] - market.decimals)
        done = settle_funding(game.world, name, settlement, held, unit, rate)
        if done.paid:
            game.record(
                "longs" if rate > 0 else "shorts",
                "funding",
                market=name,
                paid=game.whole(settlement, done.paid),
                rounding=game.whole(settlement, done.rounding),
                rate=Decimal(f"{float(rate):.9g}"),
                premium=Decimal(f"{float(mark / index - 1):.9g}"),
            )
