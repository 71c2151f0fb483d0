"""The margin accounts of a protocol file at the start."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.ledger import quote_of
from scenarios.world import OUTSIDE

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


def open_accounts(game: Simulation) -> None:
    """Put the file's accounts on the ledger: first what they hold, then what they owe, then positions."""
    file, world = game.file, game.world
    for owner, opening in file.accounts.items():
        for asset, amount in opening.balances.items():
            world.fund(game.protocol.account(owner), asset, game.units(asset, max(amount, Decimal(0))))
    for owner, opening in file.accounts.items():
        account = game.protocol.account(owner)
        for asset, amount in opening.balances.items():
            owed = game.units(asset, max(-amount, Decimal(0)))
            world.move(account, OUTSIDE, asset, owed, "opening debt")
        for name, size in opening.positions.items():
            market = file.perpetuals.get(name) or file.options[name]
            units = int(abs(size).scaleb(market.decimals))
            money = Fraction(file.price(market.underlying))
            if name in game.protocol.options:
                money = game.protocol.options[name].price(money, 0)
            price = money / Fraction(file.price(file.margin.settlement))
            cost = int(Fraction(abs(size)) * price * 10 ** world.decimals[file.margin.settlement])
            # The other side of opening positions is held outside the protocol.
            first, second = (OUTSIDE, account) if size > 0 else (account, OUTSIDE)
            world.move(first, second, name, units, "opening position")
            world.move(second, first, quote_of(name), cost, "opening position")
